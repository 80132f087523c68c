//! Attacks on values: words, ranges, ids and keys that the format does not have.

use custody_core::cbor::Value;
use custody_core::record::body::SealOutcome;

use super::envelope::{Case, handoff};
use crate::paper::story::{Cast, Story};
use crate::paper::vector::Vector;
use crate::paper::{Agency, At, PaperLedger, Person, RawMessage, edit};

/// All of them.
pub fn vectors() -> Vec<Case> {
    [ranges(), keys(), names()].concat()
}

/// A change to the payload's tree.
type Change = fn(&mut Value);

const RANGES: [(&str, &str, &str, &[At<'static>], Change); 21] = [
    ("version-2", "version 2", "cbor/out-of-range", &[At::Key("v")], |v| *v = Value::Uint(2)),
    ("type-unknown", "a type that does not exist", "cbor/out-of-range", &[At::Key("type")], |v| {
        *v = Value::text("steal");
    }),
    ("type-not-text", "a type in bytes", "cbor/unexpected-type", &[At::Key("type")], |v| {
        *v = Value::bytes(b"handoff");
    }),
    ("type-of-another-body", "the type is `release`", "record/signers", &[At::Key("type")], |v| {
        *v = Value::text("release");
    }),
    (
        "word-unknown",
        "a purpose that does not exist",
        "cbor/out-of-range",
        &[At::Key("body"), At::Key("purpose")],
        |v| {
            *v = Value::text("fun");
        },
    ),
    (
        "body-with-more",
        "the body has a key too many",
        "cbor/unknown-key",
        &[At::Key("body")],
        |v| {
            add(v, "zzzzzzzz", Value::text("none"));
        },
    ),
    ("payload-with-more", "the payload has a key too many", "cbor/unknown-key", &[], |v| {
        add(v, "zzzzzzzzz", Value::Null);
    }),
    ("no-seen", "`seen` is left out", "cbor/missing-key", &[], |v| take(v, "seen")),
    ("no-signers", "`signers` is left out", "cbor/missing-key", &[], |v| take(v, "signers")),
    ("nobody-signs", "`signers` is empty", "cbor/out-of-range", &[At::Key("signers")], |v| {
        *v = Value::Array(Vec::new());
    }),
    ("no-subjects", "`subjects` is empty", "cbor/out-of-range", &[At::Key("subjects")], |v| {
        *v = Value::Array(Vec::new());
    }),
    (
        "duplicate-subjects",
        "one chain is extended twice",
        "cbor/out-of-range",
        &[At::Key("subjects")],
        |v| {
            let Value::Array(links) = v else { panic!() };
            links.push(links[0].clone());
        },
    ),
    (
        "prev-missing",
        "place 2 without a record before it",
        "cbor/out-of-range",
        &[At::Key("subjects"), At::Item(0), At::Item(2)],
        |v| {
            *v = Value::Null;
        },
    ),
    (
        "prev-at-place-0",
        "place 0 with a record before it",
        "cbor/out-of-range",
        &[At::Key("subjects"), At::Item(0), At::Item(1)],
        |v| {
            *v = Value::Uint(0);
        },
    ),
    (
        "upper-case-id",
        "an id in upper case",
        "cbor/out-of-range",
        &[At::Key("subjects"), At::Item(0), At::Item(0)],
        |v| {
            let Value::Text(id) = v else { panic!() };
            *v = Value::text(id.to_uppercase().replace("ITEM", "item"));
        },
    ),
    (
        "id-of-version-1",
        "an id that is no random UUID",
        "cbor/out-of-range",
        &[At::Key("subjects"), At::Item(0), At::Item(0)],
        |v| {
            *v = Value::text("item:6c84fb90-12c4-11e1-840d-7b25c5ee775a");
        },
    ),
    ("from-an-agency", "`from` is an agency", "cbor/out-of-range", &[At::Key("from")], |v| {
        let Value::Text(id) = v else { panic!() };
        *v = Value::text(id.replace("custodian", "agency"));
    }),
    (
        "offset-of-two-days",
        "local time is two days off",
        "cbor/out-of-range",
        &[At::Key("occurred"), At::Item(1)],
        |v| {
            *v = Value::Uint(2880);
        },
    ),
    (
        "occurred-after-9999",
        "happened in the year 10000",
        "cbor/out-of-range",
        &[At::Key("occurred"), At::Item(0)],
        |v| {
            *v = Value::Uint(253_402_300_800);
        },
    ),
    ("sealed-nothing", "`sealed` is an empty map", "cbor/out-of-range", &[], |v| {
        add(v, "sealed", Value::Map(Vec::new()));
    }),
    (
        "sealed-name-in-capitals",
        "a sealed field named in capitals",
        "cbor/out-of-range",
        &[],
        |v| {
            add(v, "sealed", Value::map([("SEAL", Value::bytes([7; 32]))]));
        },
    ),
];

fn ranges() -> Vec<Case> {
    let message = RawMessage::of(&handoff(&Story::collected()));
    let case = |(name, desc, code, path, change): (&str, &str, &str, &[At<'_>], Change)| {
        let payload = edit(&message.payload, path, change);
        let record = message.clone().with(|message| message.payload = payload).sign();
        ("handoff", Vector::record(name, desc, code, record))
    };
    let story = Story::collected();
    let both = story.ledger.put_seal(&story.cast.ana, story.disk, "1");
    let twice = RawMessage::of(&both).with(|message| {
        message.payload = edit(&message.payload, &[At::Key("sealed")], |value| {
            let Value::Map(pairs) = value else { panic!() };
            pairs.push(pairs[0].clone());
        });
    });
    let desc = "one sealed field with two commitments";
    let twice = Vector::record("sealed-twice", desc, "cbor/duplicate-key", twice.sign());
    let check = story.ledger.seal_check(&story.cast.ana, story.disk, SealOutcome::Intact);
    let early = check.with(|payload| payload.subjects[0].seq = u64::MAX);
    let desc = "the largest place there is, which a rule and not the form refuses";
    let early = Vector::record("place-2-to-the-64", desc, "ok", early.sign());
    RANGES.into_iter().map(case).chain([("seal", twice), ("seal-check", early)]).collect()
}

fn add(value: &mut Value, key: &str, item: Value) {
    let Value::Map(pairs) = value else { panic!() };
    pairs.push((Value::text(key), item));
}

fn take(value: &mut Value, key: &str) {
    let Value::Map(pairs) = value else { panic!() };
    pairs.retain(|(known, _)| *known != Value::text(key));
}

/// An agency's name, which stands open in a record.
fn names() -> Vec<Case> {
    let cast = Cast::new();
    let ledger = PaperLedger::found(&[&cast.north, &cast.south]);
    let named = |name, desc, code, text: &str| {
        let agency = Agency { name: text.to_owned(), ..cast.transit.clone() };
        let page = ledger.agency_enrol(&[&cast.north, &cast.south], &agency);
        ("agency-enrol", Vector::record(name, desc, code, page.sign()))
    };
    vec![
        named(
            "name-of-unicode-14",
            "the name has a character that Unicode 14.0 added, and one of private use",
            "ok",
            "Service \u{1faf0}\u{e000}",
        ),
        named(
            "name-newer-than-unicode-14",
            "the name has a character that Unicode 15.0 added",
            "cbor/text",
            "Service \u{1fae8}",
        ),
        named(
            "name-with-a-noncharacter",
            "the name has a code point that is no character in any version",
            "cbor/text",
            "Service \u{fffe}",
        ),
    ]
}

/// Name, what it does, code, and first, middle and last byte of the new key.
type Point = (&'static str, &'static str, &'static str, [u8; 3]);

const POINTS: [Point; 5] = [
    ("key-not-canonical", "the new key's y is p", "ed25519/key-not-canonical", [0xed, 0xff, 0x7f]),
    ("key-not-on-the-curve", "the new key is no point", "ed25519/key-not-on-curve", [2, 0, 0]),
    ("key-of-order-1", "the new key is the neutral element", "ed25519/key-small-order", [1, 0, 0]),
    ("key-of-order-2", "the new key has order 2", "ed25519/key-small-order", [0xec, 0xff, 0x7f]),
    ("key-of-order-4", "the new key has order 4", "ed25519/key-small-order", [0, 0, 0]),
];

/// As [`RANGES`], in the body of an enrolment.
const ENROLMENTS: [(&str, &str, &[At<'static>], Change); 4] = [
    ("key-on-p-256", "the new key claims another curve", &[At::Key("key"), At::Label(-1)], |v| {
        *v = Value::Uint(1);
    }),
    ("key-with-its-private-half", "the new key brings its private half", &[At::Key("key")], |v| {
        let Value::Map(pairs) = v else { panic!() };
        pairs.push((Value::Int(-4), Value::bytes([7; 32])));
    }),
    ("role-of-an-authority", "a person gets an authority's role", &[At::Key("roles")], |v| {
        *v = Value::array([Value::Uint(5)]);
    }),
    ("roles-unordered", "roles are not in order", &[At::Key("roles")], |v| {
        *v = Value::array([Value::Uint(9), Value::Uint(1)]);
    }),
];

fn keys() -> Vec<Case> {
    let story = Story::enrolled();
    let north = &story.cast.north;
    let page = story.ledger.custodian_enrol(north, &Person::new("new", north));
    let message = RawMessage::of(&page);
    let with = |name, desc, code, path: &[At<'_>], change: &dyn Fn(&mut Value)| {
        let path = [&[At::Key("body")], path].concat();
        let payload = edit(&message.payload, &path, change);
        let record = message.clone().with(|message| message.payload = payload).sign();
        ("custodian-enrol", Vector::record(name, desc, code, record))
    };
    let points = POINTS.into_iter().map(|(name, desc, code, [first, middle, last])| {
        let mut point = [middle; 32];
        (point[0], point[31]) = (first, last);
        with(name, desc, code, &[At::Key("key"), At::Label(-2)], &|value| {
            *value = Value::bytes(point);
        })
    });
    let ranges = ENROLMENTS
        .into_iter()
        .map(|(name, desc, path, change)| with(name, desc, "cbor/out-of-range", path, &change));
    points.chain(ranges).collect()
}
