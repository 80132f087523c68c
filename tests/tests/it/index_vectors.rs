//! torchwood's Merkle Patricia lookups: `vectors/mpt/lookup.txt`, walked, then broken in every way.

use std::collections::BTreeMap;
use std::fs;

use custody_core::hash::Hash;
use custody_core::index::{IndexError, verify_absent, verify_present};
use custody_tests::shared;

struct Lookup {
    name: String,
    root: Hash,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    proof: Vec<u8>,
    want: bool,
}

impl Lookup {
    /// Reads one block of `name value` lines.
    fn parse(block: &str) -> Self {
        let lines = block.lines().filter(|line| !line.starts_with('#'));
        let fields: BTreeMap<_, _> =
            lines.map(|line| line.split_once(' ').unwrap_or((line, ""))).collect();
        assert_eq!(fields.len(), 6, "{block}");
        Self {
            name: fields["name"].to_owned(),
            root: Hash::from_hex(fields["snap"]).unwrap(),
            key: hex(fields["key"]),
            value: (fields["val"] != "-").then(|| hex(fields["val"])),
            proof: hex(fields["proof"]),
            want: fields["want"] == "true",
        }
    }

    fn verify(&self, root: &Hash, proof: &[u8]) -> Result<(), IndexError> {
        match &self.value {
            Some(value) => verify_present(root, &self.key, value, proof),
            None => verify_absent(root, &self.key, proof),
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn lookups() -> Option<Vec<Lookup>> {
    let text = fs::read_to_string(shared("vectors/mpt/lookup.txt")?).unwrap();
    let blocks = text.split("\n\n").filter(|block| block.trim_start().starts_with("name "));
    let lookups: Vec<_> = blocks.map(Lookup::parse).collect();
    assert_eq!(lookups.len(), text.matches("name ").count());
    Some(lookups)
}

#[test]
fn index_vectors_of_lookup() {
    let Some(lookups) = lookups() else { return };
    assert_eq!(lookups.len(), 16);
    for lookup in &lookups {
        let outcome = lookup.verify(&lookup.root, &lookup.proof);
        assert_eq!(outcome.is_ok(), lookup.want, "{}: {outcome:?}", lookup.name);
    }
}

#[test]
fn index_vectors_are_refused_with_these_codes() {
    let Some(lookups) = lookups() else { return };
    let refused = lookups.iter().filter_map(|lookup| {
        let error = lookup.verify(&lookup.root, &lookup.proof).err()?;
        Some((lookup.name.as_str(), error.code()))
    });
    let want = [
        ("empty-proof-for-non-empty-root", "index-root-mismatch"),
        ("one-leaf-wrong-value", "index-root-mismatch"),
        ("corrupted-sibling", "index-root-mismatch"),
        ("trailing-byte", "index-proof-bit-order"),
        ("truncated-step", "index-proof-truncated"),
        ("absence-proof-without-value", "index-proof-truncated"),
        ("absence-proof-where-altkey-is-the-key", "index-key-present"),
    ];
    assert_eq!(refused.collect::<Vec<_>>(), want);
}

#[test]
fn index_vectors_with_any_bit_flipped_are_refused() {
    let Some(lookups) = lookups() else { return };
    for lookup in lookups.iter().filter(|lookup| lookup.want) {
        for bit in 0..8 * lookup.proof.len() {
            let mut proof = lookup.proof.clone();
            proof[bit / 8] ^= 1 << (bit % 8);
            assert!(lookup.verify(&lookup.root, &proof).is_err(), "{} bit {bit}", lookup.name);
        }
        for bit in 0..256 {
            let mut root = *lookup.root.as_bytes();
            root[bit / 8] ^= 1 << (bit % 8);
            let error = lookup.verify(&Hash::new(root), &lookup.proof).unwrap_err();
            assert_eq!(error.code(), "index-root-mismatch", "{} root bit {bit}", lookup.name);
        }
    }
}

#[test]
fn index_vectors_cut_or_lengthened_are_refused() {
    let Some(lookups) = lookups() else { return };
    for lookup in lookups.iter().filter(|lookup| lookup.want) {
        for len in 0..lookup.proof.len() {
            assert!(lookup.verify(&lookup.root, &lookup.proof[..len]).is_err());
        }
        for byte in 0..=255 {
            let longer = [&lookup.proof[..], &[byte]].concat();
            assert!(lookup.verify(&lookup.root, &longer).is_err(), "{} {byte}", lookup.name);
        }
    }
}
