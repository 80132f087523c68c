//! The index in memory against its definition, in all versions, over seeded random histories.

use custody_core::hash::{Hash, empty_root};
use custody_core::index::{
    ChainHead, IndexError, IndexProof, IndexTree, SubjectKey, verify_chain_head, verify_no_chain,
};

use crate::index_naive::{Chains, Random, key, proof, root};

fn check_proof(root: &Hash, key: &SubjectKey, chains: &Chains, proved: &IndexProof) {
    assert_eq!(proved.head, chains.get(key).copied());
    assert_eq!(proved.bytes, proof(key, chains));
    match &proved.head {
        Some(head) => {
            assert_eq!(verify_chain_head(root, key, head, &proved.bytes), Ok(()));
            assert!(verify_no_chain(root, key, &proved.bytes).is_err());
            let other = ChainHead { length: head.length ^ 1, ..*head };
            let error = verify_chain_head(root, key, &other, &proved.bytes).unwrap_err();
            assert_eq!(error.code(), "index-root-mismatch");
        }
        None => assert_eq!(verify_no_chain(root, key, &proved.bytes), Ok(())),
    }
}

/// Both versions of the tree are what they should be: roots, look-ups, proofs of all given keys.
fn check(tree: &IndexTree, head: &Chains, pinned: &Chains, keys: impl Iterator<Item = u64>) {
    assert_eq!((tree.root(), tree.len()), (root(head), head.len()));
    assert_eq!((tree.root_pinned(), tree.len_pinned()), (root(pinned), pinned.len()));
    for key in keys.map(key) {
        assert_eq!(tree.get(&key), head.get(&key).copied());
        assert_eq!(tree.get_pinned(&key), pinned.get(&key).copied());
        check_proof(&tree.root(), &key, head, &tree.prove(&key));
        check_proof(&tree.root_pinned(), &key, pinned, &tree.prove_pinned(&key));
    }
}

#[test]
fn index_of_no_chains_is_the_empty_tree() {
    let tree = IndexTree::new();
    assert_eq!(tree.root(), empty_root());
    assert!(tree.is_empty());
    check(&tree, &Chains::new(), &Chains::new(), 0..3);
    assert_eq!(IndexTree::build([]).unwrap().root(), empty_root());
}

#[test]
fn index_grows_chain_by_chain_and_every_key_is_provable() {
    let (mut random, mut tree) = (Random(1), IndexTree::new());
    let mut chains = Chains::new();
    for number in 0..130 {
        let head = random.head();
        assert_eq!(tree.set(&key(number), &head), None);
        chains.insert(key(number), head);
        check(&tree, &chains, &Chains::new(), 0..number + 20);
    }
    assert_eq!(tree.nodes(), (130, 129));
}

#[test]
fn index_versions_follow_their_histories() {
    for seed in 0..40 {
        println!("seed {seed}");
        let mut random = Random(seed);
        let mut tree = IndexTree::new();
        let (mut head, mut staged, mut pinned) = (Chains::new(), Chains::new(), Chains::new());
        let keys = 1 + random.below(200);
        for step in 0..400 {
            match random.below(24) {
                0 => {
                    tree.stage();
                    staged.clone_from(&head);
                }
                1 => {
                    tree.pin_staged();
                    pinned.clone_from(&staged);
                }
                2 => {
                    tree.pin();
                    (staged, pinned) = (head.clone(), head.clone());
                }
                3..6 => {
                    let number = random.below(keys);
                    tree.restore(&key(number), None);
                    head.remove(&key(number));
                }
                _ => {
                    let (number, to) = (random.below(keys), random.head());
                    assert_eq!(tree.set(&key(number), &to), head.insert(key(number), to));
                }
            }
            assert_eq!(tree.root(), root(&head));
            assert_eq!(tree.root_staged(), root(&staged));
            assert_eq!(tree.root_pinned(), root(&pinned));
            if step % 40 == 39 {
                check(&tree, &head, &pinned, 0..keys + 3);
            }
        }
        tree.pin();
        let branches = head.len().saturating_sub(1);
        assert_eq!(tree.nodes(), (head.len(), branches), "nothing is kept that no version needs");
    }
}

