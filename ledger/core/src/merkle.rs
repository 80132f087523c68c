//! The Merkle tree of the log: RFC 9162 section 2.1 with SHA-256.
//!
//! Verification ([`InclusionProof`], [`ConsistencyProof`], [`MultiProof`]) takes bytes from anybody and
//! follows the RFC's numbered steps. Making proofs takes complete subtree hashes from a [`NodeSource`],
//! which the log fills from its tiles. Growing the tree takes only its right edge, a [`Frontier`].
//!
//! What this module is not: it stores nothing, it never hashes entries (`hash::hash_leaf` does, so that
//! leaves and nodes cannot be confused), and it does not know who signed a tree head.

mod consistency;
mod error;
mod frontier;
mod inclusion;
mod multiproof;
mod node;
mod renewal;

use std::fmt;

pub use consistency::{ConsistencyProof, prove_consistency};
pub use error::{ProofError, ProveError};
pub use frontier::{Frontier, FrontierError};
pub use inclusion::{InclusionProof, prove_inclusion};
pub use multiproof::{MultiProof, prove_multi};
pub use node::{NodeSource, root_at};
pub use renewal::RenewalTree;

use crate::hash::{Hash, empty_root};

/// Position of a leaf in the log, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(pub u64);

/// Number of leaves of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSize(pub u64);

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tree of exactly `size` leaves has exactly this root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: TreeSize,
    /// Merkle tree hash over all of them.
    pub root: Hash,
}

impl TreeHead {
    /// The head of the tree without leaves, whose root is SHA-256 of nothing.
    pub fn empty() -> Self {
        Self { size: TreeSize(0), root: empty_root() }
    }
}

impl fmt::Display for TreeHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "size {} root {}", self.size, self.root)
    }
}

/// Least significant bit: the RFC's LSB(x), whether a node is its parent's right child.
const fn lsb(x: u64) -> bool {
    x & 1 == 1
}
