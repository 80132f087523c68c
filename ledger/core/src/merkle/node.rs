//! Hashes of any subtree of a tree of any size, from hashes of complete subtrees.

use std::error::Error;

use crate::hash::{Hash, empty_root, hash_children};
use crate::merkle::{ProveError, TreeSize};

/// Where the hashes of complete subtrees come from: tiles on disk, a table in memory.
pub trait NodeSource {
    /// Why a node could not be had.
    type Error: Error + 'static;

    /// Hash of the complete subtree over the leaves `[index << level, (index + 1) << level)`; at level 0
    /// the leaf hash itself.
    ///
    /// The caller asks only for subtrees that lie wholly inside the size it was told to prove for, so a
    /// source that holds that many leaves has every answer. Such a node never changes once its last
    /// leaf is in the log: answers may be cached for ever, and calls may be repeated, reordered and made
    /// from several threads. No success may be returned for a node whose leaves are not all durable. Any
    /// error means 'not now'; nothing is half done, and the caller may simply ask again.
    ///
    /// # Errors
    /// The source's own: the node is not stored, or reading failed.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

impl<S: NodeSource + ?Sized> NodeSource for &S {
    type Error = S::Error;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        (**self).node(level, index)
    }
}

/// Root of the first `size` leaves: RFC 9162 section 2.1.1.
///
/// Cost: one node for each bit set in `size`.
///
/// # Errors
/// [`ProveError::Node`] where the source has no answer.
pub fn root_at<S: NodeSource>(size: TreeSize, source: &S) -> Result<Hash, ProveError<S::Error>> {
    match size.0 {
        0 => Ok(empty_root()),
        leaves => range_hash(0, leaves, source),
    }
}

/// Hash of node `index` of `level` in the tree of `size` leaves: a complete subtree, or the incomplete
/// one that the right edge cuts. `index << level` must lie inside the tree.
pub(super) fn subtree<S: NodeSource>(
    level: u8,
    index: u64,
    size: u64,
    source: &S,
) -> Result<Hash, ProveError<S::Error>> {
    if index < size >> level {
        return complete(level, index, source);
    }
    range_hash(index << level, size, source)
}

/// Hash of the leaves `[lo, hi)`, where `lo` is a multiple of the largest power of two in `hi - lo`.
fn range_hash<S: NodeSource>(lo: u64, hi: u64, source: &S) -> Result<Hash, ProveError<S::Error>> {
    // The set bits of hi - lo are the complete subtrees, larger ones to the left; they are folded from
    // the right, since each smaller one is the right child of what precedes it.
    let (mut rest, mut end) = (hi - lo, hi);
    let mut hash = None;
    while rest != 0 {
        let level = rest.trailing_zeros();
        end -= 1 << level;
        rest &= rest - 1;
        let left = complete(level as u8, end >> level, source)?;
        hash = Some(hash.map_or(left, |right| hash_children(&left, &right)));
    }
    Ok(hash.unwrap_or_else(empty_root))
}

fn complete<S: NodeSource>(
    level: u8,
    index: u64,
    source: &S,
) -> Result<Hash, ProveError<S::Error>> {
    source.node(level, index).map_err(|source| ProveError::Node { level, index, source })
}

/// The siblings met on the way from node `index` of `level` up to the root of the tree of `size`
/// leaves, as `(level, index)`, bottom up. A last node without sibling is promoted and yields none.
pub(super) fn siblings(level: u8, index: u64, size: u64) -> impl Iterator<Item = (u8, u64)> {
    // fn and sn as in RFC 9162 section 2.1.3.2: this node and the last one of its level.
    let (mut fn_, mut sn, mut level) = (index, (size - 1) >> level, level);
    std::iter::from_fn(move || {
        while sn != 0 {
            let here = (level, fn_ ^ 1);
            let last = fn_ == sn && !super::lsb(fn_);
            (fn_, sn, level) = (fn_ >> 1, sn >> 1, level + 1);
            if !last {
                return Some(here);
            }
        }
        None
    })
}
