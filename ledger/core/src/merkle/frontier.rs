//! The right edge of a growing tree: all that appending needs.

use crate::hash::{Hash, empty_root, hash_children};
use crate::merkle::{TreeHead, TreeSize};

/// The roots of the complete subtrees that a tree of a given size is made of, largest (leftmost) first:
/// one for each bit set in the size. Stored as exactly that list.
///
/// A frontier determines the root and every later one, and cannot prove anything about single leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Peaks that no tree of the size said can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrontierError {
    /// One peak is needed for each bit set in the size.
    #[error("size {size} has {expected} peaks, given {actual}")]
    Count {
        /// The size said.
        size: TreeSize,
        /// Peaks that a tree of this size has.
        expected: usize,
        /// Peaks given.
        actual: usize,
    },
    /// The size is beyond [`Frontier::MAX_SIZE`].
    #[error("size {size} is beyond {}", Frontier::MAX_SIZE)]
    Size {
        /// The size said.
        size: TreeSize,
    },
}

impl FrontierError {
    /// The stable code that SPEC lists.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Count { .. } => "frontier-peak-count",
            Self::Size { .. } => "frontier-size",
        }
    }
}

impl Frontier {
    /// Largest size taken from outside: 2^62. A million appends a second would then run for 400,000 years
    /// before the count overflows, so that `push` need not be fallible.
    pub const MAX_SIZE: u64 = 1 << 62;

    /// The frontier of the tree without leaves.
    pub fn new() -> Self {
        // 64 peaks are all that a u64 size can have: pushing never allocates.
        Self { size: 0, peaks: Vec::with_capacity(64) }
    }

    /// The frontier of the tree of `size` leaves whose peaks are given, largest first. Whether they belong
    /// to a known tree shows in the [`root`](Self::root).
    ///
    /// # Errors
    /// - [`FrontierError::Size`]: the size is beyond [`MAX_SIZE`](Self::MAX_SIZE)
    /// - [`FrontierError::Count`]: a peak too many or too few
    pub fn from_peaks(size: TreeSize, peaks: &[Hash]) -> Result<Self, FrontierError> {
        if size.0 > Self::MAX_SIZE {
            return Err(FrontierError::Size { size });
        }
        let (expected, actual) = (size.0.count_ones() as usize, peaks.len());
        if expected != actual {
            return Err(FrontierError::Count { size, expected, actual });
        }
        let mut frontier = Self::new();
        frontier.size = size.0;
        frontier.peaks.extend_from_slice(peaks);
        Ok(frontier)
    }

    /// Appends a leaf hash. Cost: one hash on average, no allocation.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _, _| ());
    }

    /// Appends a leaf hash and reports the nodes that are complete with it, as `(level, index, hash)`: the
    /// leaf itself at level 0, then its ancestors bottom up. Over all leaves each node of the tree is
    /// reported exactly once, which is what tiles are filled from.
    pub fn push_with(&mut self, leaf: Hash, mut on_node: impl FnMut(u8, u64, &Hash)) {
        let index = self.size;
        let mut node = leaf;
        on_node(0, index, &node);
        // A set low bit of the size is a peak as large as the node at hand: its left sibling.
        let merges = self.size.trailing_ones() as u8;
        for level in 1..=merges {
            // There is a peak for each set bit, so this never ends early.
            let Some(left) = self.peaks.pop() else { break };
            node = hash_children(&left, &node);
            on_node(level, index >> level, &node);
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Number of leaves.
    pub const fn size(&self) -> TreeSize {
        TreeSize(self.size)
    }

    /// The peaks, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Merkle tree hash of all leaves: RFC 9162 section 2.1.1. Cost: a hash for each peak but one.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| hash_children(left, &right))
    }

    /// Size and root together.
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size(), root: self.root() }
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}
