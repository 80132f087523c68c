//! Checkpoints: what is refused, each with its code, and the lines that log and witnesses make.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custody_core::checkpoint::{
    Checkpoint, CheckpointError, LineStatus, LogKeys, PosixTime, SignatureFault,
};
use custody_core::hash::{Hash, empty_root};
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::note::{Algorithm, KeyId, SignatureLine, VerifierKey};
use custody_log::signing::{LogSeeds, LogSigner, cosign_ed25519, cosign_mldsa44, sign_checkpoint};

use crate::note_keys::{
    ORIGIN, checkpoint, cosigned_checkpoint, ed25519_witness, head, log_signer, mldsa_witness,
    name, time,
};

const ROOT: &str = "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=";

/// A checkpoint with this text and a line of nobody.
fn with_text(text: &str) -> Vec<u8> {
    format!("{text}\n\u{2014} nobody AAAAAQI=\n").into_bytes()
}

#[track_caller]
fn refused(text: &str, code: &str) {
    let error = Checkpoint::parse(&with_text(text)).expect_err(code);
    assert_eq!(error.code(), code, "{text:?}: {error}");
}

/// `checkpoint` with the blobs of its lines changed.
fn with_blobs(checkpoint: &Checkpoint, change: impl Fn(usize, &mut Vec<u8>)) -> Checkpoint {
    let mut note = format!("{}\n", checkpoint.text());
    for (index, line) in checkpoint.signatures().iter().enumerate() {
        let mut blob = line.blob().to_vec();
        change(index, &mut blob);
        let blob = STANDARD.encode([line.key_id().as_bytes(), blob.as_slice()].concat());
        note.push_str(&format!("\u{2014} {} {blob}\n", line.name()));
    }
    Checkpoint::parse(note.as_bytes()).unwrap()
}

/// `checkpoint` with only the lines at `indices`.
fn with_lines(checkpoint: &Checkpoint, indices: &[usize]) -> Checkpoint {
    let lines = indices.iter().map(|&index| checkpoint.signatures()[index].to_string());
    let note = format!("{}\n{}", checkpoint.text(), lines.collect::<String>());
    Checkpoint::parse(note.as_bytes()).unwrap()
}

#[test]
fn the_log_signs_twice_and_ed25519_comes_first() {
    let checkpoint = checkpoint();
    let signer = log_signer(ORIGIN, 1);
    assert_eq!(Checkpoint::parse(checkpoint.as_bytes()).unwrap(), checkpoint);
    let names: Vec<_> = checkpoint.signatures().iter().map(SignatureLine::name).collect();
    assert_eq!(names, [ORIGIN, ORIGIN]);
    let lengths: Vec<_> = checkpoint.signatures().iter().map(|line| line.blob().len()).collect();
    assert_eq!(lengths, [64, 8 + 2420]);
    assert_eq!(checkpoint.verify_log(signer.keys()).unwrap(), time(1_700_000_000));
    let again = sign_checkpoint(&signer, &head(7), time(1_700_000_000)).unwrap();
    assert_eq!(again.as_bytes(), checkpoint.as_bytes(), "signing is deterministic");
}

#[test]
fn witnesses_add_lines_that_verify() {
    let checkpoint = cosigned_checkpoint();
    assert_eq!(Checkpoint::parse(checkpoint.as_bytes()).unwrap(), checkpoint);
    checkpoint.verify_log(log_signer(ORIGIN, 1).keys()).unwrap();
    let first = ed25519_witness("w1.example", 2);
    let second = mldsa_witness("w2.example", 3);
    for (key, seconds) in [(first.verifier(), 1_700_000_001), (second.verifier(), 1_700_000_002)] {
        let status = checkpoint.verify_line(key).unwrap();
        assert_eq!(status, LineStatus::VerifiedAt(time(seconds)));
    }
    let stranger = ed25519_witness("w1.example", 9);
    assert_eq!(checkpoint.verify_line(stranger.verifier()).unwrap(), LineStatus::Absent);
    let again = cosign_ed25519(&first, &checkpoint, time(5));
    let error = checkpoint.with_signature(again).unwrap_err();
    assert_eq!(error.code(), "note/duplicate-signature");
}

