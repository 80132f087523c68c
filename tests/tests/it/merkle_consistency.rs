//! Consistency proofs: every pair of sizes proved and checked, then broken in every way.

use custody_core::merkle::{
    ConsistencyProof, ProofError, ProveError, TreeHead, TreeSize, prove_consistency,
};

use crate::merkle_tree::{LARGEST, Nodes, flip, heads, leaf, leaves, spoilt, subproof};

fn for_each_pair(mut check: impl FnMut(&TreeHead, &TreeHead, &ConsistencyProof)) -> usize {
    let nodes = Nodes::with_leaves(LARGEST);
    let heads = heads(LARGEST);
    let mut count = 0;
    for new in &heads {
        for old in &heads[1..=new.size.0 as usize] {
            check(old, new, &prove_consistency(old.size, new.size, &nodes).unwrap());
            count += 1;
        }
    }
    count
}

#[test]
fn consistency_of_every_pair_of_sizes() {
    let leaves = leaves(LARGEST);
    let count = for_each_pair(|old, new, proof| {
        let naive = subproof(old.size.0 as usize, &leaves[..new.size.0 as usize], true);
        let naive: Vec<_> = naive.into_iter().map(|node| node.0).collect();
        assert_eq!(proof.hashes, naive, "{} to {}", old.size, new.size);
        assert_eq!(proof.verify(old, new), Ok(()));
    });
    assert_eq!(count, 130 * 131 / 2);
}

#[test]
fn consistency_refuses_every_spoilt_hash() {
    let leaves = leaves(LARGEST);
    for_each_pair(|old, new, proof| {
        let naive = subproof(old.size.0 as usize, &leaves[..new.size.0 as usize], true);
        for (at, same_length, hashes) in spoilt(&proof.hashes) {
            let actual = hashes.len();
            let error = ConsistencyProof { hashes }.verify(old, new).unwrap_err();
            if same_length {
                let in_old = naive[at].1;
                let codes = ["consistency-new-root-mismatch", "consistency-old-root-mismatch"];
                assert_eq!(error.code(), codes[usize::from(in_old)]);
                continue;
            }
            let (old, new, expected) = (*old, *new, proof.hashes.len());
            assert_eq!(error, ProofError::ConsistencyLength { old, new, expected, actual });
        }
    });
}

#[test]
fn consistency_refuses_other_roots_and_keeps_both_heads() {
    for_each_pair(|old, new, proof| {
        let salt = (old.size.0 + new.size.0) as usize;
        let bad_old = TreeHead { root: flip(&old.root, salt), ..*old };
        let bad_new = TreeHead { root: flip(&new.root, salt), ..*new };
        if old.size == new.size {
            let want = ProofError::ConsistencyFork { old: bad_old, new: *new };
            assert_eq!(proof.verify(&bad_old, new), Err(want));
            return;
        }
        let want = ProofError::ConsistencyNewRoot { old: *old, new: bad_new, computed: new.root };
        assert_eq!(proof.verify(old, &bad_new), Err(want));
        let error = proof.verify(&bad_old, new).unwrap_err();
        if old.size.0.is_power_of_two() {
            // The old root is itself the start of the path: it cannot disagree with itself.
            assert_eq!(error.code(), "consistency-new-root-mismatch");
        } else {
            let (old, new, computed) = (bad_old, *new, old.root);
            assert_eq!(error, ProofError::ConsistencyOldRoot { old, new, computed });
        }
    });
}

#[test]
fn consistency_is_not_proved_from_nothing_or_backwards() {
    let nodes = Nodes::with_leaves(8);
    let heads = heads(8);
    let none = ConsistencyProof { hashes: Vec::new() };
    for new in &heads {
        let want = ProofError::ConsistencyEmpty { new: *new };
        assert_eq!(none.verify(&heads[0], new), Err(want));
        let sizes = ProveError::Sizes { old: TreeSize(0), new: new.size };
        assert_eq!(prove_consistency(TreeSize(0), new.size, &nodes), Err(sizes));
    }
    for (old, new) in [(2, 1), (8, 7), (8, 0)] {
        let (old, new) = (heads[old], heads[new]);
        assert_eq!(none.verify(&old, &new), Err(ProofError::ConsistencySize { old, new }));
        let sizes = ProveError::Sizes { old: old.size, new: new.size };
        assert_eq!(prove_consistency(old.size, new.size, &nodes), Err(sizes));
    }
    let surplus = ConsistencyProof { hashes: vec![leaf(0)] };
    assert_eq!(
        surplus.verify(&heads[8], &heads[8]).unwrap_err().code(),
        "consistency-proof-length"
    );
}
