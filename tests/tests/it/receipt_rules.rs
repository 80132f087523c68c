//! Receipts: C2SP tlog-proof files, read, written, verified and broken.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custody_core::hash::{Hash, hash_children, hash_leaf, sha256};
use custody_core::merkle::{InclusionProof, LeafIndex, TreeHead, TreeSize};
use custody_core::policy::Policy;
use custody_core::receipt::{MAX_EXTRA_LEN, MAX_PROOF_HASHES, MAX_RECEIPT_LEN, Receipt};
use custody_log::signing::sign_checkpoint;

use crate::note_keys::{ORIGIN, log_signer, text, time, vectors};

const ENTRY: &[u8] = b"second of three";

/// The receipt of [`ENTRY`], leaf 1 in a tree of three.
fn receipt(extra: Option<&[u8]>) -> Receipt {
    let leaves = [hash_leaf(b"first"), hash_leaf(ENTRY), hash_leaf(b"third")];
    let root = hash_children(&hash_children(&leaves[0], &leaves[1]), &leaves[2]);
    let head = TreeHead { size: TreeSize(3), root };
    let checkpoint = sign_checkpoint(&log_signer(ORIGIN, 1), &head, time(5)).unwrap();
    let proof = InclusionProof { index: LeafIndex(1), hashes: vec![leaves[0], leaves[2]] };
    Receipt::new(extra.map(<[u8]>::to_vec), proof, checkpoint).unwrap()
}

fn policy() -> Policy {
    Policy::for_log(log_signer(ORIGIN, 1).keys().clone(), vec![], None).unwrap()
}

fn file(extra: Option<&[u8]>) -> String {
    String::from_utf8(receipt(extra).format()).unwrap()
}

#[track_caller]
fn refused(file: &str, code: &str) {
    let error = Receipt::parse(file.as_bytes()).expect_err(code);
    assert_eq!(error.code(), code, "{error}");
}

#[test]
fn the_format_is_that_of_the_specification() {
    let file = file(Some(b"extra data"));
    let lines: Vec<&str> = file.lines().take(6).collect();
    let hash = |leaf: &[u8]| STANDARD.encode(hash_leaf(leaf));
    let expected = [
        "c2sp.org/tlog-proof@v1",
        "extra ZXh0cmEgZGF0YQ==",
        "index 1",
        &hash(b"first"),
        &hash(b"third"),
        "",
    ];
    assert_eq!(lines, expected);
    assert!(file.ends_with(str::from_utf8(receipt(None).checkpoint().as_bytes()).unwrap()));
}

#[test]
fn what_is_written_reads_back() {
    let longest = vec![7; MAX_EXTRA_LEN];
    for extra in [None, Some(b"x".as_slice()), Some(&longest)] {
        let receipt = receipt(extra);
        let again = Receipt::parse(&receipt.format()).unwrap();
        assert_eq!(again, receipt);
        assert_eq!(again.extra(), extra);
        assert_eq!(again.proof().index, LeafIndex(1));
        again.verify(&policy(), ENTRY).unwrap().require_quorum().unwrap();
    }
    let alone = file(None).replace("index 1\n", "index 18446744073709551615\n");
    assert_eq!(Receipt::parse(alone.as_bytes()).unwrap().format(), alone.as_bytes());
}

#[test]
fn the_vectors_receipt_reads_back_and_lacks_a_signature() {
    let Some(vectors) = vectors() else { return };
    let file = text(&vectors, "/tlog_proof");
    let receipt = Receipt::parse(file.as_bytes()).unwrap();
    assert_eq!(receipt.format(), file.as_bytes());
    let hashes = vectors["inclusion_3_of_7"].as_array().unwrap();
    let hashes = hashes.iter().map(|hash| Hash::from_hex(hash.as_str().unwrap()).unwrap());
    let proof = InclusionProof { index: LeafIndex(3), hashes: hashes.collect() };
    assert_eq!(receipt.proof(), &proof);
    let checkpoint = text(&vectors, "/checkpoint_ed_only").as_bytes();
    assert_eq!(receipt.checkpoint().as_bytes(), checkpoint);
    let policy = Policy::for_log(crate::note_keys::vector_keys(&vectors), vec![], None).unwrap();
    let error = receipt.verify(&policy, b"whatever").unwrap_err();
    assert_eq!(error.code(), "checkpoint/log-mldsa-missing");
}

