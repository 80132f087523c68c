//! What can be wrong with a tile's name and with a bundle.

use thiserror::Error;

/// Why text is not the name of a tile or bundle.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TilePathError {
    /// Longer than any name.
    #[error("name of {len} bytes is too long")]
    TooLong {
        /// Length in bytes.
        len: usize,
    },
    /// Not below `tile/` or `records/`.
    #[error("not a tile's name")]
    Prefix,
    /// The level is not a number from 0 to 63.
    #[error("bad level")]
    Level,
    /// The index is not in groups of three digits, or has a group too many.
    #[error("bad index")]
    Index,
    /// The width of a partial tile is not a number from 1 to 255.
    #[error("bad width")]
    Width,
}

/// Why bytes are not a tile or bundle of their width. Items are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Not 1 to 256 items.
    #[error("{count} items")]
    Count {
        /// How many.
        count: usize,
    },
    /// Longer than its items can be.
    #[error("bundle of {len} bytes is too long")]
    TooLong {
        /// Length in bytes.
        len: usize,
    },
    /// An item is longer than its kind allows.
    #[error("item {item} has {len} bytes")]
    ItemTooLong {
        /// Which item.
        item: usize,
        /// Its length in bytes.
        len: usize,
    },
    /// The bytes end within an item or before it.
    #[error("bundle ends at item {item}")]
    Truncated {
        /// Which item.
        item: usize,
    },
    /// There are bytes after the last item.
    #[error("{len} bytes after the last item")]
    TrailingBytes {
        /// How many.
        len: usize,
    },
}

impl TilePathError {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "tile/path-too-long",
            Self::Prefix => "tile/path-prefix",
            Self::Level => "tile/path-level",
            Self::Index => "tile/path-index",
            Self::Width => "tile/path-width",
        }
    }
}

impl BundleError {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Count { .. } => "tile/item-count",
            Self::TooLong { .. } => "tile/too-long",
            Self::ItemTooLong { .. } => "tile/item-too-long",
            Self::Truncated { .. } => "tile/truncated",
            Self::TrailingBytes { .. } => "tile/trailing-bytes",
        }
    }
}
