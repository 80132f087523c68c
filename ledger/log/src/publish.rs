//! Publishing: the ledger as static files that any web server can offer. C2SP tlog-tiles, and bundles of records
//! beside them.
//!
//! A reader of the files must never find a checkpoint whose tiles are missing. So the order is: tiles and bundles, each
//! whole and durable under its name; then the checkpoint; then, and only then, the partial tiles of earlier checkpoints go.
//! Interrupted at any moment, the same call made again ends the same way.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use custody_core::checkpoint::{Checkpoint, CheckpointError};
use custody_core::hash::Hash;
use custody_core::merkle::{TreeHead, TreeSize, root_at};
use custody_core::note::MAX_NOTE_LEN;
use custody_core::tile::{
    BundleError, TILE_WIDTH, TileKind, TilePath, encode_entries, encode_records,
    entry_bundles_of_tree, record_bundles_of_tree, tiles_of_tree,
};
use rayon::iter::{ParallelBridge, ParallelIterator};
use thiserror::Error;

use crate::error::ReadError;
use crate::file::{self, Names};
use crate::reader::Reader;
use crate::row::{corrupt, number_key};
use crate::store::{Scan, Table};
use crate::tree::{encode_tile, load_tile};

/// How far a long operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done, in units of the operation: files or entries.
    pub done: u64,
    /// What there is to do.
    pub total: u64,
}

/// What publishing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishSummary {
    /// The head that is published now.
    pub head: TreeHead,
    /// Files that were written.
    pub written: u64,
    /// Files that were there already.
    pub kept: u64,
    /// Partial tiles of earlier checkpoints that were removed.
    pub removed: u64,
}

/// The ledger could not be published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Reading the ledger failed.
    #[error("reading the ledger")]
    Read(#[from] ReadError),
    /// A file or directory could not be read or written.
    #[error("cannot publish `{}`", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The directory holds something that is no checkpoint under that name.
    #[error("published checkpoint is refused")]
    Checkpoint(#[source] CheckpointError),
    /// The directory holds another ledger, or the ledger and the directory are two forks of one. Both checkpoints are
    /// evidence.
    #[error("the directory has {published}, the ledger does not begin with it")]
    Diverged {
        /// The published head.
        published: TreeHead,
        /// The published checkpoint.
        published_checkpoint: Vec<u8>,
        /// The ledger's checkpoint.
        ledger_checkpoint: Vec<u8>,
    },
    /// A bundle cannot be written in its format.
    #[error("bundle")]
    Bundle(#[from] BundleError),
}

impl PublishError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(error) => error.code(),
            Self::Io { .. } => "publish/io",
            Self::Checkpoint(error) => error.code(),
            Self::Diverged { .. } => "publish/diverged",
            Self::Bundle(error) => error.code(),
        }
    }
}