#[test]
fn index_batch_that_fails_half_way_is_undone() {
    for seed in 100..140 {
        println!("seed {seed}");
        let mut random = Random(seed);
        let mut tree = IndexTree::new();
        let mut chains = Chains::new();
        for number in 0..random.below(60) {
            let head = random.head();
            tree.set(&key(number), &head);
            chains.insert(key(number), head);
        }
        if seed % 2 == 0 {
            tree.pin();
        }
        let (pinned, nodes) = (tree.root_pinned(), tree.nodes());
        let batch: Vec<_> = (0..50).map(|_| (key(random.below(90)), random.head())).collect();
        let old: Vec<_> = batch.iter().map(|(key, head)| tree.set(key, head)).collect();
        for ((key, _), old) in batch.iter().zip(&old).rev() {
            tree.restore(key, old.as_ref());
        }
        assert_eq!((tree.root(), tree.len()), (root(&chains), chains.len()));
        assert_eq!(tree.root_pinned(), pinned);
        tree.pin();
        check(&tree, &chains, &chains, 0..95);
        assert_eq!(tree.nodes(), (chains.len(), chains.len().saturating_sub(1)), "was {nodes:?}");
    }
}

#[test]
fn index_built_at_once_is_the_one_that_grew() {
    let mut random = Random(7);
    let mut chains = Chains::new();
    for number in 0..300 {
        let built = IndexTree::build(chains.iter().map(|(key, head)| (*key, *head))).unwrap();
        assert_eq!(built.root(), root(&chains), "{number} chains");
        if number % 50 == 49 {
            check(&built, &chains, &chains, 0..number + 10);
        }
        chains.insert(key(number), random.head());
    }
    let mut shuffled: Vec<_> = (0..300).map(key).map(|key| (key, chains[&key])).collect();
    shuffled.reverse();
    assert_eq!(IndexTree::build(shuffled.clone()).unwrap().root(), root(&chains));
    shuffled.push(shuffled[150]);
    let duplicate = IndexTree::build(shuffled.clone()).unwrap_err();
    assert_eq!(duplicate, IndexError::Duplicate { key: Hash::new(*shuffled[150].0.as_bytes()) });
}

/// Keys that agree in all but one bit give a branch for each bit from 0 to 255, with two-byte numbers.
#[test]
fn index_holds_keys_that_differ_in_any_single_bit() {
    let mut random = Random(9);
    let mut tree = IndexTree::new();
    let mut chains = Chains::new();
    let keys = (0..256).map(|bit| {
        let mut bytes = [0; 32];
        bytes[bit / 8] = 0x80 >> (bit % 8);
        SubjectKey::new(Hash::new(bytes))
    });
    let keys: Vec<_> = keys.chain([SubjectKey::new(Hash::new([0; 32]))]).collect();
    for key in &keys {
        let head = random.head();
        tree.set(key, &head);
        chains.insert(*key, head);
    }
    assert_eq!(tree.root(), root(&chains));
    let built = IndexTree::build(chains.iter().map(|(key, head)| (*key, *head))).unwrap();
    assert_eq!(built.root(), root(&chains));
    for key in &keys {
        check_proof(&tree.root(), key, &chains, &tree.prove(key));
    }
    let deepest = tree.prove(&keys[256]).bytes.len();
    assert_eq!(deepest, 256 * 32 + 128 + 2 * 128, "bits above 127 take two bytes");
    let absent = SubjectKey::new(Hash::new([0xff; 32]));
    check_proof(&tree.root(), &absent, &chains, &tree.prove(&absent));
}

/// Taking a pin now and then must not make the tree larger than what its versions differ in.
#[test]
fn index_memory_stays_below_200_bytes_a_chain() {
    const CHAINS: u64 = 100_000;
    let mut random = Random(11);
    let mut tree =
        IndexTree::build((0..CHAINS).map(|number| (key(number), random.head()))).unwrap();
    for _ in 0..100 {
        for _ in 0..100 {
            tree.set(&key(random.below(CHAINS)), &random.head());
        }
        tree.pin();
    }
    let each = tree.memory_bytes() / CHAINS as usize;
    assert!(each < 200, "{each} bytes a chain");
    assert_eq!(tree.nodes(), (CHAINS as usize, CHAINS as usize - 1));
}
