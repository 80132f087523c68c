//! Honest exhibits verify, line by line.

use custody_core::checkpoint::Checkpoint;
use custody_core::exhibit::{Exhibit, WithholdReason};
use custody_core::hash::sha256;
use custody_core::merkle::TreeSize;
use custody_core::verify::{EvidenceFile, Inputs, Outcome, Verdict, verify_exhibit};
use custody_tests::paper::story::{IMAGE, Story, entry};
use custody_tests::paper::{PaperExhibit, RawMessage};

/// Verifies with everything that a well-equipped reader has.
fn verify(story: &Story, exhibit: &PaperExhibit, checkpoints: &[Checkpoint]) -> Outcome {
    let evidence =
        [EvidenceFile { name: "image.raw".to_owned(), sha256: sha256(IMAGE), sha512: None }];
    let inputs = Inputs {
        policy: &story.policy(),
        pins: Some(&story.pins()),
        checkpoints,
        evidence: &evidence,
        at_s: Some(story.ledger.now_s() + 7200),
    };
    verify_exhibit(&Exhibit::parse(&exhibit.encode()).unwrap(), &inputs)
}

#[track_caller]
fn expect(outcome: &Outcome, rows: &[&str]) {
    let row =
        |line: &custody_core::verify::Line| format!("{} {} {}", line.status, line.id, line.code);
    let actual: Vec<_> = outcome.report.lines().iter().map(row).collect();
    assert_eq!(actual, rows, "{:#?}", outcome.report.lines());
    assert_eq!(outcome.report.verdict(), Verdict::Verified);
}

#[test]
fn an_honest_exhibit_is_verified_line_by_line() {
    let story = Story::whole();
    let earlier = story.ledger.at_size(TreeSize(11));
    let mut exhibit = story.exhibit();
    exhibit.contents.consistency.push(story.ledger.consistency(TreeSize(11)));
    exhibit.contents.handling.push("TLP:AMBER".to_owned());
    let outcome = verify(&story, &exhibit, &[earlier.checkpoint()]);
    expect(
        &outcome,
        &[
            "pass format ok",
            "pass checkpoint ok",
            "pass manifest ok",
            "pass evidence-files ok",
            "pass signatures ok",
            "pass key-standing ok",
            "pass agencies-pinned ok",
            "pass both-sides-signed ok",
            "pass custody-rules ok",
            "pass continuity ok",
            "pass inclusion ok",
            "pass consistency ok",
            "pass completeness completeness/attested",
            "pass freshness ok",
            "pass witnesses ok",
            "not-applicable timestamps nothing-to-check",
            "pass redactions ok",
            "pass handling-codes ok",
            "pass disputes disputes/recorded",
        ],
    );
}

#[test]
fn the_exhibit_of_a_derived_item_tells_what_happened_to_the_item_it_was_made_from() {
    let story = Story::whole();
    let outcome = verify(&story, &story.exhibit(), &[]);
    let texts: Vec<_> = outcome.report.lines().iter().map(|line| line.text.as_str()).collect();
    let disputes = "entry 12: refused: papers; entry 14: the receiver found: not-inventoried; \
                    entry 19: `description` corrected: typing";
    assert!(texts.contains(&disputes), "{texts:#?}");
    let handed_over = "1 handoffs signed by both sides; 1 of 2 releases received";
    assert!(texts.contains(&handed_over), "{texts:#?}");
}

#[test]
fn a_redacted_exhibit_is_verified_and_lists_what_is_withheld() {
    let story = Story::whole();
    let fields = [
        (entry::COLLECT, "attached/0", WithholdReason::PersonalData),
        (entry::COLLECT, "place", WithholdReason::Investigation),
        (entry::NOTE, "text", WithholdReason::Order),
    ];
    let outcome = verify(&story, &story.exhibit().withhold(&fields), &[]);
    assert_eq!(outcome.report.verdict(), Verdict::Verified);
    let redactions = outcome.report.lines().iter().find(|line| line.code == "redactions/withheld");
    let expected = "3 sealed fields are withheld: attached/0 of entry 7 (personal-data), \
                    place of entry 7 (investigation), text of entry 18 (order)";
    assert_eq!(redactions.unwrap().text, expected);
}

#[test]
fn messages_by_hand_are_those_of_the_core() {
    let story = Story::released();
    let cast = &story.cast;
    let page = story.ledger.handoff(&cast.ana, &cast.ben, &[story.disk], &[&cast.wim]);
    assert_eq!(RawMessage::of(&page).sign(), page.sign());
}
