//! One proof for many leaves of one tree.
//!
//! # Layout
//!
//! A proof is about leaves `i_1 < i_2 < ... < i_k` of a tree of `n` leaves, `k >= 1`, `i_k < n`. It is a
//! list of hashes without any structure; where each of them belongs follows from `n` and the indices:
//!
//! 1. Layer 0 holds the leaves; it is `w_0 = n` nodes wide. The known nodes of layer 0 are the `i_j`.
//! 2. In each layer `L`, go through the known nodes from left to right. Node `x` has the sibling
//!    `x XOR 1` (the right one where `x` is even, the left one where `x` is odd).
//!    - The sibling is known too: the pair needs nothing.
//!    - The sibling is not known and `x XOR 1 < w_L`: **the next hash of the proof is this sibling**.
//!    - `x` is even and `x + 1 = w_L`: the last node has no sibling. It is promoted: its parent has the
//!      same hash.
//! 3. The parent of each known node, `x / 2`, is known in layer `L + 1`, which is
//!    `w_(L+1) = ceil(w_L / 2)` nodes wide. A parent's hash is `SHA-256(0x01 || left || right)`.
//! 4. The layer of width 1 is the root. All hashes of the proof must be used by then.
//!
//! So the hashes stand layer by layer from the bottom, from left to right within a layer. Node `x` of
//! layer `L` is the root of the leaves `[x * 2^L, min((x + 1) * 2^L, n))`, which the right edge may cut; the
//! tree is that of RFC 9162 section 2.1.1. For one leaf the proof is the RFC's inclusion path.
//!
//! Example: `n = 5`, leaves 1 and 4. Layer 0 (width 5): 1 needs **0**, 4 is last and promoted. Layer 1
//! (width 3): 0 needs **1**, the leaves 2 and 3; 2 is promoted. Layer 2 (width 2): 0 and 1 are both known.
//! Two hashes: leaf 0, and the node over leaves 2 and 3.
//!
//! Everything in this list that a verifier does not check lets somebody forge a leaf: indices that repeat
//! or lie outside the tree make surplus nodes which a lenient walk drops.

use std::error::Error;

use crate::hash::{Hash, hash_children};
use crate::merkle::node::{NodeSource, subtree};
use crate::merkle::{LeafIndex, ProofError, ProveError, TreeHead, TreeSize};

/// That a set of leaves stands at their indices: helper hashes in the order that the module specifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiProof {
    /// The siblings that do not follow from the leaves, layer by layer from the bottom.
    pub hashes: Vec<Hash>,
}

impl MultiProof {
    /// Checks that the tree `head` has each of `leaves`, leaf hashes with their indices.
    ///
    /// Cost: for k leaves of n at most k log2 n hashes, and memory for k nodes.
    ///
    /// # Errors
    /// - [`ProofError::MultiEmpty`]: no leaves
    /// - [`ProofError::MultiOrder`]: an index is not larger than the one before it
    /// - [`ProofError::MultiIndex`]: an index is not below the size
    /// - [`ProofError::MultiLength`]: a hash too many or too few
    /// - [`ProofError::MultiRoot`]: the computed root is another one
    pub fn verify(&self, leaves: &[(LeafIndex, Hash)], head: &TreeHead) -> Result<(), ProofError> {
        check_indices(leaves.iter().map(|leaf| leaf.0), head.size).map_err(ProofError::from)?;
        let layer = leaves.iter().map(|(index, hash)| (index.0, *hash)).collect();
        let mut hashes = self.hashes.iter();
        let computed = climb(
            layer,
            head.size.0,
            |_, _| hashes.next().copied().ok_or(TooShort),
            |left, right| hash_children(&left, &right),
        );
        let Ok(Some(computed)) = computed else { return Err(self.length_error(leaves, head)) };
        if hashes.next().is_some() {
            return Err(self.length_error(leaves, head));
        }
        if computed != head.root {
            return Err(ProofError::MultiRoot { head: *head, computed });
        }
        Ok(())
    }

    /// How many hashes a proof of these leaves has: what a decoder allows before it reads one.
    ///
    /// # Errors
    /// As [`verify`](Self::verify) about the indices: [`ProofError::MultiEmpty`],
    /// [`ProofError::MultiOrder`], [`ProofError::MultiIndex`].
    pub fn length(
        indices: impl IntoIterator<Item = LeafIndex, IntoIter: Clone>,
        size: TreeSize,
    ) -> Result<usize, ProofError> {
        let indices = indices.into_iter();
        check_indices(indices.clone(), size).map_err(ProofError::from)?;
        Ok(count_helpers(indices, size))
    }

