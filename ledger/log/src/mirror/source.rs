//! Where a mirror has files from: somebody's server, or its own copy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use custody_core::hash::Hash;
use custody_core::merkle::{NodeSource, TreeSize};
use custody_core::tile::{
    BundleError, TileKind, TilePath, TileWidth, decode_entries, decode_hashes, decode_records,
    encode_entries, encode_records,
};
use thiserror::Error;

use crate::tree::{Edge, Place, Subtrees};

/// Tiles that are kept while a proof is made: 512 x 16 KiB.
const MAX_TILES: usize = 512;

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
pub(super) fn fetch(source: &dyn Source, path: &TilePath) -> Result<Vec<u8>, SourceError> {
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
pub(super) fn cut(bytes: &[u8], have: TileWidth, path: &TilePath) -> Result<Vec<u8>, BundleError> {
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

/// The nodes of a tree of one size as a source has them. They prove themselves or nothing.
pub(super) struct TileNodes<'a> {
    source: &'a dyn Source,
    size: TreeSize,
    /// The tiles that are not full, where they are at hand.
    edge: Option<&'a Edge>,
    cache: Mutex<HashMap<(u8, u64), Arc<Subtrees>>>,
}

/// Why a node cannot be had.
#[derive(Debug, Error)]
pub enum TileNodesError {
    /// The file cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file is no tile.
    #[error("a tile is malformed")]
    Malformed(#[from] BundleError),
    /// The tree has no such node.
    #[error("node {index} of level {level} lies outside the tree")]
    Outside {
        /// Height over the leaves.
        level: u8,
        /// Position in its level.
        index: u64,
    },
}

impl<'a> TileNodes<'a> {
    pub(super) fn new(source: &'a dyn Source, size: TreeSize, edge: Option<&'a Edge>) -> Self {
        Self { source, size, edge, cache: Mutex::default() }
    }

    /// What lies over the hashes of a tile; none where no file has such a name.
    fn tile(&self, place: &Place) -> Result<Option<Arc<Subtrees>>, TileNodesError> {
        let key = (place.level, place.tile);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tile) = cache.get(&key) {
            return Ok(Some(tile.clone()));
        }
        let kind = TileKind::Hashes { level: place.level };
        let Some(path) = TilePath::new(kind, place.tile, place.width) else { return Ok(None) };
        let hashes = decode_hashes(&fetch(self.source, &path)?, place.width)?;
        let tile = Arc::new(Subtrees::over(hashes));
        if cache.len() >= MAX_TILES {
            cache.clear();
        }
        cache.insert(key, tile.clone());
        Ok(Some(tile))
    }
}

impl NodeSource for TileNodes<'_> {
    type Error = TileNodesError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, TileNodesError> {
        let outside = || TileNodesError::Outside { level, index };
        let place = Place::of(level, index, self.size).ok_or_else(outside)?;
        let root = match self.edge.filter(|_| !place.width.is_full()) {
            Some(edge) => edge.subtrees(place.level).and_then(|edge| edge.root(&place)),
            None => self.tile(&place)?.and_then(|tile| tile.root(&place)),
        };
        root.ok_or_else(outside)
    }
}
