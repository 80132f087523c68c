//! The log itself: entries, heads, index and tree.

use std::collections::BTreeMap;
use std::convert::Infallible;

use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::cose::{BodyHeader, ContentType, Role};
use custody_core::custody::{Book, RuleViolation, apply};
use custody_core::entry::Entry;
use custody_core::hash::{Hash, hash_children, sha256};
use custody_core::id::{Origin, SubjectId};
use custody_core::index::{ChainHead, IndexTree};
use custody_core::merkle::{Frontier, LeafIndex, NodeSource, TreeHead, TreeSize};
use custody_core::note::KeyName;
use custody_core::record::body::{Body, LedgerOpen, LedgerPurpose};
use custody_core::record::{Link, Occurred, Payload, Record, TimeSource};
use custody_core::sealed::Opening;
use custody_log::signing::{LogSeeds, LogSigner, sign_checkpoint};
use ed25519_dalek::SigningKey;

use super::cast::{Agency, ORIGIN, START_S, public, seed, signing_key};
use super::page::{Hand, Page};

/// Seconds between two records.
const PACE_S: u64 = 600;

/// A ledger in memory.
pub struct PaperLedger {
    /// Its name.
    pub origin: Origin,
    /// What it signs checkpoints with.
    pub signer: LogSigner,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Its records, by the same index.
    pub records: Vec<Vec<u8>>,
    /// Openings, by the same index.
    pub openings: Vec<Vec<Opening>>,
    /// What its records made of their subjects, as far as they follow the rules.
    pub book: Book,
    heads: BTreeMap<SubjectId, ChainHead>,
    index: IndexTree,
    leaves: Vec<Hash>,
    frontier: Frontier,
}

impl PaperLedger {
    /// The usual ledger of these founders, who all decide together.
    pub fn found(founders: &[&Agency]) -> Self {
        Self::found_as(ORIGIN, founders)
    }

    /// A ledger of this name.
    pub fn found_as(origin: &str, founders: &[&Agency]) -> Self {
        let mut ledger = Self::blank(origin);
        let opening = ledger.opening(founders);
        ledger.append(&opening).unwrap();
        ledger
    }

    /// A ledger without entries.
    pub fn blank(origin: &str) -> Self {
        let name = KeyName::parse(origin).unwrap();
        let seeds = [seed(&format!("{origin} ed25519")), seed(&format!("{origin} mldsa44"))];
        let seeds = LogSeeds { ed25519: &seeds[0], mldsa44: &seeds[1] };
        Self {
            origin: origin.parse().unwrap(),
            signer: LogSigner::from_seeds(&name, seeds).unwrap(),
            entries: Vec::new(),
            records: Vec::new(),
            openings: Vec::new(),
            book: Book::whole().with_records(),
            heads: BTreeMap::new(),
            index: IndexTree::new(),
            leaves: Vec::new(),
            frontier: Frontier::new(),
        }
    }

    /// The record that founds this ledger.
    pub fn opening(&self, founders: &[&Agency]) -> Page {
        let mut founders = founders.to_vec();
        founders.sort_by_key(|agency| agency.id);
        let operator = self.operator();
        let body = LedgerOpen {
            log_ed25519: self.signer.keys().ed25519().key().encode().try_into().unwrap(),
            log_mldsa44: self.signer.keys().mldsa44().key().encode(),
            quorum: founders.len() as u64,
            purpose: LedgerPurpose::Evidence,
            agencies: founders.iter().map(|agency| agency.enrolment()).collect(),
            operator: public(&operator),
            succeeds: None,
        };
        let ledger = self.subject();
        let mut hands = vec![Hand::new(&operator, ledger.clone(), Role::Operator)];
        for agency in &founders {
            hands.push(Hand::authority(agency));
            hands.push(Hand::new(&agency.recovery, agency.subject(), Role::NewKey));
        }
        let mut subjects: Vec<_> = founders.iter().map(|agency| agency.subject()).collect();
        subjects.push(ledger);
        self.page(&subjects, hands, body)
    }

    /// The operator's key.
    pub fn operator(&self) -> SigningKey {
        signing_key(&format!("{} operator", self.origin))
    }

    /// The ledger as a subject.
    pub fn subject(&self) -> SubjectId {
        SubjectId::Ledger(self.origin.clone())
    }

    /// Every subject that has a chain, by id.
    pub fn subjects(&self) -> impl Iterator<Item = &SubjectId> {
        self.heads.keys()
    }

    /// SHA-256 of entry 0, once there is one.
    pub fn genesis(&self) -> Option<Hash> {
        self.entries.first().map(|entry| sha256(&entry.encode()))
    }

    /// When the next record is made.
    pub fn now_s(&self) -> u64 {
        START_S + PACE_S * self.entries.len() as u64
    }

    /// The place that the next record takes in the chain of `subject`.
    pub fn link(&self, subject: &SubjectId) -> Link {
        let head = self.heads.get(subject);
        Link {
            subject: subject.clone(),
            seq: head.map_or(0, |head| head.length),
            prev: head.map(|head| head.digest),
        }
    }

