//! Verifying an exhibit: SPEC section "Verifying an exhibit", line by line.
//!
//! Every line is reached on its own: a failure never keeps a later line from being checked, except
//! where the later one reads what the earlier one should have established, and then it says so.

mod evidence;
mod findings;
mod history;
mod manifest;
mod people;
mod redaction;
mod tree;

pub use evidence::EvidenceFile;

use std::collections::{BTreeMap, BTreeSet};

use crate::checkpoint::Checkpoint;
use crate::custody::Book;
use crate::exhibit::{Contents, Exhibit, ExhibitError, Kin, Placed};
use crate::hash::{Hash, sha256};
use crate::id::{SubjectId, Uuid, names_training};
use crate::merkle::{LeafIndex, TreeSize};
use crate::pins::Pins;
use crate::policy::{Policy, PolicyError, Verified};
use crate::record::Payload;
use crate::record::body::Body;
use crate::verify::error_text;
use crate::verify::report::{Line, LineId, Report};

/// What a reader brings along to verify an exhibit.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The logs and witnesses that the reader trusts.
    pub policy: &'a Policy,
    /// The genesis and the agencies' keys that the reader pinned.
    pub pins: Option<&'a Pins>,
    /// Other checkpoints of the ledger that the reader holds.
    pub checkpoints: &'a [Checkpoint],
    /// Digests of the evidence files that the reader holds.
    pub evidence: &'a [EvidenceFile],
    /// The time at which the answer is asked for: seconds since 1970.
    pub at_s: Option<u64>,
}

/// What came of verifying an exhibit.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The ledger's name, as the file has it.
    pub origin: Option<String>,
    /// The size of the checkpoint, as the file has it.
    pub size: Option<TreeSize>,
    /// The item, as the file has it.
    pub item: Option<SubjectId>,
    /// Line by line.
    pub report: Report,
}

impl Outcome {
    /// Whether the file names a training ledger: then all that is said about it begins with
    /// [`crate::id::TRAINING_MARK`].
    pub fn is_training(&self) -> bool {
        self.origin.as_deref().is_some_and(names_training)
    }
}

/// Verifies an exhibit.
///
/// Deterministic: the same file and inputs give the same report. Cost: one strict Ed25519 check for
/// each signature, one ML-DSA-44 check for the checkpoint, a few hashes for each record.
pub fn verify_exhibit(exhibit: &Exhibit, inputs: &Inputs<'_>) -> Outcome {
    Check::new(exhibit, inputs).run()
}

/// The outcome for a file that [`Exhibit::parse`] refused.
pub fn refused_exhibit(error: &ExhibitError) -> Outcome {
    let mut report = Report::new();
    report.add(Line::fail(LineId::Format, error.code(), error_text(error)).required());
    Outcome { origin: None, size: None, item: None, report }
}

/// A verification in progress.
struct Check<'a> {
    exhibit: &'a Exhibit,
    contents: &'a Contents,
    inputs: &'a Inputs<'a>,
    report: Report,
    /// Entry 0's digest, where entry 0 is in the exhibit.
    genesis: Option<Hash>,
    /// The item, what it was made from or packed in, and so on: all of this is its history.
    lineage: Lineage,
    /// The records of each chain, in the order of the log.
    chains: BTreeMap<&'a SubjectId, Vec<&'a Placed>>,
    /// The policy's word on the checkpoint.
    verified: Option<Verified>,
    /// What the records made of their subjects.
    book: Book,
    /// Whether every record was checked and applied.
    is_whole: bool,
    /// When witnesses saw trees that this history is part of.
    witnessed: Vec<Witnessed>,
    /// The policy's word on each of the reader's checkpoints, in their order.
    others: Vec<Result<Verified, PolicyError>>,
}

/// An item and its forebears, each once, nearest first; and the siblings of all of these.
struct Lineage {
    items: Vec<Uuid>,
    known: BTreeSet<Uuid>,
    siblings: BTreeSet<Uuid>,
}

/// When each witness of the policy, in its order, saw a tree of this size: seconds since 1970.
struct Witnessed {
    size: TreeSize,
    times_s: Vec<Option<u64>>,
}

impl<'a> Check<'a> {
    fn new(exhibit: &'a Exhibit, inputs: &'a Inputs<'a>) -> Self {
        let contents = exhibit.contents();
        let genesis = contents.placed(LeafIndex(0)).map(|placed| sha256(&placed.entry().encode()));
        let chains = chains(contents);
        let scope = contents.subjects.iter().map(|lookup| lookup.subject.clone());
        Self {
            exhibit,
            contents,
            inputs,
            report: Report::new(),
            genesis,
            lineage: Lineage::new(contents.item, &chains),
            chains,
            verified: None,
            book: Book::partial(scope),
            is_whole: false,
            witnessed: Vec::new(),
            others: inputs.checkpoints.iter().map(|other| inputs.policy.verify(other)).collect(),
        }
    }

