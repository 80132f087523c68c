//! Inclusion proofs: every leaf of every size proved and checked, then broken in every way.

use custody_core::hash::Hash;
use custody_core::merkle::{
    InclusionProof, LeafIndex, ProofError, ProveError, TreeHead, TreeSize, prove_inclusion,
};

use crate::merkle_tree::{LARGEST, Nodes, flip, heads, leaf, leaves, path, spoilt};

fn for_each_proof(largest: u64, mut check: impl FnMut(&Hash, &TreeHead, &InclusionProof)) -> usize {
    let nodes = Nodes::with_leaves(largest);
    let mut count = 0;
    for head in heads(largest) {
        for index in 0..head.size.0 {
            let proof = prove_inclusion(LeafIndex(index), head.size, &nodes).unwrap();
            check(&leaf(index), &head, &proof);
            count += 1;
        }
    }
    count
}

#[test]
fn inclusion_of_every_leaf_in_every_size() {
    let leaves = leaves(LARGEST);
    let count = for_each_proof(LARGEST, |leaf, head, proof| {
        let naive = path(proof.index.0 as usize, &leaves[..head.size.0 as usize]);
        assert_eq!(proof.hashes, naive, "leaf {} of {}", proof.index, head.size);
        assert_eq!(proof.verify(leaf, head), Ok(()));
    });
    assert_eq!(count, 130 * 131 / 2);
}

#[test]
fn inclusion_refuses_every_spoilt_hash() {
    for_each_proof(LARGEST, |leaf, head, proof| {
        for (at, same_length, hashes) in spoilt(&proof.hashes) {
            let actual = hashes.len();
            let error =
                InclusionProof { index: proof.index, hashes }.verify(leaf, head).unwrap_err();
            if same_length {
                assert_eq!(error.code(), "inclusion-root-mismatch", "hash {at}");
                continue;
            }
            let (index, size, expected) = (proof.index, head.size, proof.hashes.len());
            let want = ProofError::InclusionLength { index, size, expected, actual };
            assert_eq!(error, want, "hash {at}");
        }
    });
}

#[test]
fn inclusion_refuses_another_leaf_or_root() {
    for_each_proof(LARGEST, |leaf, head, proof| {
        let salt = head.size.0 as usize;
        let error = proof.verify(&flip(leaf, salt), head).unwrap_err();
        assert_eq!(error.code(), "inclusion-root-mismatch");
        let wrong = TreeHead { root: flip(&head.root, salt), ..*head };
        let (index, computed) = (proof.index, head.root);
        let want = ProofError::InclusionRoot { index, head: wrong, computed };
        assert_eq!(proof.verify(leaf, &wrong), Err(want));
    });
}

#[test]
fn inclusion_refuses_every_other_index() {
    for_each_proof(33, |leaf, head, proof| {
        for other in (0..40).filter(|other| *other != proof.index.0) {
            let moved = InclusionProof { index: LeafIndex(other), ..proof.clone() };
            let code = moved.verify(leaf, head).unwrap_err().code();
            if other >= head.size.0 {
                assert_eq!(code, "inclusion-index-out-of-range");
            } else {
                assert!(["inclusion-proof-length", "inclusion-root-mismatch"].contains(&code));
            }
        }
    });
}

#[test]
fn inclusion_refuses_indices_outside_the_tree() {
    let nodes = Nodes::with_leaves(8);
    for (index, size) in [(0, 0), (1, 1), (8, 8), (u64::MAX, 8), (u64::MAX, u64::MAX)] {
        let (index, size) = (LeafIndex(index), TreeSize(size));
        let proof = InclusionProof { index, hashes: Vec::new() };
        let want = ProofError::InclusionIndex { index, size };
        assert_eq!(proof.verify(&leaf(0), &TreeHead { size, root: leaf(0) }), Err(want));
        assert_eq!(prove_inclusion(index, size, &nodes), Err(ProveError::Index { index, size }));
    }
}
