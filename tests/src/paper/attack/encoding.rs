//! Attacks on the encoding: every way not to be canonical, in every part of a record.

use custody_core::cbor::Value;

use super::envelope::{Case, handoff};
use crate::paper::RawMessage;
use crate::paper::spoil::{SPOILS, Spoil, too_deep};
use crate::paper::story::Story;
use crate::paper::tree::decode;
use crate::paper::vector::Vector;

/// A part of a record and how to spoil it. All signatures are made over the spoilt bytes.
type Part = (&'static str, &'static str, fn(RawMessage, &Spoil) -> Vec<u8>);

const PARTS: [Part; 4] = [
    ("payload", "the payload", |mut message, spoil| {
        message.payload = spoil.apply(&decode(&message.payload)).encode();
        message.sign()
    }),
    ("body-header", "the body's header", |mut message, spoil| {
        message.protected = spoil.apply(&message.protected);
        message.sign()
    }),
    ("signature-header", "the header of the first signature", |mut message, spoil| {
        message.signatures[0].protected = spoil.apply(&message.signatures[0].protected);
        message.sign()
    }),
    ("message", "the message's array", |message, spoil| {
        let bytes = message.sign();
        [bytes[..2].to_vec(), spoil.apply(&decode(&bytes[2..])).encode()].concat()
    }),
];

/// All of them, as siblings of a handoff.
pub fn record_vectors() -> Vec<Case> {
    let message = RawMessage::of(&handoff(&Story::collected()));
    let mut cases = Vec::new();
    for (part, desc, apply) in PARTS {
        for spoil in SPOILS.iter().filter(|spoil| part != "message" || !spoil.is_about_keys) {
            let name = format!("{part}-{}", spoil.name);
            let desc = format!("{desc}: {}", spoil.desc);
            let record = apply(message.clone(), spoil);
            cases.push(("handoff", Vector::record(&name, &desc, spoil.code, record)));
        }
    }
    let deep = message.with(|message| {
        let Value::Map(mut pairs) = decode(&message.payload) else { panic!() };
        pairs[0].1 = too_deep();
        message.payload = Value::Map(pairs).encode();
    });
    let desc = "the payload: arrays nested 17 deep";
    let deep = Vector::record("payload-too-deep", desc, "cbor/too-deep", deep.sign());
    cases.push(("handoff", deep));
    cases
}