    fn run(mut self) -> Outcome {
        self.pass(LineId::Format, "the file is a well-formed exhibit");
        self.check_checkpoint();
        self.check_inclusion();
        self.check_history();
        self.check_completeness();
        self.check_consistency();
        self.check_compromised();
        self.check_manifest();
        self.check_pins();
        self.check_redactions();
        self.check_evidence();
        self.report_findings();
        Outcome {
            origin: Some(self.contents.checkpoint.origin().as_str().to_owned()),
            size: Some(self.contents.checkpoint.size()),
            item: Some(SubjectId::Item(self.contents.item)),
            report: self.report,
        }
    }

    /// The records of `subject`, in the order of the log.
    fn chain(&self, subject: &SubjectId) -> &[&'a Placed] {
        self.chains.get(subject).map_or(&[], Vec::as_slice)
    }

    /// The records of the item and its forebears, each once, in the order of the log: their custody, and
    /// with `has_notes` what is said about them.
    fn history(&self, has_notes: bool) -> Vec<&'a Placed> {
        let ids = self.lineage.items.iter().flat_map(|item| {
            let notes = has_notes.then_some(SubjectId::Notes(*item));
            [Some(SubjectId::Item(*item)), notes].into_iter().flatten()
        });
        let records = ids.flat_map(|id| self.chain(&id).to_vec());
        let unique: BTreeMap<_, _> = records.map(|placed| (placed.index, placed)).collect();
        unique.into_values().collect()
    }

    fn pass(&mut self, id: LineId, text: impl Into<String>) {
        self.report.add(Line::pass(id, text).required());
    }

    fn fail(&mut self, id: LineId, code: &str, text: impl Into<String>) {
        self.report.add(Line::fail(id, code, text).required());
    }

    fn not_checked(&mut self, id: LineId, code: &str, text: impl Into<String>) {
        self.report.add(Line::not_checked(id, code, text).required());
    }

    fn note_witnesses(&mut self, size: TreeSize, verified: &Verified) {
        let times = verified.witnesses.iter().map(|witness| {
            let stated = witness.cosigned.filter(|time| time.is_stated());
            stated.map(|time| time.seconds())
        });
        self.witnessed.push(Witnessed { size, times_s: times.collect() });
    }

    /// The log's two signatures, and that they are of the keys that the ledger was founded with.
    fn check_checkpoint(&mut self) {
        match self.inputs.policy.verify(&self.contents.checkpoint) {
            Ok(verified) => {
                let origin = self.contents.checkpoint.origin();
                self.pass(
                    LineId::Checkpoint,
                    format!(
                        "signed by the log {origin} with both of its keys, size {}",
                        self.contents.checkpoint.size().0
                    ),
                );
                self.note_witnesses(self.contents.checkpoint.size(), &verified);
                self.verified = Some(verified);
            }
            Err(error) => self.fail(LineId::Checkpoint, error.code(), error_text(&error)),
        }
        self.check_log_keys();
    }
}

fn chains(contents: &Contents) -> BTreeMap<&SubjectId, Vec<&Placed>> {
    let mut chains = BTreeMap::<_, Vec<_>>::new();
    for placed in &contents.records {
        for link in &placed.record.payload().subjects {
            chains.entry(&link.subject).or_default().push(placed);
        }
    }
    chains
}

impl Lineage {
    /// The item of the exhibit, what it was made from or packed in, and so on.
    fn new(item: Uuid, chains: &BTreeMap<&SubjectId, Vec<&Placed>>) -> Self {
        let (mut items, mut known) = (vec![item], BTreeSet::from([item]));
        let mut siblings = BTreeSet::new();
        let mut next = 0;
        while let Some(&item) = items.get(next) {
            next += 1;
            for placed in chains.get(&SubjectId::Item(item)).into_iter().flatten() {
                let kin = Kin::of(item, placed.record.payload());
                // A ring, which no honest log holds, ends where it closes.
                items.extend(kin.forebears.into_iter().filter(|item| known.insert(*item)));
                siblings.extend(kin.siblings);
            }
        }
        Self { items, known, siblings }
    }

    fn contains(&self, item: &Uuid) -> bool {
        self.known.contains(item)
    }
}

/// The item that a record with digests begins, and the one that it is made from, where it is made from one.
fn begun(payload: &Payload) -> Option<(Uuid, Option<Uuid>)> {
    let parent = match &payload.body {
        Body::Collect(_) | Body::ProviderProduction(_) | Body::RegisterLegacy(_) => None,
        Body::Derive(body) => Some(body.parent),
        _ => return None,
    };
    let mut items = payload.subjects.iter().filter_map(|link| match link.subject {
        SubjectId::Item(id) => Some(id),
        _ => None,
    });
    items.find(|id| Some(*id) != parent).map(|item| (item, parent))
}
