//! Attacks on the file: its frame, its encoding, its counts.

use custody_core::cbor::Value;
use custody_core::exhibit::Exhibit;
use custody_core::verify::LineId::Format;

use super::exhibit::{Case, edited, tampered};
use crate::paper::spoil::{SPOILS, Spoil, too_deep};
use crate::paper::story::{Story, entry};
use crate::paper::{At, PaperExhibit, RawMessage, decode};

/// All of them.
pub fn cases() -> Vec<Case> {
    [spoilt(), frame(), shape(), counts()].concat()
}

/// A part of the file and how to spoil it. The manifest is signed for what comes of it.
type Part = (&'static str, &'static str, fn(&PaperExhibit, &Spoil) -> Vec<u8>);

const PARTS: [Part; 4] = [
    ("file", "the file's array", |exhibit, spoil| spoil.apply(&decode(&exhibit.encode())).encode()),
    ("contents", "the contents", |exhibit, spoil| {
        exhibit.encode_contents(&spoil.apply(&decode(&exhibit.contents.encode())).encode())
    }),
    ("manifest-payload", "the manifest's payload", |exhibit, spoil| {
        let mut message = RawMessage::of_manifest(exhibit);
        message.payload = spoil.apply(&decode(&message.payload)).encode();
        Exhibit::encode(&exhibit.contents.encode(), &message.sign())
    }),
    ("manifest-header", "the manifest's header", |exhibit, spoil| {
        let mut message = RawMessage::of_manifest(exhibit);
        message.protected = spoil.apply(&message.protected);
        Exhibit::encode(&exhibit.contents.encode(), &message.sign())
    }),
];

fn spoilt() -> Vec<Case> {
    let exhibit = Story::whole().exhibit();
    let mut cases = Vec::new();
    for (part, desc, apply) in PARTS {
        for spoil in SPOILS.iter().filter(|spoil| part != "file" || !spoil.is_about_keys) {
            let name = format!("{part}-{}", spoil.name);
            let desc = format!("{desc}: {}", spoil.desc);
            cases.push(Case::rejected(&name, &desc, Format, spoil.code, apply(&exhibit, spoil)));
        }
    }
    cases
}

fn frame() -> Vec<Case> {
    let range = "cbor/out-of-range";
    let framed = |name, desc, code, change: fn(&mut Value)| {
        Case::rejected(name, desc, Format, code, tampered(&[], change))
    };
    let record = Story::whole().ledger.records[entry::NOTE as usize].clone();
    vec![
        framed(
            "another-magic",
            "the first item says that it is something else",
            "exhibit/not-an-exhibit",
            |value| {
                items(value)[0] = Value::text("custody-receipt");
            },
        ),
        framed("version-2", "version 2", range, |value| items(value)[1] = Value::Uint(2)),
        framed("five-items", "an item too many", range, |value| items(value).push(Value::Null)),
        framed("three-items", "the manifest is missing", range, |value| drop(items(value).pop())),
        Case::rejected("empty-file", "nothing", Format, "cbor/truncated", Vec::new()),
        Case::rejected(
            "text-file",
            "a letter",
            Format,
            "cbor/trailing-bytes",
            b"Dear Sir or Madam".to_vec(),
        ),
        Case::rejected("record-as-exhibit", "a record", Format, "cbor/tag", record),
        Case::rejected("half-a-file", "the second half is missing", Format, "cbor/truncated", {
            let mut file = Story::whole().exhibit().encode();
            file.truncate(file.len() / 2);
            file
        }),
    ]
}

