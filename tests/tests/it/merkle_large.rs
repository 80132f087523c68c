//! Trees that no machine holds: all leaves equal, so that a node depends on its level alone.

use std::convert::Infallible;

use custody_core::hash::{Hash, hash_children};
use custody_core::merkle::{
    Frontier, LeafIndex, NodeSource, TreeHead, TreeSize, prove_consistency, prove_inclusion,
    prove_multi, root_at,
};

use crate::merkle_tree::{flip, indices, leaf};

/// A tree of `size` equal leaves, which answers for nothing that lies outside it.
struct EqualLeaves {
    levels: Vec<Hash>,
    size: u64,
}

impl EqualLeaves {
    fn new(size: u64) -> Self {
        let levels = std::iter::successors(Some(leaf(0)), |node| Some(hash_children(node, node)));
        Self { levels: levels.take(64).collect(), size }
    }

    fn head(&self, size: u64) -> TreeHead {
        let size = TreeSize(size);
        TreeHead { size, root: root_at(size, self).unwrap() }
    }
}

impl NodeSource for EqualLeaves {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        let end = (u128::from(index) + 1) << level;
        assert!(end <= u128::from(self.size), "node {index} at level {level} is not complete");
        Ok(self.levels[usize::from(level)])
    }
}

const SIZES: [u64; 8] = [
    u32::MAX as u64,
    (1 << 40) + 1,
    (1 << 62) - 1,
    1 << 62,
    (1 << 62) + 5,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

fn probes(size: u64) -> Vec<u64> {
    let mut probes = vec![0, 1, size / 3, size / 2, size - 2, size - 1];
    probes.dedup();
    probes
}

#[test]
fn inclusion_at_sizes_up_to_the_largest() {
    for size in SIZES {
        let tree = EqualLeaves::new(size);
        let head = tree.head(size);
        for index in probes(size) {
            let proof = prove_inclusion(LeafIndex(index), head.size, &tree).unwrap();
            assert_eq!(proof.verify(&leaf(0), &head), Ok(()));
            let error = proof.verify(&leaf(1), &head).unwrap_err();
            assert_eq!(error.code(), "inclusion-root-mismatch");
        }
    }
}

#[test]
fn consistency_at_sizes_up_to_the_largest() {
    for size in SIZES {
        let tree = EqualLeaves::new(size);
        let new = tree.head(size);
        for old in probes(size).into_iter().filter(|old| *old != 0) {
            let old = tree.head(old);
            let proof = prove_consistency(old.size, new.size, &tree).unwrap();
            assert_eq!(proof.verify(&old, &new), Ok(()));
            let other = TreeHead { root: flip(&new.root, 1), ..new };
            let error = proof.verify(&old, &other).unwrap_err();
            assert_eq!(error.code(), "consistency-new-root-mismatch");
        }
    }
}

#[test]
fn multiproof_at_sizes_up_to_the_largest() {
    for size in SIZES {
        let tree = EqualLeaves::new(size);
        let head = tree.head(size);
        let probes = indices(&probes(size));
        let proof = prove_multi(&probes, head.size, &tree).unwrap();
        let mut leaves: Vec<_> = probes.iter().map(|index| (*index, leaf(0))).collect();
        assert_eq!(proof.verify(&leaves, &head), Ok(()));
        leaves[3].1 = leaf(1);
        assert_eq!(proof.verify(&leaves, &head).unwrap_err().code(), "multiproof-root-mismatch");
    }
}

#[test]
fn frontier_grows_from_its_largest_size() {
    let size = Frontier::MAX_SIZE - 1;
    let tree = EqualLeaves::new(Frontier::MAX_SIZE);
    let peaks: Vec<_> = (0..62).rev().map(|level| tree.levels[level]).collect();
    let mut frontier = Frontier::from_peaks(TreeSize(size), &peaks).unwrap();
    assert_eq!(frontier.head(), tree.head(size));
    frontier.push(leaf(0));
    assert_eq!(frontier.head(), tree.head(Frontier::MAX_SIZE));
}
