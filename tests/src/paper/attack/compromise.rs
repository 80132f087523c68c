//! Keys that others may have had: since when, and who saw the records before.

use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::merkle::{LeafIndex, TreeSize};
use custody_core::record::body::LateReason;
use custody_core::verify::LineId::{CustodyRules, KeyStanding};
use custody_log::signing::cosign_ed25519;

use super::exhibit::{Attack, Case, afterwards, open, rejected};
use crate::paper::story::{Story, entry, witnesses};
use crate::paper::{PaperLedger, Person};

/// The reader wants both witnesses.
pub const BOTH: &str = "policy-both-witnesses.txt";
/// The reader knows both witnesses and wants none.
pub const NONE: &str = "policy-no-witness.txt";

/// All of them.
pub fn cases() -> Vec<Case> {
    [open(&KEYS), open(&TIMES), rejected(&TIMES_REFUSED), quorums(), vec![embedded()]].concat()
}

/// Files beside the vectors.
pub fn beside() -> Vec<(String, Vec<u8>)> {
    let half = seen_by(&Story::whole().ledger.at_size(TreeSize(HALF)), [Some(SINCE_S - 1), None]);
    let (story, _) = with_erin();
    let enrolled = story.cosigned(&story.ledger.checkpoint());
    let file = |name: &str, checkpoint: Checkpoint| {
        (format!("{name}.checkpoint"), checkpoint.as_bytes().to_vec())
    };
    vec![file("seen-by-the-mirror", half), file("erin-enrolled", enrolled)]
}

/// Transit says that others may have had Ben's key.
fn compromise(story: &mut Story, since_s: u64) {
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.key_compromised(&cast.transit, &cast.ben, since_s));
}

const KEYS: [Attack; 2] = [
    (
        "key-compromised",
        "others may have had a signer's key before",
        KeyStanding,
        "key-standing/compromised",
        || afterwards(|story| compromise(story, story.ledger.now_s() - 60)),
    ),
    (
        "authority-key-compromised",
        "others may have had the key that enrolled a signer",
        KeyStanding,
        "key-standing/compromised",
        || {
            afterwards(|story| {
                let Story { cast, ledger, .. } = story;
                let transit = Person {
                    id: cast.transit.id,
                    agency: cast.transit.id,
                    key: cast.transit.key.clone(),
                };
                let mut page = ledger.key_compromised(&cast.transit, &transit, ledger.now_s() - 60);
                page.payload.subjects = vec![ledger.link(&cast.transit.subject())];
                ledger.write(&page);
            })
        },
    ),
];

/// A time in the far future that should keep a true one out.
const FAR_S: u64 = 4_000_000_000;

const TIMES: [Attack; 1] = [(
    "key-compromised-earlier-than-first-stated",
    "a time far ahead is stated first, and then the one before which nobody saw the records",
    KeyStanding,
    "key-standing/compromised",
    || {
        afterwards(|story| {
            compromise(story, FAR_S);
            compromise(story, story.ledger.now_s() - 60);
        })
    },
)];

const TIMES_REFUSED: [Attack; 2] = [
    (
        "key-compromised-later-than-first-stated",
        "a time is stated, and then a later one that would clear the records",
        CustodyRules,
        "custody/no-such-key",
        || afterwards(|story| compromised_again(story, 1)),
    ),
    (
        "key-compromised-twice",
        "one time is stated twice",
        CustodyRules,
        "custody/no-such-key",
        || afterwards(|story| compromised_again(story, 0)),
    ),
];

fn compromised_again(story: &mut Story, later_s: u64) {
    let since_s = story.ledger.now_s() - 60;
    compromise(story, since_s);
    let Story { cast, ledger, .. } = story;
    ledger.force_page(&ledger.key_compromised(&cast.transit, &cast.ben, since_s + later_s));
}

/// When others got Ben's key, in the exhibits below: an hour after the story.
const SINCE_S: u64 = crate::paper::START_S + 600 * (entry::LAST + 1) + 3600;
/// A tree that has all that Ben signed.
const HALF: u64 = entry::RECEIVE + 1;

