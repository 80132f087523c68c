//! Assembling an exhibit: everything about an item that a stranger needs, and nothing else.
//!
//! What belongs to an item's history is what the verifier will ask for (SPEC section "Verifying an
//! exhibit"): its two chains and its ancestors', the ledger's chain, and the chains of everybody who signed
//! any of it or is a party to it. Cost: point reads by the number of those records, proofs by the logarithm of the size.

use std::collections::{BTreeMap, BTreeSet};

use custody_core::checkpoint::{Checkpoint, CheckpointError};
use custody_core::cose::Role;
use custody_core::custody::Standing;
use custody_core::entry::Entry;
use custody_core::exhibit::{
    Consistency, Contents, ContentsOpening, Kin, Lookup, Placed, Withheld, WithholdReason,
    chains_of,
};
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::{LeafIndex, TreeSize};
use custody_core::record::body::Body;
use custody_core::record::{Payload, Record, RecordError};
use thiserror::Error;

use crate::error::ReadError;
use crate::intake::erases;
use crate::reader::{Logged, Reader};

/// What an exhibit is to hold.
pub struct ExhibitRequest<'a> {
    /// The item.
    pub item: Uuid,
    /// The custodian who will sign the manifest.
    pub exporter: Uuid,
    /// Earlier sizes to prove consistency from.
    pub since: Vec<TreeSize>,
    /// Handling codes besides those that the records set.
    pub handling: Vec<String>,
    /// Why the sealed field of a record is withheld, or `None` where it is to be opened.
    pub withhold: &'a dyn Fn(&Payload, &str) -> Option<WithholdReason>,
}

/// Contents ready to be encoded, and what the manifest has to say of them.
pub struct Assembled {
    /// What the exhibit holds.
    pub contents: Contents,
    /// What it does not open, and why.
    pub withheld: Vec<Withheld>,
    /// The item, what it was made from or packed in, and so on: whose handling codes are in force.
    pub lineage: Vec<Uuid>,
}

/// Assembles the contents of an exhibit at the reader's checkpoint.
///
/// # Errors
/// [`ExportError::NoSuchItem`], and whatever reading fails with.
pub fn assemble(
    reader: &Reader<'_>,
    request: &ExhibitRequest<'_>,
) -> Result<Assembled, ExportError> {
    let history = History::collect(reader, request)?;
    let mut indices: Vec<_> = history.records.keys().copied().collect();
    let last = LeafIndex(reader.head().size.0 - 1);
    if indices.last() != Some(&last) {
        indices.push(last);
    }
    let (openings, withheld) = open_fields(reader, request, &history)?;
    let mut handling = history.handling_codes(reader)?;
    handling.extend(request.handling.iter().cloned());
    let subjects = history.subjects.iter().map(|subject| {
        let proof = reader.index_proof(subject)?;
        Ok(Lookup { subject: subject.clone(), proof })
    });
    let consistency = request
        .since
        .iter()
        .map(|&size| Ok(Consistency { size, proof: reader.consistency_proof(size)? }));
    let contents = Contents {
        item: request.item,
        checkpoint: Checkpoint::parse(reader.checkpoint())?,
        tail: reader.entry(last)?.encode(),
        proof: reader.multiproof(&indices)?,
        subjects: subjects.collect::<Result<_, ExportError>>()?,
        consistency: consistency.collect::<Result<_, ExportError>>()?,
        records: history.records.into_values().collect(),
        openings,
        handling: handling.into_iter().collect(),
    };
    let lineage = history.lineage;
    Ok(Assembled { contents, withheld, lineage })
}

/// The records that belong to an item's history, and the subjects whose chains they are.
struct History {
    subjects: BTreeSet<SubjectId>,
    records: BTreeMap<LeafIndex, Placed>,
    /// The item, what it was made from or packed in, and so on.
    lineage: Vec<Uuid>,
}

impl History {
    fn collect(reader: &Reader<'_>, request: &ExhibitRequest<'_>) -> Result<Self, ExportError> {
        let item = SubjectId::Item(request.item);
        if reader.subject(&item)?.is_none() {
            return Err(ExportError::NoSuchItem { item });
        }
        let mut history = Self {
            subjects: BTreeSet::new(),
            records: BTreeMap::new(),
            lineage: vec![request.item],
        };
        let mut waiting = vec![
            SubjectId::Ledger(reader.origin().clone()),
            SubjectId::Custodian(request.exporter),
        ];
        waiting.extend(history.collect_lineage(reader)?);
        while let Some(subject) = waiting.pop() {
            waiting.extend(history.take_chain(reader, &subject)?);
        }
        Ok(history)
    }

    /// Takes in the custody of the item and of its forebears, and returns what else is needed.
    fn collect_lineage(&mut self, reader: &Reader<'_>) -> Result<Vec<SubjectId>, ExportError> {
        let (mut needed, mut next) = (Vec::new(), 0);
        while let Some(&item) = self.lineage.get(next) {
            next += 1;
            let [custody, notes] = chains_of(item);
            needed.extend(self.take_chain(reader, &custody)?);
            needed.push(notes);
            let extends = |placed: &&Placed| placed.record.payload().link(&custody).is_some();
            for placed in self.records.values().filter(extends) {
                let kin = Kin::of(item, placed.record.payload());
                needed.extend(kin.siblings.into_iter().flat_map(chains_of));
                for forebear in kin.forebears {
                    if !self.lineage.contains(&forebear) {
                        self.lineage.push(forebear);
                    }
                }
            }
        }
        Ok(needed)
    }

