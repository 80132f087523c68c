//! Keys, signers and names that the tests of notes, checkpoints, policies and receipts share.

use std::fs;

use custody_core::checkpoint::{Checkpoint, LogKeys, PosixTime};
use custody_core::hash::{Hash, sha256};
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::note::{KeyName, VerifierKey};
use custody_log::signing::{
    Ed25519Cosigner, LogSeeds, LogSigner, MlDsaCosigner, cosign_ed25519, cosign_mldsa44,
    sign_checkpoint,
};
use custody_tests::shared;
use serde_json::Value;

pub const ORIGIN: &str = "ledger.example/court";

pub fn name(text: &str) -> KeyName {
    KeyName::parse(text).unwrap()
}

pub fn time(seconds: u64) -> PosixTime {
    PosixTime::new(seconds).unwrap()
}

/// A log's signer with seeds that begin with `seed`.
pub fn log_signer(origin: &str, seed: u8) -> LogSigner {
    let seeds = LogSeeds { ed25519: &[seed; 32], mldsa44: &[seed ^ 0x80; 32] };
    LogSigner::from_seeds(&name(origin), seeds).unwrap()
}

pub fn ed25519_witness(witness: &str, seed: u8) -> Ed25519Cosigner {
    Ed25519Cosigner::from_seed(&name(witness), &[seed; 32]).unwrap()
}

pub fn mldsa_witness(witness: &str, seed: u8) -> MlDsaCosigner {
    MlDsaCosigner::from_seed(&name(witness), &[seed; 32]).unwrap()
}

pub fn head(size: u64) -> TreeHead {
    TreeHead { size: TreeSize(size), root: sha256(&size.to_be_bytes()) }
}

pub fn checkpoint() -> Checkpoint {
    sign_checkpoint(&log_signer(ORIGIN, 1), &head(7), time(1_700_000_000)).unwrap()
}

/// [`checkpoint`] with a 0x04 line of `w1` and a 0x06 line of `w2`.
pub fn cosigned_checkpoint() -> Checkpoint {
    let checkpoint = checkpoint();
    let first = cosign_ed25519(&ed25519_witness("w1.example", 2), &checkpoint, time(1_700_000_001));
    let second = cosign_mldsa44(&mldsa_witness("w2.example", 3), &checkpoint, time(1_700_000_002));
    checkpoint.with_signature(first).unwrap().with_signature(second.unwrap()).unwrap()
}

/// `vectors.json`, or `None` where the shared vectors are absent.
pub fn vectors() -> Option<Value> {
    let path = shared("vectors/checkpoint/vectors.json")?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

pub fn text<'a>(vectors: &'a Value, path: &str) -> &'a str {
    vectors.pointer(path).and_then(Value::as_str).unwrap()
}

pub fn vector_keys(vectors: &Value) -> LogKeys {
    let key = |path| VerifierKey::parse(text(vectors, path)).unwrap();
    LogKeys::new(key("/ed25519/vkey"), key("/mldsa44/vkey")).unwrap()
}

pub fn seed(hex: &str) -> [u8; 32] {
    *Hash::from_hex(hex).unwrap().as_bytes()
}
