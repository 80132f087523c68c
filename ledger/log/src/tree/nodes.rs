//! Any complete subtree's hash at the cost of one tile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use custody_core::hash::{Hash, hash_children};
use custody_core::merkle::{NodeSource, TreeSize};
use custody_core::tile::TileWidth;
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

/// Where the complete subtree under a node stands. It is a power of two of neighbours in one tile: the tile's level is the
/// next multiple of 8 below.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Level of tiles.
    pub(crate) level: u8,
    /// Position of the tile in its level.
    pub(crate) tile: u64,
    /// How wide the tile is at the tree's size.
    pub(crate) width: TileWidth,
    /// Height of the subtree over the tile's hashes.
    height: u8,
    /// Position among the tile's subtrees of this height.
    at: usize,
}

impl Place {
    /// Of node `index` of `level` in a tree of `size`; none where that has no such tile.
    pub(crate) fn of(level: u8, index: u64, size: TreeSize) -> Option<Self> {
        let (tile_level, height) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let first = index.checked_mul(1 << height)?;
        let (tile, at) = (first / WIDTH, (first % WIDTH) as usize >> height);
        let hashes = size.0.checked_shr(u32::from(tile_level * TILE_HEIGHT))?;
        let left = hashes.checked_sub(tile * WIDTH)?.min(WIDTH);
        Some(Self { level: tile_level, tile, width: TileWidth::new(left)?, height, at })
    }
}

/// Every complete subtree over the hashes of one tile: a proof asks for one of each height, and the next one for most of
/// them again.
#[derive(Clone, Debug)]
pub(crate) struct Subtrees {
    /// Roots by height, the hashes of the tile first.
    rows: Vec<Vec<Hash>>,
}

impl Subtrees {
    /// Over at most 256 hashes. Cost: a hash for each of them.
    pub(crate) fn over(hashes: Vec<Hash>) -> Self {
        let mut rows = vec![hashes];
        while let Some(row) = rows.last().filter(|row| row.len() > 1) {
            let pairs = row.chunks_exact(2).map(|pair| hash_children(&pair[0], &pair[1]));
            rows.push(pairs.collect());
        }
        Self { rows }
    }

    /// The root of the subtree at this place of the tile, if it is complete.
    pub(crate) fn root(&self, place: &Place) -> Option<Hash> {
        self.rows.get(usize::from(place.height))?.get(place.at).copied()
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

    /// What lies over the hashes of the tile in which `place` is, which `load` has where they are not kept.
    pub(crate) fn get<E>(
        &self,
        place: &Place,
        load: impl FnOnce() -> Result<Vec<Hash>, E>,
    ) -> Result<Arc<Subtrees>, E> {
        let key = (place.level, place.tile);
        if let Some(tile) = self.tiles().get(&key) {
            return Ok(tile.clone());
        }
        // Without the lock: nobody waits for the disk who wants another tile.
        let tile = Arc::new(Subtrees::over(load()?));
        let mut tiles = self.tiles();
        if tiles.len() >= Self::MAX_TILES {
            tiles.clear();
        }
        tiles.insert(key, tile.clone());
        Ok(tile)
    }

    fn tiles(&self) -> MutexGuard<'_, HashMap<(u8, u64), Arc<Subtrees>>> {
        self.tiles.lock().unwrap_or_else(PoisonError::into_inner)
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
        let place = Place::of(level, index, self.size).ok_or_else(outside)?;
        let root = match place.width.is_full() {
            true => {
                let load = || load_tile(self.read, place.level, place.tile);
                self.tiles.get(&place, load)?.root(&place)
            }
            false => self.edge.subtrees(place.level).and_then(|edge| edge.root(&place)),
        };
        root.ok_or_else(outside)
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
pub(super) fn subtree_root(hashes: &[Hash]) -> Hash {
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
