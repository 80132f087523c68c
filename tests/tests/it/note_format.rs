//! Signed notes and verifier keys: what is refused, each with its code, and that nothing else is.

use custody_core::note::{
    Algorithm, MAX_NOTE_LEN, MAX_SIGNATURES, Note, NoteError, SignatureLine, VerifierKey,
    VerifierKeyError,
};

use crate::note_keys::{checkpoint, cosigned_checkpoint, ed25519_witness, log_signer, name};

/// Key id 00000001 and one byte of signature.
const BLOB: &str = "AAAAAQI=";

fn note(text: &str, lines: &[&str]) -> Vec<u8> {
    let lines: String = lines.iter().map(|line| format!("\u{2014} {line}\n")).collect();
    format!("{text}\n{lines}").into_bytes()
}

#[track_caller]
fn refused(bytes: &[u8], code: &str) {
    let error = Note::parse(bytes).expect_err(code);
    assert_eq!(error.code(), code, "{error}");
}

#[test]
fn a_note_keeps_its_bytes_and_shows_its_parts() {
    let text = "first\n\nthird, \u{e8} subito sera\n";
    let bytes = note(text, &[&format!("a.example {BLOB}"), "b.example AAAAAgMEBQY="]);
    let note = Note::parse(&bytes).unwrap();
    assert_eq!(note.as_bytes(), bytes);
    assert_eq!(note.text(), text);
    let lines: Vec<_> = note.signatures().iter().map(SignatureLine::name).collect();
    assert_eq!(lines, ["a.example", "b.example"]);
    assert_eq!(note.signatures()[1].key_id().to_string(), "00000002");
    assert_eq!(note.signatures()[1].blob(), [3, 4, 5, 6]);
    assert_eq!(Note::new(text, note.signatures().to_vec()).unwrap(), note);
}

#[test]
fn the_text_ends_at_the_last_blank_line() {
    let line = format!("\u{2014} a.example {BLOB}\n");
    let note = Note::parse(format!("one\n\n\n{line}").as_bytes()).unwrap();
    assert_eq!(note.text(), "one\n\n");
    let inner = format!("one\n\n{line}\n{line}");
    assert_eq!(Note::parse(inner.as_bytes()).unwrap().text(), format!("one\n\n{line}"));
    assert_eq!(Note::parse(format!("\n\n{line}").as_bytes()).unwrap().text(), "\n");
}

#[test]
fn between_16_and_64_lines_are_read_and_no_more() {
    let all: Vec<_> = (0..=MAX_SIGNATURES).map(|n| format!("w{n}.example {BLOB}")).collect();
    let lines: Vec<&str> = all.iter().map(String::as_str).collect();
    for count in 1..=MAX_SIGNATURES {
        assert_eq!(Note::parse(&note("t\n", &lines[..count])).unwrap().signatures().len(), count);
    }
    let error = Note::parse(&note("t\n", &lines)).unwrap_err();
    assert_eq!(error, NoteError::TooManySignatures { count: 65 });
    assert_eq!(error.code(), "note/too-many-signatures");
}

#[test]
fn a_note_of_the_largest_size_is_read() {
    let line = format!("a.example {BLOB}");
    let around = note("\n", &[&line]).len();
    let text = "x".repeat(MAX_NOTE_LEN - around) + "\n";
    assert!(Note::parse(&note(&text, &[&line])).is_ok());
    refused(&note(&format!("x{text}"), &[&line]), "note/too-long");
}

#[test]
fn text_outside_the_character_set_is_refused() {
    refused(b"t\xff\n\n\xe2\x80\x94 a AAAAAQI=\n", "note/not-utf8");
    for control in (0..0x20u8).filter(|&byte| byte != b'\n') {
        let text = format!("t{}\n", char::from(control));
        let bytes = note(&text, &[&format!("a {BLOB}")]);
        assert_eq!(Note::parse(&bytes).unwrap_err(), NoteError::ControlCharacter { offset: 1 });
        refused(&bytes, "note/control-character");
    }
}

