//! Names of tiles and bundles: `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]` and
//! `records/<N>[.p/<W>]`, relative to the log's prefix.

use std::fmt;

use super::{TILE_WIDTH, TilePathError, TileWidth};
use crate::decimal::parse_decimal;
use crate::merkle::{LeafIndex, TreeSize};

/// Longest name in bytes: `tile/entries/`, seven groups of three digits for an index below 2^64 (six of
/// them with `x` and `/`), and `.p/255`.
const MAX_LEN: usize = 13 + 6 * 5 + 3 + 6;

/// Largest level: "a decimal ASCII integer between 0 and 63".
const MAX_LEVEL: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes, `8 * level` levels above the leaves.
    Hashes {
        /// 0 to 63, of which a tree of less than 2^64 leaves reaches 7.
        level: u8,
    },
    /// Entries.
    Entries,
    /// Records. They may be guarded where entries are public.
    Records,
}

/// The name of one tile or bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    pub(super) kind: TileKind,
    pub(super) index: u64,
    pub(super) width: TileWidth,
}

impl TileKind {
    /// How many items of this kind a tree has: hashes of full tiles below, or entries.
    pub(super) fn items_in(self, size: TreeSize) -> u64 {
        size.0.checked_shr(self.shift()).unwrap_or(0)
    }

    /// An item spans 2 to the power of this many leaves.
    fn shift(self) -> u32 {
        match self {
            Self::Hashes { level } => 8 * u32::from(level),
            Self::Entries | Self::Records => 0,
        }
    }
}

impl TilePath {
    /// The name of the tile at `index` of its kind, or `None` for a level above 63.
    pub fn new(kind: TileKind, index: u64, width: TileWidth) -> Option<Self> {
        if matches!(kind, TileKind::Hashes { level } if level > MAX_LEVEL) {
            return None;
        }
        Some(Self { kind, index, width })
    }

    /// Reads a name, without a leading slash. There is one spelling of each: written again it is equal.
    ///
    /// # Errors
    ///
    /// [`TilePathError`], one variant for each part; the length is checked first.
    pub fn parse(path: &str) -> Result<Self, TilePathError> {
        if path.len() > MAX_LEN {
            return Err(TilePathError::TooLong { len: path.len() });
        }
        let (kind, rest) = parse_kind(path)?;
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, TileWidth::FULL),
            Some((index, width)) => (index, parse_width(width)?),
        };
        let index = parse_index(index)?;
        Ok(Self { kind, index, width })
    }

    /// What the tile holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Position among the tiles of its kind and level, counted from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many items the tile has.
    pub fn width(&self) -> TileWidth {
        self.width
    }

    /// The first leaf under the tile, or `None` where no log of less than 2^64 leaves has it.
    pub fn start(&self) -> Option<LeafIndex> {
        let first_item = self.index.checked_mul(u64::from(TILE_WIDTH))?;
        let span = 1u64.checked_shl(self.kind.shift())?;
        first_item.checked_mul(span).map(LeafIndex)
    }

    /// Whether a tree of `size` has all of the tile's items: then, and only then, it can be served.
    pub fn is_within(&self, size: TreeSize) -> bool {
        let first_item = self.index.checked_mul(u64::from(TILE_WIDTH));
        let end = first_item.and_then(|item| item.checked_add(u64::from(self.width.items())));
        end.is_some_and(|end| end <= self.kind.items_in(size))
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => write!(f, "tile/entries/")?,
            TileKind::Records => write!(f, "records/")?,
        }
        format_index(self.index, f)?;
        if !self.width.is_full() {
            write!(f, ".p/{}", self.width.items())?;
        }
        Ok(())
    }
}

/// "encoded into zero-padded 3-digit path elements. All but the last path element MUST begin with an x"
fn format_index(index: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digits = index.to_string();
    let groups = digits.len().div_ceil(3);
    let padded = format!("{digits:0>width$}", width = 3 * groups);
    for start in (0..groups - 1).map(|group| 3 * group) {
        write!(f, "x{}/", &padded[start..start + 3])?;
    }
    f.write_str(&padded[3 * (groups - 1)..])
}

fn parse_kind(path: &str) -> Result<(TileKind, &str), TilePathError> {
    if let Some(rest) = path.strip_prefix("records/") {
        return Ok((TileKind::Records, rest));
    }
    let rest = path.strip_prefix("tile/").ok_or(TilePathError::Prefix)?;
    let (kind, rest) = rest.split_once('/').ok_or(TilePathError::Prefix)?;
    if kind == "entries" {
        return Ok((TileKind::Entries, rest));
    }
    let level = parse_decimal(kind).and_then(|level| u8::try_from(level).ok());
    let level = level.filter(|&level| level <= MAX_LEVEL).ok_or(TilePathError::Level)?;
    Ok((TileKind::Hashes { level }, rest))
}

fn parse_index(text: &str) -> Result<u64, TilePathError> {
    let mut index: u64 = 0;
    let mut groups = text.split('/').enumerate().peekable();
    while let Some((position, group)) = groups.next() {
        let is_last = groups.peek().is_none();
        let digits = if is_last { Some(group) } else { group.strip_prefix('x') };
        let digits = digits.filter(|digits| is_group(digits)).ok_or(TilePathError::Index)?;
        // A leading group of zeros would be a second spelling.
        if position == 0 && !is_last && digits == "000" {
            return Err(TilePathError::Index);
        }
        let value = digits.parse::<u64>().map_err(|_| TilePathError::Index)?;
        let shifted = index.checked_mul(1000).and_then(|index| index.checked_add(value));
        index = shifted.ok_or(TilePathError::Index)?;
    }
    Ok(index)
}

fn is_group(digits: &str) -> bool {
    digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// "<W> is the width of the tile, a decimal ASCII integer between 1 and 255"
fn parse_width(text: &str) -> Result<TileWidth, TilePathError> {
    let width = parse_decimal(text).and_then(TileWidth::new);
    width.filter(|width| !width.is_full()).ok_or(TilePathError::Width)
}
