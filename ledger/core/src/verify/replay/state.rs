use std::collections::HashSet;

use crate::custody::{Applied, Book, Held, Holdings, Subject};
use crate::hash::Hash;
use crate::id::SubjectId;
use crate::index::ChainHead;
use crate::key::Kid;
use crate::record::{Link, Record};

/// A whole ledger's state, less the subjects whose history has a gap.
#[derive(Debug, Default)]
pub(super) struct State {
    book: Book,
    lost: HashSet<SubjectId>,
}

impl State {
    pub(super) fn book(&self) -> &Book {
        &self.book
    }

    pub(super) fn absorb(&mut self, applied: Applied) {
        self.book.absorb(applied);
    }

    /// Gives up a subject: from here on its history is not at hand.
    pub(super) fn lose(&mut self, subject: SubjectId) {
        self.lost.insert(subject);
    }

    pub(super) fn is_lost(&self, subject: &SubjectId) -> bool {
        self.lost.contains(subject)
    }

    /// Lets the chains of a record go on although a rule is broken. Standings stay as they were; a chain
    /// that the record does not continue, or that it begins, is lost.
    pub(super) fn force(&mut self, record: &Record) {
        for link in &record.payload().subjects {
            match self.continued(link, record) {
                Some(change) => {
                    self.book.absorb(Applied { changes: vec![change], ..Applied::default() });
                }
                None => self.lose(link.subject.clone()),
            }
        }
    }

    fn continued(&self, link: &Link, record: &Record) -> Option<(SubjectId, Subject)> {
        let Held::Present(known) = self.get(&link.subject) else { return None };
        if known.chain.length != link.seq || Some(known.chain.digest) != link.prev {
            return None;
        }
        let chain = ChainHead { length: link.seq.checked_add(1)?, digest: record.digest() };
        Some((link.subject.clone(), Subject { chain, standing: known.standing.clone() }))
    }
}

impl Holdings for State {
    fn get(&self, id: &SubjectId) -> Held<'_> {
        if !self.lost.is_empty() && self.lost.contains(id) {
            return Held::Unknown;
        }
        self.book.get(id)
    }

    fn owner_of(&self, kid: &Kid) -> Option<SubjectId> {
        self.book.owner_of(kid)
    }

    fn has_record(&self, digest: &Hash) -> Option<bool> {
        self.book.has_record(digest)
    }
}
