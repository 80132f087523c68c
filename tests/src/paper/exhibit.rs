//! An exhibit put together by hand from a ledger on paper.

use std::collections::BTreeSet;

use custody_core::cose::{BodyHeader, ContentType, Draft, Observed, Role, SignerParams};
use custody_core::entry::Entry;
use custody_core::exhibit::{
    Consistency, Contents, ContentsOpening, Exhibit, Lookup, Manifest, Placed, Withheld,
    WithholdReason,
};
use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::{LeafIndex, TreeSize, prove_consistency, prove_multi};
use custody_core::record::body::Body;
use custody_core::record::{Occurred, Record, TimeSource};
use ed25519_dalek::SigningKey;

use super::cast::Person;
use super::ledger::PaperLedger;

/// A field that an exhibit does not open: entry, field, reason.
pub type Withhold<'a> = (u64, &'a str, WithholdReason);

/// An exhibit before it is signed: whatever is to be forged is changed here.
#[derive(Clone, Debug)]
pub struct PaperExhibit {
    /// What it holds.
    pub contents: Contents,
    /// What the exporter says; the digest of the contents is filled in.
    pub manifest: Manifest,
    /// The manifest's header.
    pub header: BodyHeader,
    /// The exporter's key.
    pub key: SigningKey,
    /// The role in which the exporter signs.
    pub role: Role,
}

impl PaperLedger {
    /// Everything about `item`, as of now, exported by `exporter`.
    pub fn exhibit(&self, item: Uuid, exporter: &Person) -> PaperExhibit {
        self.exhibit_of(item, exporter, self.needed(item, exporter))
    }

    /// Every history that the ledger has, in an exhibit about `item`: quickly made, however long they are.
    pub fn exhibit_of_all(&self, item: Uuid, exporter: &Person) -> PaperExhibit {
        let mut subjects: BTreeSet<_> = self.subjects().cloned().collect();
        let items = self.subjects().filter_map(|subject| match subject {
            SubjectId::Item(id) => Some(SubjectId::Notes(*id)),
            _ => None,
        });
        subjects.extend(items);
        self.exhibit_of(item, exporter, subjects)
    }

    fn exhibit_of(
        &self,
        item: Uuid,
        exporter: &Person,
        subjects: BTreeSet<SubjectId>,
    ) -> PaperExhibit {
        let records = self.records_of(&subjects);
        let openings = records.iter().flat_map(|placed| self.openings_of(placed.index)).collect();
        let contents = Contents {
            item,
            checkpoint: self.checkpoint(),
            tail: self.entries.last().map(Entry::encode).unwrap(),
            proof: custody_core::merkle::MultiProof { hashes: Vec::new() },
            subjects: subjects.into_iter().map(|subject| self.lookup(subject)).collect(),
            records,
            openings,
            consistency: Vec::new(),
            handling: Vec::new(),
        };
        let mut exhibit = self.unsigned(contents, exporter);
        exhibit.prove(self);
        exhibit
    }

    fn unsigned(&self, contents: Contents, exporter: &Person) -> PaperExhibit {
        let utc_s = self.now_s() + 60;
        let manifest = Manifest {
            recipient: "Court of First Instance, chamber 3".to_owned(),
            item: contents.item,
            made: Occurred { utc_s, offset_min: 60, source: TimeSource::Ntp },
            purpose: "case 4711/26".to_owned(),
            contents: sha256(&[]),
            exporter: exporter.id,
            withheld: Vec::new(),
        };
        let header = BodyHeader {
            content_type: ContentType::Manifest,
            origin: self.origin.clone(),
            genesis: self.genesis(),
        };
        PaperExhibit { contents, manifest, header, key: exporter.key.clone(), role: Role::Acting }
    }

    /// SPEC's list of the histories that belong to an item's, by going round until nothing is added.
    pub fn needed(&self, item: Uuid, exporter: &Person) -> BTreeSet<SubjectId> {
        let mut needed = BTreeSet::from([
            self.subject(),
            exporter.subject(),
            SubjectId::Item(item),
            SubjectId::Notes(item),
        ]);
        let mut lineage = BTreeSet::from([item]);
        loop {
            let before = needed.len();
            for placed in self.records_of(&needed) {
                needed.extend(needed_by(&placed.record));
                for item in kin(&placed.record, &mut lineage) {
                    needed.extend([SubjectId::Item(item), SubjectId::Notes(item)]);
                }
            }
            if needed.len() == before {
                return needed;
            }
        }
    }

    /// The records that extend any of `subjects`.
    pub fn records_of(&self, subjects: &BTreeSet<SubjectId>) -> Vec<Placed> {
        let all = (0..self.records.len() as u64).map(|index| self.placed(LeafIndex(index)));
        let belongs = |placed: &Placed| {
            let links = &placed.record.payload().subjects;
            links.iter().any(|link| subjects.contains(&link.subject))
        };
        all.filter(belongs).collect()
    }

    /// The record at `index` with its place.
    pub fn placed(&self, index: LeafIndex) -> Placed {
        let entry = self.entries[index.0 as usize];
        Placed {
            index,
            accepted_ms: entry.accepted_ms,
            index_root: entry.index_root,
            record: self.record(index),
        }
    }

