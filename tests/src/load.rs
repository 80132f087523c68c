//! A load of signed records for measuring: people, items, and handoffs between them.
//!
//! Everything follows from numbers, so two runs measure the same bytes. Records are signed before any
//! clock is read: what is measured is the ledger, not the people who sign.
//!
//! Not for use: private keys follow from public numbers.

// Whatever goes wrong here is a mistake in the benchmark, and a benchmark may stop.
#![allow(clippy::expect_used)]

use std::ops::Range;

use custody_core::cose::{BodyHeader, ContentType, Draft, Observed, Role, SignerParams};
use custody_core::hash::{Hash, sha256, sha256_parts};
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::key::CoseKey;
use custody_core::merkle::TreeHead;
use custody_core::pins::Pins;
use custody_core::record::body::{
    Body, Collect, CustodianEnrol, Enrolment, Handoff, ItemKind, LedgerOpen, LedgerPurpose,
    MovePurpose,
};
use custody_core::record::{Link, Occurred, Payload, Signer, TimeSource};
use ed25519_dalek::SigningKey;
use rayon::prelude::*;

/// When everything in the load is claimed to have happened: seconds since 1970.
pub const LOAD_TIME_S: u64 = 1_780_000_000;

/// The people of a load and what they sign.
pub struct Load {
    origin: Origin,
    agency: Uuid,
    authority: SigningKey,
    recovery: SigningKey,
    operator: SigningKey,
    custodians: Vec<SigningKey>,
    /// Entry 0 of the ledger that the rest is signed for.
    genesis: Option<Hash>,
    /// What the signers of handoffs say they saw.
    seen: Option<TreeHead>,
    /// Fields that handoffs seal.
    sealed: &'static [&'static str],
}

/// A record with its digest.
pub struct Signed {
    /// The record.
    pub bytes: Vec<u8>,
    /// Its digest.
    pub digest: Hash,
}

impl Load {
    /// A load of `custodians` people of one agency.
    pub fn new(origin: Origin, custodians: u64) -> Self {
        Self {
            origin,
            agency: uuid("agency", 0),
            authority: key("authority", 0),
            recovery: key("recovery", 0),
            operator: key("operator", 0),
            custodians: (0..custodians).map(|number| key("custodian", number)).collect(),
            genesis: None,
            seen: None,
            sealed: &["place", "remark"],
        }
    }

    /// The same load with handoffs that seal nothing: they can be submitted where openings are asked for.
    #[must_use]
    pub fn without_sealed(self) -> Self {
        Self { sealed: &[], ..self }
    }

    /// The `ledger-open` record, naming the log's keys.
    pub fn opening(&self, log_ed25519: [u8; 32], log_mldsa44: Vec<u8>) -> Signed {
        let ledger = SubjectId::Ledger(self.origin.clone());
        let agency = SubjectId::Agency(self.agency);
        let enrolment = Enrolment {
            id: self.agency,
            key: public(&self.authority),
            name: "Load Agency".to_owned(),
            country: "PT".to_owned(),
            recovery: public(&self.recovery),
        };
        let body = LedgerOpen {
            log_ed25519,
            log_mldsa44,
            quorum: 1,
            purpose: LedgerPurpose::Evidence,
            agencies: vec![enrolment],
            operator: public(&self.operator),
            succeeds: None,
        };
        let links = [agency.clone(), ledger.clone()].map(first_link).to_vec();
        let hands = [
            (Role::Operator, ledger, &self.operator),
            (Role::Authority, agency.clone(), &self.authority),
            (Role::NewKey, agency, &self.recovery),
        ];
        self.sign(links, &hands, body.into(), &[])
    }

    /// Binds what follows to a ledger's entry 0 and to a tree that its log signed.
    pub fn bind(&mut self, genesis: Hash, seen: TreeHead) {
        self.genesis = Some(genesis);
        self.seen = Some(seen);
    }

    /// What a reader of the ledger with this entry 0 pins.
    pub fn pins(&self, genesis: Hash) -> Pins {
        Pins { genesis, agencies: vec![(self.agency, public(&self.authority).kid())] }
    }

    /// The key of the custodian with this number.
    pub fn custodian_key(&self, number: u64) -> &SigningKey {
        &self.custodians[self.turn(number) as usize]
    }

    /// Enrolments of all custodians.
    pub fn enrolments(&self) -> Vec<Signed> {
        let numbers = 0..self.custodians.len() as u64;
        numbers.into_par_iter().map(|number| self.enrolment(number)).collect()
    }

    fn enrolment(&self, number: u64) -> Signed {
        let person = custodian(number);
        let key = self.custodian_key(number);
        let roles = vec![Role::Releasing, Role::Receiving, Role::Acting];
        let body = CustodianEnrol { key: public(key), roles, agency: self.agency };
        let hands = [
            (Role::Authority, SubjectId::Agency(self.agency), &self.authority),
            (Role::NewKey, person.clone(), key),
        ];
        self.sign(vec![first_link(person)], &hands, body.into(), &["name"])
    }

    /// Collections of items `0..count`, each by the custodian who comes round to it.
    pub fn collections(&self, count: u64) -> Vec<Signed> {
        (0..count).into_par_iter().map(|number| self.collection(number, number)).collect()
    }

