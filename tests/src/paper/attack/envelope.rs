//! Attacks on the envelope: tag, headers, signatures.

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::record::body::SealOutcome;

use crate::paper::story::Story;
use crate::paper::vector::Vector;
use crate::paper::{At, Hand, Page, Person, RawMessage, edit, get, signing_key};

/// The folder and the vector.
pub type Case = (&'static str, Vector);

/// Attacks on `handoff`, which two sides and a witness sign, unless they say otherwise.
pub fn vectors() -> Vec<Case> {
    let mut cases = made(&TAGS);
    cases.extend(made(&BODY_HEADERS));
    cases.extend(signature_headers());
    cases.extend(stripped());
    cases.extend(other_hands());
    cases.into_iter().map(|vector| ("handoff", vector)).chain(others()).collect()
}

/// A handoff in front of a witness.
pub fn handoff(story: &Story) -> Page {
    let cast = &story.cast;
    story.ledger.handoff(&cast.ana, &cast.ben, &[story.disk], &[&cast.wim])
}

/// Name, what it does, code, and the change to the handoff, which is then signed.
type Change = (&'static str, &'static str, &'static str, fn(&mut RawMessage));

fn made(changes: &[Change]) -> Vec<Vector> {
    let message = RawMessage::of(&handoff(&Story::collected()));
    let make = |(name, desc, code, change): &Change| {
        Vector::record(name, desc, code, message.clone().with(change).sign())
    };
    changes.iter().map(make).collect()
}

const TAGS: [Change; 4] = [
    ("no-tag", "tag 98 is missing", "cose/not-cose-sign", |message| message.tag.clear()),
    ("tag-of-cose-sign1", "tag 18 stands in place of 98", "cose/not-cose-sign", |message| {
        message.tag = vec![0xd2];
    }),
    ("tag-in-three-bytes", "tag 98 is not in its shortest form", "cose/not-cose-sign", |message| {
        message.tag = vec![0xd9, 0x00, 98];
    }),
    ("tag-twice", "tag 98 stands there twice", "cbor/tag", |message| {
        message.tag = vec![0xd8, 98, 0xd8, 98];
    }),
];

fn push(header: &mut Value, label: i64, value: Value) {
    let Value::Map(pairs) = header else { panic!("no map") };
    pairs.push((Value::Int(label), value));
}

fn put(header: &mut Value, label: i64, value: Value) {
    remove(header, label);
    push(header, label, value);
}

fn remove(header: &mut Value, label: i64) {
    let Value::Map(pairs) = header else { panic!("no map") };
    pairs.retain(|(known, _)| ![Value::Int(label), Value::Uint(label as u64)].contains(known));
}

fn labels(labels: &[i64]) -> Value {
    Value::array(labels.iter().map(|label| Value::Int(*label)))
}

const BODY_HEADERS: [Change; 12] = [
    (
        "unprotected-body-header",
        "an unprotected header holds a kid",
        "cose/unprotected-header",
        |message| {
            message.unprotected = Value::labelled([(4, Value::bytes(b"kid"))]);
        },
    ),
    ("unknown-body-header", "a header that nobody knows", "cose/header", |message| {
        push(&mut message.protected, 99, Value::Uint(1));
    }),
    ("unknown-critical-header", "a critical header that nobody knows", "cose/header", |message| {
        put(&mut message.protected, 2, labels(&[-65540, -70000]));
        push(&mut message.protected, -70000, Value::Uint(1));
    }),
    (
        "critical-header-absent",
        "a critical label without a header",
        "cose/critical-header",
        |message| {
            put(&mut message.protected, 2, labels(&[-65540, -70000]));
        },
    ),
    ("genesis-not-critical", "`crit` does not list `genesis`", "cose/critical-header", |message| {
        remove(&mut message.protected, 2);
    }),
    ("critical-twice", "`crit` lists `genesis` twice", "cose/critical-header", |message| {
        put(&mut message.protected, 2, labels(&[-65540, -65540]));
    }),
    ("no-audience", "`aud` is missing", "cose/header", |message| {
        remove(&mut message.protected, 15);
    }),
    ("audience-with-more-claims", "CWT claims hold an issuer too", "cose/header", |message| {
        let claims = [(1, Value::text("issuer")), (3, Value::text("ledger.example/paper"))];
        put(&mut message.protected, 15, Value::labelled(claims));
    }),
    ("audience-with-a-space", "`aud` is no origin", "cose/header", |message| {
        let claims = [(3, Value::text("ledger.example paper"))];
        put(&mut message.protected, 15, Value::labelled(claims));
    }),
    ("content-type-of-a-manifest", "says it is a manifest", "cose/content-type", |message| {
        let other = Value::text("application/vnd.custody-ledger.manifest+cbor");
        put(&mut message.protected, 3, other);
    }),
    ("no-content-type", "does not say what it is", "cose/content-type", |message| {
        remove(&mut message.protected, 3);
    }),
    (
        "empty-body-header",
        "the body's header is an empty byte string",
        "cbor/truncated",
        |message| {
            message.protected = Value::Encoded(Vec::new());
        },
    ),
];

const SIGNATURE_HEADERS: [Change; 16] = [
    (
        "unprotected-signature-header",
        "an unprotected header holds a kid",
        "cose/unprotected-header",
        |message| {
            message.signatures[1].unprotected = Value::labelled([(4, Value::bytes(b"kid"))]);
        },
    ),
    ("algorithm-es256", "a signature claims ECDSA", "cose/header", |message| {
        put(&mut message.signatures[0].protected, 1, Value::Int(-7));
    }),
    ("no-algorithm", "a signature claims no algorithm", "cose/header", |message| {
        remove(&mut message.signatures[0].protected, 1);
    }),
    ("no-kid", "a signature names no key", "cose/header", |message| {
        remove(&mut message.signatures[0].protected, 4);
    }),
    ("no-time", "a signature has no time", "cose/header", |message| {
        remove(&mut message.signatures[0].protected, 15);
    }),
    ("no-role", "a signature has no role", "cose/header", |message| {
        remove(&mut message.signatures[0].protected, -65537);
    }),
    ("role-10", "a signature has a role that does not exist", "cbor/out-of-range", |message| {
        put(&mut message.signatures[0].protected, -65537, Value::Uint(10));
    }),
    ("time-after-9999", "a signature claims the year 10000", "cbor/out-of-range", |message| {
        let claims = Value::labelled([(6, Value::Uint(253_402_300_800))]);
        put(&mut message.signatures[0].protected, 15, claims);
    }),
    ("short-kid", "a kid of 31 bytes", "cbor/out-of-range", |message| {
        put(&mut message.signatures[0].protected, 4, Value::bytes([7; 31]));
    }),
    ("role-not-critical", "`crit` does not list `role`", "cose/critical-header", |message| {
        put(&mut message.signatures[1].protected, 2, labels(&[-65538]));
    }),
    (
        "critical-in-another-order",
        "`crit` lists its labels in another order",
        "cose/critical-header",
        |message| {
            put(&mut message.signatures[1].protected, 2, labels(&[-65538, -65537]));
        },
    ),
    (
        "unknown-critical-signature-header",
        "a critical header that nobody knows",
        "cose/header",
        |message| {
            put(&mut message.signatures[1].protected, 2, labels(&[-65537, -65538, -70000]));
            push(&mut message.signatures[1].protected, -70000, Value::Uint(1));
        },
    ),
    (
        "not-countersigned",
        "the receiver does not sign over the releaser's signature",
        "cose/critical-header",
        |message| {
            put(&mut message.signatures[1].protected, 2, labels(&[-65537]));
            remove(&mut message.signatures[1].protected, -65538);
        },
    ),
    (
        "first-countersigned",
        "the first signature claims one before it",
        "cose/critical-header",
        |message| {
            put(&mut message.signatures[0].protected, 2, labels(&[-65537, -65538]));
            push(&mut message.signatures[0].protected, -65538, Value::Null);
        },
    ),
    (
        "countersigned-another",
        "the receiver signs over another signature",
        "cose/countersigned",
        |message| {
            put(&mut message.signatures[1].protected, -65538, Value::bytes([7; 32]));
        },
    ),
    ("releaser-observes", "the releasing side writes observations", "cose/header", |message| {
        put(&mut message.signatures[0].protected, 2, labels(&[-65537, -65539]));
        let checked = Value::array([Value::text("seal")]);
        push(&mut message.signatures[0].protected, -65539, Value::map([("checked", checked)]));
    }),
];

fn signature_headers() -> Vec<Vector> {
    let observed = [
        observed("observed-nothing", "empty observations", Value::Map(Vec::new())),
        observed("observed-twice", "one check is listed twice", {
            Value::map([("checked", Value::array([Value::text("seal"), Value::text("seal")]))])
        }),
        observed("outcome-twice", "one item has two outcomes", {
            let outcome = Value::array([Value::Uint(0), Value::text("missing")]);
            Value::map([("outcomes", Value::array([outcome.clone(), outcome]))])
        }),
    ];
    made(&SIGNATURE_HEADERS).into_iter().chain(observed).collect()
}

fn observed(name: &str, desc: &str, value: Value) -> Vector {
    let message = RawMessage::of(&handoff(&Story::collected())).with(|message| {
        put(&mut message.signatures[1].protected, 2, labels(&[-65537, -65538, -65539]));
        push(&mut message.signatures[1].protected, -65539, value);
    });
    Vector::record(name, desc, "cbor/out-of-range", message.sign())
}

/// Name, what it does, code, and the change to the signatures, which stay as they were made.
type Stripped = (&'static str, &'static str, &'static str, fn(&mut Vec<Value>));

const STRIPPED: [Stripped; 8] = [
    (
        "optional-witness-stripped",
        "the witness's signature is missing",
        "record/signature-count",
        |s| {
            s.pop();
        },
    ),
    ("receiver-stripped", "the receiver's signature is missing", "cose/countersigned", |s| {
        s.remove(1);
    }),
    (
        "receiver-and-witness-stripped",
        "only the releasing side has signed",
        "record/signature-count",
        |s| {
            s.truncate(1);
        },
    ),
    (
        "releaser-stripped",
        "the releasing side's signature is missing",
        "cose/critical-header",
        |s| {
            s.remove(0);
        },
    ),
    ("all-signatures-stripped", "nobody has signed", "record/signature-count", |s| s.clear()),
    ("signatures-swapped", "the first two signatures are swapped", "cose/critical-header", |s| {
        s.swap(0, 1);
    }),
    ("last-signatures-swapped", "receiver and witness are swapped", "cose/countersigned", |s| {
        s.swap(1, 2);
    }),
    ("short-signature", "a signature of 63 bytes", "cbor/out-of-range", |s| {
        let Value::Array(parts) = &mut s[2] else { panic!() };
        parts[2] = Value::bytes([7; 63]);
    }),
];

fn stripped() -> Vec<Vector> {
    let record = handoff(&Story::collected()).sign();
    let make = |(name, desc, code, change): &Stripped| {
        let message = edit(&record[2..], &[At::Item(3)], |value| {
            let Value::Array(signatures) = value else { panic!("no signatures") };
            change(signatures);
        });
        Vector::record(name, desc, code, [&record[..2], &message].concat())
    };
    STRIPPED.iter().map(make).collect()
}

fn other_hands() -> Vec<Vector> {
    let story = Story::collected();
    let page = handoff(&story);
    let record = page.sign();
    let stranger = Person::new("stranger", &story.cast.north).with_key(&signing_key("stranger"));
    let mut strange = page.clone();
    strange.hands[0].key = stranger.key.clone();
    let mut repeated = page.clone();
    repeated.hands[2].key = repeated.hands[0].key.clone();
    let mut extra = page.clone();
    extra.hands.push(Hand::of(&story.cast.dora, Role::Witness));
    let named = page.sign_payload_of(&extra);
    vec![
        Vector::record(
            "signature-added",
            "a witness signs whom the payload does not name",
            "record/signature-count",
            named,
        ),
        Vector::record(
            "repeated-key",
            "the releasing side is its own witness",
            "cose/repeated-key",
            repeated.sign(),
        ),
        Vector::record(
            "strangers-key",
            "the releasing side signs with a key that nobody enrolled",
            "record/unknown-key",
            strange.sign(),
        ),
        flipped("signature-flipped", "one bit of R is flipped", &record, |bytes| bytes[3] ^= 1),
        flipped("signature-with-large-s", "S is not reduced: S + L", &record, add_group_order),
        flipped("signature-of-zeros", "R and S are zero", &record, |bytes| bytes.fill(0)),
        body_changed("payload-replaced", "the payload is that of another handoff", &record, &page),
    ]
}

/// The last signature changed: nobody signs over it.
fn flipped(name: &str, desc: &str, record: &[u8], change: impl FnOnce(&mut [u8])) -> Vector {
    let mut record = record.to_vec();
    let start = record.len() - 64;
    change(&mut record[start..]);
    Vector::record(name, desc, "cose/signature", record)
}

/// S + L, little-endian: the same signature to anybody who does not compare S with L.
fn add_group_order(signature: &mut [u8]) {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(L) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry as u8;
        carry >>= 8;
    }
}

/// The payload of a later handoff under the signatures of this one.
fn body_changed(name: &str, desc: &str, record: &[u8], other: &Page) -> Vector {
    let mut other = other.clone();
    other.payload.occurred.utc_s += 60;
    let Value::Bytes(payload) = get(&other.sign()[2..], &[At::Item(2)]) else { panic!() };
    let mut message = record[2..].to_vec();
    let Value::Bytes(signed) = get(&message, &[At::Item(2)]) else { panic!() };
    // Names of signers stay, so only the time differs.
    assert_eq!(payload.len(), signed.len());
    message = edit(&message, &[At::Item(2)], |value| *value = Value::Bytes(payload));
    Vector::record(name, desc, "cose/signature", [&record[..2], &message].concat())
}

/// The two that are about other types, and one that is no attack.
fn others() -> Vec<Case> {
    let story = Story::released();
    let ledger = &story.ledger;
    let accepted =
        RawMessage::of(&ledger.seal_check(&story.cast.ben, story.disk, SealOutcome::Intact));
    let accepted =
        accepted.with(|message| put(&mut message.signatures[0].protected, 1, Value::Int(-19)));
    let desc = "the algorithm is named Ed25519 (-19), as RFC 9864 has it";
    let happy = Vector::record("happy-path-algorithm-ed25519", desc, "ok", accepted.sign());
    let opening = Story::enrolled().ledger.records[0].clone();
    let mut flipped = opening;
    *flipped.last_mut().unwrap() ^= 1;
    let desc = "a founder's recovery key did not sign";
    let founder = Vector::record("recovery-key-flipped", desc, "cose/signature", flipped);
    vec![("seal-check", happy), ("ledger-open", founder)]
}

impl Page {
    /// The signatures of `other` over the payload of this page.
    fn sign_payload_of(&self, other: &Page) -> Vec<u8> {
        let record = self.sign();
        let Value::Bytes(payload) = get(&record[2..], &[At::Item(2)]) else { panic!() };
        other.sign_payload(payload)
    }
}
