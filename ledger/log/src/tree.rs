//! The log's tree as the log holds it: full tiles in the store, the right edge in memory.
//!
//! A hash stands in the store once, in the full tile that it belongs to. What is not in a full tile yet is
//! at most 255 hashes of each level: computed from the entries on opening, kept while appending.

mod nodes;

use std::sync::OnceLock;

use custody_core::entry::Entry;
use custody_core::hash::{Hash, hash_leaf};
use custody_core::merkle::{Frontier, TreeHead, TreeSize};
use custody_core::tile::{TILE_WIDTH, TileWidth, decode_hashes};

use crate::row::{corrupt, number_key, tile_key};
use crate::store::{Read, Scan, StoreError, Table};

pub use nodes::NodesError;
use nodes::subtree_root;
pub(crate) use nodes::{Nodes, Place, Subtrees, TileCache};

/// Hashes of a tile.
pub(crate) const WIDTH: u64 = TILE_WIDTH as u64;

/// Levels of the tree that a tile spans.
const TILE_HEIGHT: u8 = 8;

/// The hashes of the tiles that are not full, by level of tiles: at each less than 256.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edge {
    levels: Vec<Vec<Hash>>,
    /// What lies over them, from the first proof on.
    subtrees: OnceLock<Vec<Subtrees>>,
}

/// A tile that has become full.
pub(crate) struct FullTile {
    /// Level of tiles: 0 over the entries.
    pub(crate) level: u8,
    /// Position among the tiles of its level.
    pub(crate) index: u64,
    /// The 256 hashes, end to end.
    pub(crate) bytes: Vec<u8>,
}

/// The growing end of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    frontier: Frontier,
    edge: Edge,
}

impl Tree {
    /// The tree without leaves.
    pub(crate) fn new() -> Self {
        Self { frontier: Frontier::new(), edge: Edge::default() }
    }

    /// The right edge of the first `size` entries, hashed again from what the store holds.
    ///
    /// Cost: up to 255 entries, and for each level above them up to 255 tiles.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where a row that must be there is not, or cannot be what was written.
    pub(crate) fn load(read: &dyn Read, size: TreeSize) -> Result<Self, StoreError> {
        let edge = Edge::load(read, size)?;
        let nodes = Nodes { read, size, edge: &edge, tiles: &TileCache::default() };
        let levels = (0..64).rev().filter(|level| size.0 >> level & 1 == 1);
        let peaks = levels.map(|level| nodes.complete(level, (size.0 >> level) - 1));
        let peaks = peaks.collect::<Result<Vec<_>, _>>().map_err(NodesError::into_store)?;
        let broken = |_| corrupt(Table::SignedSize, &number_key(size.0), "a possible size");
        Ok(Self { frontier: Frontier::from_peaks(size, &peaks).map_err(broken)?, edge })
    }

    /// Appends a leaf, and returns the tiles that are full with it: mostly none.
    pub(crate) fn append(&mut self, leaf: Hash) -> Vec<FullTile> {
        let mut full = Vec::new();
        let Self { frontier, edge } = self;
        frontier.push_with(leaf, |level, index, hash| {
            if level.is_multiple_of(TILE_HEIGHT) {
                full.extend(edge.push(level / TILE_HEIGHT, index, *hash));
            }
        });
        full
    }

    pub(crate) fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    pub(crate) fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(crate) fn edge(&self) -> &Edge {
        &self.edge
    }
}

impl Edge {
    fn load(read: &dyn Read, size: TreeSize) -> Result<Self, StoreError> {
        let mut levels = vec![load_leaves(read, size)?];
        for level in 1u8.. {
            let hashes = size.0.checked_shr(u32::from(TILE_HEIGHT * level)).unwrap_or(0);
            if hashes == 0 {
                break;
            }
            // A hash above the leaves is the root of a full tile of the level below.
            let below = (hashes - hashes % WIDTH..hashes).map(|index| {
                let tile = load_tile(read, level - 1, index)?;
                Ok(subtree_root(&tile))
            });
            levels.push(below.collect::<Result<_, StoreError>>()?);
        }
        Ok(Self { levels, subtrees: OnceLock::new() })
    }

    /// The hashes of the last tile of a level, if it is not full.
    pub(crate) fn level(&self, level: u8) -> &[Hash] {
        self.levels.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// What lies over the hashes of the last tile of a level, if it is not full.
    pub(crate) fn subtrees(&self, level: u8) -> Option<&Subtrees> {
        let over = || self.levels.iter().cloned().map(Subtrees::over).collect();
        self.subtrees.get_or_init(over).get(usize::from(level))
    }

    fn push(&mut self, level: u8, index: u64, hash: Hash) -> Option<FullTile> {
        self.subtrees.take();
        let at = usize::from(level);
        if self.levels.len() <= at {
            self.levels.resize_with(at + 1, Vec::new);
        }
        let hashes = &mut self.levels[at];
        hashes.push(hash);
        if hashes.len() < usize::from(TILE_WIDTH) {
            return None;
        }
        let bytes = encode_tile(hashes);
        hashes.clear();
        Some(FullTile { level, index: index / WIDTH, bytes })
    }
}

/// Leaf hashes of the entries behind the last full tile.
fn load_leaves(read: &dyn Read, size: TreeSize) -> Result<Vec<Hash>, StoreError> {
    let (lo, hi) = (size.0 - size.0 % WIDTH, size.0);
    let scan = Scan::range(Table::Entry, &number_key(lo), &number_key(hi));
    let rows = read.rows(&scan)?;
    for (index, (key, value)) in (lo..hi).zip(&rows) {
        if key[..] != number_key(index) || Entry::decode(value).is_err() {
            return Err(corrupt(Table::Entry, &number_key(index), "an entry"));
        }
    }
    match rows.len() as u64 {
        count if count == hi - lo => Ok(rows.iter().map(|(_, entry)| hash_leaf(entry)).collect()),
        count => Err(corrupt(Table::Entry, &number_key(lo + count), "an entry")),
    }
}

/// A full tile.
pub(crate) fn load_tile(read: &dyn Read, level: u8, index: u64) -> Result<Vec<Hash>, StoreError> {
    let key = tile_key(level, index);
    let malformed = || corrupt(Table::Tile, &key, "256 hashes");
    let bytes = read.get(Table::Tile, &key)?.ok_or_else(malformed)?;
    decode_hashes(&bytes, TileWidth::FULL).map_err(|_| malformed())
}

/// The bytes of a tile: its hashes end to end.
pub(crate) fn encode_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}
