//! A ledger's outside world: agencies and custodians with their keys, items, and the records that they
//! sign. It keeps the chains' ends itself, so that any number of records can be made ahead of a log.
//!
//! Everything follows from the world's name, so that the same calls make the same bytes. It is fast
//! enough for the benchmark: a record costs its signatures. For forged records, and for ledgers that
//! no honest log would write, there is [`crate::paper`].
//!
//! Not for use: private keys follow from public names.

// Whatever goes wrong here is a mistake in a test, and a test may stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod scene;

use std::collections::HashMap;

use custody_core::cbor::Value;
use custody_core::cose::{BodyHeader, ContentType, Role};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::index::ChainHead;
use custody_core::merkle::TreeHead;
use custody_core::record::body::*;
use custody_core::record::{Link, Occurred, Payload, Record, TimeSource};
use custody_core::sealed::Opening;
use custody_log::LogSecrets;
use ed25519_dalek::SigningKey;

use crate::paper::{ALL_ROLES, public, seed, signing_key, uuid};
pub use crate::paper::{Agency, Hand, Page, Person, START_S};
pub use scene::{HandClock, Scene};

/// A record with its openings: what a log is given.
pub type Made = (Vec<u8>, Vec<Opening>);

/// People, things, and what stands about them.
#[derive(Clone)]
pub struct World {
    /// The ledger's name.
    pub origin: Origin,
    /// SHA-256 of entry 0, once there is one: [`World::begin`].
    pub genesis: Option<Hash>,
    /// The founding agencies; all must sign where founders decide.
    pub agencies: Vec<Agency>,
    /// The custodians, in the order in which they were enrolled.
    pub people: Vec<Person>,
    /// The items, in the order in which they were collected, and who holds them: a number in `people`.
    pub items: Vec<(Uuid, usize)>,
    /// The newest checkpoint that people know, put into every record from now on.
    pub seen: Option<TreeHead>,
    operator: SigningKey,
    heads: HashMap<SubjectId, ChainHead>,
    /// Records made so far: their times and salts follow from it.
    count: u64,
}

impl World {
    /// A world of `agencies` founding agencies around the ledger `origin`.
    pub fn new(origin: &str, agencies: usize) -> Self {
        let mut agencies: Vec<_> =
            (0..agencies).map(|n| Agency::new(&format!("{origin} agency {n}"), "FR")).collect();
        agencies.sort_by_key(|agency| agency.id);
        Self {
            origin: origin.parse().unwrap(),
            genesis: None,
            agencies,
            people: Vec::new(),
            items: Vec::new(),
            seen: None,
            operator: signing_key(&format!("{origin} operator")),
            heads: HashMap::new(),
            count: 0,
        }
    }

    /// The private keys of the world's log.
    pub fn log_keys(&self) -> LogSecrets {
        let half = |name: &str| seed(&format!("{} {name}", self.origin)).into();
        LogSecrets { ed25519: half("ed25519"), mldsa44: half("mldsa44") }
    }

    /// The record that founds the ledger.
    pub fn founding(&mut self) -> Vec<u8> {
        let (log_ed25519, log_mldsa44) = self.log_keys().public(&self.origin).unwrap();
        let ledger = self.ledger();
        let mut hands = vec![Hand::new(&self.operator, ledger.clone(), Role::Operator)];
        for agency in &self.agencies {
            hands.push(Hand::authority(agency));
            hands.push(Hand::new(&agency.recovery, agency.subject(), Role::NewKey));
        }
        let body = LedgerOpen {
            log_ed25519,
            log_mldsa44,
            quorum: self.agencies.len() as u64,
            purpose: LedgerPurpose::Evidence,
            agencies: self.agencies.iter().map(Agency::enrolment).collect(),
            operator: public(&self.operator),
            succeeds: None,
        };
        let mut subjects: Vec<_> = self.agencies.iter().map(Agency::subject).collect();
        subjects.push(ledger);
        let page = self.page(&subjects, hands, body);
        self.take(&page).0
    }

    /// Records from now on are made for the ledger whose entry 0 has this digest.
    pub fn begin(&mut self, genesis: Hash) {
        self.genesis = Some(genesis);
    }

    /// The ledger as a subject.
    pub fn ledger(&self) -> SubjectId {
        SubjectId::Ledger(self.origin.clone())
    }