/// The checkpoint of the ledger with lines of the mirror and of the other witness, at these times.
fn seen_by(ledger: &PaperLedger, times_s: [Option<u64>; 2]) -> Checkpoint {
    let lines = witnesses().into_iter().zip(times_s);
    lines.fold(ledger.checkpoint(), |checkpoint, (witness, time_s)| match time_s {
        None => checkpoint,
        Some(time_s) => {
            let time = PosixTime::new(time_s).unwrap();
            let line = cosign_ed25519(&witness, &checkpoint, time);
            checkpoint.with_signature(line).unwrap()
        }
    })
}

/// The story's exhibit after Ben's key was compromised, seen by the witnesses at these times.
fn seen_at(times_s: [u64; 2]) -> Vec<u8> {
    let mut story = Story::whole();
    compromise(&mut story, SINCE_S);
    let mut exhibit = story.exhibit();
    exhibit.contents.checkpoint = seen_by(&story.ledger, times_s.map(Some));
    exhibit.contents.consistency.push(story.ledger.consistency(TreeSize(HALF)));
    exhibit.encode()
}

fn quorums() -> Vec<Case> {
    let (line, code) = (KeyStanding, "key-standing/compromised");
    let [both, one, none] =
        [[1, 1], [0, 1], [0, 0]].map(|before| seen_at(before.map(|before| SINCE_S - before)));
    vec![
        Case::verified(
            "happy-path-key-compromised-afterwards",
            "both witnesses saw the records before others had the key",
            both,
        )
        .policy(BOTH),
        Case::verified(
            "happy-path-key-compromised-after-one-saw",
            "one of two witnesses saw the records before, which is enough for this policy",
            one.clone(),
        ),
        Case::open(
            "key-compromised-before-the-quorum-saw",
            "one of two witnesses saw the records before, which is too few for this policy",
            line,
            code,
            one.clone(),
        )
        .policy(BOTH),
        Case::verified(
            "happy-path-key-compromised-after-each-saw-a-tree",
            "each of two witnesses saw the records before, in another tree",
            one,
        )
        .policy(BOTH)
        .checkpoint("seen-by-the-mirror.checkpoint"),
        Case::open(
            "key-compromised-the-second-it-was-seen",
            "the witnesses saw the records in the very second since which others had the key",
            line,
            code,
            none.clone(),
        ),
        Case::open(
            "key-compromised-and-no-witness-asked-for",
            "no witness saw the records before, and the policy asks for none",
            line,
            code,
            none,
        )
        .policy(NONE),
    ]
}

/// The whole story, and Erin, whom South enrolled.
fn with_erin() -> (Story, Person) {
    let mut story = Story::whole();
    let Story { cast, ledger, .. } = &mut story;
    let erin = Person::new("erin", &cast.south);
    ledger.write(&ledger.custodian_enrol(&cast.south, &erin));
    (story, erin)
}

/// Witnesses saw Erin's enrolment in time, and her seal only after others had her key.
fn embedded() -> Case {
    let (mut story, erin) = with_erin();
    let since_s = story.ledger.now_s() + 60;
    let enrolled = story.ledger.head().size;
    let Story { cast, ledger, disk, .. } = &mut story;
    let place = ledger.record(LeafIndex(entry::SEAL)).payload().subjects.clone();
    let seal = ledger.put_seal(&erin, *disk, "PT-1").with(|payload| payload.subjects = place);
    ledger.write(&ledger.late_entry(&cast.caro, *disk, seal.sign(), LateReason::Conflict));
    ledger.write(&ledger.key_compromised(&cast.south, &erin, since_s));
    let mut exhibit = story.exhibit();
    exhibit.contents.consistency.push(story.ledger.consistency(enrolled));
    let name = "late-entry-of-a-compromised-key";
    let desc = "a late entry embeds a signature of a key that others may have had";
    let code = "key-standing/compromised";
    let case = Case::open(name, desc, KeyStanding, code, exhibit.encode());
    case.checkpoint("erin-enrolled.checkpoint")
}
