//! Consistency of two trees: RFC 9162 sections 2.1.4.1 and 2.1.4.2.

use crate::hash::{Hash, hash_children};
use crate::merkle::node::{NodeSource, siblings, subtree};
use crate::merkle::{ProofError, ProveError, TreeHead, TreeSize, lsb};

/// That a newer tree begins with all leaves of an older one: RFC 9162 section 2.1.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The nodes, in the RFC's order. Empty where both sizes are equal.
    pub hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// Checks that `new` is `old` with leaves appended, or the very same tree.
    ///
    /// RFC 9162 section 2.1.4.2, which is about `0 < first < second`. Equal sizes take an empty proof and
    /// equal roots. An old tree of size 0 is refused: every tree would pass. Cost: at most 128 hashes.
    ///
    /// # Errors
    /// - [`ProofError::ConsistencyEmpty`]: the old size is 0
    /// - [`ProofError::ConsistencySize`]: the old size is the larger one
    /// - [`ProofError::ConsistencyFork`]: equal sizes, different roots
    /// - [`ProofError::ConsistencyLength`]: a hash too many or too few
    /// - [`ProofError::ConsistencyOldRoot`], [`ProofError::ConsistencyNewRoot`]: the computed root is
    ///   another one, the old one being compared first
    pub fn verify(&self, old: &TreeHead, new: &TreeHead) -> Result<(), ProofError> {
        if old.size.0 == 0 {
            return Err(ProofError::ConsistencyEmpty { new: *new });
        }
        if old.size > new.size {
            return Err(ProofError::ConsistencySize { old: *old, new: *new });
        }
        if old.size == new.size {
            return self.verify_equal_sizes(old, new);
        }
        let (fr, sr) = self.roots(old, new)?;
        // 7. After completing iterating through the consistency_path array, verify that the fr calculated
        //    is equal to the first_hash supplied, that the sr calculated is equal to the second_hash
        //    supplied, and that sn is 0 (`roots` has seen to that).
        if fr != old.root {
            return Err(ProofError::ConsistencyOldRoot { old: *old, new: *new, computed: fr });
        }
        if sr != new.root {
            return Err(ProofError::ConsistencyNewRoot { old: *old, new: *new, computed: sr });
        }
        Ok(())
    }

    fn verify_equal_sizes(&self, old: &TreeHead, new: &TreeHead) -> Result<(), ProofError> {
        if old.root != new.root {
            return Err(ProofError::ConsistencyFork { old: *old, new: *new });
        }
        if !self.hashes.is_empty() {
            return Err(self.length_error(old, new));
        }
        Ok(())
    }

    /// Steps 1 to 6: the old and the new root that the proof leads to.
    fn roots(&self, old: &TreeHead, new: &TreeHead) -> Result<(Hash, Hash), ProofError> {
        // 1. If consistency_path is an empty array, stop and fail.
        if self.hashes.is_empty() {
            return Err(self.length_error(old, new));
        }
        // 2. If first is an exact power of 2, prepend first_hash to the consistency_path array.
        let mut path =
            old.size.0.is_power_of_two().then_some(&old.root).into_iter().chain(&self.hashes);
        // 3. Set fn to first - 1 and sn to second - 1.
        let (mut fn_, mut sn) = (old.size.0 - 1, new.size.0 - 1);
        // 4. If LSB(fn) is set, right-shift both fn and sn equally until LSB(fn) is not set.
        while lsb(fn_) {
            (fn_, sn) = (fn_ >> 1, sn >> 1);
        }
        // 5. Set both fr and sr to the first value in the consistency_path array.
        let Some(first) = path.next() else { return Err(self.length_error(old, new)) };
        let (mut fr, mut sr) = (*first, *first);
        // 6. For each subsequent value c in the consistency_path array:
        for c in path {
            // a. If sn is 0, stop the iteration and fail.
            if sn == 0 {
                return Err(self.length_error(old, new));
            }
            // b. If LSB(fn) is set, or if fn is equal to sn, then:
            if lsb(fn_) || fn_ == sn {
                // i. Set fr to HASH(0x01 || c || fr).
                fr = hash_children(c, &fr);
                // ii. Set sr to HASH(0x01 || c || sr).
                sr = hash_children(c, &sr);
                // iii. If LSB(fn) is not set, right-shift both fn and sn equally until either LSB(fn) is
                //      set or fn is 0.
                while !lsb(fn_) && fn_ != 0 {
                    (fn_, sn) = (fn_ >> 1, sn >> 1);
                }
            } else {
                // Otherwise: set sr to HASH(0x01 || sr || c).
                sr = hash_children(&sr, c);
            }
            // c. Finally, right-shift both fn and sn one time.
            (fn_, sn) = (fn_ >> 1, sn >> 1);
        }
        // The part of step 7 that is about sn.
        if sn != 0 {
            return Err(self.length_error(old, new));
        }
        Ok((fr, sr))
    }

    fn length_error(&self, old: &TreeHead, new: &TreeHead) -> ProofError {
        let expected = proof_nodes(old.size.0, new.size.0).count();
        let actual = self.hashes.len();
        ProofError::ConsistencyLength { old: *old, new: *new, expected, actual }
    }
}

/// The proof that the tree of `new` leaves begins with the one of `old` leaves: PROOF(m, D_n) of RFC
/// 9162 section 2.1.4.1, empty for equal sizes.
///
/// Cost: at most 64 complete nodes and 64 more for the one that the right edge cuts.
///
/// # Errors
/// - [`ProveError::Sizes`]: `old` is 0 or larger than `new`
/// - [`ProveError::Node`]: the source has no answer
pub fn prove_consistency<S: NodeSource>(
    old: TreeSize,
    new: TreeSize,
    source: &S,
) -> Result<ConsistencyProof, ProveError<S::Error>> {
    if old.0 == 0 || old > new {
        return Err(ProveError::Sizes { old, new });
    }
    let hashes = proof_nodes(old.0, new.0)
        .map(|(level, index)| subtree(level, index, new.0, source))
        .collect::<Result<_, _>>()?;
    Ok(ConsistencyProof { hashes })
}

/// The nodes of a consistency proof, as `(level, index)`; `0 < old <= new`.
fn proof_nodes(old: u64, new: u64) -> impl Iterator<Item = (u8, u64)> {
    // The last complete subtree of the old tree: the largest one that ends at its last leaf. It is left
    // out where it is the whole old tree, whose root the verifier has.
    let level = old.trailing_zeros() as u8;
    let index = (old - 1) >> level;
    let start = (index != 0).then_some((level, index));
    let path = siblings(level, index, new);
    (old != new).then(|| start.into_iter().chain(path)).into_iter().flatten()
}
