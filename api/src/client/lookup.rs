//! What is asked of a server for many subjects at once, and kept: what was looked up stays as it was, as it does in a directory.

use std::cell::RefCell;
use std::collections::HashMap;

use custody_core::custody::Subject;
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::record::Record;
use custody_core::sealed::Opening;
use custody_log::{Logged, decode_subject};
use serde_json::{Value, json};

use super::{ServedBooks, bytes, logged, malformed, openings, text};
use crate::failure::Failure;
use crate::server::MAX_LOOKUPS;

/// What a server has said about subjects.
#[derive(Default)]
pub(super) struct Known {
    subjects: RefCell<HashMap<SubjectId, Option<Subject>>>,
    firsts: RefCell<HashMap<SubjectId, Option<Logged>>>,
    openings: RefCell<HashMap<Hash, Vec<Opening>>>,
}

impl Known {
    pub(super) fn subject(&self, id: &SubjectId) -> Option<Option<Subject>> {
        self.subjects.borrow().get(id).cloned()
    }

    /// Keeps what is said for the first time: what was looked at stays as it was.
    pub(super) fn note_subject(&self, id: &SubjectId, subject: Option<&Subject>) {
        let mut subjects = self.subjects.borrow_mut();
        subjects.entry(id.clone()).or_insert_with(|| subject.cloned());
    }

    pub(super) fn first(&self, id: &SubjectId) -> Option<Option<Logged>> {
        self.firsts.borrow().get(id).cloned()
    }

    pub(super) fn openings(&self, record: &Hash) -> Option<Vec<Opening>> {
        self.openings.borrow().get(record).cloned()
    }
}

/// A first record with what opens it.
struct First {
    logged: Logged,
    record: Record,
    openings: Vec<Opening>,
}

impl ServedBooks {
    /// Asks for those of `ids` of which nothing is known yet, and keeps what the server says.
    ///
    /// # Errors
    /// The server cannot be asked, or says something that does not fit.
    pub(super) fn look_up_all(&self, ids: &[SubjectId], first: bool) -> Result<(), Failure> {
        let is_known = |id: &&SubjectId| match first {
            true => self.known.first(id).is_some(),
            false => self.known.subject(id).is_some(),
        };
        let mut wanted: Vec<_> = ids.iter().filter(|id| !is_known(id)).collect();
        wanted.sort();
        wanted.dedup();
        let mut wanted = &wanted[..];
        while !wanted.is_empty() {
            let piece = &wanted[..wanted.len().min(MAX_LOOKUPS)];
            let answered = self.look_up_piece(piece, first)?;
            wanted = &wanted[answered..];
        }
        Ok(())
    }

    /// How many of `piece` were answered: an answer that becomes too long has the first of them.
    fn look_up_piece(&self, piece: &[&SubjectId], first: bool) -> Result<usize, Failure> {
        let names: Vec<_> = piece.iter().map(ToString::to_string).collect();
        let asked = json!({ "subjects": names, "first": first });
        let answer = self.transport.post("/v1/lookups", &asked)?;
        let firsts = answer["entries"].as_array().ok_or_else(|| malformed("entries"))?;
        let firsts = firsts.iter().map(First::read).collect::<Result<Vec<_>, _>>()?;
        let found = answer["subjects"].as_array().ok_or_else(|| malformed("subjects"))?;
        if found.is_empty() || found.len() > piece.len() {
            return Err(malformed("subjects"));
        }
        for (id, found) in piece.iter().zip(found) {
            self.note(id, found, first.then_some(&firsts))?;
        }
        let openings = firsts.into_iter().map(|first| (first.logged.entry.record, first.openings));
        self.known.openings.borrow_mut().extend(openings);
        Ok(found.len())
    }

    fn note(
        &self,
        id: &SubjectId,
        found: &Value,
        firsts: Option<&Vec<First>>,
    ) -> Result<(), Failure> {
        if text(found, "subject")? != id.to_string() {
            return Err(malformed("subject"));
        }
        let state = match &found["state"] {
            Value::Null => None,
            _ => {
                let state = decode_subject(&[], &bytes(found, "state")?);
                Some(state.map_err(|_| malformed("state"))?)
            }
        };
        self.known.note_subject(id, state.as_ref());
        let Some(firsts) = firsts else { return Ok(()) };
        let first = match &found["first"] {
            Value::Null => None,
            index => {
                let first =
                    firsts.iter().find(|first| Some(first.logged.index.0) == index.as_u64());
                let first = first.filter(|first| first.begins(id));
                Some(first.ok_or_else(|| malformed("first"))?.logged.clone())
            }
        };
        self.known.firsts.borrow_mut().insert(id.clone(), first);
        Ok(())
    }
}

impl First {
    fn read(answer: &Value) -> Result<Self, Failure> {
        let logged = logged(answer)?;
        let record = Record::parse(&logged.record)?;
        let openings = openings(answer)?;
        openings.iter().try_for_each(|opening| opening.verify(record.payload()))?;
        Ok(Self { logged, record, openings })
    }

    /// Whether the chain of `id` begins with it: of many that came together, one must not stand for another.
    fn begins(&self, id: &SubjectId) -> bool {
        self.record.payload().link(id).is_some_and(|link| link.seq == 0)
    }
}
