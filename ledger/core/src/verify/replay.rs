//! Replaying a ledger: every entry and record from the first on, as the sequencer judged them.
//!
//! A [`Replayer`] is the state between two entries. It recomputes the tree, the custody index and every
//! standing, and believes nothing that it did not compute. It goes on after a violation where what
//! follows can still be judged; what cannot be judged any more is counted, so that one damaged record is
//! one finding and not thousands. Reading files, threads and the checkpoint are the caller's: a published
//! directory, a mirror and the check of a store differ in nothing else.
//!
//! Memory: the state and the index entry of each subject, a number for each key, the last 32,768 leaves' part of the tree, 4,096
//! older tree heads, and the digest of each record that a late entry embeds. It does not depend on the number
//! of other records; so whether the ledger has an embedded record too is only known after a second look at the
//! entries: [`Replayer::look_back`].

mod conclusion;
mod look_back;
mod prepared;
mod roots;
mod state;
mod violation;

pub use conclusion::Claims;
pub use prepared::{KeyRing, Prepared};
pub use violation::{ReplayFault, Violation};

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::custody::{Book, RuleViolation, apply};
use crate::entry::Entry;
use crate::hash::{Hash, sha256};
use crate::id::{Origin, SubjectId};
use crate::index::{ChainHead, IndexTree, SubjectKey};
use crate::key::Kid;
use crate::merkle::{LeafIndex, NodeSource, TreeHead, TreeSize};
use crate::record::Record;
use crate::record::Sides;
use crate::record::body::Body;
use crate::verify::LineId;
use crate::verify::signing::signing_keys;
use look_back::LookBack;
use roots::{Roots, SeenRoot};
use state::State;

/// The state of a ledger after some of its entries, computed from nothing but them.
#[derive(Debug)]
pub struct Replayer {
    origin: Origin,
    genesis: Option<Hash>,
    /// The log's keys that entry 0 names: Ed25519, ML-DSA-44.
    log_keys: Option<[Vec<u8>; 2]>,
    state: State,
    index: IndexTree,
    /// Whether the index is known to be what an honest log would have.
    is_index_sure: bool,
    roots: Roots,
    /// The entry that was accepted last, and when: milliseconds since 1970.
    accepted: (LeafIndex, u64),
    /// Digests of records that could not be read: whoever builds on one is not to blame.
    gaps: HashSet<Hash>,
    late: LookBack,
    /// How many signatures each enrolled key made, in records and in what they embed.
    signed: HashMap<Kid, u64>,
    counts: ReplayCounts,
    /// For each line of the report, how many violations there were, and the first.
    broken: BTreeMap<LineId, (u64, Violation)>,
}

/// What a replay did, and what it could not do for want of something before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayCounts {
    /// Records that were read.
    pub records: u64,
    /// Signatures that were checked.
    pub signatures: u64,
    /// Tree heads in `seen` that were recomputed or looked up.
    pub seen: u64,
    /// Tree heads in `seen` that could not be: the nodes at hand do not lead to the root recomputed.
    pub seen_unchecked: u64,
    /// Handoffs from hand to hand.
    pub handoffs: u64,
    /// Moves that only one side could sign.
    pub one_sided: u64,
    /// Releases.
    pub releases: u64,
    /// Releases that were received.
    pub receipts: u64,
    /// Entries whose index root could not be judged, after one that was wrong or a record that could
    /// not be read.
    pub index_unchecked: u64,
    /// Records that were not judged by every rule, for the same reasons.
    pub rules_unchecked: u64,
}

