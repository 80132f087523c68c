//! A published directory: tiles and bundles as files. Nothing in it is trusted.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use custody_core::hash::{Hash, hash_children};
use custody_core::merkle::{NodeSource, TreeSize};
use custody_core::tile::{
    BundleError, MAX_ENTRY_LEN, MAX_RECORD_LEN, TILE_WIDTH, TileKind, TilePath, TileWidth,
    decode_hashes,
};
use thiserror::Error;

/// Levels of the tree that a tile spans.
const TILE_HEIGHT: u8 = 8;
/// Tiles that are kept in memory: 1,024 x 8 KiB.
const MAX_CACHED: usize = 1024;

/// A published directory that has a tree of at least `size`.
#[derive(Debug)]
pub struct Published {
    root: PathBuf,
    size: TreeSize,
    tiles: Mutex<HashMap<(u8, u64), Vec<Hash>>>,
}

/// A tile or bundle that was read, with the width that it was found in.
#[derive(Debug)]
pub struct Found {
    /// The file's name, which may be of a wider tile than asked for.
    pub path: TilePath,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a tile cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TileError {
    /// The file is not there, or cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// Which.
        path: TilePath,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is longer than any of its kind.
    #[error("`{path}` is too long")]
    Oversize {
        /// Which.
        path: TilePath,
    },
    /// The file does not hold what its name says.
    #[error("`{path}` is malformed")]
    Malformed {
        /// Which.
        path: TilePath,
        /// Why.
        #[source]
        source: BundleError,
    },
    /// No tree of this size has such a node.
    #[error("node {index} of level {level} is outside the tree")]
    Outside {
        /// Level of the node.
        level: u8,
        /// Its index.
        index: u64,
    },
}

impl Published {
    /// The directory `root`, read as a tree of `size`.
    pub fn new(root: &Path, size: TreeSize) -> Self {
        Self { root: root.to_owned(), size, tiles: Mutex::default() }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads the file of exactly this name.
    pub fn read(&self, path: TilePath) -> Result<Vec<u8>, TileError> {
        let failed = |source| TileError::Read { path, source };
        let file = File::open(self.root.join(path.to_string())).map_err(failed)?;
        let limit = limit(path);
        let stated = file.metadata().map_err(failed)?.len();
        if stated > limit {
            return Err(TileError::Oversize { path });
        }
        let mut bytes = Vec::with_capacity(stated as usize);
        file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
        match bytes.len() as u64 > limit {
            true => Err(TileError::Oversize { path }),
            false => Ok(bytes),
        }
    }

    /// Reads a tile or bundle of at least this width: "clients should fetch the full tile where a partial
    /// one is not available", and a wider partial one serves as well.
    pub fn find(&self, path: TilePath) -> Result<Found, TileError> {
        let missing = match self.read(path) {
            Ok(bytes) => return Ok(Found { path, bytes }),
            Err(error) => error,
        };
        let is_absent = |error: &TileError| matches!(error, TileError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound);
        if path.width().is_full() || !is_absent(&missing) {
            return Err(missing);
        }
        let wider = self.wider(path).filter_map(|path| Some((path, self.read(path).ok()?)));
        wider.map(|(path, bytes)| Found { path, bytes }).next().ok_or(missing)
    }

    fn wider(&self, path: TilePath) -> impl Iterator<Item = TilePath> + '_ {
        let sibling = move |width| TilePath::new(path.kind(), path.index(), width);
        let full = sibling(TileWidth::FULL);
        let folder = self.root.join(path.to_string());
        let names = folder.parent().and_then(|folder| fs::read_dir(folder).ok());
        let widths = names.into_iter().flatten().filter_map(move |entry| {
            let width = entry.ok()?.file_name().to_str()?.parse().ok()?;
            sibling(TileWidth::new(width)?).filter(|found| found.width() > path.width())
        });
        full.into_iter().chain(widths)
    }

    /// The hashes of a tile, which may be more than asked for.
    fn hashes(&self, level: u8, index: u64) -> Result<Vec<Hash>, TileError> {
        let kind = TileKind::Hashes { level };
        let items = self.size.0.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0);
        let first = index.checked_mul(u64::from(TILE_WIDTH));
        let left = first.and_then(|first| items.checked_sub(first)).unwrap_or(0);
        let width = TileWidth::new(left.min(u64::from(TILE_WIDTH)));
        let path = width.and_then(|width| TilePath::new(kind, index, width));
        let path = path.ok_or(TileError::Outside { level: level * TILE_HEIGHT, index })?;
        let found = self.find(path)?;
        decode_hashes(&found.bytes, found.path.width())
            .map_err(|source| TileError::Malformed { path: found.path, source })
    }
}

/// Nodes as the directory has them. They prove themselves or nothing.
impl NodeSource for Published {
    type Error = TileError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, TileError> {
        let (tile_level, below) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let outside = TileError::Outside { level, index };
        let Some(first) = index.checked_mul(1 << below) else { return Err(outside) };
        let width = u64::from(TILE_WIDTH);
        let (tile, offset) = (first / width, (first % width) as usize);
        // A poisoned cache is still a cache: nothing in it is trusted anyway.
        let mut tiles = self.tiles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !tiles.contains_key(&(tile_level, tile)) {
            if tiles.len() >= MAX_CACHED {
                tiles.clear();
            }
            tiles.insert((tile_level, tile), self.hashes(tile_level, tile)?);
        }
        let hashes = tiles.get(&(tile_level, tile)).map_or(&[][..], Vec::as_slice);
        let leaves = hashes.get(offset..offset + (1 << below)).ok_or(outside)?;
        Ok(complete_root(leaves))
    }
}

/// Root of a complete subtree; the number of hashes is a power of two.
pub fn complete_root(hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.chunks_exact(2).map(|pair| hash_children(&pair[0], &pair[1])).collect();
    }
    level.first().copied().unwrap_or_else(custody_core::hash::empty_root)
}

/// Longest file of this name, in bytes.
fn limit(path: TilePath) -> u64 {
    let items = u64::from(path.width().items());
    match path.kind() {
        TileKind::Hashes { .. } => items * Hash::LEN as u64,
        TileKind::Entries => items * (2 + MAX_ENTRY_LEN as u64),
        TileKind::Records => items * (4 + MAX_RECORD_LEN as u64),
    }
}
