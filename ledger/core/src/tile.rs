//! Tiles: C2SP tlog-tiles with height 8, the static files that a log is read from.
//!
//! A tile is 256 hashes of one level of the tree (0, 8, 16, ... levels above the leaves), an entry bundle
//! the 256 entries under a tile of level 0, and a records bundle, this ledger's own, the 256 records of
//! the same numbers. The last ones of a tree are partial, with 1 to 255 items. This module knows names,
//! geometry and encodings. It reads and writes no file, and holds nothing against a tree head.

mod bundle;
mod error;
mod path;

use std::iter;

pub use bundle::{
    MAX_ENTRY_LEN, MAX_RECORD_LEN, decode_entries, decode_hashes, decode_records, encode_entries,
    encode_hashes, encode_records,
};
pub use error::{BundleError, TilePathError};
pub use path::{TileKind, TilePath};

use crate::merkle::TreeSize;

/// Items of a full tile: 2 to the power of its height.
pub const TILE_WIDTH: u16 = 256;

/// Levels of tiles that a tree of less than 2^64 leaves can have.
const LEVELS: u8 = 8;

/// Number of items in a tile: 1 to 255 if it is partial, 256 if it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileWidth(u16);

impl TileWidth {
    /// The width of a full tile.
    pub const FULL: Self = Self(TILE_WIDTH);

    /// A width, or `None` unless it is 1 to 256.
    pub fn new(items: u64) -> Option<Self> {
        let items = u16::try_from(items).ok()?;
        (1..=TILE_WIDTH).contains(&items).then_some(Self(items))
    }

    /// How many items.
    pub const fn items(self) -> u16 {
        self.0
    }

    /// Whether there are 256.
    pub const fn is_full(self) -> bool {
        self.0 == TILE_WIDTH
    }
}

/// All tiles of a tree's hashes: level by level, from left to right, a level's partial tile last.
///
/// The number of tiles is about `size / 255`. None for a tree without leaves.
pub fn tiles_of_tree(size: TreeSize) -> impl Iterator<Item = TilePath> {
    (0..LEVELS).flat_map(move |level| of_level(TileKind::Hashes { level }, size))
}

/// All bundles of a tree's entries, from left to right.
pub fn entry_bundles_of_tree(size: TreeSize) -> impl Iterator<Item = TilePath> {
    of_level(TileKind::Entries, size)
}

/// All bundles of a tree's records, from left to right.
pub fn record_bundles_of_tree(size: TreeSize) -> impl Iterator<Item = TilePath> {
    of_level(TileKind::Records, size)
}

/// "The partial tile at level l for a tree of size s has floor(s / 256**l) mod 256 entries."
fn of_level(kind: TileKind, size: TreeSize) -> impl Iterator<Item = TilePath> {
    let items = kind.items_in(size);
    let full = items / u64::from(TILE_WIDTH);
    let tile = move |index, width| TilePath { kind, index, width };
    let partial = TileWidth::new(items % u64::from(TILE_WIDTH));
    (0..full)
        .map(move |index| tile(index, TileWidth::FULL))
        .chain(partial.into_iter().flat_map(move |width| iter::once(tile(full, width))))
}
