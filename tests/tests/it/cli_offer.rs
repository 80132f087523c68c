//! Offer files under attack: whatever is changed in one, nobody signs it.

use std::cell::RefCell;
use std::fs;

use custody_api::offer_file::{MAX_OFFER_FILE, OfferFile};
use custody_core::cbor::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::page_verifier::offers_alike;

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
    offers_alike(&[(bytes, "ok")]);
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
    let judged = RefCell::new(Vec::new());
    let code = |bytes: &[u8]| {
        let code = OfferFile::parse(bytes).map(|_| ()).unwrap_err().code();
        judged.borrow_mut().push((bytes.to_vec(), code));
        code
    };
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
    offers_alike(&judged.borrow());
}

/// Whoever has only the offer, a key and pins notices an offer of another ledger, and an agency's key that
/// was not pinned.
#[test]
fn pins_hold_where_there_is_no_ledger() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let eve = ["custodian", "enrol", "--name", "Eve", "--public", "eve.pub", "--roles", "acting"];
    office.ask(&[&eve[..], &["--key", "police.key", "--out", "eve.offer"]].concat());
    office.ask(&["trust-sheet", "--pins", "pins.txt"]);
    let pins = fs::read_to_string(office.folder().join("pins.txt")).unwrap();
    let turn = |text: &str, at: usize| {
        let other = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    let police = pins.find(&format!("agency:{} ", office.id("police"))).unwrap();
    let key = police + "agency:00000000-0000-0000-0000-000000000000 ".len();
    let accept = |name: &str, pins: &str| {
        fs::write(office.folder().join(name), pins).unwrap();
        let arguments = ["accept", "eve.offer", "--agencies", name, "--key", "eve.key"];
        let out = format!("{name}.offer");
        let variables = [("CUSTODY_LEDGER", ""), ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt")];
        let words = [&arguments[..], &["--out", &out, "--json"]].concat();
        let ran = custody_tests::program::run_in("custody", office.folder(), &words, &variables);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        json["error"]["code"].as_str().unwrap_or("ok").to_owned()
    };
    assert_eq!(accept("same", &pins), "ok");
    assert_eq!(accept("other-genesis", &turn(&pins, "genesis ".len())), "record/other-genesis");
    assert_eq!(accept("other-key", &turn(&pins, key)), "record/unknown-key");
    assert_eq!(accept("no-pins", "agency"), "pins/genesis");
    assert_eq!(office.ask(&["submit", "same.offer"])["was_known"], false);
}