#[test]
fn a_cosignature_covers_its_time_and_its_signers_name() {
    let checkpoint = cosigned_checkpoint();
    let later = with_blobs(&checkpoint, |_, blob| {
        if blob.len() > 64 {
            blob[7] ^= 1;
        }
    });
    for key in
        [ed25519_witness("w1.example", 2).verifier(), mldsa_witness("w2.example", 3).verifier()]
    {
        assert_eq!(later.verify_line(key).unwrap_err(), SignatureFault::Invalid);
    }
    // The same key under another name: its id is another one, and so is the message it would have signed.
    let renamed = mldsa_witness("w3.example", 3);
    let line = SignatureLine::new(renamed.verifier(), checkpoint.signatures()[3].blob().to_vec());
    let checkpoint = checkpoint.with_signature(line).unwrap();
    let fault = checkpoint.verify_line(renamed.verifier()).unwrap_err();
    assert_eq!((fault, fault.code()), (SignatureFault::Invalid, "signature/invalid"));
}

#[test]
fn a_log_line_and_a_cosignature_are_not_exchangeable() {
    let checkpoint = checkpoint();
    let witness = ed25519_witness(ORIGIN, 1);
    let signature = checkpoint.signatures()[0].blob().to_vec();
    let blob = [1_700_000_000u64.to_be_bytes().as_slice(), &signature].concat();
    let line = SignatureLine::new(witness.verifier(), blob);
    let checkpoint = checkpoint.with_signature(line).unwrap();
    assert_eq!(checkpoint.verify_line(witness.verifier()).unwrap_err(), SignatureFault::Invalid);
}

#[test]
fn blobs_of_another_length_or_time_are_refused() {
    let keys = log_signer(ORIGIN, 1);
    let keys = keys.keys();
    for change in [|blob: &mut Vec<u8>| blob.push(0), |blob: &mut Vec<u8>| blob.truncate(63)] {
        let changed = with_blobs(&checkpoint(), |_, blob| change(blob));
        for key in [keys.ed25519(), keys.mldsa44()] {
            assert_eq!(changed.verify_line(key).unwrap_err().code(), "signature/length");
        }
    }
    let changed =
        with_blobs(&checkpoint(), |index, blob| blob[0] |= if index == 1 { 0x80 } else { 0 });
    let fault = changed.verify_line(keys.mldsa44()).unwrap_err();
    assert_eq!(fault, SignatureFault::Time { seconds: 1_700_000_000 | 1 << 63 });
    assert_eq!(fault.code(), "signature/time");
    assert_eq!(changed.verify_log(keys).unwrap_err().code(), "checkpoint/log-mldsa-invalid");
}

#[test]
fn times_end_at_2_to_63() {
    assert_eq!(PosixTime::new(u64::MAX >> 1), Some(PosixTime::MAX));
    assert_eq!(PosixTime::new(1 << 63), None);
    let signer = log_signer(ORIGIN, 1);
    let checkpoint = sign_checkpoint(&signer, &head(1), PosixTime::MAX).unwrap();
    assert_eq!(checkpoint.verify_log(signer.keys()).unwrap(), PosixTime::MAX);
}

#[test]
fn both_lines_of_the_log_are_required() {
    let signer = log_signer(ORIGIN, 1);
    let checkpoint = cosigned_checkpoint();
    let code = |lines: &[usize]| {
        with_lines(&checkpoint, lines).verify_log(signer.keys()).unwrap_err().code()
    };
    assert_eq!(code(&[0, 2, 3]), "checkpoint/log-mldsa-missing");
    assert_eq!(code(&[1, 2, 3]), "checkpoint/log-ed25519-missing");
    assert_eq!(code(&[2, 3]), "checkpoint/log-ed25519-missing");
    // The order of lines means nothing to a verifier.
    assert!(with_lines(&checkpoint, &[3, 1, 0]).verify_log(signer.keys()).is_ok());
    let invalid = with_blobs(&checkpoint, |index, blob| blob[20] ^= u8::from(index == 0));
    let error = invalid.verify_log(signer.keys()).unwrap_err();
    assert_eq!(error.code(), "checkpoint/log-ed25519-invalid");
    let invalid = with_blobs(&checkpoint, |index, blob| blob[20] ^= u8::from(index == 1));
    let error = invalid.verify_log(signer.keys()).unwrap_err();
    assert_eq!(error.code(), "checkpoint/log-mldsa-invalid");
}

#[test]
fn another_logs_checkpoint_is_refused() {
    let other = log_signer("other.example", 1);
    let error = checkpoint().verify_log(other.keys()).unwrap_err();
    assert_eq!(error.code(), "checkpoint/origin-mismatch");
}

