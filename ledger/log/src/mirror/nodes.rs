//! The tree of published files: somebody's, or those of the mirror's own copy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use custody_core::hash::Hash;
use custody_core::merkle::{NodeSource, TreeSize};
use custody_core::tile::{BundleError, TileKind, TilePath, decode_hashes};
use thiserror::Error;

use crate::published::{Source, SourceError, fetch};
use crate::tree::{Edge, Place, Subtrees};

/// Tiles that are kept while a proof is made: 512 x 16 KiB.
const MAX_TILES: usize = 512;

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
