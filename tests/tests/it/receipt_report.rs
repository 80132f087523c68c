//! The report on a receipt, line by line: honest ones, and each way in which one can be wrong.

use custody_core::checkpoint::PosixTime;
use custody_core::merkle::{LeafIndex, TreeSize, prove_inclusion};
use custody_core::pins::Pins;
use custody_core::policy::Policy;
use custody_core::receipt::Receipt;
use custody_core::verify::{ReceiptFiles, verify_receipt};
use custody_log::signing::sign_checkpoint;
use custody_tests::paper::story::{Story, entry};
use custody_tests::paper::uuid;

/// A receipt with its files, who reads it, and the lines of the report as `status id code`.
pub struct Case {
    pub name: &'static str,
    pub proof: Vec<u8>,
    pub entry: Vec<u8>,
    pub record: Vec<u8>,
    pub policy: Vec<u8>,
    pub pins: Option<Vec<u8>>,
    wanted: Vec<&'static str>,
}

/// The lines of an honest receipt whose reader has pins.
const HONEST: [&str; 9] = [
    "pass format ok",
    "pass checkpoint ok",
    "not-checked signatures receipt/no-key-history",
    "not-checked key-standing receipt/no-key-history",
    "pass agencies-pinned ok",
    "not-checked custody-rules receipt/no-key-history",
    "pass inclusion ok",
    "pass freshness ok",
    "pass witnesses ok",
];

impl Case {
    /// A receipt of entry `index` of the story's ledger as it stands.
    pub fn of(name: &'static str, story: &Story, index: u64) -> Self {
        let ledger = &story.ledger;
        let proof = prove_inclusion(LeafIndex(index), ledger.head().size, ledger).unwrap();
        let receipt = Receipt::new(None, proof, story.cosigned(&ledger.checkpoint())).unwrap();
        Self {
            name,
            proof: receipt.format(),
            entry: ledger.entries[index as usize].encode(),
            record: ledger.records[index as usize].clone(),
            policy: story.policy().format(),
            pins: Some(story.pins().to_string().into_bytes()),
            wanted: HONEST.to_vec(),
        }
    }

    /// The same with other files.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The same with these lines in place of those of the same id.
    pub fn wants(mut self, lines: &[&'static str]) -> Self {
        let id = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
        for line in lines {
            *self.wanted.iter_mut().find(|known| id(known) == id(line)).unwrap() = line;
        }
        self
    }

    /// The lines of our report.
    pub fn lines(&self) -> Vec<String> {
        let files = ReceiptFiles { proof: &self.proof, entry: &self.entry, record: &self.record };
        let pins = self.pins.as_ref().map(|pins| Pins::parse(pins).unwrap());
        let policy = Policy::parse(&self.policy).unwrap();
        let report = verify_receipt(files, &policy, pins.as_ref()).report;
        let row = |line: &custody_core::verify::Line| {
            format!("{} {} {}", line.status, line.id, line.code)
        };
        report.lines().iter().map(row).collect()
    }
}

/// All of them.
pub fn cases() -> Vec<Case> {
    [honest(), broken(), readers()].into_iter().flatten().collect()
}

fn honest() -> Vec<Case> {
    let story = Story::whole();
    vec![
        Case::of("a handoff", &story, entry::HANDOFF),
        Case::of("the founding", &story, 0),
        Case::of("no pins", &story, entry::HANDOFF)
            .with(|case| case.pins = None)
            .wants(&["not-checked agencies-pinned pins/none"]),
    ]
}

fn broken() -> Vec<Case> {
    let story = Story::whole();
    let handoff = |name| Case::of(name, &story, entry::HANDOFF);
    let of = |index: u64| Case::of("", &story, index);
    vec![
        handoff("another record")
            .with(|case| case.record = of(entry::RELEASE).record)
            .wants(&["fail inclusion entry/other-record"]),
        handoff("another entry")
            .with(|case| case.entry = of(entry::RELEASE).entry)
            .wants(&["fail inclusion inclusion-root-mismatch"]),
        handoff("another entry with its record")
            .with(|case| {
                let other = of(entry::RELEASE);
                (case.entry, case.record) = (other.entry, other.record);
            })
            .wants(&["fail inclusion inclusion-root-mismatch"]),
        of_another_ledger(),
        accepted_too_late(),
        Case { wanted: vec!["fail format entry/length"], ..handoff("a short entry") }.with(
            |case| {
                case.entry.pop();
            },
        ),
    ]
}

/// The log took in a record that was made for a ledger of another name.
fn of_another_ledger() -> Case {
    let mut story = Story::whole();
    let mut page = story.ledger.collect(&story.cast.ana, uuid("something"));
    page.header.origin = "ledger.example/other".parse().unwrap();
    let index = story.ledger.force_page(&page);
    Case::of("a record of another ledger", &story, index.0)
        .wants(&["fail inclusion record/other-ledger"])
}

/// The log says that it signed before it accepted the entry.
fn accepted_too_late() -> Case {
    let story = Story::whole();
    let ledger = &story.ledger;
    let accepted_s = ledger.entries[entry::HANDOFF as usize].accepted_ms / 1000;
    let time = PosixTime::new(accepted_s - 1).unwrap();
    let checkpoint = sign_checkpoint(&ledger.signer, &ledger.head(), time).unwrap();
    let proof = prove_inclusion(LeafIndex(entry::HANDOFF), ledger.head().size, ledger).unwrap();
    let receipt = Receipt::new(None, proof, story.cosigned(&checkpoint)).unwrap();
    Case::of("accepted after the checkpoint", &story, entry::HANDOFF)
        .with(|case| case.proof = receipt.format())
        .wants(&["fail inclusion entry/accepted-after-checkpoint"])
}

fn readers() -> Vec<Case> {
    let story = Story::whole();
    let early = story.ledger.at_size(TreeSize(11));
    let handoff = |name| Case::of(name, &story, entry::HANDOFF);
    let other = custody_tests::paper::PaperLedger::blank("ledger.example/other");
    vec![
        handoff("another genesis is pinned")
            .with(|case| {
                let mut pins = story.pins();
                pins.genesis = custody_core::hash::sha256(b"another");
                case.pins = Some(pins.to_string().into_bytes());
            })
            .wants(&["fail agencies-pinned pins/genesis-differs"]),
        handoff("the policy knows another log")
            .with(|case| case.policy = story.policy_of(&other.signer).format())
            .wants(&[
                "fail checkpoint policy/unknown-log",
                "not-checked freshness freshness/checkpoint-refused",
                "not-checked witnesses witnesses/checkpoint-refused",
            ]),
        handoff("no witness cosigned")
            .with(|case| {
                let proof =
                    prove_inclusion(LeafIndex(entry::HANDOFF), TreeSize(11), &early).unwrap();
                case.proof = Receipt::new(None, proof, early.checkpoint()).unwrap().format();
            })
            .wants(&["fail witnesses witnesses/quorum"]),
    ]
}

#[test]
fn each_receipt_has_its_lines() {
    for case in cases() {
        assert_eq!(case.lines(), case.wanted, "{}", case.name);
    }
}