#[test]
fn a_note_without_signatures_is_refused() {
    for bytes in ["", "t", "t\n", "t\n\n", "\n\n"] {
        refused(bytes.as_bytes(), "note/no-signatures");
    }
    let trailing = [note("t\n", &[&format!("a {BLOB}")]), b"\n".to_vec()].concat();
    refused(&trailing, "note/no-signatures");
}

#[test]
fn malformed_lines_are_refused() {
    let whole = note("t\n", &[&format!("a {BLOB}")]);
    refused(&whole[..whole.len() - 1], "note/truncated");
    for line in
        ["\u{2014}", "\u{2014} a", "\u{2014}a AAAAAQI=", "- a AAAAAQI=", " \u{2014} a AAAAAQI="]
    {
        refused(format!("t\n\n{line}\n").as_bytes(), "note/signature-line");
    }
    for name in ["", "a+b", "a\u{a0}b", "\u{2003}a", "a\u{85}"] {
        refused(&note("t\n", &[&format!("{name} {BLOB}")]), "note/key-name");
    }
    for blob in ["", "AAAA", "AAAAAQ=="] {
        refused(&note("t\n", &[&format!("a {blob}")]), "note/empty-signature");
    }
    for blob in ["AAAAAQ_-", "AAAAAQI= ", "A", "AAAAAQI=AAAA", " AAAAAQI=", "=AAAAAQI"] {
        refused(&note("t\n", &[&format!("a {blob}")]), "note/base64");
    }
}

#[test]
fn a_second_spelling_of_base64_is_refused() {
    // Without padding, and with bits set that are not part of any byte.
    for blob in ["AAAAAQI", "AAAAAQJ=", "AAAAAQK=", "AAAAAQL="] {
        refused(&note("t\n", &[&format!("a {blob}")]), "note/not-canonical");
    }
}

#[test]
fn a_key_signs_once() {
    let lines = [format!("a {BLOB}"), "b AAAAAQI=".to_owned(), "a AAAAAQM=".to_owned()];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // Same id under another name, and same name with another id: other keys.
    assert!(Note::parse(&note("t\n", &[lines[0], lines[1], "a AAAAAgI="])).is_ok());
    let error = Note::parse(&note("t\n", &lines)).unwrap_err();
    assert_eq!(error, NoteError::DuplicateSignature { index: 2 });
    assert_eq!(error.code(), "note/duplicate-signature");
}

#[test]
fn a_note_is_not_made_of_parts_that_would_read_back_differently() {
    let line = checkpoint().signatures()[0].clone();
    assert_eq!(Note::new("no newline", vec![line.clone()]).unwrap_err(), NoteError::NoSignatures);
    let nested = Note::new("t\n", vec![line.clone(), line.clone()]).unwrap_err();
    assert_eq!(nested.code(), "note/duplicate-signature");
    assert_eq!(Note::new("", vec![line.clone()]).unwrap_err(), NoteError::NoSignatures);
    assert_eq!(Note::new("\n\nt", vec![line]).unwrap_err(), NoteError::SignatureLine { index: 0 });
}

/// Whatever single byte is changed, what is still a note writes back to the changed bytes.
#[test]
fn bytes_and_content_stand_for_each_other() {
    let original = note("t\n1\n", &["a.example AAAAAQIDBAUG", &format!("b.example {BLOB}")]);
    let mut read = 0;
    for position in 0..original.len() {
        for byte in 0..=u8::MAX {
            let mut bytes = original.clone();
            bytes[position] = byte;
            let Ok(note) = Note::parse(&bytes) else { continue };
            let again = Note::new(note.text(), note.signatures().to_vec()).unwrap();
            assert_eq!(again.as_bytes(), bytes);
            read += 1;
        }
    }
    assert!(read > original.len(), "only {read} variants were notes");
}

