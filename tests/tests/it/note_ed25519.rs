//! The edge cases of Ed25519: C2SP/CCTV, `vectors/ed25519/ed25519vectors.json`.

use std::collections::BTreeSet;
use std::fs;

use custody_core::ed25519::{PublicKey, SIGNATURE_LEN};
use custody_tests::shared;
use serde_json::Value;

/// What strict verification refuses. Every vector satisfies the equation with the cofactor, with k from the
/// bytes as they are or, where marked, from re-encoded ones.
const REFUSED: [&str; 6] = [
    // Small-order A or R.
    "low_order_A",
    "low_order_R",
    // Encodings that have a second spelling.
    "non_canonical_A",
    "non_canonical_R",
    // Only the equation with the cofactor holds.
    "low_order_residue",
    // Only with k from the re-encoded R or A.
    "reencoded_k",
];

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    let text = value.as_str().unwrap();
    let byte = |start| u8::from_str_radix(&text[start..start + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect();
    bytes.try_into().unwrap()
}

fn flags(vector: &Value) -> BTreeSet<&str> {
    let flags = vector["flags"].as_array().map(Vec::as_slice).unwrap_or_default();
    flags.iter().map(|flag| flag.as_str().unwrap()).collect()
}

fn accepts(vector: &Value) -> bool {
    let Ok(key) = PublicKey::from_bytes(&bytes(&vector["key"])) else { return false };
    let message = vector["msg"].as_str().unwrap().as_bytes();
    key.verify_strict(message, &bytes::<SIGNATURE_LEN>(&vector["sig"])).is_ok()
}

#[test]
fn strict_verification_accepts_exactly_what_the_flags_allow() {
    let Some(path) = shared("vectors/ed25519/ed25519vectors.json") else { return };
    let vectors: Vec<Value> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(vectors.len(), 914);
    let mut accepted = 0;
    for vector in &vectors {
        let flags = flags(vector);
        let allowed = REFUSED.iter().all(|flag| !flags.contains(flag));
        assert_eq!(accepts(vector), allowed, "vector {}: {flags:?}", vector["number"]);
        accepted += usize::from(allowed);
    }
    // 35 with a small-order component in both A and R, 7 in A alone, and the ordinary one.
    assert_eq!((accepted, vectors.len() - accepted), (43, 871));
}
