//! Index proofs taken apart: what a liar would send, and the exact error for it.

use custody_core::hash::{Hash, empty_root};
use custody_core::index::{
    ChainHead, IndexError, IndexTree, SubjectKey, verify_absent, verify_chain_head,
    verify_no_chain, verify_present,
};

use crate::index_naive::{Random, key};

const CHAINS: u64 = 40;

fn tree() -> IndexTree {
    let mut random = Random(3);
    IndexTree::build((0..CHAINS).map(|number| (key(number), random.head()))).unwrap()
}

/// The code with which a proof is refused, `None` where it is accepted.
fn refusal(
    root: &Hash,
    key: &SubjectKey,
    head: Option<&ChainHead>,
    proof: &[u8],
) -> Option<&'static str> {
    let outcome = match head {
        Some(head) => verify_chain_head(root, key, head, proof),
        None => verify_no_chain(root, key, proof),
    };
    outcome.err().map(|error| error.code())
}

/// What a byte of a proof belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Length,
    Key,
    Value,
    Step,
    Bit,
    Hash,
}

/// The parts of a proof from this tree, byte by byte; a step's first byte is `Step`.
fn parts(present: bool, proof: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    if !present {
        parts.push(Part::Length);
        parts.extend([Part::Key; 32]);
        parts.push(Part::Length);
        parts.extend([Part::Value; 40]);
    }
    while parts.len() < proof.len() {
        let long = proof[parts.len()] & 0x80 != 0;
        parts.push(Part::Step);
        parts.extend(long.then_some(Part::Bit));
        parts.extend([Part::Hash; 32]);
    }
    assert_eq!(parts.len(), proof.len());
    parts
}

#[test]
fn index_proofs_with_any_bit_flipped_are_refused() {
    const ROOT: &str = "index-root-mismatch";
    const TRUNCATED: &str = "index-proof-truncated";
    const ORDER: &str = "index-proof-bit-order";
    const RANGE: &str = "index-proof-bit-out-of-range";
    const VARINT: &str = "index-proof-varint";
    const DIVERGES: &str = "index-lookup-diverges";
    let tree = tree();
    for key in (0..CHAINS + 20).map(key) {
        let proved = tree.prove(&key);
        let refusal = |proof: &[u8]| refusal(&tree.root(), &key, proved.head.as_ref(), proof);
        assert_eq!(refusal(&proved.bytes), None);
        let parts = parts(proved.head.is_some(), &proved.bytes);
        for (bit, part) in (0..8 * parts.len()).map(|bit| (bit, parts[bit / 8])) {
            let mut proof = proved.bytes.clone();
            proof[bit / 8] ^= 1 << (bit % 8);
            let code = refusal(&proof).expect("a flipped bit");
            let wanted: &[_] = match part {
                Part::Hash | Part::Value => &[ROOT],
                Part::Key => &[ROOT, DIVERGES],
                Part::Length if bit < 8 => &["index-proof-key-length"],
                Part::Length | Part::Step | Part::Bit => {
                    &[ROOT, TRUNCATED, VARINT, ORDER, RANGE, DIVERGES]
                }
            };
            assert!(wanted.contains(&code), "bit {bit}: {code}");
        }
        for (len, part) in parts.iter().enumerate() {
            let whole = *part == Part::Step || len == 0;
            let want = if whole { ROOT } else { TRUNCATED };
            assert_eq!(refusal(&proved.bytes[..len]), Some(want), "cut to {len}");
        }
    }
}

#[test]
fn index_proof_of_one_key_says_nothing_about_another() {
    let tree = tree();
    for key in (0..CHAINS + 20).map(key) {
        let proved = tree.prove(&key);
        for other in (0..CHAINS).map(self::key).filter(|other| *other != key) {
            let present = tree.get(&other).unwrap();
            assert!(refusal(&tree.root(), &other, None, &proved.bytes).is_some(), "hides a chain");
            assert!(refusal(&tree.root(), &other, Some(&present), &proved.bytes).is_some());
        }
    }
}