    /// Takes in the chain of a subject, once, and returns the subjects that make sense of its records.
    fn take_chain(
        &mut self,
        reader: &Reader<'_>,
        subject: &SubjectId,
    ) -> Result<Vec<SubjectId>, ExportError> {
        let mut needed = Vec::new();
        if !self.subjects.insert(subject.clone()) {
            return Ok(needed);
        }
        for logged in reader.chain(subject)? {
            if self.records.contains_key(&logged.index) {
                continue;
            }
            let placed = placed(logged)?;
            needed.extend(needed_by(&placed.record));
            self.records.insert(placed.index, placed);
        }
        Ok(needed)
    }

    /// Whether a record is about the item or its forebears.
    fn is_own(&self, payload: &Payload) -> bool {
        let mut chains = self.lineage.iter().flat_map(|item| chains_of(*item));
        chains.any(|id| payload.link(&id).is_some())
    }

    /// What the records at hand say was erased, by record and field; those about the item and its forebears, or all.
    fn erased(&self, is_own_only: bool) -> BTreeSet<(Hash, &str)> {
        let records = self.records.values().map(|placed| &placed.record);
        let records = records.filter(|record| !is_own_only || self.is_own(record.payload()));
        let fields = records.flat_map(erases);
        fields.map(|erased| (erased.record, erased.field.as_str())).collect()
    }

    /// The handling codes in force for the item and its forebears.
    fn handling_codes(&self, reader: &Reader<'_>) -> Result<BTreeSet<String>, ExportError> {
        let mut codes = BTreeSet::new();
        for item in &self.lineage {
            let notes = reader.subject(&SubjectId::Notes(*item))?;
            if let Some(Standing::Notes(notes)) = notes.map(|subject| subject.standing) {
                let known = notes.handling.into_iter().flat_map(|handling| handling.codes);
                codes.extend(known.map(|code| code.to_string()));
            }
        }
        Ok(codes)
    }
}

/// The subjects whose history makes sense of `record`.
fn needed_by(record: &Record) -> Vec<SubjectId> {
    let payload = record.payload();
    let mut needed = signers_of(payload);
    needed.extend(payload.parties().map(SubjectId::Custodian));
    needed.extend(payload.body.named());
    if let Body::LateEntry(body) = &payload.body {
        // Accepted records embed only records that parse; nothing is lost where one does not. Its keys
        // are judged; what it would have done is not.
        let embedded = Record::parse(&body.record).ok();
        needed.extend(embedded.iter().flat_map(|record| signers_of(record.payload())));
    }
    needed
}

/// Everybody whose keys and roles a record is judged by.
fn signers_of(payload: &Payload) -> Vec<SubjectId> {
    let standing = payload.signers.iter().filter(|signer| signer.role != Role::NewKey);
    standing.map(|signer| signer.id.clone()).collect()
}

fn placed(logged: Logged) -> Result<Placed, ExportError> {
    let record = Record::parse(&logged.record)
        .map_err(|source| ExportError::Record { index: logged.index, source })?;
    let Entry { accepted_ms, index_root, .. } = logged.entry;
    Ok(Placed { index: logged.index, accepted_ms, index_root, record })
}

/// Opens every sealed field that is not withheld. What nobody here can open is withheld for that reason. What a record
/// of the exhibit says was erased is erased, whatever else it would be withheld for, and even if it came back with an
/// old vault: the reader finds the record that says so.
fn open_fields(
    reader: &Reader<'_>,
    request: &ExhibitRequest<'_>,
    history: &History,
) -> Result<(Vec<ContentsOpening>, Vec<Withheld>), ExportError> {
    let (mut open, mut withheld) = (Vec::new(), Vec::new());
    let (own, all) = (history.erased(true), history.erased(false));
    for (&index, placed) in &history.records {
        let payload = placed.record.payload();
        let digest = placed.record.digest();
        let erased = if history.is_own(payload) { &own } else { &all };
        let mut known = reader.openings(&digest)?;
        for field in payload.sealed_names() {
            let is_erased = erased.contains(&(digest, field.as_str()));
            let reason = match is_erased {
                true => Some(WithholdReason::Erased),
                false => (request.withhold)(payload, &field),
            };
            let opening = known.iter().position(|opening| opening.field == field);
            match (reason, opening) {
                (None, Some(at)) => {
                    open.push(ContentsOpening { index, opening: known.swap_remove(at) });
                }
                (reason, _) => {
                    let reason = reason.unwrap_or(WithholdReason::NotHeld);
                    withheld.push(Withheld { index, field, reason });
                }
            }
        }
    }
    open.sort_by(|a, b| (a.index, &a.opening.field).cmp(&(b.index, &b.opening.field)));
    withheld.sort_by(|a, b| (a.index, &a.field).cmp(&(b.index, &b.field)));
    Ok((open, withheld))
}

/// Why an exhibit could not be assembled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is no such item.
    #[error("there is no {item} in the ledger")]
    NoSuchItem {
        /// The item.
        item: SubjectId,
    },
    /// The ledger could not be read.
    #[error("reading the ledger")]
    Read(#[from] ReadError),
    /// The stored checkpoint is malformed.
    #[error("the stored checkpoint is refused")]
    Checkpoint(#[from] CheckpointError),
    /// A stored record is malformed.
    #[error("the stored record of entry {} is refused", index.0)]
    Record {
        /// Its entry.
        index: LeafIndex,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
}

impl ExportError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchItem { .. } => "export/no-such-item",
            Self::Read(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Record { source, .. } => source.code(),
        }
    }
}
