//! Inclusion of one leaf: RFC 9162 sections 2.1.3.1 and 2.1.3.2.

use crate::hash::{Hash, hash_children};
use crate::merkle::node::{NodeSource, siblings, subtree};
use crate::merkle::{LeafIndex, ProofError, ProveError, TreeHead, TreeSize, lsb};

/// That a leaf stands at `index`: the audit path of RFC 9162 section 2.1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// Where the leaf is said to stand.
    pub index: LeafIndex,
    /// The path, from the leaf's sibling up to a child of the root.
    pub hashes: Vec<Hash>,
}

impl InclusionProof {
    /// Checks that the tree `head` has the leaf hash `leaf` at [`index`](Self::index).
    ///
    /// RFC 9162 section 2.1.3.2. Cost: at most 64 hashes, however long the proof is.
    ///
    /// # Errors
    /// - [`ProofError::InclusionIndex`]: the index is not below the size
    /// - [`ProofError::InclusionLength`]: a hash too many or too few
    /// - [`ProofError::InclusionRoot`]: the computed root is another one
    pub fn verify(&self, leaf: &Hash, head: &TreeHead) -> Result<(), ProofError> {
        let (index, size) = (self.index, head.size);
        // 1. Compare leaf_index against tree_size. If leaf_index is greater than or equal to tree_size,
        //    fail.
        if index.0 >= size.0 {
            return Err(ProofError::InclusionIndex { index, size });
        }
        // 2. Set fn to leaf_index and sn to tree_size - 1.
        let (mut fn_, mut sn) = (index.0, size.0 - 1);
        // 3. Set r to hash.
        let mut r = *leaf;
        // 4. For each value p in the inclusion_path array:
        for p in &self.hashes {
            // a. If sn is 0, stop the iteration and fail.
            if sn == 0 {
                return Err(self.length_error(size));
            }
            // b. If LSB(fn) is set, or if fn is equal to sn, then:
            if lsb(fn_) || fn_ == sn {
                // i. Set r to HASH(0x01 || p || r).
                r = hash_children(p, &r);
                // ii. If LSB(fn) is not set, right-shift both fn and sn equally until either LSB(fn) is
                //     set or fn is 0.
                while !lsb(fn_) && fn_ != 0 {
                    (fn_, sn) = (fn_ >> 1, sn >> 1);
                }
            } else {
                // Otherwise: set r to HASH(0x01 || r || p).
                r = hash_children(&r, p);
            }
            // c. Finally, right-shift both fn and sn one time.
            (fn_, sn) = (fn_ >> 1, sn >> 1);
        }
        // 5. Compare sn to 0. Compare r against the root_hash. If sn is equal to 0 and r and the root_hash
        //    are equal, the log has proven the inclusion of hash. Otherwise, fail.
        if sn != 0 {
            return Err(self.length_error(size));
        }
        if r != head.root {
            return Err(ProofError::InclusionRoot { index, head: *head, computed: r });
        }
        Ok(())
    }

    fn length_error(&self, size: TreeSize) -> ProofError {
        let expected = siblings(0, self.index.0, size.0).count();
        let actual = self.hashes.len();
        ProofError::InclusionLength { index: self.index, size, expected, actual }
    }
}

/// The proof that leaf `index` is in the tree of the first `size` leaves: PATH(m, D_n) of RFC 9162
/// section 2.1.3.1.
///
/// Cost: at most 64 complete nodes on the path and 64 more for the sibling that the right edge cuts.
///
/// # Errors
/// - [`ProveError::Index`]: the index is not below the size
/// - [`ProveError::Node`]: the source has no answer
pub fn prove_inclusion<S: NodeSource>(
    index: LeafIndex,
    size: TreeSize,
    source: &S,
) -> Result<InclusionProof, ProveError<S::Error>> {
    if index.0 >= size.0 {
        return Err(ProveError::Index { index, size });
    }
    let hashes = siblings(0, index.0, size.0)
        .map(|(level, sibling)| subtree(level, sibling, size.0, source))
        .collect::<Result<_, _>>()?;
    Ok(InclusionProof { index, hashes })
}
