//! Trust policies: what a file may say, and what a checkpoint must show.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custody_core::checkpoint::Checkpoint;
use custody_core::note::{Algorithm, KeyId, SignatureLine, VerifierKey};
use custody_core::policy::{
    MAX_POLICY_LEN, Policy, PolicyError, PolicyFileError, PolicyLineFault, QuorumStatus, Word,
};
use custody_log::signing::{cosign_ed25519, sign_checkpoint};

use crate::note_keys::{
    ORIGIN, checkpoint, cosigned_checkpoint, ed25519_witness, head, log_signer, mldsa_witness,
    name, text, time, vector_keys, vectors,
};

/// The two `log` lines of [`ORIGIN`].
fn log_lines() -> String {
    let log = log_signer(ORIGIN, 1);
    format!("log {}\nlog {}\n", log.keys().ed25519(), log.keys().mldsa44())
}

/// A `witness` line with a 0x04 key.
fn witness_line(policy_name: &str, seed: u8) -> String {
    let key_name = format!("w{seed}.example");
    format!("witness {policy_name} {}\n", ed25519_witness(&key_name, seed).verifier())
}

#[track_caller]
fn refused(file: &str, code: &str) -> PolicyFileError {
    let error = Policy::parse(file.as_bytes()).expect_err(code);
    assert_eq!(error.code(), code, "{error:?}");
    error
}

fn parse(file: &str) -> Policy {
    Policy::parse(file.as_bytes()).unwrap()
}

fn word(text: &str) -> Word {
    Word::new(text.as_bytes()).unwrap()
}

/// The log, `one` (0x04) and `two` (0x06) of [`cosigned_checkpoint`], and a witness `three` it lacks.
fn three_witnesses(threshold: Option<usize>) -> Policy {
    let witnesses = vec![
        (word("one"), ed25519_witness("w1.example", 2).verifier().clone()),
        (word("two"), mldsa_witness("w2.example", 3).verifier().clone()),
        (word("three"), ed25519_witness("w3.example", 4).verifier().clone()),
    ];
    Policy::for_log(log_signer(ORIGIN, 1).keys().clone(), witnesses, threshold).unwrap()
}

/// `checkpoint` with bit 0 of the byte at `position` of the blob of line `index` flipped.
fn with_flipped_bit(checkpoint: &Checkpoint, index: usize, position: usize) -> Checkpoint {
    let mut note = format!("{}\n", checkpoint.text());
    for (line_index, line) in checkpoint.signatures().iter().enumerate() {
        let mut blob = line.blob().to_vec();
        blob[position] ^= u8::from(line_index == index);
        let blob = STANDARD.encode([line.key_id().as_bytes(), blob.as_slice()].concat());
        note.push_str(&format!("\u{2014} {} {blob}\n", line.name()));
    }
    Checkpoint::parse(note.as_bytes()).unwrap()
}

#[test]
fn the_log_its_witnesses_and_the_quorum_are_shown() {
    let verified = three_witnesses(Some(2)).verify(&cosigned_checkpoint()).unwrap();
    assert_eq!(verified.origin, name(ORIGIN));
    assert_eq!(verified.log_time, time(1_700_000_000));
    let shown: Vec<_> =
        verified.witnesses.iter().map(|w| (w.name.to_string(), w.cosigned)).collect();
    let expected = [
        ("one".to_owned(), Some(time(1_700_000_001))),
        ("two".to_owned(), Some(time(1_700_000_002))),
        ("three".to_owned(), None),
    ];
    assert_eq!(shown, expected);
    let quorum = QuorumStatus { satisfied: true, witnessed: 2, threshold: 2, members: 3 };
    assert_eq!(verified.quorum, quorum);
    verified.require_quorum().unwrap();
}

#[test]
fn an_unmet_quorum_is_shown_and_refused_on_demand() {
    let verified = three_witnesses(Some(3)).verify(&cosigned_checkpoint()).unwrap();
    let quorum = QuorumStatus { satisfied: false, witnessed: 2, threshold: 3, members: 3 };
    let error = verified.require_quorum().unwrap_err();
    assert_eq!(error, PolicyError::QuorumNotMet { quorum });
    assert_eq!(error.code(), "policy/quorum-not-met");
    assert_eq!(error.to_string(), "2 of 3 witnessed, needs 3");
}

