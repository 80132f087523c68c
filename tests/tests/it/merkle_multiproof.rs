//! Multiproofs against rs_merkle, which makes them well and checks them badly; then broken in every way.

use std::collections::BTreeSet;

use custody_core::hash::{Hash, hash_children};
use custody_core::merkle::{
    LeafIndex, MultiProof, ProofError, ProveError, TreeHead, TreeSize, prove_multi,
};
use rs_merkle::{Hasher, MerkleProof, MerkleTree};

use crate::merkle_tree::{LARGEST, Nodes, flip, heads, indices, leaf, leaves, spoilt};

/// RFC 9162's node hash for rs_merkle, which by itself separates no domains.
#[derive(Clone)]
struct Rfc9162;

impl Hasher for Rfc9162 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        *custody_core::hash::sha256_parts(&[&[0x01], data]).as_bytes()
    }
}

fn oracle(size: u64) -> MerkleTree<Rfc9162> {
    let leaves: Vec<_> = leaves(size).iter().map(|leaf| *leaf.as_bytes()).collect();
    MerkleTree::from_leaves(&leaves)
}

/// The layout read off the module's text: known nodes of each layer, their unknown siblings in order.
fn naive(subset: &[u64], size: u64) -> Vec<Hash> {
    let mut layer = leaves(size);
    let mut known: BTreeSet<usize> = subset.iter().map(|index| *index as usize).collect();
    let mut hashes = Vec::new();
    while layer.len() > 1 {
        let siblings = known.iter().map(|x| x ^ 1).filter(|x| !known.contains(x));
        hashes.extend(siblings.filter_map(|sibling| layer.get(sibling)));
        known = known.iter().map(|x| x / 2).collect();
        layer = layer
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => hash_children(left, right),
                rest => rest[0],
            })
            .collect();
    }
    hashes
}

/// A tree of each size with everything that a check needs.
struct Fixture {
    nodes: Nodes,
    head: TreeHead,
    oracle: MerkleTree<Rfc9162>,
}

impl Fixture {
    fn new(size: u64) -> Self {
        let nodes = Nodes::with_leaves(size);
        let head = nodes.frontier.head();
        Self { nodes, head, oracle: oracle(size) }
    }

    fn prove(&self, subset: &[u64]) -> (Vec<(LeafIndex, Hash)>, MultiProof) {
        let proof = prove_multi(&indices(subset), self.head.size, &self.nodes).unwrap();
        (subset.iter().map(|index| (LeafIndex(*index), leaf(*index))).collect(), proof)
    }

    /// Equal to the oracle's proof and to the naive one, of the length foretold, and accepted.
    fn check(&self, subset: &[u64]) {
        let (leaves, proof) = self.prove(subset);
        let positions: Vec<_> = subset.iter().map(|index| *index as usize).collect();
        let theirs = self.oracle.proof(&positions);
        let ours: Vec<_> = proof.hashes.iter().map(|hash| *hash.as_bytes()).collect();
        assert_eq!(ours, theirs.proof_hashes(), "{subset:?} of {}", self.head.size);
        assert_eq!(MultiProof::length(indices(subset), self.head.size), Ok(ours.len()));
        assert_eq!(proof.verify(&leaves, &self.head), Ok(()), "{subset:?} of {}", self.head.size);
    }

    /// Every hash flipped, dropped and added, every leaf changed, the root changed.
    fn break_everything(&self, subset: &[u64]) {
        let (leaves, proof) = self.prove(subset);
        for (at, same_length, hashes) in spoilt(&proof.hashes) {
            let (expected, actual) = (proof.hashes.len(), hashes.len());
            let error = MultiProof { hashes }.verify(&leaves, &self.head).unwrap_err();
            match same_length {
                true => assert_eq!(error.code(), "multiproof-root-mismatch", "hash {at}"),
                false => assert_eq!(error, ProofError::MultiLength { expected, actual }),
            }
        }
        for at in 0..leaves.len() {
            let mut forged = leaves.clone();
            forged[at].1 = flip(&forged[at].1, at);
            let error = proof.verify(&forged, &self.head).unwrap_err();
            assert_eq!(error.code(), "multiproof-root-mismatch", "leaf {at}");
        }
        let head = TreeHead { root: flip(&self.head.root, subset.len()), ..self.head };
        let want = ProofError::MultiRoot { head, computed: self.head.root };
        assert_eq!(proof.verify(&leaves, &head), Err(want));
    }

