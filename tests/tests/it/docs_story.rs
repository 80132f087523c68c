//! The small ledger that SPEC's examples are taken from: six records, made from fixed seeds.

use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::cose::{BodyHeader, Check, ContentType, Draft, Observed, Role, SignerParams};
use custody_core::entry::Entry;
use custody_core::hash::{Hash, sha256};
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::index::{ChainHead, IndexTree};
use custody_core::key::CoseKey;
use custody_core::merkle::{Frontier, TreeHead};
use custody_core::note::KeyName;
use custody_core::record::body::{
    Body, Collect, CustodianEnrol, Enrolment, Handoff, ItemKind, LedgerOpen, LedgerPurpose,
    MovePurpose, Seal, SealKind,
};
use custody_core::record::{Link, Occurred, Payload, Record, Signer, TimeSource};
use custody_core::sealed::Opening;
use custody_log::signing::{LogSeeds, LogSigner, sign_checkpoint};
use ed25519_dalek::SigningKey;

/// The ledger's name.
pub const ORIGIN: &str = "ledger.example/evidence";

/// 2026-11-22T09:30:00Z: when the story begins.
pub const START_S: u64 = 1_795_339_800;

/// The ledger as it is written, record by record.
pub struct Story {
    pub signer: LogSigner,
    pub genesis: Option<Hash>,
    pub records: Vec<Record>,
    pub entries: Vec<Entry>,
    /// Size and root after each record.
    pub heads: Vec<TreeHead>,
    pub index: IndexTree,
    frontier: Frontier,
}

/// A UUID whose random bytes are all `byte`.
pub fn uuid(byte: u8) -> Uuid {
    Uuid::from_random([byte; 16])
}

/// The private key whose seed is 32 times `byte`.
pub fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

/// Its public half.
pub fn public(byte: u8) -> CoseKey {
    CoseKey::from_bytes(key(byte).verifying_key().as_bytes()).unwrap()
}

pub fn origin() -> Origin {
    ORIGIN.parse().unwrap()
}

pub fn ledger() -> SubjectId {
    SubjectId::Ledger(origin())
}

/// An agency whose authority key has seed `byte`, and its recovery key the seed after it.
pub fn enrolment(byte: u8) -> Enrolment {
    Enrolment {
        id: uuid(byte),
        key: public(byte),
        name: format!("Agency {byte:02x}"),
        country: "NL".into(),
        recovery: public(byte + 1),
    }
}

/// What happened `minutes` after the start, as two people by one clock claim it.
pub fn occurred(minutes: u64) -> Occurred {
    Occurred { utc_s: START_S + 60 * minutes, offset_min: 60, source: TimeSource::Manual }
}

/// A payload with nothing but what every payload needs.
pub fn payload(subjects: Vec<Link>, signers: Vec<(Role, SubjectId)>, body: Body) -> Payload {
    let signers = signers.into_iter().map(|(role, id)| Signer { role, id }).collect();
    Payload {
        subjects,
        signers,
        from: None,
        to: None,
        occurred: occurred(0),
        seen: None,
        body,
        sealed: Vec::new(),
        attached: Vec::new(),
    }
}

/// An opening of `field` whose salt is 16 times `byte`.
pub fn opening(field: &str, byte: u8, value: &str) -> Opening {
    Opening::new(field, [byte; 16], &custody_core::cbor::Value::text(value))
}

/// The first record of the founding agencies 11 and 21.
pub fn ledger_open(signer: &LogSigner) -> LedgerOpen {
    LedgerOpen {
        log_ed25519: signer.keys().ed25519().key().encode().try_into().unwrap(),
        log_mldsa44: signer.keys().mldsa44().key().encode(),
        quorum: 2,
        purpose: LedgerPurpose::Evidence,
        agencies: vec![enrolment(0x11), enrolment(0x21)],
        operator: public(0x01),
        succeeds: None,
    }
}

pub fn log_signer() -> LogSigner {
    let name = KeyName::parse(ORIGIN).unwrap();
    LogSigner::from_seeds(&name, LogSeeds { ed25519: &[0x41; 32], mldsa44: &[0x42; 32] }).unwrap()
}