    /// A record about `subjects` that continues what stands.
    pub fn page(&self, subjects: &[SubjectId], hands: Vec<Hand>, body: impl Into<Body>) -> Page {
        let header = BodyHeader {
            content_type: ContentType::Record,
            origin: self.origin.clone(),
            genesis: self.genesis(),
        };
        let mut subjects: Vec<_> = subjects.iter().map(|subject| self.link(subject)).collect();
        subjects.sort_by(|left, right| left.subject.cmp(&right.subject));
        let seen = Some(self.head()).filter(|head| head.size.0 > 0);
        let occurred =
            Occurred { utc_s: self.now_s() - 30, offset_min: 60, source: TimeSource::Ntp };
        let payload = Payload {
            subjects,
            signers: Vec::new(),
            from: None,
            to: None,
            occurred,
            seen,
            body: body.into(),
            sealed: Vec::new(),
            attached: Vec::new(),
        };
        let name = format!("{} entry {}", self.origin, self.entries.len());
        Page { header, payload, hands, openings: Vec::new(), name }
    }

    /// Takes in a record that must be well formed and verify, if it follows the rules.
    pub fn append(&mut self, page: &Page) -> Result<LeafIndex, RuleViolation> {
        let bytes = page.sign();
        let record = Record::parse(&bytes).unwrap();
        record.verify_signatures(|kid| self.book.key(kid)).unwrap();
        let applied = apply(&self.book, &record, LeafIndex(self.entries.len() as u64))?;
        self.book.absorb(applied);
        Ok(self.force(bytes, page.openings.clone()))
    }

    /// Takes in a record that must follow the rules.
    #[track_caller]
    pub fn write(&mut self, page: &Page) -> LeafIndex {
        self.append(page).unwrap()
    }

    /// Takes in a record that must follow the rules, and returns its digest.
    #[track_caller]
    pub fn write_digest(&mut self, page: &Page) -> Hash {
        let index = self.write(page);
        self.record(index).digest()
    }

    /// Takes in a page whatever it is: a log that does not do its duty.
    pub fn force_page(&mut self, page: &Page) -> LeafIndex {
        self.force(page.sign(), page.openings.clone())
    }

    /// Takes in a well-formed record whatever it is.
    pub fn force(&mut self, bytes: Vec<u8>, openings: Vec<Opening>) -> LeafIndex {
        self.force_accepted(bytes, openings, self.now_s() * 1000)
    }

    /// The same at a time that the log chooses.
    pub fn force_accepted(
        &mut self,
        bytes: Vec<u8>,
        openings: Vec<Opening>,
        accepted_ms: u64,
    ) -> LeafIndex {
        let record = Record::parse(&bytes).unwrap();
        for link in &record.payload().subjects {
            let head = ChainHead { length: link.seq + 1, digest: record.digest() };
            self.set_head(&link.subject, head);
        }
        let entry = Entry { accepted_ms, index_root: self.index.root(), record: record.digest() };
        self.force_entry(entry, bytes, openings)
    }

    /// Takes in an entry whatever it is.
    pub fn force_entry(
        &mut self,
        entry: Entry,
        bytes: Vec<u8>,
        openings: Vec<Opening>,
    ) -> LeafIndex {
        let index = LeafIndex(self.entries.len() as u64);
        self.leaves.push(entry.leaf_hash());
        self.frontier.push(entry.leaf_hash());
        self.entries.push(entry);
        self.records.push(bytes);
        self.openings.push(openings);
        index
    }

    /// Makes the index say that a chain ends in `head`.
    pub fn set_head(&mut self, subject: &SubjectId, head: ChainHead) {
        self.index.set(&subject.key(), &head);
        self.heads.insert(subject.clone(), head);
    }

    /// Forgets that a chain has more records than `record` and those before it.
    pub fn rewind_head(&mut self, subject: &SubjectId, record: &Record) {
        let length = record.payload().link(subject).unwrap().seq + 1;
        self.set_head(subject, ChainHead { length, digest: record.digest() });
    }

    /// The custody index.
    pub fn index(&self) -> &IndexTree {
        &self.index
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// The log's checkpoint of all entries.
    pub fn checkpoint(&self) -> Checkpoint {
        self.checkpoint_of(self.head())
    }

    /// The log's checkpoint of any head.
    pub fn checkpoint_of(&self, head: TreeHead) -> Checkpoint {
        let time = PosixTime::new(self.now_s()).unwrap();
        sign_checkpoint(&self.signer, &head, time).unwrap()
    }

    /// The record at `index`.
    pub fn record(&self, index: LeafIndex) -> Record {
        Record::parse(&self.records[index.0 as usize]).unwrap()
    }

    /// The same ledger when it had `size` entries.
    pub fn at_size(&self, size: TreeSize) -> Self {
        let mut ledger = Self::blank(self.origin.as_str());
        for index in 0..size.0 as usize {
            ledger.force(self.records[index].clone(), self.openings[index].clone());
        }
        ledger
    }
}

/// Nodes from the leaves, by the definition.
impl NodeSource for PaperLedger {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        match level {
            0 => Ok(self.leaves[index as usize]),
            _ => {
                let (left, right) =
                    (self.node(level - 1, 2 * index)?, self.node(level - 1, 2 * index + 1)?);
                Ok(hash_children(&left, &right))
            }
        }
    }
}