#[test]
fn no_quorum_requires_no_witness() {
    let policy = three_witnesses(None);
    assert!(policy.quorum().is_none());
    let verified = policy.verify(&checkpoint()).unwrap();
    let quorum = QuorumStatus { satisfied: true, witnessed: 0, threshold: 0, members: 0 };
    assert_eq!(verified.quorum, quorum);
    assert_eq!(verified.witnesses.iter().filter(|w| w.has_cosigned()).count(), 0);
}

#[test]
fn every_invalid_line_of_a_known_key_is_an_error() {
    let (policy, checkpoint) = (three_witnesses(Some(1)), cosigned_checkpoint());
    for position in [0, 7, 8, 40, 63] {
        let codes: Vec<_> = (0..4)
            .map(|line| with_flipped_bit(&checkpoint, line, position))
            .map(|changed| policy.verify(&changed).unwrap_err().code())
            .collect();
        let expected = [
            "checkpoint/log-ed25519-invalid",
            "checkpoint/log-mldsa-invalid",
            "policy/witness-invalid",
            "policy/witness-invalid",
        ];
        assert_eq!(codes, expected, "byte {position}");
    }
}

#[test]
fn lines_of_unknown_keys_are_ignored() {
    let mut checkpoint = cosigned_checkpoint();
    // A stranger, and strangers with the names of a witness and of the log.
    for (name, seed) in [("w9.example", 9), ("w3.example", 10), (ORIGIN, 11)] {
        let stranger = ed25519_witness(name, seed);
        let wrong = SignatureLine::new(stranger.verifier(), vec![0; 72]);
        checkpoint = checkpoint.with_signature(wrong).unwrap();
    }
    // The key id of a witness under another name.
    let known = ed25519_witness("w3.example", 4);
    let id = known.verifier().id();
    let blob = STANDARD.encode([id.as_bytes().as_slice(), &[0; 72]].concat());
    let note = [checkpoint.as_bytes(), format!("\u{2014} w8.example {blob}\n").as_bytes()].concat();
    let checkpoint = Checkpoint::parse(&note).unwrap();
    let verified = three_witnesses(Some(2)).verify(&checkpoint).unwrap();
    assert_eq!(verified, three_witnesses(Some(2)).verify(&cosigned_checkpoint()).unwrap());
    // Name and id together are the witness.
    let wrong = SignatureLine::new(known.verifier(), vec![0; 72]);
    let error = three_witnesses(Some(2)).verify(&checkpoint.with_signature(wrong).unwrap());
    assert_eq!(error.unwrap_err().code(), "policy/witness-invalid");
}

#[test]
fn a_log_that_the_policy_does_not_know_is_refused() {
    let other = sign_checkpoint(&log_signer("other.example", 1), &head(7), time(1)).unwrap();
    let error = three_witnesses(None).verify(&other).unwrap_err();
    assert_eq!(error, PolicyError::UnknownLog { origin: name("other.example") });
    assert_eq!(error.code(), "policy/unknown-log");
    // Same origin, other keys: no signature of the log is there at all.
    let impostor = sign_checkpoint(&log_signer(ORIGIN, 2), &head(7), time(1)).unwrap();
    let error = three_witnesses(None).verify(&impostor).unwrap_err();
    assert_eq!(error.code(), "checkpoint/log-ed25519-missing");
}

#[test]
fn a_policy_may_know_several_logs() {
    let second = log_signer("second.example", 5);
    let file = format!(
        "{}log {} https://second.example/\nlog {}\nquorum none\n",
        log_lines(),
        second.keys().mldsa44(),
        second.keys().ed25519()
    );
    let policy = parse(&file);
    let origins: Vec<_> = policy.logs().iter().map(|log| log.keys().origin().as_str()).collect();
    assert_eq!(origins, [ORIGIN, "second.example"]);
    assert_eq!(policy.logs()[1].url(), Some(&word("https://second.example/")));
    assert!(policy.verify(&checkpoint()).is_ok());
    assert!(policy.verify(&sign_checkpoint(&second, &head(7), time(1)).unwrap()).is_ok());
    // The second log's key on the first log's checkpoint is a known key.
    let line = SignatureLine::new(second.keys().ed25519(), vec![0; 64]);
    let error = policy.verify(&checkpoint().with_signature(line).unwrap()).unwrap_err();
    assert_eq!(error.code(), "policy/other-log-invalid");
}