impl Story {
    /// The whole story: founding, two custodians, an item collected, sealed and handed over.
    pub fn tell() -> Self {
        let mut story = Self {
            signer: log_signer(),
            genesis: None,
            records: Vec::new(),
            entries: Vec::new(),
            heads: Vec::new(),
            index: IndexTree::new(),
            frontier: Frontier::new(),
        };
        story.found();
        story.enrol(0x31, 0x11);
        story.enrol(0x32, 0x21);
        let item = SubjectId::Item(uuid(0x51));
        let custodian = |byte| SubjectId::Custodian(uuid(byte));
        let mut collect = payload(
            vec![story.link(&item)],
            vec![(Role::Acting, custodian(0x31))],
            Body::Collect(Collect::of(ItemKind::Physical)),
        );
        collect.sealed = sealed(&[opening("description", 0x61, "telephone, black")]);
        story.add(collect, &[(0x31, Observed::default())]);
        let mut seal = payload(
            vec![story.link(&item)],
            vec![(Role::Acting, custodian(0x31))],
            Body::Seal(Seal { kind: SealKind::Bag }),
        );
        seal.sealed = sealed(&[opening("seal", 0x62, "NL-0042")]);
        story.add(seal, &[(0x31, Observed::default())]);
        let mut handoff = payload(
            vec![story.link(&item)],
            vec![(Role::Releasing, custodian(0x31)), (Role::Receiving, custodian(0x32))],
            Body::Handoff(Handoff::for_purpose(MovePurpose::Examination)),
        );
        (handoff.from, handoff.to) = (Some(uuid(0x31)), Some(uuid(0x32)));
        handoff.occurred = occurred(5);
        handoff.seen = story.heads.last().copied();
        handoff.sealed = sealed(&[opening("place", 0x63, "Laboratory, room 4")]);
        let looked = Observed { checked: vec![Check::Seal], outcomes: Vec::new() };
        story.add(handoff, &[(0x31, Observed::default()), (0x32, looked)]);
        story
    }

    /// The checkpoint of the whole story.
    pub fn checkpoint(&self) -> Checkpoint {
        let time = PosixTime::new(START_S + 600).unwrap();
        sign_checkpoint(&self.signer, self.heads.last().unwrap(), time).unwrap()
    }

    /// The place that the next record takes on a chain.
    pub fn link(&self, subject: &SubjectId) -> Link {
        let head = self.index.prove(&subject.key()).head;
        let (seq, prev) = head.map_or((0, None), |head| (head.length, Some(head.digest)));
        Link { subject: subject.clone(), seq, prev }
    }

    /// Signs `payload` with the keys of these seeds.
    pub fn sign(&self, payload: &Payload, signers: &[(u8, Observed)]) -> Vec<u8> {
        let header = BodyHeader {
            content_type: ContentType::Record,
            origin: origin(),
            genesis: self.genesis,
        };
        let mut draft = Draft::new(header, payload.encode());
        for ((seed, observed), signer) in signers.iter().zip(&payload.signers) {
            let iat_s = payload.occurred.utc_s;
            let params = SignerParams { role: signer.role, iat_s, observed: observed.clone() };
            draft.sign(&key(*seed), params).unwrap();
        }
        draft.to_bytes()
    }

    fn found(&mut self) {
        let body = ledger_open(&self.signer);
        let agencies = [0x11, 0x21].map(|byte| SubjectId::Agency(uuid(byte)));
        let signers = agencies
            .iter()
            .flat_map(|id| [(Role::Authority, id.clone()), (Role::NewKey, id.clone())]);
        let signers = std::iter::once((Role::Operator, ledger())).chain(signers).collect();
        let links = agencies.iter().chain([&ledger()]).map(|id| self.link(id)).collect();
        let seeds = [0x01, 0x11, 0x12, 0x21, 0x22].map(|seed| (seed, Observed::default()));
        self.add(payload(links, signers, body.into()), &seeds);
    }

    fn enrol(&mut self, person: u8, agency: u8) {
        let id = SubjectId::Custodian(uuid(person));
        let roles = vec![Role::Releasing, Role::Receiving, Role::Witness, Role::Acting];
        let body = CustodianEnrol { key: public(person), roles, agency: uuid(agency) };
        let authority = (Role::Authority, SubjectId::Agency(uuid(agency)));
        let signers = vec![authority, (Role::NewKey, id.clone())];
        let enrol = payload(vec![self.link(&id)], signers, body.into());
        self.add(enrol, &[(agency, Observed::default()), (person, Observed::default())]);
    }

    fn add(&mut self, payload: Payload, signers: &[(u8, Observed)]) {
        let record = Record::parse(&self.sign(&payload, signers)).unwrap();
        for link in &payload.subjects {
            let head = ChainHead { length: link.seq + 1, digest: record.digest() };
            self.index.set(&link.subject.key(), &head);
        }
        let entry = Entry {
            accepted_ms: 1000 * START_S + 60_000 * self.entries.len() as u64,
            index_root: self.index.root(),
            record: record.digest(),
        };
        if self.entries.is_empty() {
            self.genesis = Some(sha256(&entry.encode()));
        }
        self.frontier.push(entry.leaf_hash());
        self.heads.push(self.frontier.head());
        self.entries.push(entry);
        self.records.push(record);
    }
}

/// The commitments of these openings, as a payload has them.
pub fn sealed(openings: &[Opening]) -> Vec<(String, Hash)> {
    openings.iter().map(|opening| (opening.field.clone(), opening.commitment())).collect()
}