fn shape() -> Vec<Case> {
    let without = |key: &str| {
        edited(&[], |value| {
            let Value::Map(pairs) = value else { panic!() };
            pairs.retain(|(known, _)| *known != Value::text(key));
        })
    };
    let missing =
        |name, desc, key| Case::rejected(name, desc, Format, "cbor/missing-key", without(key));
    vec![
        missing("no-records", "`records` is left out", "records"),
        missing("no-subjects", "`subjects` is left out", "subjects"),
        missing("no-checkpoint", "`checkpoint` is left out", "checkpoint"),
        missing("no-tail", "`tail` is left out", "tail"),
        missing("no-consistency", "`consistency` is left out", "consistency"),
        Case::rejected("contents-with-more", "a key too many", Format, "cbor/unknown-key", {
            edited(&[], |value| {
                let Value::Map(pairs) = value else { panic!() };
                pairs.push((Value::text("zzzzzzzzzzzz"), Value::Null));
            })
        }),
        Case::rejected("item-a-person", "`item` is a custodian", Format, "cbor/out-of-range", {
            edited(&[At::Key("item")], |value| {
                let Value::Text(id) = value else { panic!() };
                *id = id.replace("item", "custodian");
            })
        }),
        Case::rejected(
            "hash-of-31-bytes",
            "a hash of the proof is too short",
            Format,
            "cbor/out-of-range",
            edited(&[At::Key("proof"), At::Item(0)], |value| *value = Value::bytes([7; 31])),
        ),
        Case::rejected("contents-too-deep", "arrays nested 17 deep", Format, "cbor/too-deep", {
            edited(&[At::Key("tail")], |value| *value = too_deep())
        }),
        Case::rejected(
            "handling-code-in-two-forms",
            "two handling codes are not in order",
            Format,
            "cbor/out-of-range",
            {
                edited(&[], |value| {
                    let Value::Map(pairs) = value else { panic!() };
                    let codes = ["TLP:RED", "TLP:AMBER"].map(Value::text);
                    pairs.push((Value::text("handling"), Value::array(codes)));
                })
            },
        ),
    ]
}

/// Heads that announce more than there is, or more than there may be.
fn counts() -> Vec<Case> {
    let (truncated, range) = ("cbor/truncated", "cbor/out-of-range");
    let head = |major: u8| {
        let mut head = vec![major << 5 | 27];
        head.extend((1u64 << 40).to_be_bytes());
        Value::Encoded(head)
    };
    let many = |key: &str, count: usize| {
        edited(&[At::Key(key)], |value| *value = Value::array(vec![Value::Null; count]))
    };
    let announced = |name, desc, key: &str, major| {
        let file = edited(&[At::Key(key)], |value| *value = head(major));
        Case::rejected(name, desc, Format, truncated, file)
    };
    vec![
        announced("records-of-2-to-the-40", "a head that announces 2^40 records", "records", 4),
        announced("proof-of-2-to-the-40", "a head that announces 2^40 hashes", "proof", 4),
        announced("openings-of-2-to-the-40", "a head that announces 2^40 openings", "openings", 4),
        announced("tail-of-2-to-the-40", "a head that announces 2^40 bytes", "tail", 2),
        announced("item-of-2-to-the-40", "a head that announces 2^40 characters", "item", 3),
        announced("checkpoint-of-2-to-the-40", "a head that announces 2^40 pairs", "checkpoint", 5),
        Case::rejected("no-record-at-all", "`records` is empty", Format, range, many("records", 0)),
        Case::rejected(
            "no-subject-at-all",
            "`subjects` is empty",
            Format,
            range,
            many("subjects", 0),
        ),
        Case::rejected(
            "257-consistency-proofs",
            "257 earlier sizes",
            Format,
            range,
            many("consistency", 257),
        ),
        Case::rejected(
            "handling-codes-of-65-bytes",
            "a handling code of 65 bytes",
            Format,
            range,
            {
                edited(&[], |value| {
                    let Value::Map(pairs) = value else { panic!() };
                    let codes = Value::array([Value::text("x".repeat(65))]);
                    pairs.push((Value::text("handling"), codes));
                })
            },
        ),
    ]
}

fn items(value: &mut Value) -> &mut Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => panic!("{other:?}"),
    }
}