#[test]
fn groups_of_groups_decide() {
    let witnesses: String = (1..=6).map(|n| witness_line(&format!("w{n}"), n + 20)).collect();
    let file = format!(
        "{}{witnesses}group X 2 w1 w2 w3\ngroup Y any w4 w5\ngroup both all X Y\nquorum both\n",
        log_lines()
    );
    let policy = parse(&file);
    let checkpoint = checkpoint();
    let lines: Vec<SignatureLine> = (1..=6)
        .map(|n| ed25519_witness(&format!("w{}.example", n + 20), n + 20))
        .map(|witness| cosign_ed25519(&witness, &checkpoint, time(1)))
        .collect();
    for set in 0..64u8 {
        let signed: Vec<bool> = (0..6).map(|bit| set >> bit & 1 == 1).collect();
        let mut cosigned = checkpoint.clone();
        for (line, _) in lines.iter().zip(&signed).filter(|(_, signed)| **signed) {
            cosigned = cosigned.with_signature(line.clone()).unwrap();
        }
        let quorum = policy.verify(&cosigned).unwrap().quorum;
        let x = signed[..3].iter().filter(|signed| **signed).count() >= 2;
        let y = signed[3] || signed[4];
        let expected = usize::from(x) + usize::from(y);
        assert_eq!((quorum.satisfied, quorum.witnessed), (x && y, expected), "{set:06b}");
        assert_eq!((quorum.threshold, quorum.members), (2, 2));
    }
    let single = parse(&file.replace("quorum both", "quorum w6"));
    let quorum =
        single.verify(&checkpoint.with_signature(lines[5].clone()).unwrap()).unwrap().quorum;
    assert_eq!(quorum, QuorumStatus { satisfied: true, witnessed: 1, threshold: 1, members: 1 });
    assert!(!single.verify(&checkpoint).unwrap().quorum.satisfied);
}

#[test]
fn what_is_written_reads_back() {
    let file = format!(
        "# comment\n\n \t# another\n{}{}\twitness\tk\u{e9}lvin \t{} https://w2.example/  \n\
         group g 1 one\n  group h all g k\u{e9}lvin\nquorum h\n",
        log_lines(),
        witness_line("one", 2),
        mldsa_witness("w2.example", 3).verifier()
    );
    for policy in [parse(&file), three_witnesses(None), three_witnesses(Some(2))] {
        let written = policy.format();
        assert_eq!(Policy::parse(&written).unwrap(), policy);
        assert_eq!(Policy::parse(&written).unwrap().format(), written);
    }
    assert_eq!(parse(&file).witnesses()[1].url(), Some(&word("https://w2.example/")));
    assert_eq!(parse(&file).witnesses()[1].name(), &word("k\u{e9}lvin"));
}

#[test]
fn octets_outside_ascii_are_opaque() {
    // Not UTF-8 at all.
    let mut file = [log_lines().as_bytes(), b"witness \xff\x80 "].concat();
    file.extend_from_slice(witness_line("", 2).trim_start_matches("witness  ").as_bytes());
    file.extend_from_slice(b"# \xfe\nquorum \xff\x80\n");
    let policy = Policy::parse(&file).unwrap();
    assert_eq!(policy.witnesses()[0].name().as_bytes(), b"\xff\x80");
    assert_eq!(Policy::parse(&policy.format()).unwrap(), policy);
    let vkey = [log_lines().as_bytes(), b"log \xff\nquorum none\n"].concat();
    assert_eq!(Policy::parse(&vkey).unwrap_err().code(), "vkey/malformed");
}

#[test]
fn thirty_two_of_each_kind_fit() {
    let mut file = String::new();
    for n in 0..32 {
        let log = log_signer(&format!("log{n}.{}", "o".repeat(240)), n + 1);
        file.push_str(&format!("log {}\nlog {}\n", log.keys().ed25519(), log.keys().mldsa44()));
        let witness = mldsa_witness(&format!("w{n}.{}", "w".repeat(240)), n + 40);
        file.push_str(&format!("witness w{n} {}\ngroup g{n} all w{n}\n", witness.verifier()));
    }
    let policy = parse(&format!("{file}quorum g31\n"));
    assert_eq!((policy.logs().len(), policy.witnesses().len()), (32, 32));
}

#[test]
fn limits_and_characters_come_first() {
    let filler = "# ".to_owned() + &"x".repeat(MAX_POLICY_LEN);
    refused(&filler, "policy/too-long");
    for control in (0..0x20u8).chain([0x7f]).filter(|byte| !b"\t\n".contains(byte)) {
        refused(&format!("#{}\n", char::from(control)), "policy/control-character");
    }
    refused(&format!("{}quorum none", log_lines()), "policy/truncated");
}

