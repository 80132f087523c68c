//! The tree of published files: somebody's, or those of the mirror's own copy.

use std::sync::Arc;

use custody_core::hash::Hash;
use custody_core::merkle::{NodeSource, TreeSize};
use custody_core::tile::{BundleError, TileKind, TilePath, decode_hashes};
use thiserror::Error;

use crate::published::{Source, SourceError, fetch};
use crate::tree::{Edge, Place, Subtrees, TileCache};

/// The nodes of a tree of one size as a source has them. They prove themselves or nothing.
pub(super) struct TileNodes<'a> {
    source: &'a dyn Source,
    size: TreeSize,
    /// The tiles that are not full, where they are at hand.
    edge: Option<&'a Edge>,
    /// Of this one tree, so that tiles that are not full are kept too.
    tiles: TileCache,
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
        Self { source, size, edge, tiles: TileCache::default() }
    }

    /// What lies over the hashes of a tile; none where no file has such a name.
    fn tile(&self, place: &Place) -> Result<Option<Arc<Subtrees>>, TileNodesError> {
        let kind = TileKind::Hashes { level: place.level };
        let Some(path) = TilePath::new(kind, place.tile, place.width) else { return Ok(None) };
        let load = || Ok(decode_hashes(&fetch(self.source, &path)?, place.width)?);
        self.tiles.get(place, load).map(Some)
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
