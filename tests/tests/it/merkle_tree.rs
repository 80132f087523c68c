//! Trees to test with: all nodes in memory, and the RFC's recursive definitions written down naively.

use std::convert::Infallible;

use custody_core::hash::{Hash, empty_root, hash_children, hash_leaf};
use custody_core::merkle::{Frontier, LeafIndex, NodeSource, TreeHead, TreeSize};

/// Every size up to this one is tried: past 128 a whole further level has begun.
pub const LARGEST: u64 = 130;

/// All complete nodes of a growing tree, by level and index.
#[derive(Default)]
pub struct Nodes {
    pub levels: Vec<Vec<Hash>>,
    pub frontier: Frontier,
}

impl Nodes {
    /// The tree over the leaves `leaf(0)`, `leaf(1)` and so on.
    pub fn with_leaves(size: u64) -> Self {
        let mut nodes = Self::default();
        (0..size).for_each(|index| nodes.push(leaf(index)));
        nodes
    }

    pub fn push(&mut self, leaf: Hash) {
        let levels = &mut self.levels;
        self.frontier.push_with(leaf, |level, index, hash| {
            let level = usize::from(level);
            if levels.len() == level {
                levels.push(Vec::new());
            }
            assert_eq!(levels[level].len() as u64, index, "each node is reported once, in order");
            levels[level].push(*hash);
        });
    }
}

impl NodeSource for Nodes {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.levels[usize::from(level)][index as usize])
    }
}

/// The leaf hash that stands at `index` in every test.
pub fn leaf(index: u64) -> Hash {
    hash_leaf(format!("leaf {index}").as_bytes())
}

pub fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(leaf).collect()
}

pub fn head(leaves: &[Hash]) -> TreeHead {
    TreeHead { size: TreeSize(leaves.len() as u64), root: mth(leaves) }
}

/// Heads of the trees of size 0 to `largest`.
pub fn heads(largest: u64) -> Vec<TreeHead> {
    let leaves = leaves(largest);
    (0..=leaves.len()).map(|size| head(&leaves[..size])).collect()
}

pub fn indices(list: &[u64]) -> Vec<LeafIndex> {
    list.iter().map(|index| LeafIndex(*index)).collect()
}

/// The hash with one bit flipped, another bit for another `salt`.
pub fn flip(hash: &Hash, salt: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    let bit = salt.wrapping_mul(37) % 256;
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::new(bytes)
}

/// Every way to spoil a list of hashes, and whether the list keeps its length. The first number is the
/// position that was touched.
pub fn spoilt(hashes: &[Hash]) -> Vec<(usize, bool, Vec<Hash>)> {
    let mut all = Vec::new();
    for at in 0..hashes.len() {
        let mut flipped = hashes.to_vec();
        flipped[at] = flip(&hashes[at], at + hashes.len());
        all.push((at, true, flipped));
        let mut dropped = hashes.to_vec();
        dropped.remove(at);
        all.push((at, false, dropped));
    }
    for at in 0..=hashes.len() {
        let mut added = hashes.to_vec();
        added.insert(at, hashes.get(at).copied().unwrap_or_else(empty_root));
        all.push((at, false, added));
    }
    all
}

/// The largest power of two smaller than `n`, for `n > 1`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// MTH(D_n) of RFC 9162 section 2.1.1.
pub fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [only] => *only,
        more => {
            let (left, right) = more.split_at(split(more.len()));
            hash_children(&mth(left), &mth(right))
        }
    }
}

/// PATH(m, D_n) of RFC 9162 section 2.1.3.1.
pub fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) =
        if m < k { (path(m, left), mth(right)) } else { (path(m - k, right), mth(left)) };
    path.push(sibling);
    path
}

/// SUBPROOF(m, D_n, b) of RFC 9162 section 2.1.4.1; with each hash, whether the old tree holds the node.
pub fn subproof(m: usize, leaves: &[Hash], b: bool) -> Vec<(Hash, bool)> {
    if m == leaves.len() {
        return if b { Vec::new() } else { vec![(mth(leaves), true)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = if m <= k {
        (subproof(m, left, b), (mth(right), false))
    } else {
        (subproof(m - k, right, false), (mth(left), true))
    };
    proof.push(sibling);
    proof
}
