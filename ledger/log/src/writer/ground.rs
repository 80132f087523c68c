//! What the rules stand on while a batch is judged: the registry in memory, items as far as the batch needs them.

use std::collections::{HashMap, HashSet};

use custody_core::custody::{Applied, Book, Held, Holdings, Subject, asks_notes};
use custody_core::exhibit::chains_of;
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::key::Kid;

use crate::intake::Candidate;
use crate::row::{decode_subject, subject_key};
use crate::store::{Read, StoreError, Table};

/// Items that are remembered from batch to batch: 8,192 x about 300 bytes = 2.5 MB.
const REMEMBERED: usize = 8192;

/// State of a whole ledger, of which only the registry is all in memory.
#[derive(Debug)]
pub(super) struct Ground {
    registry: Book,
    /// Items and notes of the batch at hand and some before it; `None` for those without a history.
    items: HashMap<SubjectId, Option<Subject>>,
    /// The record that the late entry at hand embeds, and whether the ledger has it.
    embedded: Option<(Hash, bool)>,
}

impl Ground {
    pub(super) fn new(registry: Book) -> Self {
        Self { registry, items: HashMap::new(), embedded: None }
    }

    /// Whether a subject's state is always in memory: the ledger, agencies and custodians.
    pub(super) fn is_registry(id: &SubjectId) -> bool {
        matches!(id, SubjectId::Ledger(_) | SubjectId::Agency(_) | SubjectId::Custodian(_))
    }

    /// Reads what the rules will ask about these records and is not in memory, in one go.
    pub(super) fn fetch(
        &mut self,
        read: &dyn Read,
        candidates: &[Candidate],
    ) -> Result<(), StoreError> {
        let mut wanted: HashSet<SubjectId> = HashSet::new();
        for candidate in candidates {
            let payload = candidate.record.payload();
            let asks_notes = asks_notes(&payload.body);
            for subject in payload.subjects.iter().map(|link| &link.subject) {
                match *subject {
                    SubjectId::Item(item) if asks_notes => wanted.extend(chains_of(item)),
                    SubjectId::Notes(item) => wanted.extend(chains_of(item)),
                    SubjectId::Item(_) | SubjectId::Request(_) => {
                        wanted.insert(subject.clone());
                    }
                    _ => {}
                }
            }
            wanted.extend(payload.body.request().map(SubjectId::Request));
        }
        if self.items.len() + wanted.len() > REMEMBERED {
            self.items.retain(|id, _| wanted.contains(id));
        }
        wanted.retain(|id| !self.items.contains_key(id));
        let wanted: Vec<_> = wanted.into_iter().collect();
        let keys: Vec<_> = wanted.iter().map(subject_key).collect();
        let slices: Vec<_> = keys.iter().map(Vec::as_slice).collect();
        let rows = read.multi_get(Table::Head, &slices)?;
        for ((id, key), row) in wanted.into_iter().zip(&keys).zip(rows) {
            let subject = row.map(|row| decode_subject(key, &row)).transpose()?;
            self.items.insert(id, subject);
        }
        Ok(())
    }

    /// Notes whether the ledger has the record that the late entry to be judged next embeds.
    pub(super) fn note_embedded(&mut self, digest: Hash, is_known: bool) {
        self.embedded = Some((digest, is_known));
    }

    /// Takes over what a record changed.
    pub(super) fn absorb(&mut self, applied: Applied) {
        let mut registry = Applied::default();
        for (id, subject) in applied.changes {
            match Self::is_registry(&id) {
                true => registry.changes.push((id, subject)),
                false => drop(self.items.insert(id, Some(subject))),
            }
        }
        if !registry.changes.is_empty() {
            self.registry.absorb(registry);
        }
    }
}

impl Holdings for Ground {
    fn get(&self, id: &SubjectId) -> Held<'_> {
        if Self::is_registry(id) {
            return self.registry.get(id);
        }
        match self.items.get(id) {
            Some(Some(subject)) => Held::Present(subject),
            Some(None) => Held::Absent,
            // Not fetched: must not pass for absent.
            None => Held::Unknown,
        }
    }

    fn owner_of(&self, kid: &Kid) -> Option<SubjectId> {
        self.registry.owner_of(kid)
    }

    fn has_record(&self, digest: &Hash) -> Option<bool> {
        self.embedded.filter(|(known, _)| known == digest).map(|(_, is_known)| is_known)
    }
}