#[test]
fn malformed_texts_are_refused() {
    refused("", "note/no-signatures");
    refused("\n", "checkpoint/truncated");
    refused("o\n", "checkpoint/truncated");
    refused("o\n7\n", "checkpoint/truncated");
    for origin in ["", "a b", "a+b", "a\u{7f}", "a\u{a0}", &"o".repeat(256)] {
        refused(&format!("{origin}\n7\n{ROOT}\n"), "checkpoint/origin");
    }
    for size in ["", "07", "00", "-1", "+7", " 7", "7 ", "0x7", "18446744073709551616", "\u{667}"] {
        refused(&format!("o\n{size}\n{ROOT}\n"), "checkpoint/size");
    }
    for root in ["", "AAAA", &ROOT.replace('=', ""), &ROOT.replace("w=", "x="), &format!("{ROOT} ")]
    {
        refused(&format!("o\n7\n{root}\n"), "checkpoint/root");
    }
    for extension in ["\n", "extension\n", "one\ntwo\n", "\nafter a blank line\n"] {
        refused(&format!("o\n7\n{ROOT}\n{extension}"), "checkpoint/extension-line");
    }
    assert!(Checkpoint::parse(&with_text(&format!("o\n{}\n{ROOT}\n", u64::MAX))).is_ok());
}

#[test]
fn the_empty_tree_has_one_root() {
    refused(&format!("o\n0\n{ROOT}\n"), "checkpoint/empty-tree-root");
    let signer = log_signer(ORIGIN, 1);
    let checkpoint = sign_checkpoint(&signer, &TreeHead::empty(), time(1)).unwrap();
    assert_eq!(*checkpoint.root(), empty_root());
    let wrong = TreeHead { size: TreeSize(0), root: Hash::new([7; 32]) };
    let error = sign_checkpoint(&signer, &wrong, time(1)).unwrap_err();
    assert_eq!(error, CheckpointError::EmptyTreeRoot { actual: wrong.root });
}

#[test]
fn a_logs_keys_fit_together() {
    let log = log_signer(ORIGIN, 1);
    let (ed25519, mldsa44) = (log.keys().ed25519(), log.keys().mldsa44());
    let code =
        |a: &VerifierKey, b: &VerifierKey| LogKeys::new(a.clone(), b.clone()).unwrap_err().code();
    assert_eq!(code(mldsa44, ed25519), "checkpoint/log-key-algorithm");
    assert_eq!(code(ed25519, ed25519), "checkpoint/log-key-algorithm");
    let witness = ed25519_witness(ORIGIN, 1);
    assert_eq!(code(witness.verifier(), mldsa44), "checkpoint/log-key-algorithm");
    let other = log_signer("other.example", 1);
    assert_eq!(code(ed25519, other.keys().mldsa44()), "checkpoint/log-key-names");
    let longest = "o".repeat(255);
    let seeds = LogSeeds { ed25519: &[1; 32], mldsa44: &[2; 32] };
    let signer = LogSigner::from_seeds(&name(&longest), seeds).unwrap();
    let checkpoint = sign_checkpoint(&signer, &head(9), time(1)).unwrap();
    assert!(checkpoint.verify_log(signer.keys()).is_ok());
}

/// Two algorithms' keys with one key id, found by counting through ML-DSA public keys: any 1,312 bytes are
/// one. With 2^14 Ed25519 keys to meet, some 2^18 of them do.
#[test]
fn a_logs_keys_have_different_key_ids() {
    let origin = name(ORIGIN);
    let signers: Vec<_> = (0..1u16 << 14)
        .map(|n| {
            let mut seed = [0; 32];
            seed[..2].copy_from_slice(&n.to_be_bytes());
            ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes()
        })
        .collect();
    let by_id: std::collections::HashMap<KeyId, _> =
        signers.iter().map(|key| (KeyId::of(&origin, Algorithm::Ed25519, key), key)).collect();
    let mut key = vec![0; 1312];
    let found = (0..1u64 << 27).find_map(|n| {
        key[1304..].copy_from_slice(&n.to_be_bytes());
        by_id.get(&KeyId::of(&origin, Algorithm::MlDsa44, &key)).copied()
    });
    let ed25519 = VerifierKey::new(origin.clone(), Algorithm::Ed25519, found.unwrap()).unwrap();
    let mldsa44 = VerifierKey::new(origin, Algorithm::MlDsa44, &key).unwrap();
    assert_eq!(LogKeys::new(ed25519, mldsa44).unwrap_err().code(), "checkpoint/log-key-ids");
}

#[test]
fn mldsa_cosigners_of_two_logs_do_not_mix() {
    let (witness, checkpoint) = (mldsa_witness("w2.example", 3), checkpoint());
    let other = sign_checkpoint(&log_signer("other.example", 1), &head(7), time(1)).unwrap();
    let line = cosign_mldsa44(&witness, &other, time(2)).unwrap();
    let mixed = checkpoint.with_signature(line).unwrap();
    assert_eq!(mixed.verify_line(witness.verifier()).unwrap_err(), SignatureFault::Invalid);
}
