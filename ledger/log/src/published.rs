//! A published ledger as it is read: files by their names, bundles by their place. Whoever follows one reads it here, into a
//! mirror's copy or into a store that is behind; [`crate::publish`] writes it.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use custody_core::hash::Hash;
use custody_core::merkle::TreeSize;
use custody_core::tile::{
    BundleError, MAX_ENTRY_LEN, MAX_RECORD_LEN, TILE_WIDTH, TileKind, TilePath, TileWidth,
    decode_entries, decode_hashes, decode_records, encode_entries, encode_records,
};
use thiserror::Error;

const WIDTH: u64 = TILE_WIDTH as u64;

/// Files of a published ledger, by their names. Nothing of what they hold is believed.
pub trait Source: Sync {
    /// The bytes of a tile or bundle, as long as they came. May be asked again, in any order, and from several threads.
    ///
    /// # Errors
    /// [`SourceError`]; `is_missing` where the source says that it has no file of this name.
    fn file(&self, path: &TilePath) -> Result<Vec<u8>, SourceError>;
}

/// A file could not be had.
#[derive(Debug, Error)]
#[error("cannot get `{path}`: {reason}")]
pub struct SourceError {
    /// Its name.
    pub path: TilePath,
    /// Whether there is none of this name.
    pub is_missing: bool,
    /// Why.
    pub reason: String,
}

/// Gets a file, or cuts it from the full one: "clients should fetch the full tile where a partial one is not available".
///
/// # Errors
/// The source's own for the file that was asked for.
pub(crate) fn fetch(source: &dyn Source, path: &TilePath) -> Result<Vec<u8>, SourceError> {
    let missing = match source.file(path) {
        Err(error) if error.is_missing && !path.width().is_full() => error,
        other => return other,
    };
    let full = TilePath::new(path.kind(), path.index(), TileWidth::FULL);
    let full = full.and_then(|full| source.file(&full).ok());
    full.and_then(|bytes| cut(&bytes, TileWidth::FULL, path).ok()).ok_or(missing)
}

/// The beginning of a tile or bundle of the width `have`, as wide as `path` says.
///
/// # Errors
/// [`BundleError`]: it is not what it should be.
pub(crate) fn cut(bytes: &[u8], have: TileWidth, path: &TilePath) -> Result<Vec<u8>, BundleError> {
    let width = usize::from(path.width().items());
    match path.kind() {
        TileKind::Hashes { .. } => {
            let hashes = decode_hashes(bytes, have)?;
            Ok(crate::tree::encode_tile(&hashes[..width.min(hashes.len())]))
        }
        TileKind::Entries => {
            let items = decode_entries(bytes, have)?;
            encode_entries(&items[..width.min(items.len())])
        }
        TileKind::Records => {
            let items = decode_records(bytes, have)?;
            encode_records(&items[..width.min(items.len())])
        }
    }
}

/// A directory that was published.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    dir: PathBuf,
}

impl Published {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Source for Published {
    fn file(&self, path: &TilePath) -> Result<Vec<u8>, SourceError> {
        read_file(&self.dir.join(path.to_string()), limit(path)).map_err(|error| SourceError {
            path: *path,
            is_missing: error.kind() == ErrorKind::NotFound,
            reason: error.to_string(),
        })
    }
}

/// At most `limit` bytes of a file.
pub(crate) fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Longest file of this name in bytes, and one more: what is longer is refused as it is decoded.
fn limit(path: &TilePath) -> u64 {
    let item = match path.kind() {
        TileKind::Hashes { .. } => Hash::LEN,
        TileKind::Entries => 2 + MAX_ENTRY_LEN,
        TileKind::Records => 4 + MAX_RECORD_LEN,
    };
    u64::from(path.width().items()) * item as u64 + 1
}

/// A bundle of entries and the one of their records, in a tree of one size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bundle {
    /// Index of the first entry.
    pub(crate) first: u64,
    /// Entries in it.
    pub(crate) width: TileWidth,
    /// Where the entries are.
    pub(crate) entries: TilePath,
    /// Where the records are.
    pub(crate) records: TilePath,
}

impl Bundle {
    /// Bundle `number` of the tree of `size`, if that has one.
    pub(crate) fn of(number: u64, size: TreeSize) -> Option<Self> {
        let first = number.checked_mul(WIDTH)?;
        let width = TileWidth::new(size.0.checked_sub(first)?.min(WIDTH))?;
        let entries = TilePath::new(TileKind::Entries, number, width)?;
        let records = TilePath::new(TileKind::Records, number, width)?;
        Some(Self { first, width, entries, records })
    }

    /// Those of the tree of size `to` that have entries from `from` on.
    pub(crate) fn between(from: TreeSize, to: TreeSize) -> impl Iterator<Item = Self> {
        (from.0 / WIDTH..to.0.div_ceil(WIDTH)).filter_map(move |number| Self::of(number, to))
    }
}
