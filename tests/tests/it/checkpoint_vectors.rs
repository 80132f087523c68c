//! The checkpoints of `vectors/checkpoint`, made with pyca and accepted by Go's `x/mod`.

use std::fs;

use custody_core::checkpoint::{Checkpoint, CheckpointError, LineStatus, SignatureFault};
use custody_core::hash::sha256;
use custody_core::note::VerifierKey;
use custody_log::signing::{Ed25519Cosigner, LogSeeds, LogSigner, cosign_ed25519, sign_checkpoint};
use custody_tests::shared;

use crate::note_keys::{name, seed, text, time, vector_keys, vectors};

#[test]
fn key_ids_and_public_keys_come_from_the_seeds() {
    let Some(vectors) = vectors() else { return };
    let seeds = LogSeeds {
        ed25519: &seed(text(&vectors, "/ed25519/seed")),
        mldsa44: &seed(text(&vectors, "/mldsa44/seed")),
    };
    let signer = LogSigner::from_seeds(&name(text(&vectors, "/origin")), seeds).unwrap();
    assert_eq!(signer.keys().ed25519().to_string(), text(&vectors, "/ed25519/vkey"));
    let mldsa44 = signer.keys().mldsa44();
    assert_eq!(mldsa44.to_string(), text(&vectors, "/mldsa44/vkey"));
    assert_eq!(mldsa44.id().to_string(), text(&vectors, "/mldsa44/keyid"));
    let digest = sha256(&mldsa44.key().encode()).to_string();
    assert_eq!(digest, text(&vectors, "/mldsa44/pk_sha256"));
    let witness = name("witness.example.org/w1");
    let witness = Ed25519Cosigner::from_seed(&witness, &seed(text(&vectors, "/witness/seed")));
    assert_eq!(witness.unwrap().verifier().to_string(), text(&vectors, "/witness/vkey"));
}

#[test]
fn the_files_are_the_checkpoints_of_the_json() {
    let Some(vectors) = vectors() else { return };
    for (file, field) in [("cp_ed.txt", "/checkpoint_ed_only"), ("cp_dual.txt", "/checkpoint_dual")]
    {
        let Some(path) = shared(&format!("vectors/checkpoint/{file}")) else { return };
        assert_eq!(fs::read(path).unwrap(), text(&vectors, field).as_bytes());
    }
}

#[test]
fn the_dual_signed_checkpoint_verifies() {
    let Some(vectors) = vectors() else { return };
    let bytes = text(&vectors, "/checkpoint_dual").as_bytes();
    let checkpoint = Checkpoint::parse(bytes).unwrap();
    assert_eq!(checkpoint.as_bytes(), bytes);
    assert_eq!(checkpoint.origin().as_str(), text(&vectors, "/origin"));
    assert_eq!(checkpoint.size().0, 7);
    assert!(
        text(&vectors, "/mldsa44/checkpoint_message_hex").ends_with(&checkpoint.root().to_string())
    );
    let log_time = checkpoint.verify_log(&vector_keys(&vectors)).unwrap();
    assert_eq!(log_time, time(0));
    assert!(!log_time.is_stated());
    let witness = VerifierKey::parse(text(&vectors, "/witness/vkey")).unwrap();
    let status = checkpoint.verify_line(&witness).unwrap();
    assert_eq!(status, LineStatus::VerifiedAt(time(1_767_139_200)));
}

#[test]
fn the_ed25519_checkpoint_lacks_a_signature() {
    let Some(vectors) = vectors() else { return };
    let checkpoint = Checkpoint::parse(text(&vectors, "/checkpoint_ed_only").as_bytes()).unwrap();
    let keys = vector_keys(&vectors);
    assert_eq!(checkpoint.verify_line(keys.ed25519()).unwrap(), LineStatus::Verified);
    let error = checkpoint.verify_log(&keys).unwrap_err();
    assert_eq!(error, CheckpointError::LogMlDsaMissing);
}

/// The vectors' ML-DSA signature is hedged, ours is deterministic: the other lines are equal byte for byte.
#[test]
fn signing_gives_the_vectors_ed25519_lines() {
    let Some(vectors) = vectors() else { return };
    let seeds = LogSeeds {
        ed25519: &seed(text(&vectors, "/ed25519/seed")),
        mldsa44: &seed(text(&vectors, "/mldsa44/seed")),
    };
    let signer = LogSigner::from_seeds(&name(text(&vectors, "/origin")), seeds).unwrap();
    let theirs = Checkpoint::parse(text(&vectors, "/checkpoint_dual").as_bytes()).unwrap();
    let ours = sign_checkpoint(&signer, theirs.tree_head(), time(0)).unwrap();
    assert_eq!(ours.text(), theirs.text());
    assert_eq!(ours.signatures()[0], theirs.signatures()[0]);
    assert_eq!(ours.verify_log(&vector_keys(&vectors)).unwrap(), time(0));
    let witness = name("witness.example.org/w1");
    let witness =
        Ed25519Cosigner::from_seed(&witness, &seed(text(&vectors, "/witness/seed"))).unwrap();
    let line = cosign_ed25519(&witness, &ours, time(1_767_139_200));
    assert_eq!(line, theirs.signatures()[2]);
}

/// Every single-bit change of every byte, and every lost byte: rejected, or no signature is left over it.
#[test]
fn no_changed_byte_goes_unseen() {
    let Some(vectors) = vectors() else { return };
    let (keys, bytes) = (vector_keys(&vectors), text(&vectors, "/checkpoint_dual").as_bytes());
    let witness = VerifierKey::parse(text(&vectors, "/witness/vkey")).unwrap();
    let verifies = |bytes: &[u8]| {
        let Ok(checkpoint) = Checkpoint::parse(bytes) else { return false };
        let cosigned = checkpoint.verify_line(&witness);
        checkpoint.verify_log(&keys).is_ok() && matches!(cosigned, Ok(LineStatus::VerifiedAt(_)))
    };
    assert!(verifies(bytes));
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.to_vec();
            changed[position] ^= 1 << bit;
            assert!(!verifies(&changed), "byte {position}, bit {bit}");
        }
        let lost = [&bytes[..position], &bytes[position + 1..]].concat();
        assert!(!verifies(&lost), "byte {position} lost");
    }
}

#[test]
fn a_signature_is_not_another_keys() {
    let Some(vectors) = vectors() else { return };
    let theirs = Checkpoint::parse(text(&vectors, "/checkpoint_dual").as_bytes()).unwrap();
    let swapped = text(&vectors, "/checkpoint_dual").replace("\n7\n", "\n8\n");
    let swapped = Checkpoint::parse(swapped.as_bytes()).unwrap();
    let keys = vector_keys(&vectors);
    assert_ne!(swapped.tree_head(), theirs.tree_head());
    assert_eq!(swapped.verify_line(keys.mldsa44()).unwrap_err(), SignatureFault::Invalid);
    let error = swapped.verify_log(&keys).unwrap_err();
    assert_eq!(error, CheckpointError::LogEd25519Invalid(SignatureFault::Invalid));
}
