use std::collections::{BTreeMap, HashMap, HashSet};

use crate::custody::apply::Applied;
use crate::custody::key::{KeyEnd, KeyState};
use crate::custody::state::{Held, Holdings, Subject};
use crate::hash::Hash;
use crate::id::SubjectId;
use crate::key::{CoseKey, Kid};

/// State kept in memory: of a whole ledger, or of the subjects whose whole history is at hand.
#[derive(Clone, Debug, Default)]
pub struct Book {
    subjects: HashMap<SubjectId, Subject>,
    keys: HashMap<Kid, (SubjectId, CoseKey)>,
    /// The subjects at hand; `None` where that is all of them.
    scope: Option<HashSet<SubjectId>>,
    /// Digests of the records taken in, as far as they extend subjects at hand; `None` where nobody keeps them.
    records: Option<HashSet<Hash>>,
}

impl Book {
    /// An empty book of a whole ledger: what is not in it does not exist. Its size is that of the state, and
    /// does not grow with the number of records.
    pub fn whole() -> Self {
        Self::default()
    }

    /// An empty book of the subjects in `scope`: of others it knows nothing. It keeps the digests of records.
    pub fn partial(scope: impl IntoIterator<Item = SubjectId>) -> Self {
        Self { scope: Some(scope.into_iter().collect()), ..Self::default() }.with_records()
    }

    /// The same book, which keeps the digests of records from now on: 32 bytes each.
    #[must_use]
    pub fn with_records(self) -> Self {
        Self { records: Some(HashSet::new()), ..self }
    }

    /// Takes over what a record changed.
    pub fn absorb(&mut self, applied: Applied) {
        for (id, subject) in applied.changes {
            // Keys are only ever added, at the end.
            let is_new = |key: &&CoseKey| !self.keys.contains_key(&key.kid());
            let added: Vec<_> = subject.standing.enrolled_keys().rev().take_while(is_new).collect();
            for key in added {
                self.keys.insert(key.kid(), (id.clone(), key.clone()));
            }
            if let Some(records) = &mut self.records {
                records.insert(subject.chain.digest);
            }
            self.subjects.insert(id, subject);
        }
        for id in applied.lost {
            self.subjects.remove(&id);
            if let Some(scope) = &mut self.scope {
                scope.remove(&id);
            }
        }
    }

    /// The key with this thumbprint, ended keys included.
    pub fn key(&self, kid: &Kid) -> Option<&CoseKey> {
        self.keys.get(kid).map(|(_, key)| key)
    }

    /// The keys that others may have had, and since when: seconds since 1970.
    pub fn compromised_keys(&self) -> BTreeMap<Kid, u64> {
        let keys = self.subjects.values().flat_map(|subject| subject.standing.keys());
        let since = |state: &KeyState| match state.end {
            Some(KeyEnd::Compromised { since_s }) => Some((state.key.kid(), since_s)),
            _ => None,
        };
        keys.filter_map(since).collect()
    }

    /// Every subject at hand that has a history, in no particular order.
    pub fn subjects(&self) -> impl Iterator<Item = (&SubjectId, &Subject)> {
        self.subjects.iter()
    }
}

impl Holdings for Book {
    fn get(&self, id: &SubjectId) -> Held<'_> {
        let is_at_hand = self.scope.as_ref().is_none_or(|scope| scope.contains(id));
        match self.subjects.get(id) {
            _ if !is_at_hand => Held::Unknown,
            Some(subject) => Held::Present(subject),
            None => Held::Absent,
        }
    }

    fn owner_of(&self, kid: &Kid) -> Option<SubjectId> {
        self.keys.get(kid).map(|(owner, _)| owner.clone())
    }

    fn has_record(&self, digest: &Hash) -> Option<bool> {
        self.records.as_ref().map(|records| records.contains(digest))
    }
}