impl Replayer {
    /// The state before the first entry of the ledger `origin`.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            genesis: None,
            log_keys: None,
            state: State::default(),
            index: IndexTree::new(),
            is_index_sure: true,
            roots: Roots::new(),
            accepted: (LeafIndex(0), 0),
            gaps: HashSet::new(),
            late: LookBack::default(),
            signed: HashMap::new(),
            counts: ReplayCounts::default(),
            broken: BTreeMap::new(),
        }
    }

    /// Takes in the next entry with its record, and returns what is wrong with them.
    ///
    /// An entry that is damaged beyond reading counts as a leaf all the same.
    ///
    /// `nodes` is only asked for the proof of a `seen` older than the last 16,384 entries. Its answers need
    /// not be trusted: they are held against the root recomputed so far.
    pub fn step<S: NodeSource>(&mut self, prepared: &Prepared, nodes: &S) -> Vec<Violation> {
        let mut faults = Vec::new();
        let entry = prepared.entry.as_ref();
        match entry {
            Ok(entry) => self.check_time(entry, &mut faults),
            Err(error) => faults.push(ReplayFault::Entry(error.clone())),
        }
        let entry = entry.ok();
        if self.roots.size().0 == 0 {
            self.genesis = Some(sha256(&prepared.entry_bytes));
        }
        match self.whole_record(prepared, entry, &mut faults) {
            Some(record) => self.take_record(record, prepared, nodes, &mut faults),
            None => self.take_gap(prepared, entry),
        }
        self.check_index(entry, &mut faults);
        let index = LeafIndex(self.roots.size().0);
        self.roots.push(prepared.leaf);
        faults.into_iter().map(|fault| self.note(Violation { index, fault })).collect()
    }

    /// How many entries [`Replayer::look_back`] is still to be called with, from the first on: those before the
    /// last late entry. 0 where nothing waits for it.
    pub fn look_back_size(&self) -> TreeSize {
        self.late.size()
    }

    /// Looks at an entry once more, and returns the late entries that should not embed its record: the ledger
    /// has it. To be called after [`Replayer::step`], with entries in order from the first, until
    /// [`Replayer::look_back_size`]; if it is not, or with other entries than before, late entries count as not
    /// judged.
    pub fn look_back(&mut self, entry: &[u8]) -> Vec<Violation> {
        let fault = ReplayFault::Rule(RuleViolation::NotLate);
        let late = self.late.look_at(entry).into_iter();
        late.map(|index| Violation { index, fault: fault.clone() })
            .map(|violation| self.note(violation))
            .collect()
    }

    /// Size and root of the tree so far, recomputed. Cost: a hash for each bit set in the size.
    pub fn head(&self) -> TreeHead {
        self.roots.head()
    }

    /// SHA-256 of entry 0, once it was taken in.
    pub fn genesis(&self) -> Option<Hash> {
        self.genesis
    }

    /// What the records made of their subjects. Of a subject with a gap it has what stood before the gap.
    pub fn book(&self) -> &Book {
        self.state.book()
    }

    /// The custody index so far, recomputed.
    pub fn index(&self) -> &IndexTree {
        &self.index
    }

    /// What was done so far.
    pub fn counts(&self) -> ReplayCounts {
        self.counts
    }

    fn note(&mut self, violation: Violation) -> Violation {
        let first = || (0, violation.clone());
        let (count, known) = self.broken.entry(violation.fault.line()).or_insert_with(first);
        *count += 1;
        // A second look finds what stands before others that are known already.
        if violation.index < known.index {
            *known = violation.clone();
        }
        violation
    }

    fn check_time(&mut self, entry: &Entry, faults: &mut Vec<ReplayFault>) {
        let (previous_ms, actual_ms) = (self.accepted.1, entry.accepted_ms);
        if actual_ms < previous_ms {
            faults.push(ReplayFault::Time { previous_ms, actual_ms });
        } else {
            self.accepted = (LeafIndex(self.roots.size().0), actual_ms);
        }
    }

    /// The record, where it is one and the one that the entry names.
    fn whole_record<'a>(
        &self,
        prepared: &'a Prepared,
        entry: Option<&Entry>,
        faults: &mut Vec<ReplayFault>,
    ) -> Option<&'a Record> {
        let named = entry?.record;
        if named != prepared.record_digest {
            let (expected, actual) = (named, prepared.record_digest);
            faults.push(ReplayFault::RecordDigest { expected, actual });
            return None;
        }
        match &prepared.record {
            Ok(record) => Some(record),
            Err(error) => {
                faults.push(ReplayFault::Record(error.clone()));
                None
            }
        }
    }

    fn take_record<S: NodeSource>(
        &mut self,
        record: &Record,
        prepared: &Prepared,
        nodes: &S,
        faults: &mut Vec<ReplayFault>,
    ) {
        self.count(record);
        if let Body::LedgerOpen(body) = &record.payload().body
            && self.roots.size().0 == 0
        {
            self.log_keys = Some([body.log_ed25519.to_vec(), body.log_mldsa44.clone()]);
        }
        let genesis = self.genesis.unwrap_or(prepared.record_digest);
        if let Err(error) = record.verify_ledger(&self.origin, &genesis) {
            faults.push(ReplayFault::Record(error));
        }
        if let Err(error) = &prepared.signatures {
            faults.push(ReplayFault::Signature(error.clone()));
        }
        if let Some(seen) = &record.payload().seen {
            self.counts.seen += 1;
            faults.extend(self.check_seen(seen, nodes).err());
        }
        faults.extend(self.apply(record).map(ReplayFault::Rule));
        self.count_signatures(record);
        self.extend_index(record, prepared, record.digest());
    }

    fn count(&mut self, record: &Record) {
        let counts = &mut self.counts;
        counts.records += 1;
        counts.signatures += record.message().signatures().len() as u64;
        let sides = record.payload().sides();
        counts.handoffs += u64::from(sides == Some(Sides::Both));
        counts.one_sided += u64::from(sides == Some(Sides::One));
        counts.releases += u64::from(matches!(record.payload().body, Body::Release(_)));
        counts.receipts += u64::from(matches!(record.payload().body, Body::Receive(_)));
    }

    /// Counts by key, so that what a key signed can be told when it turns out to have been in other hands.
    fn count_signatures(&mut self, record: &Record) {
        for kid in signing_keys(record) {
            // Strangers' keys are a violation already, and there may be any number of them.
            if self.state.book().key(&kid).is_some() {
                *self.signed.entry(kid).or_default() += 1;
            }
        }
    }

    fn check_seen<S: NodeSource>(&mut self, seen: &TreeHead, nodes: &S) -> Result<(), ReplayFault> {
        let (size, limit) = (seen.size, self.roots.size());
        if size > limit {
            return Err(ReplayFault::SeenSize { limit, actual: size });
        }
        match self.roots.root_at(size, nodes) {
            SeenRoot::Proved(expected) if expected == seen.root => Ok(()),
            SeenRoot::Proved(expected) => {
                Err(ReplayFault::SeenRoot { size, expected, actual: seen.root })
            }
            SeenRoot::Unproved => {
                self.counts.seen_unchecked += 1;
                Ok(())
            }
        }
    }

    /// Holds the record against the rules. After a rule that is broken the chains go on, since the record
    /// is in the ledger; what cannot go on is lost.
    fn apply(&mut self, record: &Record) -> Option<RuleViolation> {
        let index = LeafIndex(self.roots.size().0);
        loop {
            match apply(&self.state, record, index) {
                Ok(applied) => {
                    self.counts.rules_unchecked += u64::from(!applied.unchecked.is_empty());
                    if let Some(embedded) = applied.embedded {
                        self.late.wait_for(embedded, self.roots.head());
                    }
                    self.state.absorb(applied);
                    return None;
                }
                // A chain that continues a record which could not be read.
                Err(RuleViolation::Conflict { subject, .. })
                    if self.continues_gap(record, &subject) =>
                {
                    self.state.lose(subject);
                }
                Err(RuleViolation::NotHeld { subject }) if self.state.is_lost(&subject) => {
                    self.counts.rules_unchecked += 1;
                    self.state.force(record);
                    return None;
                }
                Err(violation) => {
                    self.state.force(record);
                    return Some(violation);
                }
            }
        }
    }

    fn continues_gap(&self, record: &Record, subject: &SubjectId) -> bool {
        let prev = record.payload().link(subject).and_then(|link| link.prev);
        prev.is_some_and(|prev| self.gaps.contains(&prev))
    }

    /// What remains of a record that cannot be read, or is not the one that the entry names: perhaps the
    /// chains that it extends. The index root tells whether the guess is right.
    fn take_gap(&mut self, prepared: &Prepared, entry: Option<&Entry>) {
        let digest = entry.map_or(prepared.record_digest, |entry| entry.record);
        self.gaps.insert(digest);
        self.is_index_sure = false;
        if let Ok(record) = &prepared.record {
            self.extend_index(record, prepared, digest);
            record.payload().subjects.iter().for_each(|link| self.state.lose(link.subject.clone()));
        }
    }

    fn extend_index(&mut self, record: &Record, prepared: &Prepared, digest: Hash) {
        for (link, key) in record.payload().subjects.iter().zip(&prepared.index_keys) {
            let length = link.seq.saturating_add(1);
            self.index.set(key, &ChainHead { length, digest });
        }
    }

    /// The root must be the one recomputed. A root that is right again settles what was not sure before:
    /// it commits to every chain.
    fn check_index(&mut self, entry: Option<&Entry>, faults: &mut Vec<ReplayFault>) {
        let (expected, actual) = (self.index.root(), entry.map(|entry| entry.index_root));
        match actual {
            Some(actual) if actual == expected => self.is_index_sure = true,
            Some(actual) if self.is_index_sure => {
                self.is_index_sure = false;
                faults.push(ReplayFault::IndexRoot { expected, actual });
            }
            _ => self.counts.index_unchecked += 1,
        }
    }
}

/// The keys under which the index has the chains that `record` extends, in their order.
fn index_keys(record: &Record) -> Vec<SubjectKey> {
    let links = record.payload().subjects.iter();
    links.map(|link| link.subject.key()).collect()
}
