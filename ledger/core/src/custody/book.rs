use std::collections::{HashMap, HashSet};

use crate::custody::apply::Applied;
use crate::custody::key::KeyState;
use crate::custody::state::{Held, Holdings, Standing, Subject};
use crate::id::SubjectId;
use crate::key::{CoseKey, Kid};

/// State kept in memory: of a whole ledger, or of the subjects whose whole history is at hand.
#[derive(Clone, Debug, Default)]
pub struct Book {
    subjects: HashMap<SubjectId, Subject>,
    keys: HashMap<Kid, (SubjectId, CoseKey)>,
    /// The subjects at hand; `None` where that is all of them.
    scope: Option<HashSet<SubjectId>>,
}

impl Book {
    /// An empty book of a whole ledger: what is not in it does not exist.
    pub fn whole() -> Self {
        Self::default()
    }

    /// An empty book of the subjects in `scope`: of others it knows nothing.
    pub fn partial(scope: impl IntoIterator<Item = SubjectId>) -> Self {
        Self { scope: Some(scope.into_iter().collect()), ..Self::default() }
    }

    /// Takes over what a record changed.
    pub fn absorb(&mut self, applied: Applied) {
        for (id, subject) in applied.changes {
            let keys = match &subject.standing {
                Standing::Agency(agency) => agency.keys.as_slice(),
                Standing::Custodian(custodian) => custodian.keys.as_slice(),
                _ => &[],
            };
            // Keys are only ever added, at the end.
            let is_new = |state: &&KeyState| !self.keys.contains_key(&state.key.kid());
            let added: Vec<_> = keys.iter().rev().take_while(is_new).collect();
            for state in added {
                self.keys.insert(state.key.kid(), (id.clone(), state.key.clone()));
            }
            self.subjects.insert(id, subject);
        }
    }

    /// The key with this thumbprint, ended keys included.
    pub fn key(&self, kid: &Kid) -> Option<&CoseKey> {
        self.keys.get(kid).map(|(_, key)| key)
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
}