#[test]
fn another_entry_index_or_hash_is_refused() {
    let code =
        |receipt: &Receipt, entry: &[u8]| receipt.verify(&policy(), entry).unwrap_err().code();
    let good = receipt(None);
    assert_eq!(code(&good, b"third"), "inclusion-root-mismatch");
    assert_eq!(code(&good, b""), "inclusion-root-mismatch");
    let parse = |file: String| Receipt::parse(file.as_bytes()).unwrap();
    let moved = parse(file(None).replace("index 1\n", "index 0\n"));
    assert_eq!(code(&moved, ENTRY), "inclusion-root-mismatch");
    let outside = parse(file(None).replace("index 1\n", "index 3\n"));
    assert_eq!(code(&outside, ENTRY), "inclusion-index-out-of-range");
    let first = STANDARD.encode(hash_leaf(b"first"));
    let shorter = parse(file(None).replace(&format!("{first}\n"), ""));
    assert_eq!(code(&shorter, ENTRY), "inclusion-proof-length");
    let other = parse(file(None).replace(&first, &STANDARD.encode(sha256(b"other"))));
    assert_eq!(code(&other, ENTRY), "inclusion-root-mismatch");
    let stranger = Policy::for_log(log_signer("other.example", 1).keys().clone(), vec![], None);
    let error = good.verify(&stranger.unwrap(), ENTRY).unwrap_err();
    assert_eq!(error.code(), "policy/unknown-log");
}

#[test]
fn malformed_files_are_refused() {
    let good = file(Some(b"x"));
    refused("", "receipt/no-checkpoint");
    refused("c2sp.org/tlog-proof@v1\nindex 0\n", "receipt/no-checkpoint");
    refused(&good.replace("@v1", "@v2"), "receipt/header");
    refused(&format!(" {good}"), "receipt/header");
    refused(&good.replace("@v1\n", "@v1\r\n"), "receipt/header");
    refused(&format!("\n\n{good}"), "receipt/header");
    for extra in ["extra ", "extra eA", "extra eB==", "extra eA== ", "extra  eA=="] {
        refused(&good.replace("extra eA==", extra), "receipt/extra");
    }
    let too_much = STANDARD.encode(vec![7; MAX_EXTRA_LEN + 1]);
    refused(&good.replace("eA==", &too_much), "receipt/extra");
    for index in ["index", "index ", "index 01", "index -1", "index  1", "Index 1", "index 1 "] {
        refused(&good.replace("index 1", index), "receipt/index");
    }
    refused(&good.replace("index 1\n", "index 18446744073709551616\n"), "receipt/index");
    refused(&good.replace("extra eA==\n", "extra eA==\nextra eA==\n"), "receipt/index");
    refused(&good.replace("index 1\n", ""), "receipt/index");
    let first = STANDARD.encode(hash_leaf(b"first"));
    for hash in [&first[..43], "AAAA", "index 2", &format!("{first} ")] {
        refused(&good.replace(&first, hash), "receipt/proof-hash");
    }
    refused(&good.replace(&first, "\n"), "checkpoint/extension-line");
    refused(&good.replace("\n3\n", "\n03\n"), "checkpoint/size");
    refused(&good[..good.len() - 1], "note/truncated");
}

#[test]
fn limits_hold_for_reading_and_writing() {
    refused(&"x".repeat(MAX_RECEIPT_LEN + 1), "receipt/too-long");
    let hash = STANDARD.encode(sha256(b"x"));
    let hashes = |count: usize| {
        let first = STANDARD.encode(hash_leaf(b"first"));
        let lines = vec![hash.as_str(); count].join("\n");
        // The third leaf's hash stays, as one more line.
        file(None).replace(&first, &lines)
    };
    assert!(Receipt::parse(hashes(MAX_PROOF_HASHES - 1).as_bytes()).is_ok());
    refused(&hashes(MAX_PROOF_HASHES), "receipt/too-many-hashes");
    let good = receipt(None);
    let make = |extra: Option<Vec<u8>>, count| {
        let hashes = vec![sha256(b"x"); count];
        let proof = InclusionProof { index: LeafIndex(0), hashes };
        Receipt::new(extra, proof, good.checkpoint().clone()).map_err(|error| error.code())
    };
    assert_eq!(make(Some(vec![]), 0).unwrap_err(), "receipt/extra");
    assert_eq!(make(Some(vec![0; MAX_EXTRA_LEN + 1]), 0).unwrap_err(), "receipt/extra");
    assert_eq!(make(None, MAX_PROOF_HASHES + 1).unwrap_err(), "receipt/too-many-hashes");
    assert!(make(None, MAX_PROOF_HASHES).is_ok());
}

/// Whatever bit is flipped: the entry is not shown to be included, or what was flipped is the extra data.
#[test]
fn no_changed_byte_goes_unseen() {
    let (policy, bytes) = (policy(), file(Some(b"x")).into_bytes());
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[position] ^= 1 << bit;
            let Ok(receipt) = Receipt::parse(&changed) else { continue };
            assert_eq!(receipt.format(), changed);
            let is_extra = receipt.extra() != Some(b"x");
            assert_eq!(receipt.verify(&policy, ENTRY).is_ok(), is_extra, "byte {position}");
        }
    }
}