    /// The index's word on `subject`.
    pub fn lookup(&self, subject: SubjectId) -> Lookup {
        let proof = self.index().prove(&subject.key()).bytes;
        Lookup { subject, proof }
    }

    fn openings_of(&self, index: LeafIndex) -> Vec<ContentsOpening> {
        let mut openings = self.openings[index.0 as usize].clone();
        openings.sort_by(|left, right| left.field.cmp(&right.field));
        openings.into_iter().map(|opening| ContentsOpening { index, opening }).collect()
    }

    /// A consistency proof from `size` to now.
    pub fn consistency(&self, size: TreeSize) -> Consistency {
        Consistency { size, proof: prove_consistency(size, self.head().size, self).unwrap() }
    }
}

/// Whose histories a record makes necessary, whatever it extends.
fn needed_by(record: &Record) -> Vec<SubjectId> {
    let payload = record.payload();
    let signers = payload.signers.iter().filter(|signer| signer.role != Role::NewKey);
    let mut more: Vec<_> = signers.map(|signer| signer.id.clone()).collect();
    more.extend([payload.from, payload.to].into_iter().flatten().map(SubjectId::Custodian));
    let agency = match &payload.body {
        Body::CustodianEnrol(body) => Some(body.agency),
        Body::Pack(body) => body.bound.map(|bound| bound.agency),
        Body::AuthoriseOnward(body) => body.to,
        Body::Request(body) => body.to,
        _ => None,
    };
    more.extend(agency.map(SubjectId::Agency));
    if let Body::Release(body) = &payload.body {
        more.extend(body.substitutes.iter().map(|substitute| SubjectId::Custodian(*substitute)));
    }
    let request = match &payload.body {
        Body::LateEntry(body) => {
            // Its signers are judged with it.
            let embedded = Record::parse(&body.record).into_iter();
            let signers = embedded.flat_map(|embedded| embedded.payload().signers.clone());
            more.extend(signers.map(|signer| signer.id));
            None
        }
        Body::Collect(body) => body.request,
        Body::ProviderProduction(body) => body.request,
        Body::Handoff(body) => body.request,
        Body::Release(body) => body.request,
        Body::Pack(body) => body.bound.map(|bound| bound.request),
        _ => None,
    };
    more.extend(request.map(SubjectId::Request));
    more
}

/// The forebears that a record gives an item of the lineage, which they join, and their other children.
fn kin(record: &Record, lineage: &mut BTreeSet<Uuid>) -> Vec<Uuid> {
    let (forebear, siblings) = match &record.payload().body {
        Body::Derive(body) => (body.parent, Vec::new()),
        Body::Split(body) => (body.parent, body.parts.iter().map(|part| part.item).collect()),
        Body::Pack(body) => (body.container, Vec::new()),
        _ => return Vec::new(),
    };
    let items = record.payload().subjects.iter().filter_map(|link| link.subject.item());
    let mut others = items.filter(|item| *item != forebear);
    match others.any(|item| lineage.contains(&item)) {
        true => {
            lineage.insert(forebear);
            [vec![forebear], siblings].concat()
        }
        false => Vec::new(),
    }
}

impl PaperExhibit {
    /// Proves the records and the tail against the ledger as it stands.
    pub fn prove(&mut self, ledger: &PaperLedger) {
        let last = LeafIndex(ledger.entries.len() as u64 - 1);
        let mut indices: Vec<_> = self.contents.records.iter().map(|placed| placed.index).collect();
        if indices.last() != Some(&last) {
            indices.push(last);
        }
        self.contents.proof = prove_multi(&indices, ledger.head().size, ledger).unwrap();
    }

    /// Leaves openings out and says so.
    pub fn withhold(mut self, fields: &[Withhold<'_>]) -> Self {
        for (index, field, reason) in fields {
            let index = LeafIndex(*index);
            let is_it =
                |known: &ContentsOpening| known.index == index && known.opening.field == *field;
            self.contents.openings.retain(|known| !is_it(known));
            let field = (*field).to_owned();
            self.manifest.withheld.push(Withheld { index, field, reason: *reason });
        }
        self
    }

    /// The same exhibit with a change that its exporter then signs.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The record at `index`, to be changed.
    #[track_caller]
    pub fn placed_mut(&mut self, index: LeafIndex) -> &mut Placed {
        self.contents.records.iter_mut().find(|placed| placed.index == index).unwrap()
    }

    /// The file, with a manifest that is signed for just these contents.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_contents(&self.contents.encode())
    }

    /// The file with these contents, whatever they are, and a manifest that is signed for them.
    pub fn encode_contents(&self, contents: &[u8]) -> Vec<u8> {
        Exhibit::encode(contents, &self.sign_manifest(contents))
    }

    /// The manifest, signed for `contents`.
    pub fn sign_manifest(&self, contents: &[u8]) -> Vec<u8> {
        let manifest = Manifest { contents: sha256(contents), ..self.manifest.clone() };
        let mut draft = Draft::new(self.header.clone(), manifest.encode());
        let (role, iat_s) = (self.role, manifest.made.utc_s);
        draft.sign(&self.key, SignerParams { role, iat_s, observed: Observed::default() }).unwrap();
        draft.to_bytes()
    }
}