impl Reader<'_> {
    /// Publishes everything up to the reader's checkpoint in the directory `out`, which is made where it is absent.
    ///
    /// What is there already is left as it is; the same call again writes nothing but the checkpoint. `progress`
    /// is called from several threads.
    ///
    /// # Errors
    /// [`PublishError`]; what was published before is still whole.
    pub fn publish(
        &self,
        out: &Path,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<PublishSummary, PublishError> {
        let size = self.head().size;
        let before = self.published_before(out)?;
        // With the name of `out` itself; those of directories above it are whose who made them.
        let mut names = Names::below(out.parent().unwrap_or(out));

        // 1. Tiles and bundles. Full ones never change: one that is there stays.
        let total = tiles_of_tree(size).count() + 2 * entry_bundles_of_tree(size).count();
        let (done, written) = (AtomicU64::new(0), AtomicU64::new(0));
        let paths = || {
            let bundles = entry_bundles_of_tree(size).chain(record_bundles_of_tree(size));
            tiles_of_tree(size).chain(bundles)
        };
        paths().par_bridge().try_for_each(|path| {
            let is_new = self.publish_tile(out, &path)?;
            written.fetch_add(u64::from(is_new), Ordering::Relaxed);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress(Progress { done, total: total as u64 });
            Ok::<_, PublishError>(())
        })?;

        // 2. Their names are durable, also of those that were there: who wrote them may have ended before this.
        let unflushed = |(path, source)| PublishError::Io { path, source };
        paths().for_each(|path| names.add(&out.join(path.to_string())));
        names.flush().map_err(unflushed)?;

        // 3. The checkpoint, which makes them count.
        let checkpoint = out.join("checkpoint");
        write_whole(&checkpoint, self.checkpoint())?;
        file::flush_dir(out).map_err(|source| unflushed((checkpoint, source)))?;

        // 4. Partial tiles of earlier checkpoints: nobody who has the new checkpoint asks for them.
        let removed = remove_outdated(out, before, size)?;
        let (written, total) = (written.into_inner(), total as u64);
        Ok(PublishSummary { head: self.head(), written, kept: total - written, removed })
    }

    /// Size of the checkpoint that stands in `out`, 0 without one. The ledger must begin with its tree.
    fn published_before(&self, out: &Path) -> Result<TreeSize, PublishError> {
        let path = out.join("checkpoint");
        // One byte more than a note has: what is longer is none.
        let read = File::open(&path).and_then(|file| {
            let mut note = Vec::new();
            file.take(MAX_NOTE_LEN as u64 + 1).read_to_end(&mut note)?;
            Ok(note)
        });
        let note = match read {
            Ok(note) => note,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(TreeSize(0)),
            Err(source) => return Err(PublishError::Io { path, source }),
        };
        let checkpoint = Checkpoint::parse(&note).map_err(PublishError::Checkpoint)?;
        let published = *checkpoint.tree_head();
        let is_ours = checkpoint.origin().as_str() == self.origin().as_str()
            && published.size <= self.head().size
            && root_at(published.size, &self.nodes()).map_err(ReadError::from)? == published.root;
        match is_ours {
            true => Ok(published.size),
            false => Err(PublishError::Diverged {
                published,
                published_checkpoint: note,
                ledger_checkpoint: self.checkpoint().to_vec(),
            }),
        }
    }

    /// Writes one tile or bundle, unless it is there. Returns whether it was written.
    fn publish_tile(&self, out: &Path, path: &TilePath) -> Result<bool, PublishError> {
        let file = out.join(path.to_string());
        if file.exists() {
            return Ok(false);
        }
        write_whole(&file, &self.tile_bytes(path)?)?;
        Ok(true)
    }

    /// The bytes of a tile or bundle of this reader's tree, full or cut to any width that lies in it.
    ///
    /// # Errors
    /// [`PublishError::Read`].
    pub fn tile_bytes(&self, path: &TilePath) -> Result<Vec<u8>, PublishError> {
        let lo = path.index() * u64::from(TILE_WIDTH);
        let width = usize::from(path.width().items());
        match path.kind() {
            TileKind::Hashes { level } => {
                let hashes = self.tile_hashes(level, path.index())?;
                let hashes = hashes.get(..width).ok_or_else(|| outside(path))?;
                Ok(encode_tile(hashes))
            }
            TileKind::Entries => Ok(encode_entries(&self.values(Table::Entry, lo, width)?)?),
            TileKind::Records => Ok(encode_records(&self.values(Table::Record, lo, width)?)?),
        }
    }

    fn tile_hashes(&self, level: u8, index: u64) -> Result<Vec<Hash>, ReadError> {
        let nodes = self.nodes();
        let hashes = nodes.size.0.checked_shr(8 * u32::from(level)).unwrap_or(0);
        match index < hashes / u64::from(TILE_WIDTH) {
            true => Ok(load_tile(nodes.read, level, index)?),
            false if index == hashes / u64::from(TILE_WIDTH) => {
                Ok(nodes.edge.level(level).to_vec())
            }
            false => Ok(Vec::new()),
        }
    }

    /// The values of `count` rows from `lo` on, all of which must be there.
    pub(crate) fn values(
        &self,
        table: Table,
        lo: u64,
        count: usize,
    ) -> Result<Vec<Vec<u8>>, ReadError> {
        let hi = self.head().size.0.min(lo.saturating_add(count as u64));
        let rows = self.read().rows(&Scan::range(table, &number_key(lo), &number_key(hi)))?;
        match rows.len() {
            found if found == count => Ok(rows.into_iter().map(|(_, value)| value).collect()),
            found => Err(corrupt(table, &number_key(lo + found as u64), "a row").into()),
        }
    }
}

fn outside(path: &TilePath) -> ReadError {
    let key = crate::row::tile_key(0, path.index());
    corrupt(Table::Tile, &key, "a tile inside the tree").into()
}

/// Removes the partial tiles that publishing any size from `before` to `now` can have left, but for those of `now`.
pub(crate) fn remove_outdated(
    out: &Path,
    before: TreeSize,
    now: TreeSize,
) -> Result<u64, PublishError> {
    let partial = |path: &TilePath| !path.width().is_full();
    let current: Vec<_> = tiles_of_tree(now)
        .chain(entry_bundles_of_tree(now))
        .chain(record_bundles_of_tree(now))
        .filter(partial)
        .map(|path| out.join(path.to_string()))
        .collect();
    let mut removed = 0;
    let levels = (0..8).map(|level| TileKind::Hashes { level });
    for kind in levels.chain([TileKind::Entries, TileKind::Records]) {
        for dir in partial_dirs(out, kind, before, now) {
            removed += remove_files(&dir, &current)?;
        }
    }
    Ok(removed)
}

/// The directories `<N>.p` in which partial tiles of any size from `before` to `now` stand.
fn partial_dirs(out: &Path, kind: TileKind, before: TreeSize, now: TreeSize) -> Vec<PathBuf> {
    let span = match kind {
        TileKind::Hashes { level } => 8 * u32::from(level) + 8,
        _ => 8,
    };
    let tile = |size: TreeSize| size.0.checked_shr(span).unwrap_or(0);
    let width = custody_core::tile::TileWidth::FULL;
    (tile(before)..=tile(now))
        .filter_map(|index| TilePath::new(kind, index, width))
        .map(|path| out.join(format!("{path}.p")))
        .collect()
}

fn remove_files(dir: &Path, keep: &[PathBuf]) -> Result<u64, PublishError> {
    let failed = |source| PublishError::Io { path: dir.to_path_buf(), source };
    let files = match fs::read_dir(dir) {
        Ok(files) => files,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(failed(source)),
    };
    let (mut removed, mut left) = (0, 0);
    for file in files {
        let path = file.map_err(failed)?.path();
        if keep.contains(&path) {
            left += 1;
        } else {
            fs::remove_file(&path).map_err(failed)?;
            removed += 1;
        }
    }
    if left == 0 {
        fs::remove_dir(dir).map_err(failed)?;
    }
    Ok(removed)
}

/// Writes a file, and makes its directory where that is absent. It is there whole or not at all, whatever happens; its name is
/// not durable yet, nor are those of directories that were made: [`Names`].
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = made.and_then(|()| file::replace(path, bytes));
    written.map_err(|source| PublishError::Io { path: path.to_path_buf(), source })
}
