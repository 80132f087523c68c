//! Exhibits that are made to keep their reader busy: what they can make it do is counted, in records that
//! were judged.

use custody_core::exhibit::Exhibit;
use custody_core::policy::Policy;
use custody_core::verify::{Inputs, Outcome, Verdict, compare_exhibits, verify_exhibit};
use custody_tests::paper::story::{Cast, pins_of};
use custody_tests::paper::{PaperLedger, Person, signing_key, uuid};

/// Keys that a subject may ever have: SPEC section "Limits".
pub const MAX_KEYS: usize = 1024;

/// A ledger whose log took in whatever it was given, and who reads its exhibits.
pub struct Rotated {
    pub ledger: PaperLedger,
    pub cast: Cast,
}

impl Rotated {
    /// `people` who each had their key changed `changes` times, and wrote a remark with the last one.
    pub fn new(people: usize, changes: usize) -> Self {
        let cast = Cast::new();
        let mut ledger = PaperLedger::found(&[&cast.north]);
        ledger.write(&ledger.custodian_enrol(&cast.north, &cast.ana));
        ledger.write(&ledger.collect(&cast.ana, uuid("thing")));
        for number in 0..people {
            let person = Person::new(&format!("person {number}"), &cast.north);
            ledger.force_page(&ledger.custodian_enrol(&cast.north, &person));
            let keys = (0..changes).map(|key| signing_key(&format!("key {key} of {number}")));
            let mut last = person.clone();
            for key in keys {
                ledger.force_page(&ledger.key_rotate(&cast.north, &person, &key));
                last = person.with_key(&key);
            }
            ledger.force_page(&ledger.note(&last, uuid("thing")));
        }
        Self { ledger, cast }
    }

    /// The exhibit of all of it.
    pub fn file(&self) -> Vec<u8> {
        self.ledger.exhibit_of_all(uuid("thing"), &self.cast.ana).encode()
    }

    pub fn policy(&self) -> Policy {
        Policy::for_log(self.ledger.signer.keys().clone(), Vec::new(), None).unwrap()
    }

    fn verify(&self, judge: impl FnOnce(&Inputs<'_>) -> Outcome) -> Outcome {
        let (policy, pins) = (self.policy(), pins_of(&self.ledger, &[&self.cast.north]));
        let (checkpoints, evidence) = (&[], &[]);
        let pins = Some(&pins);
        judge(&Inputs { policy: &policy, pins, checkpoints, evidence, at_s: None })
    }
}

fn lines(outcome: &Outcome) -> Vec<String> {
    outcome.report.lines().iter().map(ToString::to_string).collect()
}

/// The history stops at the first change that is one too many, however many follow. Each change that is
/// judged costs a copy of the keys before it, of which there are less than 1,024.
#[test]
fn twenty_thousand_changes_of_one_key_are_judged_up_to_the_limit() {
    let mut rotated = Rotated::new(1, 10_000);
    let older = Exhibit::parse(&rotated.file()).unwrap();
    rotated = Rotated::new(1, 20_000);
    let file = rotated.file();
    let newer = Exhibit::parse(&file).unwrap();
    assert!(file.len() > 16_000_000 && newer.contents().records.len() == 20_005);
    // Founding, Ana, the item, the enrolment with the first key; then 1,023 changes are allowed.
    let stop = 3 + MAX_KEYS;
    let stopped = format!("the history stops making sense at entry {stop} [history/stopped]");
    for outcome in [
        rotated.verify(|inputs| verify_exhibit(&newer, inputs)),
        rotated.verify(|inputs| compare_exhibits(&older, &newer, inputs)),
    ] {
        assert_eq!(outcome.report.verdict(), Verdict::Rejected);
        let lines = lines(&outcome);
        let ends = |end: &str| lines.iter().any(|line| line.ends_with(end));
        assert!(ends("had 1024 keys and can have no more [custody/too-many-keys]"), "{lines:#?}");
        assert!(ends(&stopped), "{lines:#?}");
    }
}

#[test]
fn as_many_keys_as_are_allowed_are_judged() {
    let rotated = Rotated::new(8, MAX_KEYS - 1);
    let exhibit = Exhibit::parse(&rotated.file()).unwrap();
    let outcome = rotated.verify(|inputs| verify_exhibit(&exhibit, inputs));
    assert_eq!(outcome.report.verdict(), Verdict::Verified, "{:#?}", lines(&outcome));
}