#[test]
fn sixty_four_lines_of_a_kind_are_the_most() {
    let members: String = (0..64).map(|n| witness_line(&format!("m{n}"), n + 60)).collect();
    refused(&format!("{members}{}", witness_line("more", 200)), "policy/too-many-lines");
    let chain: String = (1..65).map(|n| format!("group g{n} any g{}\n", n - 1)).collect();
    refused(&format!("{members}group g0 any m0\n{chain}"), "policy/too-many-lines");
    let logs: String = (0..33)
        .map(|n| log_signer(&format!("log{n}.example"), n + 1))
        .map(|log| format!("log {}\nlog {}\n", log.keys().ed25519(), log.keys().mldsa44()))
        .collect();
    refused(&logs, "policy/too-many-lines");
}

#[test]
fn malformed_lines_are_refused() {
    let (log, one) = (log_lines(), witness_line("one", 2));
    let cases = [
        ("trust me\n", "policy/keyword"),
        ("Quorum none\n", "policy/keyword"),
        ("log\n", "policy/item-count"),
        ("log a b c\n", "policy/item-count"),
        ("witness a\n", "policy/item-count"),
        ("witness a b c d\n", "policy/item-count"),
        ("group a any\n", "policy/item-count"),
        ("quorum\n", "policy/item-count"),
        ("quorum a b\n", "policy/item-count"),
        ("log nonsense\n", "vkey/malformed"),
        ("quorum two\n", "policy/undefined-name"),
        ("group g any two\n", "policy/undefined-name"),
        ("group g any g\n", "policy/undefined-name"),
        ("group none any one\n", "policy/reserved-name"),
        ("group g any none\n", "policy/reserved-name"),
        ("group one any one\n", "policy/duplicate-name"),
        ("group g any one one\n", "policy/member-repeated"),
        ("group g any one\ngroup h any one\n", "policy/member-repeated"),
        ("group g 0 one\n", "policy/threshold"),
        ("group g 2 one\n", "policy/threshold"),
        ("group g 01 one\n", "policy/threshold"),
        ("group g +1 one\n", "policy/threshold"),
        ("group g most one\n", "policy/threshold"),
        ("group g 18446744073709551617 one\n", "policy/threshold"),
        ("quorum none\nquorum none\n", "policy/quorum-repeated"),
        ("quorum none\nquorum one\n", "policy/quorum-repeated"),
        ("", "policy/quorum-missing"),
    ];
    for (lines, code) in cases {
        refused(&format!("{log}{one}{lines}"), code);
    }
    refused(&format!("{log}{}quorum none\n", witness_line("none", 2)), "policy/reserved-name");
    refused(&format!("{one}quorum one\n"), "policy/no-log");
    let error = refused("# a\n\nquorum me\n", "policy/undefined-name");
    let fault = PolicyLineFault::UndefinedName { name: word("me") };
    assert_eq!(error, PolicyFileError::Line { line: 3, fault });
}

#[test]
fn a_log_has_exactly_one_key_of_each_kind() {
    let (log, other) = (log_signer(ORIGIN, 1), log_signer(ORIGIN, 2));
    let (ed25519, mldsa44) = (log.keys().ed25519(), log.keys().mldsa44());
    refused(&format!("log {ed25519}\nquorum none\n"), "policy/log-key-missing");
    refused(&format!("log {mldsa44}\nquorum none\n"), "policy/log-key-missing");
    let elsewhere = log_signer("other.example", 2);
    let file = format!("log {ed25519}\nlog {}\nquorum none\n", elsewhere.keys().mldsa44());
    refused(&file, "policy/log-key-missing");
    for extra in [other.keys().ed25519(), other.keys().mldsa44()] {
        refused(&format!("{}log {extra}\nquorum none\n", log_lines()), "policy/log-key-repeated");
    }
    let witness = ed25519_witness(ORIGIN, 9);
    refused(&format!("log {}\nquorum none\n", witness.verifier()), "policy/algorithm");
    let error = refused(&format!("witness w {ed25519}\nquorum none\n"), "policy/algorithm");
    let fault = PolicyLineFault::Algorithm { algorithm: Algorithm::Ed25519 };
    assert_eq!(error, PolicyFileError::Line { line: 1, fault });
}

