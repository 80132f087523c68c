//! A second tree over the same log, of SHA-512: what `renewal` keeps the root of. SPEC section "Checkpoint".
//!
//! Its leaves are entries with their records, so that it outlives the hash that binds a record to its entry.

use sha2::{Digest, Sha512};

/// A node of the second tree.
type Node = [u8; 64];

/// The second tree while it grows: the roots of the full subtrees that it is made of, the largest first.
#[derive(Clone, Debug, Default)]
pub struct RenewalTree {
    size: u64,
    full: Vec<Node>,
}

impl RenewalTree {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the leaf of an entry and its record. Cost: two hashes on average.
    pub fn append(&mut self, entry: &[u8], record: &[u8]) {
        let mut node = hash_leaf(entry, record);
        // A subtree of 2^i leaves is complete for every bit that the addition carries over.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.full.pop() {
                node = hash_node(&left, &node);
            }
        }
        self.full.push(node);
        self.size += 1;
    }

    /// The root: RFC 9162 section 2.1.1 with SHA-512; of no leaves, SHA-512 of nothing.
    pub fn root(&self) -> Node {
        let right_to_left = self.full.iter().rev().copied();
        let root = right_to_left.reduce(|right, left| hash_node(&left, &right));
        root.unwrap_or_else(|| Sha512::digest([]).into())
    }
}

/// SHA-512 of 0, the entry and the record.
fn hash_leaf(entry: &[u8], record: &[u8]) -> Node {
    Sha512::new().chain_update([0]).chain_update(entry).chain_update(record).finalize().into()
}

/// SHA-512 of 1 and both nodes.
fn hash_node(left: &Node, right: &Node) -> Node {
    Sha512::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9162 section 2.1.1, word for word: k is the largest power of two smaller than n.
    fn naive(leaves: &[(Vec<u8>, Vec<u8>)]) -> Node {
        match leaves {
            [] => Sha512::digest([]).into(),
            [(entry, record)] => {
                Sha512::digest([&[0], entry.as_slice(), record.as_slice()].concat()).into()
            }
            leaves => {
                let k = leaves.len().next_power_of_two() / 2;
                let (left, right) = (naive(&leaves[..k]), naive(&leaves[k..]));
                Sha512::digest([&[1], left.as_slice(), right.as_slice()].concat()).into()
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_recursion_at_every_size() {
        let mut tree = RenewalTree::new();
        let mut leaves = Vec::new();
        assert_eq!(tree.root(), naive(&leaves));
        for number in 0..130_u8 {
            let leaf = (vec![number; 75], vec![number; usize::from(number)]);
            tree.append(&leaf.0, &leaf.1);
            leaves.push(leaf);
            assert_eq!(tree.root(), naive(&leaves), "{number}");
        }
    }
}
