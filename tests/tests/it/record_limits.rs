//! Records at and beyond their limits, which are too large to be vectors, and what cannot be signed.

use custody_core::cbor::Value;
use custody_core::cose::{Check, CoseError, Draft, Observed, Role, SignerParams};
use custody_core::hash::sha256;
use custody_core::record::body::LateReason;
use custody_core::record::{MAX_LATE_ENTRY, MAX_RECORD, Offer, Record};
use custody_tests::paper::story::Story;
use custody_tests::paper::{At, RawMessage, edit, signing_key, uuid};

#[track_caller]
fn refused(bytes: &[u8], code: &str) {
    assert_eq!(Record::parse(bytes).unwrap_err().code(), code);
}

/// A late entry that embeds `size` bytes.
fn late_entry(story: &Story, size: usize) -> Vec<u8> {
    let embedded = vec![0; size];
    let reason = LateReason::Conflict;
    story.ledger.late_entry(&story.cast.ana, story.disk, embedded, reason).sign()
}

#[test]
fn a_manifest_of_500_items_is_one_record_and_501_are_not() {
    let story = Story::collected();
    let items: Vec<_> = (0..501).map(|number| uuid(&format!("item {number}"))).collect();
    let handoff = |count: usize| {
        let items = &items[..count];
        let page = story.ledger.handoff(&story.cast.ana, &story.cast.ben, items, &[]);
        page.with(|payload| {
            for link in &mut payload.subjects {
                (link.seq, link.prev) = (u64::from(u32::MAX), Some(sha256(b"a record")));
            }
        })
        .sign()
    };
    let largest = handoff(500);
    assert!(largest.len() < MAX_RECORD / 2, "{}", largest.len());
    Record::parse(&largest).unwrap();
    refused(&handoff(501), "cbor/out-of-range");
}

#[test]
fn only_a_late_entry_may_be_larger_than_a_record() {
    let story = Story::collected();
    Record::parse(&late_entry(&story, MAX_RECORD)).unwrap();
    refused(&late_entry(&story, MAX_RECORD + 1), "record/oversize");
    refused(&late_entry(&story, MAX_LATE_ENTRY), "cose/oversize");
    refused(&vec![0xd8; MAX_LATE_ENTRY + 1], "cose/oversize");
    // A remark with as much in its openings' commitments and media types as fits.
    let mut page = story.ledger.note(&story.cast.ana, story.disk);
    for number in 0..32 {
        page = page.attach(&format!("x/{number:098}"), u64::MAX, &Value::Null);
    }
    let message = RawMessage::of(&page);
    Record::parse(&message.sign()).unwrap();
    let large = message.with(|message| {
        message.payload = edit(&message.payload, &[At::Key("body"), At::Key("kind")], |kind| {
            *kind = Value::text("x".repeat(MAX_RECORD));
        });
    });
    // A word of the body is refused for what it is before the record is for its size.
    refused(&large.sign(), "cbor/out-of-range");
}

#[test]
fn a_signature_count_beyond_129_is_refused_before_anything_is_read() {
    let story = Story::collected();
    let record = story.ledger.put_seal(&story.cast.ana, story.disk, "1").sign();
    let many = edit(&record[2..], &[At::Item(3)], |value| {
        let Value::Array(signatures) = value else { panic!() };
        *signatures = vec![signatures[0].clone(); 130];
    });
    refused(&[&record[..2], &many].concat(), "cbor/out-of-range");
}

#[test]
fn an_offer_lacks_signatures_and_has_none_too_many() {
    let story = Story::collected();
    let cast = &story.cast;
    let page = story.ledger.handoff(&cast.ana, &cast.ben, &[story.disk], &[&cast.wim]);
    let mut draft = Draft::new(page.header.clone(), {
        let record = Record::parse(&page.sign()).unwrap();
        record.message().payload().to_vec()
    });
    for (position, hand) in page.hands.iter().enumerate() {
        let offer = Offer::parse(&draft.to_bytes()).unwrap();
        assert_eq!(offer.next_signer().unwrap().id, hand.id);
        refused(&draft.to_bytes(), "record/signature-count");
        let iat_s = page.payload.occurred.utc_s;
        let params = SignerParams { role: hand.role, iat_s, observed: Observed::default() };
        // Taking up what the others signed gives the same as going on.
        draft = Draft::resume(offer.message());
        draft.sign(&hand.key, params).unwrap();
        assert_eq!(Record::parse(&draft.to_bytes()).is_ok(), position == 2);
    }
    assert_eq!(draft.to_bytes(), page.sign());
    assert!(Offer::parse(&draft.to_bytes()).unwrap().next_signer().is_none());
}

#[test]
fn only_a_receiver_is_given_observations_to_sign() {
    let story = Story::collected();
    let page = story.ledger.put_seal(&story.cast.ana, story.disk, "1");
    let mut draft = Draft::new(page.header.clone(), page.payload.encode());
    let observed = Observed { checked: vec![Check::Seal], outcomes: Vec::new() };
    let params = SignerParams { role: Role::Acting, iat_s: 0, observed };
    let error = draft.sign(&signing_key("anybody"), params).unwrap_err();
    assert!(matches!(error, CoseError::Draft { .. }));
    assert_eq!(error.code(), "cose/draft");
}