#[test]
fn verifier_keys_read_back_as_written() {
    let log = log_signer("ledger.example/court", 1);
    let witness = ed25519_witness("w1.example", 2);
    for key in [log.keys().ed25519(), log.keys().mldsa44(), witness.verifier()] {
        let text = key.to_string();
        assert_eq!(VerifierKey::parse(&text).unwrap(), *key);
        assert_eq!(VerifierKey::parse(&text).unwrap().to_string(), text);
    }
}

#[test]
fn one_public_key_has_another_id_for_each_algorithm() {
    let log = log_signer("w1.example", 2);
    let witness = ed25519_witness("w1.example", 2);
    assert!(log.keys().ed25519().same_public_key(witness.verifier()));
    assert_ne!(log.keys().ed25519().id(), witness.verifier().id());
}

#[test]
fn bad_verifier_keys_are_refused() {
    let good = log_signer("a.example", 1).keys().ed25519().to_string();
    let parts: Vec<&str> = good.splitn(3, '+').collect();
    let (id, key) = (parts[1], parts[2]);
    let cases = [
        ("".to_owned(), "vkey/malformed"),
        (format!("a.example+{id}"), "vkey/malformed"),
        ("x".repeat(3000), "vkey/too-long"),
        (format!("+{id}+{key}"), "vkey/name"),
        (format!("a example+{id}+{key}"), "vkey/name"),
        (format!("a\u{7f}+{id}+{key}"), "vkey/name"),
        (format!("{}+{id}+{key}", "a".repeat(256)), "vkey/name"),
        (format!("a.example+{}+{key}", id.to_uppercase() + "A"), "vkey/key-id-format"),
        (format!("a.example+ABCDEF01+{key}"), "vkey/key-id-format"),
        (format!("a.example+0{id}+{key}"), "vkey/key-id-format"),
        (format!("a.example++{key}"), "vkey/key-id-format"),
        (format!("a.example+{id}+{key}="), "vkey/base64"),
        (format!("a.example+{id}+AQ"), "vkey/base64"),
        (format!("a.example+{id}+"), "vkey/algorithm"),
        (format!("a.example+{id}+AgAA"), "vkey/algorithm"),
        (format!("a.example+{id}+AQAA"), "vkey/key-length"),
        (format!("a.example+{id}+BAAA"), "vkey/key-length"),
        (format!("a.example+{id}+BgAA"), "vkey/key-length"),
        (format!("b.example+{id}+{key}"), "vkey/key-id-mismatch"),
        (format!("a.example+00000000+{key}"), "vkey/key-id-mismatch"),
    ];
    for (text, code) in cases {
        assert_eq!(VerifierKey::parse(&text).unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn unusable_ed25519_keys_are_refused() {
    // Non-canonical: y = p + 3, which lenient decoders take for y = 3. Small order: y = 1. y = 2 is on no
    // point of the curve.
    let mut not_canonical = [0xff; 32];
    (not_canonical[0], not_canonical[31]) = (0xf0, 0x7f);
    let (mut small_order, mut off_curve) = ([0; 32], [0; 32]);
    (small_order[0], off_curve[0]) = (1, 2);
    let cases = [
        (not_canonical, "ed25519/key-not-canonical"),
        (small_order, "ed25519/key-small-order"),
        (off_curve, "ed25519/key-not-on-curve"),
    ];
    for (bytes, code) in cases {
        let error = VerifierKey::new(name("a.example"), Algorithm::Ed25519, &bytes).unwrap_err();
        assert!(matches!(error, VerifierKeyError::Ed25519(_)));
        assert_eq!(error.code(), code);
    }
}

#[test]
fn names_of_255_bytes_are_the_longest() {
    let longest = "a".repeat(255);
    assert_eq!(name(&longest).as_str(), longest);
    assert_eq!(cosigned_checkpoint().signatures().len(), 4);
}
