//! Offer files under attack: whatever is changed in one, nobody signs it.

use std::fs;

use custody_api::offer_file::{MAX_OFFER_FILE, OfferFile};
use custody_core::cbor::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;

/// A handoff that Anna has signed and Ben has not.
fn offer() -> Vec<u8> {
    let (_, office) = office();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("h.offer");
    let out = path.to_str().unwrap();
    let item = format!("item:{}", office.id("laptop"));
    let to = format!("custodian:{}", office.id("ben"));
    office.ask(&[
        "offer",
        &item,
        "--to",
        &to,
        "--purpose",
        "storage",
        "--remark",
        "by hand",
        "--out",
        out,
        "--key",
        "anna.key",
    ]);
    fs::read(path).unwrap()
}

#[test]
fn an_offer_is_read_back_byte_for_byte() {
    let bytes = offer();
    assert_eq!(OfferFile::parse(&bytes).unwrap().encode(), bytes);
}

#[test]
fn no_bit_can_be_flipped_unseen() {
    let (_, office) = office();
    let bytes = offer();
    let desk = custody_api::desk::Desk::read(&office.folder().join("ledger")).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let passes = OfferFile::parse(&damaged)
            .is_ok_and(|offer| custody_api::command::check_offer(&offer, &desk).is_ok());
        assert!(!passes, "bit {bit} of {}", bytes.len() * 8);
    }
}

#[test]
fn every_deviation_has_its_code() {
    let bytes = offer();
    let offer = OfferFile::parse(&bytes).unwrap();
    let message = || Value::bytes(offer.offer().message().as_bytes());
    let opening = &offer.openings()[0];
    let row = |field: &str, salt: [u8; 16], value: &[u8]| {
        Value::array([Value::text(field), Value::bytes(salt), Value::bytes(value)])
    };
    let own = || row(&opening.field, opening.salt, &opening.value);
    let file = |magic: &str, version, message, openings: Vec<Value>| {
        let parts = [Value::text(magic), Value::Uint(version), message, Value::array(openings)];
        Value::array(parts).encode()
    };
    let magic = "custody-offer";
    let code = |bytes: &[u8]| OfferFile::parse(bytes).map(|_| ()).unwrap_err().code();
    assert_eq!(file(magic, 1, message(), vec![own()]), bytes);
    assert_eq!(code(&file("custody-other", 1, message(), vec![own()])), "offer/not-an-offer");
    assert_eq!(code(&file(magic, 2, message(), vec![own()])), "cbor/out-of-range");
    assert_eq!(code(&file(magic, 1, message(), vec![])), "offer/closed");
    assert_eq!(code(&file(magic, 1, message(), vec![own(), own()])), "cbor/out-of-range");
    let other = row(&opening.field, [7; 16], &opening.value);
    assert_eq!(code(&file(magic, 1, message(), vec![other])), "opening/mismatch");
    let stray = row("stray", opening.salt, &opening.value);
    assert_eq!(code(&file(magic, 1, message(), vec![own(), stray])), "opening/no-such-field");
    let large = row(&opening.field, opening.salt, &[0; 16 * 1024 + 1]);
    assert_eq!(code(&file(magic, 1, message(), vec![large])), "cbor/out-of-range");
    assert_eq!(code(&file(magic, 1, Value::bytes([0xd8, 98]), vec![])), "cbor/truncated");
    assert_eq!(code(&[bytes.as_slice(), &[0]].concat()), "cbor/trailing-bytes");
    assert_eq!(code(&vec![0; MAX_OFFER_FILE as usize + 1]), "offer/oversize");
    assert_eq!(code(b""), "offer/not-an-offer");
}
