//! Any complete subtree's hash at the cost of one tile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use custody_core::hash::{Hash, hash_children};
use custody_core::merkle::{NodeSource, TreeSize};
use rs_merkle::{Hasher, MerkleTree};
use thiserror::Error;

use super::{Edge, TILE_HEIGHT, WIDTH, load_tile};
use crate::row::{corrupt, tile_key};
use crate::store::{Read, StoreError, Table};

/// The nodes of a tree of one size: full tiles from the store, the rest from the edge.
pub(crate) struct Nodes<'a> {
    pub(crate) read: &'a dyn Read,
    pub(crate) size: TreeSize,
    pub(crate) edge: &'a Edge,
    pub(crate) tiles: &'a TileCache,
}

/// The 256 hashes of a full tile.
type Tile = Arc<Vec<Hash>>;

/// Full tiles that were read: the proofs of one exhibit meet the same ones again and again.
#[derive(Debug, Default)]
pub(crate) struct TileCache {
    tiles: Mutex<HashMap<(u8, u64), Tile>>,
}

impl TileCache {
    /// Tiles that are kept, at 8 KiB each: 8 MiB.
    const MAX_TILES: usize = 1024;

    fn get(&self, read: &dyn Read, level: u8, index: u64) -> Result<Tile, StoreError> {
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tile) = tiles.get(&(level, index)) {
            return Ok(tile.clone());
        }
        if tiles.len() >= Self::MAX_TILES {
            tiles.clear();
        }
        let tile = Arc::new(load_tile(read, level, index)?);
        tiles.insert((level, index), tile.clone());
        Ok(tile)
    }
}

/// A node could not be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NodesError {
    /// The store has no good answer.
    #[error("reading a tile")]
    Store(#[from] StoreError),
    /// The subtree does not lie inside the tree.
    #[error("node {index} of level {level} is not complete at size {size}")]
    Outside {
        /// Height over the leaves.
        level: u8,
        /// Position among the nodes of its level.
        index: u64,
        /// The tree's size.
        size: TreeSize,
    },
}

impl NodesError {
    pub(super) fn into_store(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Outside { level, index, .. } => {
                corrupt(Table::Tile, &tile_key(level, index), "a tile inside the tree")
            }
        }
    }
}

impl Nodes<'_> {
    /// Hash of the complete subtree `index` of `level`.
    pub(super) fn complete(&self, level: u8, index: u64) -> Result<Hash, NodesError> {
        let outside = || NodesError::Outside { level, index, size: self.size };
        // The subtree is a power of two of neighbours in one tile: the tile's level is the next multiple of 8 below.
        let (tile_level, depth) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let first = index.checked_mul(1 << depth).ok_or_else(outside)?;
        let (tile, at) = (first / WIDTH, (first % WIDTH) as usize);
        let hashes_in_level = self.size.0.checked_shr(u32::from(tile_level * TILE_HEIGHT));
        let is_full = tile < hashes_in_level.unwrap_or(0) / WIDTH;
        let span = at..at + (1 << depth);
        if is_full {
            let hashes = self.tiles.get(self.read, tile_level, tile)?;
            return hashes.get(span).map(subtree_root).ok_or_else(outside);
        }
        let is_last = hashes_in_level.is_some_and(|hashes| tile == hashes / WIDTH);
        let hashes = self.edge.level(tile_level).get(span).filter(|_| is_last);
        hashes.map(subtree_root).ok_or_else(outside)
    }
}

impl NodeSource for Nodes<'_> {
    type Error = NodesError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, NodesError> {
        self.complete(level, index)
    }
}

/// Our node hash in rs_merkle's terms. It builds here and never verifies: docs/DECISIONS.md.
#[derive(Clone)]
struct NodeHasher;

impl Hasher for NodeHasher {
    type Hash = [u8; Hash::LEN];

    fn hash(data: &[u8]) -> Self::Hash {
        *custody_core::hash::hash_leaf(data).as_bytes()
    }

    fn concat_and_hash(left: &Self::Hash, right: Option<&Self::Hash>) -> Self::Hash {
        match right {
            Some(right) => *hash_children(&Hash::new(*left), &Hash::new(*right)).as_bytes(),
            None => *left,
        }
    }
}

/// Root over neighbouring hashes of one tile, a power of two of them.
pub(crate) fn subtree_root(hashes: &[Hash]) -> Hash {
    match hashes {
        [hash] => *hash,
        _ => {
            let leaves: Vec<_> = hashes.iter().map(|hash| *hash.as_bytes()).collect();
            let root = MerkleTree::<NodeHasher>::from_leaves(&leaves).root();
            // Only a tree without leaves has no root, and no span is empty.
            root.map_or_else(custody_core::hash::empty_root, Hash::new)
        }
    }
}