    /// Indices repeated, swapped, moved out of the tree, and left out.
    fn break_indices(&self, subset: &[u64]) {
        let (leaves, proof) = self.prove(subset);
        for at in 0..leaves.len() {
            let mut repeated = leaves.clone();
            repeated.insert(at, leaves[at]);
            let (index, position) = (leaves[at].0, at + 1);
            let want = ProofError::MultiOrder { position, previous: index, index };
            assert_eq!(proof.verify(&repeated, &self.head), Err(want));
            let mut outside = leaves.clone();
            let (index, size) = (LeafIndex(self.head.size.0 + at as u64), self.head.size);
            outside[at].0 = index;
            let want = ProofError::MultiIndex { index, size };
            assert_eq!(proof.verify(&outside, &self.head), Err(want));
        }
        for at in 1..leaves.len() {
            let mut swapped = leaves.clone();
            swapped.swap(at - 1, at);
            let (previous, index) = (leaves[at].0, leaves[at - 1].0);
            let want = ProofError::MultiOrder { position: at, previous, index };
            assert_eq!(proof.verify(&swapped, &self.head), Err(want));
        }
        assert_eq!(proof.verify(&[], &self.head), Err(ProofError::MultiEmpty));
    }
}

fn subsets(size: u64) -> impl Iterator<Item = Vec<u64>> {
    (1_u64..1 << size).map(move |mask| (0..size).filter(|bit| mask >> bit & 1 == 1).collect())
}

/// Windows, strides and complements of single leaves: shapes that meet every rule of the layout.
fn shapes(size: u64) -> impl Iterator<Item = Vec<u64>> {
    let windows = [1, 2, 3, 5, 8, 17, 64, size].into_iter().flat_map(move |width| {
        (0..size.saturating_sub(width - 1)).map(move |lo| (lo..lo + width).collect())
    });
    let strides = [2, 3, 4, 7, 16, 33].into_iter().flat_map(move |step| {
        (0..step.min(size)).map(move |lo| (lo..size).step_by(step as usize).collect())
    });
    let holes = (0..size).map(move |hole| (0..size).filter(|index| *index != hole).collect());
    windows.chain(strides).chain(holes).filter(|shape: &Vec<u64>| !shape.is_empty())
}

fn pairs(size: u64) -> impl Iterator<Item = Vec<u64>> {
    (0..size).flat_map(move |a| (a + 1..size).map(move |b| vec![a, b]))
}

#[test]
fn multiproof_of_every_subset_of_small_trees() {
    let mut count = 0;
    for size in 1..=8 {
        let fixture = Fixture::new(size);
        for subset in subsets(size) {
            fixture.check(&subset);
            assert_eq!(fixture.prove(&subset).1.hashes, naive(&subset, size));
            fixture.break_everything(&subset);
            fixture.break_indices(&subset);
            count += 1;
        }
    }
    assert_eq!(count, (1..=8).map(|size| (1 << size) - 1).sum::<u64>());
}

#[test]
fn multiproof_of_every_shape_in_every_size() {
    for size in 1..=LARGEST {
        let fixture = Fixture::new(size);
        shapes(size).for_each(|shape| fixture.check(&shape));
    }
}

#[test]
fn multiproof_of_every_pair() {
    for size in (2..=40).chain([63, 64, 65, 127, 128, 129, LARGEST]) {
        let fixture = Fixture::new(size);
        pairs(size).for_each(|pair| fixture.check(&pair));
    }
}

#[test]
fn multiproof_refuses_everything_spoilt() {
    for size in [1, 2, 3, 9, 31, 32, 33, 64, 65, 100, 127, 128, 129, LARGEST] {
        let fixture = Fixture::new(size);
        for (at, shape) in shapes(size).enumerate() {
            if at % 5 == 0 {
                fixture.break_everything(&shape);
                fixture.break_indices(&shape);
            }
        }
    }
}

#[test]
fn multiproof_of_one_leaf_is_the_inclusion_path() {
    let nodes = Nodes::with_leaves(LARGEST);
    for head in heads(LARGEST) {
        for index in (0..head.size.0).map(LeafIndex) {
            let path = custody_core::merkle::prove_inclusion(index, head.size, &nodes).unwrap();
            let multi = prove_multi(&[index], head.size, &nodes).unwrap();
            assert_eq!(path.hashes, multi.hashes);
        }
    }
}