    fn length_error(&self, leaves: &[(LeafIndex, Hash)], head: &TreeHead) -> ProofError {
        let expected = count_helpers(leaves.iter().map(|leaf| leaf.0), head.size);
        ProofError::MultiLength { expected, actual: self.hashes.len() }
    }
}

/// The proof that the leaves `indices` are in the tree of the first `size` leaves.
///
/// Cost: for k leaves at most k log2 `size` complete nodes, and up to 64 more for the sibling that the
/// right edge cuts.
///
/// # Errors
/// - [`ProveError::NoLeaves`]: no indices
/// - [`ProveError::Order`]: an index is not larger than the one before it
/// - [`ProveError::Index`]: an index is not below the size
/// - [`ProveError::Node`]: the source has no answer
pub fn prove_multi<S: NodeSource>(
    indices: &[LeafIndex],
    size: TreeSize,
    source: &S,
) -> Result<MultiProof, ProveError<S::Error>> {
    check_indices(indices.iter().copied(), size).map_err(ProveError::from)?;
    let layer = indices.iter().map(|index| (index.0, ())).collect();
    let mut hashes = Vec::new();
    climb(
        layer,
        size.0,
        |level, index| subtree(level, index, size.0, source).map(|hash| hashes.push(hash)),
        |(), ()| (),
    )?;
    Ok(MultiProof { hashes })
}

/// The proof ran out of hashes.
struct TooShort;

/// What is wrong with a list of leaf indices.
enum BadIndices {
    Empty,
    Order { position: usize, previous: LeafIndex, index: LeafIndex },
    Range { index: LeafIndex, size: TreeSize },
}

impl From<BadIndices> for ProofError {
    fn from(bad: BadIndices) -> Self {
        match bad {
            BadIndices::Empty => Self::MultiEmpty,
            BadIndices::Order { position, previous, index } => {
                Self::MultiOrder { position, previous, index }
            }
            BadIndices::Range { index, size } => Self::MultiIndex { index, size },
        }
    }
}

impl<E: Error + 'static> From<BadIndices> for ProveError<E> {
    fn from(bad: BadIndices) -> Self {
        match bad {
            BadIndices::Empty => Self::NoLeaves,
            BadIndices::Order { position, previous, index } => {
                Self::Order { position, previous, index }
            }
            BadIndices::Range { index, size } => Self::Index { index, size },
        }
    }
}

fn check_indices(
    indices: impl Iterator<Item = LeafIndex>,
    size: TreeSize,
) -> Result<(), BadIndices> {
    let mut last: Option<LeafIndex> = None;
    for (position, index) in indices.enumerate() {
        if index.0 >= size.0 {
            return Err(BadIndices::Range { index, size });
        }
        if let Some(previous) = last.filter(|previous| *previous >= index) {
            return Err(BadIndices::Order { position, previous, index });
        }
        last = Some(index);
    }
    last.map(|_| ()).ok_or(BadIndices::Empty)
}

/// Number of helper hashes for checked indices.
fn count_helpers(indices: impl Iterator<Item = LeafIndex>, size: TreeSize) -> usize {
    let layer = indices.map(|index| (index.0, ())).collect();
    let mut count = 0;
    // No helper is ever refused.
    let _: Result<_, std::convert::Infallible> = climb(
        layer,
        size.0,
        |_, _| {
            count += 1;
            Ok(())
        },
        |(), ()| (),
    );
    count
}

/// Walks from the known nodes of layer 0 to the root, steps 2 to 4 of the layout, and returns the root.
///
/// `layer` is strictly increasing and below `width`, its only allocation. `helper` is asked for the
/// nodes `(level, index)` in the proof's order. With hashes as `T` this verifies; with `()` it lists.
fn climb<T: Copy, E>(
    mut layer: Vec<(u64, T)>,
    mut width: u64,
    mut helper: impl FnMut(u8, u64) -> Result<T, E>,
    join: impl Fn(T, T) -> T,
) -> Result<Option<T>, E> {
    let mut level = 0;
    while width > 1 {
        // Parents are written over the layer they come from: `at` is never behind `parents`.
        let (mut at, mut parents) = (0, 0);
        while let Some(&(x, node)) = layer.get(at) {
            let next = layer.get(at + 1).filter(|right| x & 1 == 0 && right.0 == x + 1).copied();
            let parent = match next {
                Some((_, right)) => join(node, right),
                None if x & 1 == 1 => join(helper(level, x - 1)?, node),
                None if x + 1 < width => join(node, helper(level, x + 1)?),
                None => node,
            };
            at += 1 + usize::from(next.is_some());
            layer[parents] = (x >> 1, parent);
            parents += 1;
        }
        layer.truncate(parents);
        width = width.div_ceil(2);
        level += 1;
    }
    Ok(layer.first().map(|root| root.1))
}
