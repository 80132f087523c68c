//! Why a Merkle proof was refused, or could not be made.

use std::error::Error;

use crate::hash::Hash;
use crate::merkle::{LeafIndex, TreeHead, TreeSize};

/// A Merkle proof that does not prove its claim.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf lies outside the tree.
    #[error("leaf {index} is not in a tree of {size}")]
    InclusionIndex {
        /// The leaf that the proof is about.
        index: LeafIndex,
        /// The tree's number of leaves.
        size: TreeSize,
    },
    /// The inclusion proof has too many or too few hashes.
    #[error("inclusion proof of leaf {index} in {size} has {actual} hashes, needs {expected}")]
    InclusionLength {
        /// The leaf that the proof is about.
        index: LeafIndex,
        /// The tree's number of leaves.
        size: TreeSize,
        /// Hashes that such a proof has.
        expected: usize,
        /// Hashes that this one has.
        actual: usize,
    },
    /// Leaf and proof lead to another root.
    #[error("leaf {index} leads to root {computed}, the tree has {head}")]
    InclusionRoot {
        /// The leaf that the proof is about.
        index: LeafIndex,
        /// The tree that was to contain it.
        head: TreeHead,
        /// The root computed from leaf and proof.
        computed: Hash,
    },
    /// Consistency with the empty tree says nothing, so it is not a proof of anything.
    #[error("old tree is empty")]
    ConsistencyEmpty {
        /// The newer tree.
        new: TreeHead,
    },
    /// The old tree is larger than the new one.
    #[error("tree shrank: old {old}, new {new}")]
    ConsistencySize {
        /// The tree said to be older.
        old: TreeHead,
        /// The tree said to be newer.
        new: TreeHead,
    },
    /// The consistency proof has too many or too few hashes.
    #[error("consistency proof from {old} to {new} has {actual} hashes, needs {expected}")]
    ConsistencyLength {
        /// The older tree.
        old: TreeHead,
        /// The newer tree.
        new: TreeHead,
        /// Hashes that such a proof has.
        expected: usize,
        /// Hashes that this one has.
        actual: usize,
    },
    /// The proof does not lead to the old root. Two signed heads in here are evidence of a fork only
    /// where the proof itself is known to be right.
    #[error("consistency proof leads to old root {computed}: old {old}, new {new}")]
    ConsistencyOldRoot {
        /// The older tree.
        old: TreeHead,
        /// The newer tree.
        new: TreeHead,
        /// The root of the older tree as the proof has it.
        computed: Hash,
    },
    /// The proof leads to the old root but not to the new one.
    #[error("consistency proof leads to new root {computed}: old {old}, new {new}")]
    ConsistencyNewRoot {
        /// The older tree.
        old: TreeHead,
        /// The newer tree.
        new: TreeHead,
        /// The root of the newer tree as the proof has it.
        computed: Hash,
    },
    /// Two heads of one size with different roots: a fork, whatever the proof says.
    #[error("fork: {old}, and {new}")]
    ConsistencyFork {
        /// One head.
        old: TreeHead,
        /// The other.
        new: TreeHead,
    },
    /// A multiproof of no leaves proves nothing.
    #[error("multiproof is about no leaves")]
    MultiEmpty,
    /// Leaf indices are not strictly increasing: duplicates are how a leaf gets forged.
    #[error("multiproof's leaf {index} at position {position} is not larger than {previous}")]
    MultiOrder {
        /// Where in the list of leaves.
        position: usize,
        /// The leaf before it.
        previous: LeafIndex,
        /// The leaf there.
        index: LeafIndex,
    },
    /// A leaf lies outside the tree.
    #[error("multiproof's leaf {index} is not in a tree of {size}")]
    MultiIndex {
        /// The first such leaf.
        index: LeafIndex,
        /// The tree's number of leaves.
        size: TreeSize,
    },
    /// The multiproof has too many or too few hashes.
    #[error("multiproof has {actual} hashes, needs {expected}")]
    MultiLength {
        /// Hashes that a proof of these leaves has.
        expected: usize,
        /// Hashes that this one has.
        actual: usize,
    },
    /// Leaves and proof lead to another root.
    #[error("multiproof leads to root {computed}, the tree has {head}")]
    MultiRoot {
        /// The tree that was to contain them.
        head: TreeHead,
        /// The root computed from leaves and proof.
        computed: Hash,
    },
}

impl ProofError {
    /// The stable code that SPEC lists.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InclusionIndex { .. } => "inclusion-index-out-of-range",
            Self::InclusionLength { .. } => "inclusion-proof-length",
            Self::InclusionRoot { .. } => "inclusion-root-mismatch",
            Self::ConsistencyEmpty { .. } => "consistency-old-tree-empty",
            Self::ConsistencySize { .. } => "consistency-tree-shrank",
            Self::ConsistencyLength { .. } => "consistency-proof-length",
            Self::ConsistencyOldRoot { .. } => "consistency-old-root-mismatch",
            Self::ConsistencyNewRoot { .. } => "consistency-new-root-mismatch",
            Self::ConsistencyFork { .. } => "consistency-fork",
            Self::MultiEmpty => "multiproof-empty",
            Self::MultiOrder { .. } => "multiproof-order",
            Self::MultiIndex { .. } => "multiproof-index-out-of-range",
            Self::MultiLength { .. } => "multiproof-length",
            Self::MultiRoot { .. } => "multiproof-root-mismatch",
        }
    }
}

/// A proof that cannot be made: the question has no answer, or the nodes could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError<E: Error + 'static> {
    /// The leaf lies outside the tree.
    #[error("leaf {index} is not in a tree of {size}")]
    Index {
        /// The leaf asked for.
        index: LeafIndex,
        /// The tree's number of leaves.
        size: TreeSize,
    },
    /// Leaf indices are not strictly increasing.
    #[error("leaf {index} at position {position} is not larger than {previous}")]
    Order {
        /// Where in the list of leaves.
        position: usize,
        /// The leaf before it.
        previous: LeafIndex,
        /// The leaf there.
        index: LeafIndex,
    },
    /// No leaves were asked for.
    #[error("no leaves")]
    NoLeaves,
    /// Consistency is proved from a size of at least 1 to one that is not smaller.
    #[error("no consistency from size {old} to size {new}")]
    Sizes {
        /// The older size.
        old: TreeSize,
        /// The newer size.
        new: TreeSize,
    },
    /// The hash of the complete subtree could not be had.
    #[error("node {index} at level {level}")]
    Node {
        /// Height over the leaves.
        level: u8,
        /// Position among the nodes of its level.
        index: u64,
        /// What the source of nodes said.
        #[source]
        source: E,
    },
}

impl<E: Error + 'static> ProveError<E> {
    /// The stable code that SPEC lists.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Index { .. } => "prove-index-out-of-range",
            Self::Order { .. } => "prove-order",
            Self::NoLeaves => "prove-no-leaves",
            Self::Sizes { .. } => "prove-sizes",
            Self::Node { .. } => "prove-node",
        }
    }
}
