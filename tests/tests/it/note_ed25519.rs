//! The edge cases of Ed25519: C2SP/CCTV, `vectors/ed25519/ed25519vectors.json`.

use std::collections::BTreeSet;
use std::fs;

use custody_core::ed25519::{Ed25519Error, PublicKey, SIGNATURE_LEN};
use custody_tests::shared;
use ed25519_dalek::{Signature, VerifyingKey};
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

/// What the library's own strict predicate says, and that the key has one spelling.
fn library_accepts(vector: &Value) -> bool {
    let key: [u8; 32] = bytes(&vector["key"]);
    let Ok(known) = VerifyingKey::from_bytes(&key) else { return false };
    let message = vector["msg"].as_str().unwrap().as_bytes();
    let signature = Signature::from_bytes(&bytes(&vector["sig"]));
    let is_canonical = PublicKey::from_bytes(&key) != Err(Ed25519Error::KeyNotCanonical);
    is_canonical && known.verify_strict(message, &signature).is_ok()
}

#[test]
fn our_strict_predicate_is_the_librarys() {
    let Some(path) = shared("vectors/ed25519/ed25519vectors.json") else { return };
    let vectors: Vec<Value> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let is_small = |vector: &&Value| flags(vector).contains("low_order_R");
    // Every encoding of a small R that could be taken for a canonical one is among them.
    let small: BTreeSet<_> =
        vectors.iter().filter(is_small).map(|v| &v["sig"].as_str().unwrap()[..64]).collect();
    assert!(small.len() >= 8, "{} encodings of R with small order", small.len());
    for vector in &vectors {
        assert_eq!(accepts(vector), library_accepts(vector), "vector {}", vector["number"]);
    }
}

#[test]
fn no_point_of_small_order_is_a_key() {
    const SMALL: [&str; 8] = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];
    for encoded in SMALL {
        let encoded = bytes(&Value::from(encoded));
        assert_eq!(PublicKey::from_bytes(&encoded), Err(Ed25519Error::KeySmallOrder));
    }
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