    /// A record about `subjects` that continues what stands, to be changed and signed.
    pub fn page(&self, subjects: &[SubjectId], hands: Vec<Hand>, body: impl Into<Body>) -> Page {
        let header = BodyHeader {
            content_type: ContentType::Record,
            origin: self.origin.clone(),
            genesis: self.genesis,
        };
        let mut subjects: Vec<_> = subjects.iter().map(|subject| self.link(subject)).collect();
        subjects.sort_by(|left, right| left.subject.cmp(&right.subject));
        let utc_s = START_S + self.count;
        let payload = Payload {
            subjects,
            signers: Vec::new(),
            from: None,
            to: None,
            occurred: Occurred { utc_s, offset_min: 60, source: TimeSource::Ntp },
            seen: self.seen,
            body: body.into(),
            sealed: Vec::new(),
            attached: Vec::new(),
        };
        let name = format!("{} record {}", self.origin, self.count);
        Page { header, payload, hands, openings: Vec::new(), name }
    }

    /// Signs a page, and lets the chains go on from it.
    pub fn take(&mut self, page: &Page) -> Made {
        let bytes = page.sign();
        let digest = sha256(&bytes);
        for link in &page.payload.subjects {
            let head = ChainHead { length: link.seq + 1, digest };
            self.heads.insert(link.subject.clone(), head);
        }
        self.count += 1;
        (bytes, page.openings.clone())
    }

    /// The end of a chain.
    pub fn chain_head(&self, subject: &SubjectId) -> Option<ChainHead> {
        self.heads.get(subject).copied()
    }

    fn link(&self, subject: &SubjectId) -> Link {
        let head = self.heads.get(subject);
        Link {
            subject: subject.clone(),
            seq: head.map_or(0, |head| head.length),
            prev: head.map(|head| head.digest),
        }
    }

    /// Enrols another custodian, in every role, at the agencies in turn.
    pub fn enrol(&mut self) -> Made {
        let number = self.people.len();
        let agency = &self.agencies[number % self.agencies.len()];
        let person = Person::new(&format!("{} person {number}", self.origin), agency);
        let hands =
            vec![Hand::authority(agency), Hand::new(&person.key, person.subject(), Role::NewKey)];
        let body = CustodianEnrol {
            key: public(&person.key),
            roles: ALL_ROLES.to_vec(),
            agency: agency.id,
        };
        let page = self.page(&[person.subject()], hands, body);
        self.people.push(person);
        self.take(&page)
    }

    /// The first agency enrols a custodian with the operator's key, which no ledger takes.
    pub fn enrol_operator(&self) -> Made {
        let agency = &self.agencies[0];
        let person = Person::new("operator", agency).with_key(&self.operator);
        let hands =
            vec![Hand::authority(agency), Hand::new(&person.key, person.subject(), Role::NewKey)];
        let body = CustodianEnrol {
            key: public(&person.key),
            roles: vec![Role::Acting],
            agency: agency.id,
        };
        let page = self.page(&[person.subject()], hands, body);
        (page.sign(), page.openings)
    }

    /// Somebody takes a new thing into custody; its description is sealed.
    pub fn collect(&mut self, holder: usize) -> Made {
        let item = uuid(&format!("{} item {}", self.origin, self.items.len()));
        self.items.push((item, holder));
        let hands = vec![Hand::of(&self.people[holder], Role::Acting)];
        let body = Collect::of(ItemKind::Physical);
        let page = self.page(&[SubjectId::Item(item)], hands, body);
        self.take(&page.seal("description", &Value::text("hard disk, 500 GB")))
    }

    /// As [`World::collect`] without anything sealed, for large ledgers.
    pub fn collect_plain(&mut self, holder: usize) -> Made {
        let item = uuid(&format!("{} item {}", self.origin, self.items.len()));
        self.items.push((item, holder));
        let hands = vec![Hand::of(&self.people[holder], Role::Acting)];
        let body = Collect::of(ItemKind::Physical);
        let page = self.page(&[SubjectId::Item(item)], hands, body);
        self.take(&page)
    }

    /// The holder of an item hands it over.
    pub fn handoff(&mut self, item: usize, to: usize) -> Made {
        let page = self.handoff_page(item, to);
        self.items[item].1 = to;
        self.take(&page)
    }

    /// The holder of an item hands it over to the next custodian in turn.
    pub fn pass_on(&mut self, item: usize) -> Made {
        let to = (self.items[item].1 + 1) % self.people.len();
        self.handoff(item, to)
    }

