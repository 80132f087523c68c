//! Values out of their ranges and lists out of their order, in the bodies of the whole of custody.

use custody_core::cbor::Value;
use custody_core::id::SubjectId;
use custody_core::record::body::*;

use super::demand::bent;
use super::envelope::Case;
use super::variant::{some_digest, substituted, succeeding};
use crate::paper::story::Story;
use crate::paper::vector::Vector;
use crate::paper::{At, Page, uuid};

/// Name, what it does, where, and how.
type Bend = (&'static str, &'static str, &'static [At<'static>], fn(&mut Value));

const BODY: At<'static> = At::Key("body");

/// All of them: each a change to a body that is as it should be.
pub fn vectors(story: &Story) -> Vec<Case> {
    let (ledger, cast, item) = (&story.ledger, &story.cast, uuid("another thing"));
    let (wim, caro, dora) = (&cast.wim, &cast.caro, &cast.dora);
    let fields = [(some_digest(), "place"), (some_digest(), "remark")];
    let pages: Vec<(Page, &[Bend])> = vec![
        (ledger.collect_amount(wim, item, Quantity { amount: 1, unit: Unit::G }), &COLLECT),
        (substituted(story), &RELEASE),
        (ledger.refuse_offer(wim, caro, &[item], some_digest()), &REFUSE),
        (ledger.pack_bound(wim, uuid("box"), &[item], bound(story)), &PACK),
        (ledger.handling(wim, &[item], &["H1", "TLP:AMBER"]), &HANDLING),
        (ledger.erase_opening(caro, dora, item, &fields), &ERASE),
        (ledger.anchor(), &ANCHOR),
        (ledger.renewal(), &RENEWAL),
        (ledger.operator_succession(&[&cast.north, &cast.south], "other"), &SUCCESSION),
        (ledger.agency_rename(&cast.north, "North"), &UPDATE),
        (ledger.analyse(wim, &[item]), &ANALYSE),
        (ledger.check_out(caro, dora, &[item]), &CHECK_OUT),
        (ledger.request_prepared(wim, uuid("request 2"), &cast.south), &REQUEST),
        (ledger.inventory(wim, &[item], Vec::new()), &INVENTORY),
        (succeeding(), &OPEN),
    ];
    let of_page = |(page, bends): &(Page, &[Bend])| {
        let folder = page.payload.body.record_type().word();
        let bend = |(name, desc, path, change): &Bend| {
            (folder, Vector::record(name, desc, "cbor/out-of-range", bent(page, path, change)))
        };
        bends.iter().map(bend).collect::<Vec<_>>()
    };
    pages.iter().flat_map(of_page).collect()
}

fn bound(story: &Story) -> Option<Bound> {
    Some(Bound { agency: story.cast.north.id, request: uuid("request") })
}

fn list(value: &mut Value) -> &mut Vec<Value> {
    let Value::Array(items) = value else { panic!() };
    items
}

fn put(value: &mut Value, key: &str, item: Value) {
    let Value::Map(pairs) = value else { panic!() };
    pairs.retain(|(known, _)| *known != Value::text(key));
    pairs.push((Value::text(key), item));
}

fn texts(value: &mut Value, texts: &[&str]) {
    *value = Value::array(texts.iter().map(|text| Value::text(*text)));
}

/// The first second of the year 10000.
const TOO_LATE_S: u64 = 253_402_300_800;

const COLLECT: [Bend; 2] = [
    (
        "unknown-unit",
        "a unit that the list does not have",
        &[BODY, At::Key("quantity"), At::Item(1)],
        |v| {
            *v = Value::text("ounce");
        },
    ),
    ("request-of-another-kind", "an item where a request must stand", &[BODY], |v| {
        put(v, "request", Value::text(SubjectId::Item(uuid("request")).to_string()));
    }),
];

const RELEASE: [Bend; 4] = [
    (
        "substitutes-unordered",
        "substitutes in another order",
        &[BODY, At::Key("substitutes")],
        |v| {
            list(v).reverse();
        },
    ),
    ("substitute-twice", "a substitute occurs twice", &[BODY, At::Key("substitutes")], |v| {
        let first = list(v)[0].clone();
        *v = Value::array([first.clone(), first]);
    }),
    ("nine-substitutes", "nine substitutes", &[BODY, At::Key("substitutes")], |v| {
        let mut ids: Vec<_> = (0..9).map(|n| SubjectId::Custodian(uuid(&format!("{n}")))).collect();
        ids.sort();
        *v = Value::array(ids.iter().map(|id| Value::text(id.to_string())));
    }),
    ("expected-in-the-year-10000", "expected too late", &[BODY, At::Key("expected")], |v| {
        *v = Value::Uint(TOO_LATE_S);
    }),
];

const REFUSE: [Bend; 2] = [
    ("offer-and-release", "two things are refused at once", &[BODY], |v| {
        put(v, "release", Value::bytes(some_digest()));
    }),
    ("nothing-refused", "neither an offer nor a release", &[BODY], |v| {
        let Value::Map(pairs) = v else { panic!() };
        pairs.retain(|(known, _)| *known != Value::text("offer"));
    }),
];

