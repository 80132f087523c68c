//! What is said about an item, on its notes chain, and the steps of requests.

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Body, Correct, LateEntry, Note, NoteKind, Request};

use super::{Act, person};

impl Act {
    /// `author` remarks on an item.
    pub fn note(item: Uuid, author: Uuid, kind: NoteKind, text: &str) -> Self {
        let signers = vec![person(Role::Acting, author)];
        let act = Self::new(Note { kind }, vec![SubjectId::Notes(item)], signers);
        act.sealing("text", Value::text(text))
    }

    /// `author` corrects a field of an earlier record; `supervisor` answers for it.
    pub fn correct(item: Uuid, author: Uuid, supervisor: Uuid, body: Correct) -> Self {
        let signers = vec![person(Role::Acting, author), person(Role::Supervisor, supervisor)];
        Self::new(body, vec![SubjectId::Notes(item)], signers)
    }

    /// `author` keeps a record that can no longer take its place.
    pub fn late_entry(item: Uuid, author: Uuid, body: LateEntry) -> Self {
        let signers = vec![person(Role::Acting, author)];
        Self::new(body, vec![SubjectId::Notes(item)], signers)
    }

    /// `author` says something about items, alone.
    pub fn say(body: impl Into<Body>, ids: &[Uuid], author: Uuid) -> Self {
        let notes = ids.iter().copied().map(SubjectId::Notes).collect();
        Self::new(body, notes, vec![person(Role::Acting, author)])
    }

    /// The same act, for which `supervisor` answers and signs last.
    #[must_use]
    pub fn supervised_by(mut self, supervisor: Uuid) -> Self {
        self.signers.push(person(Role::Supervisor, supervisor));
        self
    }

    /// `author` takes a step of a request.
    pub fn step_of_request(request: Uuid, author: Uuid, body: Request) -> Self {
        let signers = vec![person(Role::Acting, author)];
        Self::new(body, vec![SubjectId::Request(request)], signers)
    }
}