#[test]
fn a_public_key_counts_once() {
    let (log, one) = (log_lines(), witness_line("one", 2));
    let renamed = ed25519_witness("renamed.example", 2);
    let file = format!("{log}{one}witness two {}\nquorum none\n", renamed.verifier());
    refused(&file, "policy/duplicate-key");
    let log_of_another_name = log_signer("other.example", 1);
    let file = format!("{log}log {}\nquorum none\n", log_of_another_name.keys().ed25519());
    let error = refused(&file, "policy/duplicate-key");
    let fault = PolicyLineFault::DuplicateKey { earlier: 1 };
    assert_eq!(error, PolicyFileError::Line { line: 3, fault });
}

#[test]
fn a_log_is_not_its_own_witness() {
    let log = log_lines();
    // Its Ed25519 key as a 0x04 key, its ML-DSA key under another name and under its own, and new keys
    // under its own name: whichever line comes first.
    let witnesses = [
        ed25519_witness("w.example", 1).verifier().clone(),
        mldsa_witness("w.example", 0x81).verifier().clone(),
        mldsa_witness(ORIGIN, 0x81).verifier().clone(),
        ed25519_witness(ORIGIN, 7).verifier().clone(),
        mldsa_witness(ORIGIN, 7).verifier().clone(),
    ];
    for witness in witnesses {
        let witness = format!("witness w {witness}\n");
        refused(&format!("{log}{witness}quorum w\n"), "policy/log-as-witness");
        refused(&format!("{witness}{log}quorum w\n"), "policy/log-as-witness");
    }
}

/// Two witnesses' keys with one name and one key id, found among 2^17 ML-DSA keys: any 1,312 bytes are one.
#[test]
fn keys_that_signature_lines_cannot_tell_apart_are_refused() {
    let witness = name("w.example");
    let mut seen: HashMap<KeyId, u64> = HashMap::new();
    let key = |n: u64| [[0; 1304].as_slice(), &n.to_be_bytes()].concat();
    let found = (0..1u64 << 20).find_map(|n| {
        let earlier = seen.insert(KeyId::of(&witness, Algorithm::MlDsa44, &key(n)), n)?;
        Some([earlier, n])
    });
    let [a, b] = found.unwrap().map(|n| {
        let key = VerifierKey::new(witness.clone(), Algorithm::MlDsa44, &key(n)).unwrap();
        key.to_string()
    });
    let file = format!("{}witness a {a}\nwitness b {b}\nquorum none\n", log_lines());
    refused(&file, "policy/duplicate-key-id");
}

#[test]
fn policies_made_from_keys_follow_the_files_rules() {
    let log = log_signer(ORIGIN, 1);
    let one = (word("one"), ed25519_witness("w1.example", 2).verifier().clone());
    let make = |witnesses, threshold| {
        Policy::for_log(log.keys().clone(), witnesses, threshold).map_err(|error| error.code())
    };
    assert_eq!(make(vec![one.clone(); 2], Some(1)).unwrap_err(), "policy/duplicate-key");
    assert_eq!(make(vec![one.clone()], Some(2)).unwrap_err(), "policy/threshold");
    assert_eq!(make(vec![one.clone()], Some(0)).unwrap_err(), "policy/threshold");
    assert_eq!(make(vec![], Some(1)).unwrap_err(), "policy/item-count");
    assert!(make(vec![], None).is_ok());
    for octets in [b"".as_slice(), b"a b", b"a\tb", b"a\nb", b"a\x7f", b"\x01"] {
        assert_eq!(Word::new(octets), None);
    }
}

#[test]
fn the_vectors_checkpoint_fits_a_policy_of_its_keys() {
    let Some(vectors) = vectors() else { return };
    let witness = VerifierKey::parse(text(&vectors, "/witness/vkey")).unwrap();
    let witnesses = vec![(word("w1"), witness)];
    let policy = Policy::for_log(vector_keys(&vectors), witnesses, Some(1)).unwrap();
    let checkpoint = |field| Checkpoint::parse(text(&vectors, field).as_bytes()).unwrap();
    let verified = policy.verify(&checkpoint("/checkpoint_dual")).unwrap();
    verified.require_quorum().unwrap();
    assert_eq!(verified.witnesses[0].cosigned, Some(time(1_767_139_200)));
    let error = policy.verify(&checkpoint("/checkpoint_ed_only")).unwrap_err();
    assert_eq!(error.code(), "checkpoint/log-mldsa-missing");
}