    /// Collections of these items, all by one custodian.
    pub fn collections_by(&self, holder: u64, items: Range<u64>) -> Vec<Signed> {
        items.into_par_iter().map(|number| self.collection(number, holder)).collect()
    }

    fn collection(&self, number: u64, holder: u64) -> Signed {
        let body = Collect::of(ItemKind::Physical);
        let hands = [(Role::Acting, custodian(self.turn(holder)), self.custodian_key(holder))];
        let links = vec![first_link(item(number))];
        self.sign(links, &hands, body.into(), &["description", "place"])
    }

    /// The next handoff of each item whose newest record is in `heads`, its `round`th, from 1.
    pub fn handoffs(&self, heads: &[(u64, Hash)], round: u64) -> Vec<Signed> {
        let handoff = |moved: &(u64, Hash)| {
            let (from, to) = (moved.0 + round - 1, moved.0 + round);
            self.handoff(std::slice::from_ref(moved), round, (from, to))
        };
        heads.par_iter().map(handoff).collect()
    }

    /// `count` handoffs that come round to every one of these items, time and again.
    pub fn moves(&self, collections: &[Signed], count: u64) -> Vec<Vec<u8>> {
        let mut heads: Vec<_> = collections.iter().map(|signed| signed.digest).zip(0..).collect();
        let mut signed = Vec::new();
        let mut round = 1;
        while (signed.len() as u64) < count {
            let due: Vec<_> = heads.iter().map(|&(digest, number)| (number, digest)).collect();
            let due = &due[..due.len().min(count as usize - signed.len())];
            let moved = self.handoffs(due, round);
            moved.iter().zip(&mut heads).for_each(|(record, head)| head.0 = record.digest);
            signed.extend(moved.into_iter().map(|record| record.bytes));
            round += 1;
        }
        signed
    }

    /// The `round`th handoff of items whose newest records are in `heads`, in one record, from one custodian to another.
    pub fn handoff(&self, heads: &[(u64, Hash)], round: u64, (from, to): (u64, u64)) -> Signed {
        let link = |(number, head): &(u64, Hash)| Link {
            subject: item(*number),
            seq: round,
            prev: Some(*head),
        };
        let mut links: Vec<_> = heads.iter().map(link).collect();
        links.sort_by(|left, right| left.subject.cmp(&right.subject));
        let hands = [
            (Role::Releasing, custodian(self.turn(from)), self.custodian_key(from)),
            (Role::Receiving, custodian(self.turn(to)), self.custodian_key(to)),
        ];
        let body = Handoff::for_purpose(MovePurpose::Examination);
        self.sign(links, &hands, body.into(), self.sealed)
    }

    fn turn(&self, number: u64) -> u64 {
        number % self.custodians.len() as u64
    }

    fn sign(
        &self,
        subjects: Vec<Link>,
        hands: &[(Role, SubjectId, &SigningKey)],
        body: Body,
        sealed: &[&str],
    ) -> Signed {
        let person = |wanted: Role| {
            hands.iter().find(|hand| hand.0 == wanted).and_then(|hand| match hand.1 {
                SubjectId::Custodian(id) => Some(id),
                _ => None,
            })
        };
        let seen = self.seen.filter(|_| matches!(body, Body::Handoff(_)));
        let commit = |name: &&str| ((*name).to_owned(), sha256(name.as_bytes()));
        let payload = Payload {
            signers: hands
                .iter()
                .map(|(role, id, _)| Signer { role: *role, id: id.clone() })
                .collect(),
            from: person(Role::Releasing),
            to: person(Role::Receiving),
            occurred: Occurred { utc_s: LOAD_TIME_S, offset_min: 60, source: TimeSource::Ntp },
            seen,
            body,
            sealed: sealed.iter().map(commit).collect(),
            attached: Vec::new(),
            subjects,
        };
        let (content_type, origin) = (ContentType::Record, self.origin.clone());
        let header = BodyHeader { content_type, origin, genesis: self.genesis };
        let mut draft = Draft::new(header, payload.encode());
        for (role, _, key) in hands {
            let observed = Observed::default();
            let params = SignerParams { role: *role, iat_s: LOAD_TIME_S, observed };
            draft.sign(key, params).expect("a draft of the load signs");
        }
        let bytes = draft.to_bytes();
        let digest = sha256(&bytes);
        Signed { bytes, digest }
    }
}

/// The item with this number.
pub fn item(number: u64) -> SubjectId {
    SubjectId::Item(uuid("item", number))
}

/// The custodian with this number.
pub fn custodian(number: u64) -> SubjectId {
    SubjectId::Custodian(uuid("custodian", number))
}

fn first_link(subject: SubjectId) -> Link {
    Link { subject, seq: 0, prev: None }
}

fn named(kind: &str, number: u64) -> Hash {
    sha256_parts(&[b"load ", kind.as_bytes(), &number.to_be_bytes()])
}

fn key(kind: &str, number: u64) -> SigningKey {
    SigningKey::from_bytes(named(kind, number).as_bytes())
}

fn uuid(kind: &str, number: u64) -> Uuid {
    let digest = named(kind, number);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    Uuid::from_random(bytes)
}

fn public(key: &SigningKey) -> CoseKey {
    CoseKey::from_bytes(key.verifying_key().as_bytes()).expect("a key made from a seed is usable")
}
