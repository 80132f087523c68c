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

/// Every complete subtree over the hashes of one tile: a proof asks for one of each height, and the next one for most of
/// them again.
#[derive(Clone, Debug)]
pub(super) struct Subtrees {
    /// Roots by height, the hashes of the tile first.
    rows: Vec<Vec<Hash>>,
}

impl Subtrees {
    /// Over at most 256 hashes. Cost: a hash for each of them.
    pub(super) fn over(hashes: Vec<Hash>) -> Self {
        let mut rows = vec![hashes];
        while let Some(row) = rows.last().filter(|row| row.len() > 1) {
            let pairs = row.chunks_exact(2).map(|pair| hash_children(&pair[0], &pair[1]));
            rows.push(pairs.collect());
        }
        Self { rows }
    }

    /// The root of the subtree of this height that is the `at`th of them, if it is complete.
    fn root(&self, height: u8, at: usize) -> Option<Hash> {
        self.rows.get(usize::from(height))?.get(at).copied()
    }
}

/// Full tiles that were read: the proofs of one exhibit meet the same ones again and again. What is full never changes,
/// so that one cache serves trees of any size.
#[derive(Debug, Default)]
pub(crate) struct TileCache {
    tiles: Mutex<HashMap<(u8, u64), Arc<Subtrees>>>,
}

impl TileCache {
    /// Tiles that are kept, at 16 KiB each: 8 MiB.
    const MAX_TILES: usize = 512;

    fn get(&self, read: &dyn Read, level: u8, index: u64) -> Result<Arc<Subtrees>, StoreError> {
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tile) = tiles.get(&(level, index)) {
            return Ok(tile.clone());
        }
        if tiles.len() >= Self::MAX_TILES {
            tiles.clear();
        }
        let tile = Arc::new(Subtrees::over(load_tile(read, level, index)?));
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
        let (tile, at) = (first / WIDTH, (first % WIDTH) as usize >> depth);
        let hashes_in_level = self.size.0.checked_shr(u32::from(tile_level * TILE_HEIGHT));
        let is_full = tile < hashes_in_level.unwrap_or(0) / WIDTH;
        if is_full {
            return self
                .tiles
                .get(self.read, tile_level, tile)?
                .root(depth, at)
                .ok_or_else(outside);
        }
        let is_last = hashes_in_level.is_some_and(|hashes| tile == hashes / WIDTH);
        let edge = self.edge.subtrees(tile_level).filter(|_| is_last);
        edge.and_then(|edge| edge.root(depth, at)).ok_or_else(outside)
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
