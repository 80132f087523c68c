//! Two exhibits of one item: what the report of a comparison says, and which exhibit says it.

use custody_core::checkpoint::Checkpoint;
use custody_core::exhibit::Exhibit;
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::policy::Policy;
use custody_core::verify::{Inputs, Line, LineId, Outcome, Verdict, compare_exhibits};
use custody_tests::paper::story::{Story, entry};
use custody_tests::paper::{PaperExhibit, uuid};

use crate::page_verifier::compared_alike;

/// Compares as a reader who asks for no witness.
fn compare(story: &Story, older: &PaperExhibit, newer: &PaperExhibit) -> Outcome {
    let lines = String::from_utf8(story.policy().format()).unwrap();
    let (lines, _) = lines.rsplit_once("quorum ").unwrap();
    let policy = Policy::parse(format!("{lines}quorum none\n").as_bytes()).unwrap();
    let pins = story.pins();
    let inputs = Inputs {
        policy: &policy,
        pins: Some(&pins),
        checkpoints: &[],
        evidence: &[],
        at_s: Some(story.ledger.now_s() + 7200),
    };
    let files = [older, newer].map(PaperExhibit::encode);
    let [older, newer] = [0, 1].map(|one| Exhibit::parse(&files[one]).unwrap());
    let outcome = compare_exhibits(&older, &newer, &inputs);
    compared_alike(&files, &policy.format(), pins.to_string().as_bytes(), &outcome);
    outcome
}

fn line(outcome: &Outcome, id: LineId) -> &Line {
    outcome.report.lines().iter().find(|line| line.id == id).unwrap()
}

/// The exhibits of the disk on its way and where it arrived, the newer with a proof that it continues the
/// older.
fn two() -> (Story, PaperExhibit, PaperExhibit) {
    let (early, late) = (Story::released(), Story::whole());
    let mut newer = late.exhibit_of(late.disk, &late.cast.caro);
    newer.contents.consistency.push(late.ledger.consistency(early.ledger.head().size));
    let older = early.exhibit_of(early.disk, &early.cast.caro);
    (late, older, newer)
}

fn without_witnesses(checkpoint: &Checkpoint) -> Checkpoint {
    let text = str::from_utf8(checkpoint.as_bytes()).unwrap();
    let lines: Vec<_> = text.lines().take(6).collect();
    Checkpoint::parse(format!("{}\n", lines.join("\n")).as_bytes()).unwrap()
}

#[test]
fn of_equal_lines_the_newer_exhibits_stays() {
    let (story, older, mut newer) = two();
    newer.contents.checkpoint = without_witnesses(&newer.contents.checkpoint);
    // Whichever is given first.
    for outcome in [compare(&story, &older, &newer), compare(&story, &newer, &older)] {
        assert_eq!(outcome.report.verdict(), Verdict::Verified, "{:#?}", outcome.report);
        assert_eq!(line(&outcome, LineId::Completeness).code, "completeness/asserted");
        let text = &line(&outcome, LineId::Checkpoint).text;
        assert!(text.ends_with("size 21"), "{text}");
        let text = &line(&outcome, LineId::Disputes).text;
        assert!(text.contains("entry 19: `description` corrected: typing"), "{text}");
    }
}

#[test]
fn a_worse_line_of_the_older_exhibit_stays() {
    let (story, mut older, newer) = two();
    older.header.origin = "ledger.example/other".parse().unwrap();
    let outcome = compare(&story, &older, &newer);
    assert_eq!(line(&outcome, LineId::Manifest).code, "manifest/other-ledger");
    assert_eq!(line(&outcome, LineId::Completeness).code, "completeness/attested");
}

#[test]
fn of_two_failures_the_newer_exhibits_is_told() {
    let (story, mut older, mut newer) = two();
    older.header.origin = "ledger.example/other".parse().unwrap();
    newer.key = story.cast.ben.key.clone();
    let outcome = compare(&story, &older, &newer);
    assert_eq!(line(&outcome, LineId::Manifest).code, "manifest/key-not-enrolled");
}

#[test]
fn exhibits_of_two_items_are_not_compared() {
    let (story, older, _) = two();
    let outcome = compare(&story, &older, &story.exhibit());
    assert_eq!(line(&outcome, LineId::Completeness).code, "compare/other-item");
}

/// Two ledgers that are equal up to the seal: each log is honest, if one does not see the other.
#[test]
fn two_records_in_one_place_are_a_fork() {
    let (story, older, _) = two();
    let mut other = Story::collected();
    for n in 0..8 {
        other.ledger.write(&other.ledger.collect(&other.cast.ana, uuid(&format!("thing {n}"))));
        let seal = other.ledger.put_seal(&other.cast.ana, other.disk, &n.to_string());
        other.ledger.write(&seal);
    }
    let newer = other.exhibit_of(other.disk, &other.cast.ana);
    let line = line(&compare(&story, &older, &newer), LineId::Completeness).clone();
    assert_eq!(line.code, "compare/fork");
    assert!(line.text.contains("entry 10 is record"), "{}", line.text);
}

/// A log that makes its index forget a record: each exhibit is complete by its own checkpoint.
#[test]
fn a_record_that_the_newer_exhibit_lacks_is_named() {
    let early = Story::whole();
    let mut late = Story::whole();
    let disk = SubjectId::Item(early.disk);
    let older = early.exhibit_of(early.disk, &early.cast.caro);
    // The image is not made from the disk any more: nothing else of the disk comes after that.
    let before = late.ledger.record(LeafIndex(entry::SEAL_CHECK));
    late.ledger.rewind_head(&disk, &before);
    late.ledger.write(&late.ledger.collect(&late.cast.wim, uuid("a cover")));
    let mut newer = late.exhibit_of(late.disk, &late.cast.caro);
    newer.drop_record(entry::DERIVE);
    newer.contents.consistency.push(late.ledger.consistency(early.ledger.head().size));
    newer.prove(&late.ledger);
    let outcome = compare(&late, &older, &newer);
    let line = line(&outcome, LineId::Completeness);
    assert_eq!(line.code, "compare/record-missing", "{:#?}", outcome.report);
    assert_eq!(line.text, "entry 16 of the older exhibit is not in the newer");
}
