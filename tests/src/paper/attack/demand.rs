//! Attacks on the form of the types of the whole of custody: of each, everything left out that it demands, and
//! something added that it does not take.

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::id::SubjectId;
use custody_core::record::Signer;

use super::envelope::Case;
use crate::paper::story::Story;
use crate::paper::vector::Vector;
use crate::paper::{At, Hand, Page, edit, uuid};

/// A type, the keys that its body must have, those of them that are words of a list, and the sealed fields that
/// it must have.
type Demand =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const DEMANDS: [Demand; 33] = [
    ("agency-update", &[], &[], &[]),
    ("policy", &["quorum"], &[], &[]),
    ("anchor", &["kind", "token"], &["kind"], &[]),
    ("renewal", &["root", "algorithm"], &[], &[]),
    ("operator-succession", &["origin"], &[], &[]),
    ("provider-production", &["basis"], &["basis"], &["digests", "provider"]),
    ("register-legacy", &["kind", "format", "document"], &["kind", "format"], &["events"]),
    ("seal-break", &["reason"], &["reason"], &[]),
    ("pack", &["container"], &[], &[]),
    ("unpack", &["container"], &[], &[]),
    ("carrier-scan", &["event", "release"], &["event"], &[]),
    (
        "handoff-external",
        &["party", "purpose", "stand-in"],
        &["party", "purpose", "stand-in"],
        &["party"],
    ),
    ("succession", &["reason"], &["reason"], &[]),
    ("store", &["condition"], &["condition"], &["place"]),
    ("check-out", &["purpose"], &["purpose"], &[]),
    ("check-in", &["condition"], &["condition"], &[]),
    ("split", &["rest", "parts", "parent"], &[], &[]),
    ("consume", &["rest", "purpose"], &["purpose"], &[]),
    ("analyse", &["kind"], &["kind"], &[]),
    ("disclose", &["size", "basis", "exhibit"], &["basis"], &["recipient"]),
    ("court-exhibit", &["status"], &["status"], &["mark"]),
    ("hold-set", &["basis"], &["basis"], &["authority"]),
    ("hold-release", &["hold"], &[], &["authority"]),
    ("dispute", &["ground", "record"], &["ground"], &["text"]),
    ("dispute-response", &["dispute"], &[], &["text"]),
    ("dispute-resolution", &["dispute", "outcome"], &["outcome"], &["text"]),
    ("authorise-onward", &["use"], &["use"], &["authority"]),
    ("handling", &["codes"], &[], &[]),
    ("inventory", &["method"], &["method"], &[]),
    ("discrepancy", &["kind"], &["kind"], &["text"]),
    ("return-to-owner", &["stand-in"], &["stand-in"], &["authority", "party"]),
    ("erase-opening", &["basis", "fields"], &["basis"], &["authority"]),
    ("request", &["step"], &["step", "basis", "purpose"], &["contact"]),
];

/// All of them.
pub fn vectors(story: &Story, pages: &[Page]) -> Vec<Case> {
    let of_type = |demand: &Demand| {
        let word = |page: &&Page| page.payload.body.record_type().word() == demand.0;
        let page = pages.iter().find(word).unwrap();
        [body(demand, page), around(demand, page, story)].concat()
    };
    DEMANDS.iter().flat_map(of_type).collect()
}

/// The payload of a page, with its signers named.
pub fn payload_of(page: &Page) -> Vec<u8> {
    let mut payload = page.payload.clone();
    let signer = |hand: &Hand| Signer { role: hand.role, id: hand.id.clone() };
    payload.signers = page.hands.iter().map(signer).collect();
    payload.encode()
}

/// The record with a change to the tree of its payload.
pub fn bent(page: &Page, path: &[At<'_>], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    page.sign_payload(edit(&payload_of(page), path, change))
}

/// What a body lacks or has too much of.
fn body((folder, keys, words, _): &Demand, page: &Page) -> Vec<Case> {
    let refused =
        |name: &str, desc: &str, code, bytes| (*folder, Vector::record(name, desc, code, bytes));
    let in_body = [At::Key("body")];
    let without = |key: &&str| {
        let bytes = bent(page, &in_body, |body| {
            let Value::Map(pairs) = body else { panic!() };
            pairs.retain(|(known, _)| *known != Value::text(*key));
        });
        let desc = format!("the body has no `{key}`");
        refused(&format!("no-{key}"), &desc, "cbor/missing-key", bytes)
    };
    let unknown = |key: &&str| {
        let bytes = bent(page, &[At::Key("body"), At::Key(key)], |word| {
            *word = Value::text("somehow");
        });
        let desc = format!("a word for `{key}` that the list does not have");
        refused(&format!("unknown-{key}"), &desc, "cbor/out-of-range", bytes)
    };
    let more = bent(page, &in_body, |body| {
        let Value::Map(pairs) = body else { panic!() };
        pairs.push((Value::text("whatever-else"), Value::Null));
    });
    let more = refused("body-with-more", "the body has a key too many", "cbor/unknown-key", more);
    let cases = keys.iter().map(without).chain(words.iter().map(unknown));
    cases.chain([more]).collect()
}

/// What is wrong around a body: fields, signers, chains, parties.
fn around((folder, _, _, sealed): &Demand, page: &Page, story: &Story) -> Vec<Case> {
    let refused = |name: &str, desc: &str, code, page: &Page| {
        (*folder, Vector::record(name, desc, code, page.sign()))
    };
    let without = |field: &&str| {
        let page = page.clone().with(|payload| payload.sealed.retain(|(name, _)| name != field));
        let desc = format!("`{field}` is not sealed");
        refused(&format!("{field}-not-sealed"), &desc, "record/missing-field", &page)
    };
    let mut crowded = page.clone();
    crowded.hands.push(Hand::of(&story.cast.ben, Role::OtherParty));
    let elsewhere = page.clone().with(|payload| {
        for link in &mut payload.subjects {
            link.subject = of_another_kind(&link.subject);
        }
        payload.subjects.sort_by(|left, right| left.subject.cmp(&right.subject));
    });
    let is_move = page.payload.to.is_some();
    let to = (!is_move).then_some(story.cast.ben.id);
    let parties = page.clone().with(|payload| payload.to = to);
    let (name, desc) = match is_move {
        true => ("no-addressee", "nobody is named who takes over"),
        false => ("addressed", "somebody is named to whom nothing goes"),
    };
    let mut cases: Vec<_> = sealed.iter().map(without).collect();
    cases.extend([
        refused("one-signer-too-many", "a carrier signs too", "record/signers", &crowded),
        refused(
            "chain-of-another-kind",
            "it extends a chain of a kind that it cannot",
            "record/subjects",
            &elsewhere,
        ),
        refused(name, desc, "record/parties", &parties),
    ]);
    cases
}

fn of_another_kind(subject: &SubjectId) -> SubjectId {
    match subject {
        SubjectId::Item(id) => SubjectId::Notes(*id),
        SubjectId::Notes(id) => SubjectId::Item(*id),
        _ => SubjectId::Item(uuid("elsewhere")),
    }
}