#[test]
fn multiproof_is_not_made_for_bad_indices() {
    let nodes = Nodes::with_leaves(8);
    let prove = |list: &[u64], size| prove_multi(&indices(list), TreeSize(size), &nodes);
    assert_eq!(prove(&[], 8), Err(ProveError::NoLeaves));
    let (index, size) = (LeafIndex(8), TreeSize(8));
    assert_eq!(prove(&[1, 8], 8), Err(ProveError::Index { index, size }));
    let (previous, index) = (LeafIndex(3), LeafIndex(3));
    assert_eq!(prove(&[1, 3, 3], 8), Err(ProveError::Order { position: 2, previous, index }));
    assert_eq!(prove(&[], 0), Err(ProveError::NoLeaves));
    let empty = MultiProof { hashes: Vec::new() };
    assert_eq!(empty.verify(&[], &TreeHead::empty()), Err(ProofError::MultiEmpty));
}

/// Known upstream: indices are neither demanded to be unique nor inside the tree, and what a layer has
/// too much of is dropped. This is why custody-core verifies for itself; should it begin to fail, rs_merkle
/// has been mended and DECISIONS wants a line.
#[test]
fn rs_merkle_accepts_a_forged_leaf_at_a_repeated_index_and_we_do_not() {
    let forged = flip(&leaf(1), 7);
    for size in 2..=64 {
        let fixture = Fixture::new(size);
        let genuine = fixture.oracle.proof(&[0, 1]);
        let root = fixture.oracle.root().unwrap();
        let claim = [(0, leaf(0)), (0, leaf(1)), (1, forged)];
        let places = claim.map(|(index, _)| index as usize);
        let hashes = claim.map(|(_, hash)| *hash.as_bytes());
        assert!(genuine.verify(root, &places, &hashes, size as usize), "forged in {size}");

        let hashes = genuine.proof_hashes().iter().map(|hash| Hash::new(*hash)).collect();
        let claim = claim.map(|(index, hash)| (LeafIndex(index), hash));
        let (previous, index) = (LeafIndex(0), LeafIndex(0));
        let want = ProofError::MultiOrder { position: 1, previous, index };
        assert_eq!(MultiProof { hashes }.verify(&claim, &fixture.head), Err(want));
    }
}

#[test]
fn rs_merkle_accepts_a_forged_leaf_outside_the_tree_and_we_do_not() {
    let fixture = Fixture::new(3);
    let (forged, junk) = (flip(&leaf(1), 7), leaf(99));
    let hashes = vec![leaf(1), junk, leaf(2), junk];
    let theirs = MerkleProof::<Rfc9162>::new(hashes.iter().map(|hash| *hash.as_bytes()).collect());
    let root = fixture.oracle.root().unwrap();
    let claim = [*leaf(0).as_bytes(), *forged.as_bytes()];
    assert!(theirs.verify(root, &[0, 4], &claim, 3), "leaf 4 of 3 is accepted");

    let claim = [(LeafIndex(0), leaf(0)), (LeafIndex(4), forged)];
    let want = ProofError::MultiIndex { index: LeafIndex(4), size: TreeSize(3) };
    assert_eq!(MultiProof { hashes }.verify(&claim, &fixture.head), Err(want));
}

#[test]
fn rs_merkle_ignores_surplus_hashes_and_we_do_not() {
    let fixture = Fixture::new(5);
    let (leaves, proof) = fixture.prove(&[1, 4]);
    let hashes: Vec<_> = proof.hashes.iter().copied().chain([leaf(99)]).collect();
    let theirs = MerkleProof::<Rfc9162>::new(hashes.iter().map(|hash| *hash.as_bytes()).collect());
    let root = fixture.oracle.root().unwrap();
    let claim = [*leaf(1).as_bytes(), *leaf(4).as_bytes()];
    assert!(theirs.verify(root, &[1, 4], &claim, 5));
    let want = ProofError::MultiLength { expected: 2, actual: 3 };
    assert_eq!(MultiProof { hashes }.verify(&leaves, &fixture.head), Err(want));
}