/// The most dangerous lie: another leaf's true proof, to hide a chain.
#[test]
fn index_absence_is_refused_where_the_lookup_would_turn_elsewhere() {
    let tree = tree();
    let mut diverged = 0;
    for hidden in (0..CHAINS).map(key) {
        for shown in (0..CHAINS).map(key).filter(|shown| *shown != hidden) {
            let value = tree.get(&shown).unwrap().to_bytes();
            let steps = tree.prove(&shown).bytes;
            let lie = [&[32], &shown.as_bytes()[..], &[40], &value, &steps].concat();
            let error = verify_no_chain(&tree.root(), &hidden, &lie).unwrap_err();
            assert_eq!(error.code(), "index-lookup-diverges");
            diverged += 1;
        }
    }
    assert_eq!(diverged, CHAINS * (CHAINS - 1));
}

#[test]
fn index_proofs_are_parsed_strictly() {
    let root = empty_root();
    let hash = [7; 32];
    let step = |bit: &[u8]| [bit, &hash].concat();
    let present = |proof: &[u8]| verify_present(&root, &[0xab, 0xcd], b"v", proof).unwrap_err();
    let varint = IndexError::Varint { offset: 0 };
    assert_eq!(present(&step(&[0x80, 0x00])), varint, "not minimal");
    assert_eq!(present(&step(&[0xff; 10])), varint, "more than ten bytes");
    let nines = [0xff; 9];
    assert_eq!(present(&step(&[&nines[..], &[0x02]].concat())), varint, "65 bits");
    assert_eq!(present(&step(&[&nines[..], &[0x00]].concat())), varint, "not minimal");
    let (offset, key_bits) = (0, 16);
    let want = IndexError::BitRange { offset, bit: u64::MAX, key_bits };
    assert_eq!(present(&step(&[&nines[..], &[0x01]].concat())), want);
    assert_eq!(present(&step(&[16])), IndexError::BitRange { offset, bit: 16, key_bits });
    let twice = [step(&[5]), step(&[5])].concat();
    assert_eq!(present(&twice), IndexError::BitOrder { offset: 33, bit: 5, previous: 5 });
    let up = [step(&[5]), step(&[6])].concat();
    assert_eq!(present(&up), IndexError::BitOrder { offset: 33, bit: 6, previous: 5 });
    assert_eq!(present(&step(&[5])[..32]), IndexError::Truncated { offset: 1, needed: 1 });
    assert_eq!(present(&[0x80]), IndexError::Truncated { offset: 1, needed: 1 });
    assert_eq!(present(&step(&[15])).code(), "index-root-mismatch");
}

#[test]
fn index_absence_proofs_are_parsed_strictly() {
    let root = empty_root();
    let absent = |proof: &[u8]| verify_absent(&root, &[0xab, 0xcd], proof).unwrap_err();
    assert_eq!(absent(&[1, 0xab]), IndexError::OtherKeyLength { expected: 2, actual: 1 });
    assert_eq!(absent(&[0]), IndexError::OtherKeyLength { expected: 2, actual: 0 });
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(absent(&huge), IndexError::OtherKeyLength { expected: 2, actual: u64::MAX });
    assert_eq!(absent(&[2, 0xab]), IndexError::Truncated { offset: 1, needed: 1 });
    assert_eq!(absent(&[2, 0xab, 0xcd, 0]), IndexError::Present);
    assert_eq!(absent(&[2, 0xab, 0xce]), IndexError::Truncated { offset: 3, needed: 1 });
    let huge_value = [&[2, 0xab, 0xce][..], &huge].concat();
    assert_eq!(absent(&huge_value), IndexError::Truncated { offset: 13, needed: u64::MAX });
    assert_eq!(absent(&[2, 0xab, 0xce, 0x80, 0]), IndexError::Varint { offset: 3 });
    assert_eq!(absent(&[2, 0xab, 0xce, 0]).code(), "index-root-mismatch");
    let step = [&[2, 0xab, 0xce, 0, 14][..], &[7; 32]].concat();
    assert_eq!(absent(&step), IndexError::Diverges { bit: 14 });
}

#[test]
fn chain_heads_are_forty_bytes() {
    let head = ChainHead { length: 0x0102, digest: Hash::new([9; 32]) };
    let value = head.to_bytes();
    assert_eq!(value[..8], [0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(ChainHead::from_bytes(&value), Some(head));
    assert_eq!(ChainHead::from_bytes(&value[..39]), None);
    assert_eq!(ChainHead::from_bytes(&[&value[..], &[0]].concat()), None);
    assert_eq!(ChainHead::from_bytes(&[]), None);
}
