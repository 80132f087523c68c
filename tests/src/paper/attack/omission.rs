//! What an exporter leaves out of an exhibit of the whole of custody: the histories of boxes, siblings and
//! requests, handling codes, the record of an erasure.

use custody_core::exhibit::WithholdReason;
use custody_core::id::{SubjectId, Uuid};
use custody_core::verify::LineId::{Completeness, CustodyRules, HandlingCodes, Redactions};

use super::custody::*;
use super::exhibit::Case;
use crate::paper::story::Story;
use crate::paper::uuid;

/// All of them.
pub fn cases() -> Vec<Case> {
    [omissions(), vec![without_ledger(), without_notes()], codes_and_erasures()].concat()
}

/// Who decides with whom is in the ledger's history: without it nobody can judge that founders were enough.
fn without_ledger() -> Case {
    let (story, mut exhibit) = told(|story| {
        disputed(story);
        phone()
    });
    exhibit.drop_subject(&story.ledger.subject());
    exhibit.prove(&story.ledger);
    let (name, desc) = ("founders-without-ledger", "the ledger's history is left out");
    Case::rejected(name, desc, CustodyRules, "custody/not-held", exhibit.encode()).evidence(&[])
}

/// A move that names no permission has none, whoever has the notes.
fn without_notes() -> Case {
    let (story, mut exhibit) = told(|story| {
        requested(story);
        let Story { cast, ledger, .. } = story;
        let page = ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]);
        ledger.force_page(&page);
        phone()
    });
    exhibit.drop_subject(&SubjectId::Notes(phone()));
    exhibit.prove(&story.ledger);
    let (name, desc) = ("onward-without-permission-and-notes", "the notes are left out too");
    let code = "custody/onward-not-authorised";
    Case::rejected(name, desc, CustodyRules, code, exhibit.encode()).evidence(&[])
}

/// Histories that belong to an item's and are left out.
fn omissions() -> Vec<Case> {
    let without = |name: &str, desc: &str, tale: fn(&mut Story) -> Uuid, subject: SubjectId| {
        let (story, mut exhibit) = told(tale);
        assert!(exhibit.contents.lookup(&subject).is_some(), "{name}: not there");
        exhibit.drop_subject(&subject);
        exhibit.prove(&story.ledger);
        let code = "completeness/missing-subject";
        Case::rejected(name, desc, Completeness, code, exhibit.encode()).evidence(&[])
    };
    let in_a_box: fn(&mut Story) -> Uuid = |story| {
        packed(story);
        phone()
    };
    let in_a_bag_in_a_box: fn(&mut Story) -> Uuid = |story| {
        nested(story);
        phone()
    };
    let part: fn(&mut Story) -> Uuid = |story| {
        split(story);
        uuid("sample")
    };
    let moved: fn(&mut Story) -> Uuid = |story| {
        requested(story);
        phone()
    };
    // What notes permit is not judged without them, and their absence is the finding.
    let passed_on: fn(&mut Story) -> Uuid = |story| {
        permitted(story);
        phone()
    };
    let custody = |name| SubjectId::Item(uuid(name));
    let notes = |name| SubjectId::Notes(uuid(name));
    vec![
        without("box-left-out", "the box that it is in is left out", in_a_box, custody("box")),
        without("notes-of-the-box-left-out", "what is said of the box", in_a_box, notes("box")),
        without("outer-box-left-out", "the box around its bag", in_a_bag_in_a_box, custody("box")),
        without(
            "notes-with-a-permission-left-out",
            "what permits the move is left out",
            passed_on,
            SubjectId::Notes(phone()),
        ),
        without("whole-left-out", "what it is a part of is left out", part, custody("powder")),
        without("sibling-left-out", "the other part is left out", part, custody("counter-sample")),
        without("notes-of-a-sibling-left-out", "what is said of it", part, notes("counter-sample")),
        without(
            "request-left-out",
            "the request is left out",
            moved,
            SubjectId::Request(uuid("request")),
        ),
    ]
}

/// Codes that the file does not carry, and fields erased without a record.
fn codes_and_erasures() -> Vec<Case> {
    let carrying = |carried: &[&str]| {
        told(handled).1.with(|exhibit| exhibit.contents.handling = codes(carried)).encode()
    };
    let withheld = |tale, entry, field| {
        told(tale).1.withhold(&[(entry, field, WithholdReason::Erased)]).encode()
    };
    let plain: fn(&mut Story) -> Uuid = |story| {
        collected(story);
        phone()
    };
    let not_carried = |name, desc, file| {
        Case::rejected(name, desc, HandlingCodes, "handling/not-carried", file).evidence(&[])
    };
    let unrecorded = |name, desc, file| {
        Case::rejected(name, desc, Redactions, "redactions/erased-unrecorded", file).evidence(&[])
    };
    vec![
        not_carried("codes-left-out", "handling codes are left out", carrying(&[])),
        not_carried("code-left-out", "one of two handling codes is left out", carrying(&["H1"])),
        not_carried("old-code-carried", "the codes of before", carrying(&["H0"])),
        unrecorded(
            "erased-unrecorded",
            "a field is said to be erased, and no record says so",
            withheld(plain, COLLECTED, "description"),
        ),
        unrecorded(
            "another-field-erased",
            "another field is said to be erased than the record says",
            withheld(erase, COLLECTED, "place"),
        ),
    ]
}
