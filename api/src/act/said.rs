//! What is said about an item: its notes chain.

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Correct, LateEntry, Note, NoteKind};

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
}