const PACK: [Bend; 1] = [(
    "bound-to-an-item",
    "where it came from is no agency",
    &[BODY, At::Key("bound"), At::Item(0)],
    |v| *v = Value::text(SubjectId::Item(uuid("somewhere")).to_string()),
)];

const CODES: &[At<'static>] = &[BODY, At::Key("codes")];

const HANDLING: [Bend; 8] = [
    ("codes-unordered", "codes in another order", CODES, |v| list(v).reverse()),
    ("code-twice", "a code occurs twice", CODES, |v| texts(v, &["H1", "H1"])),
    ("nine-codes", "nine codes", CODES, |v| {
        let codes: Vec<_> = (1..=9).map(|n| format!("NL:{n}")).collect();
        *v = Value::array(codes.iter().map(|code| Value::text(code.as_str())));
    }),
    ("unknown-code", "a code of no list", CODES, |v| texts(v, &["H4"])),
    ("national-in-lower-case", "a country in lower case", CODES, |v| texts(v, &["nl:secret"])),
    ("national-without-text", "a country and no text", CODES, |v| texts(v, &["NL:"])),
    ("national-text-of-two-lines", "a newline in the text", CODES, |v| texts(v, &["NL:a\nb"])),
    ("code-of-65-bytes", "a national text too long", CODES, |v| {
        texts(v, &[&format!("NL:{}", "a".repeat(62))]);
    }),
];

const FIELDS: &[At<'static>] = &[BODY, At::Key("fields")];

const ERASE: [Bend; 5] = [
    ("fields-unordered", "fields in another order", FIELDS, |v| list(v).reverse()),
    ("field-twice", "a field occurs twice", FIELDS, |v| {
        let first = list(v)[0].clone();
        *v = Value::array([first.clone(), first]);
    }),
    ("nothing-erased", "no field", FIELDS, |v| list(v).clear()),
    ("fields-101", "101 fields", FIELDS, |v| {
        let field = |n: usize| {
            Value::array([Value::bytes(some_digest()), Value::text(format!("f-{n:03}"))])
        };
        *v = Value::array((0..101).map(field));
    }),
    (
        "field-name-of-49-bytes",
        "a name too long",
        &[BODY, At::Key("fields"), At::Item(1), At::Item(1)],
        |v| {
            *v = Value::text("z".repeat(49));
        },
    ),
];

const ANCHOR: [Bend; 2] = [
    ("token-empty", "a token of no bytes", &[BODY, At::Key("token")], |v| *v = Value::bytes([])),
    ("token-of-16385-bytes", "a token too long", &[BODY, At::Key("token")], |v| {
        *v = Value::bytes([0; 16_385]);
    }),
];

const RENEWAL: [Bend; 2] = [
    ("root-of-32-bytes", "a root of another algorithm", &[BODY, At::Key("root")], |v| {
        *v = Value::bytes([0; 32]);
    }),
    (
        "algorithm-of-the-first-tree",
        "the algorithm is SHA-256",
        &[BODY, At::Key("algorithm")],
        |v| {
            *v = Value::Int(-16);
        },
    ),
];

const SUCCESSION: [Bend; 1] =
    [("origin-with-a-space", "a name that no ledger can have", &[BODY, At::Key("origin")], |v| {
        *v = Value::text("ledger example");
    })];

const UPDATE: [Bend; 2] = [
    ("name-empty", "a name of no bytes", &[BODY, At::Key("name")], |v| *v = Value::text("")),
    ("country-of-three-letters", "a country in three letters", &[BODY], |v| {
        put(v, "country", Value::text("NLD"));
    }),
];

const ANALYSE: [Bend; 1] =
    [("tool-of-101-bytes", "a name too long", &[BODY, At::Key("tool")], |v| {
        *v = Value::text("t".repeat(101));
    })];

const CHECK_OUT: [Bend; 1] =
    [("due-in-the-year-10000", "due too late", &[BODY, At::Key("due")], |v| {
        *v = Value::Uint(TOO_LATE_S);
    })];

const REQUEST: [Bend; 2] = [
    ("deadline-in-the-year-10000", "due too late", &[BODY, At::Key("deadline")], |v| {
        *v = Value::Uint(TOO_LATE_S);
    }),
    ("instrument-of-201-bytes", "a name too long", &[BODY, At::Key("instrument")], |v| {
        *v = Value::text("i".repeat(201));
    }),
];

const INVENTORY: [Bend; 2] = [
    ("outcomes-unordered", "outcomes in another order", &[BODY], |v| {
        put(v, "outcomes", outcomes(&[1, 0]));
    }),
    ("outcome-twice", "two outcomes about one item", &[BODY], |v| {
        put(v, "outcomes", outcomes(&[0, 0]));
    }),
];

fn outcomes(positions: &[u64]) -> Value {
    let outcome = |at: &u64| Value::array([Value::Uint(*at), Value::text("missing")]);
    Value::array(positions.iter().map(outcome))
}

const OPEN: [Bend; 2] = [
    ("quorum-of-none", "nobody must sign where founders decide", &[BODY, At::Key("quorum")], |v| {
        *v = Value::Uint(0);
    }),
    ("quorum-of-more", "more must sign than founders there are", &[BODY, At::Key("quorum")], |v| {
        *v = Value::Uint(3);
    }),
];