    /// As [`World::handoff`], to be changed and signed, or dropped.
    pub fn handoff_page(&self, item: usize, to: usize) -> Page {
        let (id, from) = self.items[item];
        let (from, to) = (&self.people[from], &self.people[to]);
        let hands = vec![Hand::of(from, Role::Releasing), Hand::of(to, Role::Receiving)];
        let body = Handoff::for_purpose(MovePurpose::Examination);
        self.page(&[SubjectId::Item(id)], hands, body).between(from, to)
    }

    /// The holder of an item sends it on the way.
    pub fn release(&mut self, item: usize, to: usize) -> Made {
        let (id, from) = self.items[item];
        let (from, to) = (&self.people[from], &self.people[to]);
        let body = Release::for_purpose(MovePurpose::Transport);
        let hands = vec![Hand::of(from, Role::Releasing)];
        let page = self.page(&[SubjectId::Item(id)], hands, body).between(from, to);
        self.take(&page)
    }

    /// The addressee takes over what is on the way.
    pub fn receive(&mut self, item: usize, to: usize) -> Made {
        let (id, from) = self.items[item];
        let subject = SubjectId::Item(id);
        let release = self.heads[&subject].digest;
        let (from, receiver) = (&self.people[from], &self.people[to]);
        let hands = vec![Hand::of(receiver, Role::Receiving)];
        let page = self.page(&[subject], hands, Receive { release }).between(from, receiver);
        self.items[item].1 = to;
        self.take(&page)
    }

    /// Somebody remarks on an item; the text is sealed.
    pub fn note(&mut self, item: usize, author: usize) -> Made {
        let page = self.note_page(item, author);
        self.take(&page)
    }

    /// As [`World::note`], to be changed.
    pub fn note_page(&self, item: usize, author: usize) -> Page {
        let notes = SubjectId::Notes(self.items[item].0);
        let hands = vec![Hand::of(&self.people[author], Role::Acting)];
        let page = self.page(&[notes], hands, Note { kind: NoteKind::Remark });
        page.seal("text", &Value::text("label is loose"))
    }

    /// Somebody erases openings of records about an item; another one answers for it.
    pub fn erase(&mut self, item: usize, hands: (usize, usize), fields: &[(Hash, &str)]) -> Made {
        let page = self.erase_page(item, hands, fields);
        self.take(&page)
    }

    /// As [`World::erase`], to be changed.
    pub fn erase_page(
        &self,
        item: usize,
        (author, supervisor): (usize, usize),
        fields: &[(Hash, &str)],
    ) -> Page {
        let notes = SubjectId::Notes(self.items[item].0);
        let hands = vec![
            Hand::of(&self.people[author], Role::Acting),
            Hand::of(&self.people[supervisor], Role::Supervisor),
        ];
        let erased = |(record, field): &(Hash, &str)| ErasedField {
            record: *record,
            field: (*field).to_owned(),
        };
        let mut fields: Vec<_> = fields.iter().map(erased).collect();
        fields.sort();
        let page =
            self.page(&[notes], hands, EraseOpening { basis: EraseBasis::Retention, fields });
        page.seal("authority", &Value::text("order 3/2026"))
    }

    /// Somebody hands in a record that came too late for its place.
    pub fn late_entry(&mut self, item: usize, author: usize, record: &[u8]) -> Made {
        let notes = SubjectId::Notes(self.items[item].0);
        let hands = vec![Hand::of(&self.people[author], Role::Acting)];
        let body = LateEntry { reason: LateReason::Conflict, record: record.to_vec() };
        let page = self.page(&[notes], hands, body);
        self.take(&page)
    }

    /// An agency gives a custodian another key.
    pub fn rotate_key(&mut self, person: usize) -> Made {
        let old = &self.people[person];
        let agency = self.agencies.iter().find(|agency| agency.id == old.agency).unwrap();
        let key = signing_key(&format!("{} key {} of {person}", self.origin, self.count));
        let hands = vec![Hand::authority(agency), Hand::new(&key, old.subject(), Role::NewKey)];
        let body =
            KeyRotate { key: public(&key), slot: KeySlot::Custodian, reason: KeyReason::Routine };
        let page = self.page(&[old.subject()], hands, body);
        self.people[person] = old.with_key(&key);
        self.take(&page)
    }
}

/// The digest of a record that was made.
pub fn digest_of(made: &Made) -> Hash {
    Record::parse(&made.0).unwrap().digest()
}
