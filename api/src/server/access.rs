//! Who may see what. Everything is denied that is not granted here.
//!
//! | what | who may see it |
//! | --- | --- |
//! | checkpoint, tiles, entries | everybody |
//! | the registry: agencies, custodians with their names, the ledger | whoever has a key here |
//! | an item: its records, its state, what opens them | who holds, held or is to receive it; everybody of their agencies; an agency that a permission names; whoever it was disclosed to by id; overseers |
//! | the same of an item that an offer names | whoever is asked to sign it, while it waits: see [`Pending`] |
//! | a request | its two agencies, overseers |
//! | bundles of records, the audit | overseers |
//!
//! What is about an item that somebody may see shows what it is packed in and made from by its id and state, and not
//! what opens it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use custody_core::custody::{ItemState, Standing, Subject, Whereabouts};
use custody_core::exhibit::WithholdReason;
use custody_core::hash::Hash;
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::key::Kid;
use custody_core::merkle::{LeafIndex, TreeHead, TreeSize};
use custody_core::record::body::{Body, KeySlot};
use custody_core::record::{Payload, Record};
use custody_core::sealed::Opening;
use custody_log::exhibit::{Assembled, ExhibitRequest};
use custody_log::{Acknowledged, Incoming, Logged, SubjectKind};

use super::catalogue::{Edition, Row};
use super::mailbox::Mailbox;
use super::pending::Pending;
use super::reading::Readings;
use crate::books::{Answers, Books, OwnBooks, Sought, SubjectsOf, Wanted};
use crate::desk::now_s;
use crate::failure::Failure;

/// What somebody does who looks at everything.
pub const OVERSEERS: &str = "the key of somebody whom the server's configuration names under `overseers`; what you may \
                             see yourself, `custody show`, `where` and `inbox` show";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// A custodian or an agency.
    pub id: SubjectId,
    /// The key by which they are known.
    pub kid: Kid,
    /// Which of their keys it is.
    pub slot: KeySlot,
    /// The agency they are, or work for.
    pub agency: Uuid,
    /// Whether they look at everything on behalf of the public.
    pub is_overseer: bool,
}

/// The books as one caller may see them.
pub struct GuardedBooks<'l> {
    books: OwnBooks<'l>,
    caller: Caller,
    pending: Pending<'l>,
    readings: &'l Readings,
    granted: RefCell<HashMap<Uuid, bool>>,
    shown: RefCell<HashMap<Uuid, bool>>,
    /// What the items are packed in and made from that the caller saw; `None` where that is not shown besides.
    kin: Option<RefCell<HashSet<Uuid>>>,
    /// By which items are found without a look at all of them.
    edition: Option<Edition>,
    /// Who of the people is of the caller's agency, as far as that was looked up.
    colleagues: RefCell<HashMap<Uuid, bool>>,
}

impl<'l> GuardedBooks<'l> {
    /// The books for `caller`, for whom offers may wait in `mailbox`; what they read is noted in `readings`.
    pub fn new(
        books: OwnBooks<'l>,
        mailbox: &'l Mailbox,
        readings: &'l Readings,
        caller: Caller,
    ) -> Self {
        let (granted, shown, kin) =
            (RefCell::default(), RefCell::default(), Some(RefCell::default()));
        let (pending, colleagues) = (Pending::of(mailbox), RefCell::default());
        Self { books, caller, pending, readings, granted, shown, kin, edition: None, colleagues }
    }

    /// The same, where items are found by `edition`, which is of the tree that these books show.
    pub fn finding_by(self, edition: Edition) -> Self {
        Self { edition: Some(edition), ..self }
    }

    /// What `edition` has of the items that the caller sees in lists, as far as they are wanted. It is of the tree that these
    /// books show.
    pub fn listed<'b>(
        &'b self,
        edition: &'b Edition,
        is_wanted: fn(&Row) -> bool,
    ) -> impl Iterator<Item = Result<&'b Row, Failure>> + 'b {
        let wanted =
            edition.items(None, &Sought::InState(None)).filter(move |(_, row)| is_wanted(row));
        wanted.filter_map(|(item, row)| {
            self.is_in_lists(edition, item, row)
                .map(|is_listed| is_listed.then_some(row))
                .transpose()
        })
    }

    /// [`GuardedBooks::is_listed`], of what `edition` has of an item: that asks the ledger, and this asks it only about
    /// containers of which something was said that may have been a disclosure.
    fn is_in_lists(&self, edition: &Edition, item: Uuid, row: &Row) -> Result<bool, Failure> {
        if self.caller.is_overseer || row.is_seen_by(&self.caller.agency) {
            return Ok(true);
        }
        let Some(container) = edition.container(&item, row) else { return Ok(false) };
        match edition.row(&container) {
            Some(outer) if self.is_in_lists(edition, container, outer)? => Ok(true),
            Some(outer) if outer.has_notes() => self.may_see(container),
            _ => Ok(false),
        }
    }

    /// An item that `edition` has, as the ledger has it, if it is wanted and listed.
    fn found(
        &self,
        edition: &Edition,
        (item, row): (Uuid, &Row),
        is_wanted: &Wanted<'_>,
    ) -> Result<Option<(SubjectId, Subject)>, Failure> {
        if !self.is_in_lists(edition, item, row)? {
            return Ok(None);
        }
        let id = SubjectId::Item(item);
        let Some(subject) = self.books.subject(&id)? else { return Ok(None) };
        Ok(match &subject.standing {
            Standing::Item(state) if is_wanted(&subject.standing) => {
                self.is_listed(item, state)?.then_some((id, subject))
            }
            _ => None,
        })
    }

    /// The same books, which show nothing because something else was looked at before.
    #[must_use]
    pub fn without_kin(self) -> Self {
        Self { kin: None, ..self }
    }

    /// Whether the caller may look at the item: because they may see it, or because somebody offers it to them.
    fn may_look(&self, item: Uuid) -> Result<bool, Failure> {
        if self.may_see(item)? {
            return Ok(true);
        }
        if let Some(known) = self.shown.borrow().get(&item) {
            return Ok(*known);
        }
        let may = self.pending.shows(&self.books, &self.caller, item)?;
        self.shown.borrow_mut().insert(item, may);
        Ok(may)
    }

    /// Whether the caller may see the item: its records, and what opens them.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn may_see(&self, item: Uuid) -> Result<bool, Failure> {
        if self.caller.is_overseer {
            return Ok(true);
        }
        if let Some(known) = self.granted.borrow().get(&item) {
            return Ok(*known);
        }
        let may = match self.item(item)? {
            Some(state) => self.is_listed(item, &state)? || self.was_disclosed(item)?,
            None => false,
        };
        self.granted.borrow_mut().insert(item, may);
        Ok(may)
    }

    /// Whether the caller sees the item by its state alone, and so in lists.
    fn is_listed(&self, item: Uuid, state: &ItemState) -> Result<bool, Failure> {
        if self.caller.is_overseer {
            return Ok(true);
        }
        let awaited = state.release.iter();
        let awaited =
            awaited.flat_map(|open| [open.to].into_iter().chain(open.substitutes.clone()));
        for person in state.holders.iter().copied().chain(awaited) {
            if self.is_of_mine(person)? {
                return Ok(true);
            }
        }
        if let Whereabouts::Packed { container } = state.place
            && self.may_see(container)?
        {
            return Ok(true);
        }
        self.is_permitted(item)
    }

    fn is_of_mine(&self, person: Uuid) -> Result<bool, Failure> {
        if let Some(known) = self.colleagues.borrow().get(&person) {
            return Ok(*known);
        }
        let subject = self.books.subject(&SubjectId::Custodian(person))?;
        let is_of_mine = match subject.map(|subject| subject.standing) {
            Some(Standing::Custodian(state)) => state.agency == self.caller.agency,
            _ => false,
        };
        self.colleagues.borrow_mut().insert(person, is_of_mine);
        Ok(is_of_mine)
    }

    /// Whether a permission names the caller's agency.
    fn is_permitted(&self, item: Uuid) -> Result<bool, Failure> {
        let notes = self.books.subject(&SubjectId::Notes(item))?;
        Ok(match notes.map(|subject| subject.standing) {
            Some(Standing::Notes(notes)) => {
                notes.permissions.iter().any(|given| given.to == Some(self.caller.agency))
            }
            _ => false,
        })
    }

    /// Whether an exhibit was given to the caller or their agency, named by id in the sealed field `recipient`.
    fn was_disclosed(&self, item: Uuid) -> Result<bool, Failure> {
        let mine = [self.caller.id.to_string(), SubjectId::Agency(self.caller.agency).to_string()];
        for logged in self.books.chain(&SubjectId::Notes(item))? {
            let record = Record::parse(&logged.record)?;
            if !matches!(record.payload().body, Body::Disclose(_)) {
                continue;
            }
            let openings = self.books.openings(&record.digest())?;
            let recipient = openings.iter().find(|opening| opening.field == "recipient");
            if recipient.and_then(Opening::as_text).is_some_and(|to| mine.iter().any(|me| me == to))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn item(&self, item: Uuid) -> Result<Option<ItemState>, Failure> {
        let subject = self.books.subject(&SubjectId::Item(item))?;
        Ok(match subject.map(|subject| subject.standing) {
            Some(Standing::Item(state)) => Some(state),
            _ => None,
        })
    }

    /// What an item that the caller sees is packed in and made from, and so on.
    fn note_kin(&self, subject: &Subject) {
        if let (Some(kin), Standing::Item(state)) = (&self.kin, &subject.standing) {
            let outer = match state.place {
                Whereabouts::Packed { container } => Some(container),
                _ => None,
            };
            kin.borrow_mut().extend(state.parent.into_iter().chain(outer));
        }
    }

    fn is_kin(&self, item: Uuid) -> bool {
        self.kin.as_ref().is_some_and(|kin| kin.borrow().contains(&item))
    }

    /// Whether the caller may know what the records made of `id`.
    fn may_know(&self, id: &SubjectId, subject: &Subject) -> Result<bool, Failure> {
        Ok(match (id, &subject.standing) {
            (SubjectId::Item(item), _) => self.is_kin(*item) || self.may_look(*item)?,
            (SubjectId::Notes(item), _) => self.may_look(*item)?,
            (_, Standing::Request(request)) => {
                self.caller.is_overseer || [request.from, request.to].contains(&self.caller.agency)
            }
            _ => true,
        })
    }

    /// Whether the caller may read a record, and what opens it. One about items is for those who may look at any of them.
    fn may_read(&self, payload: &Payload) -> Result<bool, Failure> {
        self.may_read_by(payload, &|item| self.may_look(item))
    }

    /// As [`GuardedBooks::may_read`], where `may` says who may look at an item.
    fn may_read_by(
        &self,
        payload: &Payload,
        may: &dyn Fn(Uuid) -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        let links = &payload.subjects;
        let items: Vec<_> = links.iter().filter_map(|link| link.subject.about_item()).collect();
        for item in &items {
            if may(*item)? {
                return Ok(true);
            }
        }
        for link in links.iter().filter(|_| items.is_empty()) {
            if let Some(subject) = self.books.subject(&link.subject)?
                && self.may_know(&link.subject, &subject)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the caller may read the records of a chain.
    fn may_follow(&self, id: &SubjectId) -> Result<bool, Failure> {
        match id.about_item() {
            Some(item) => self.may_look(item),
            None => Ok(self.subject(id)?.is_some()),
        }
    }

    /// The record with this digest and its entry's index, if there is one that the caller may read.
    fn readable(&self, digest: &Hash) -> Result<Option<(LeafIndex, Record)>, Failure> {
        let Some(index) = self.books.by_digest(digest)? else { return Ok(None) };
        let record = Record::parse(&self.books.logged(index)?.record)?;
        Ok(self.may_read(record.payload())?.then_some((index, record)))
    }

    /// Notes that the caller is shown `count` openings of `record`. What the registry says of people is for everybody who asks.
    fn note_read(&self, record: &Record, count: usize) {
        let is_registry = |id: &SubjectId| {
            matches!(id, SubjectId::Agency(_) | SubjectId::Custodian(_) | SubjectId::Ledger(_))
        };
        if !record.payload().subjects.iter().all(|link| is_registry(&link.subject)) {
            self.readings.note(&self.caller.id, &record.digest(), count, now_s());
        }
    }

    fn check_overseer(&self) -> Result<(), Failure> {
        match self.caller.is_overseer {
            true => Ok(()),
            false => {
                let message =
                    "this looks at all entries, which is for those who oversee the ledger";
                Err(forbidden(message).hint(OVERSEERS))
            }
        }
    }
}

fn forbidden(message: &str) -> Failure {
    Failure::rejected("access/forbidden", message)
}

impl Books for GuardedBooks<'_> {
    fn origin(&self) -> &Origin {
        self.books.origin()
    }

    fn genesis(&self) -> Hash {
        self.books.genesis()
    }

    fn head(&self) -> TreeHead {
        self.books.head()
    }

    fn checkpoint(&self) -> &[u8] {
        self.books.checkpoint()
    }

    fn subject(&self, id: &SubjectId) -> Result<Option<Subject>, Failure> {
        let Some(subject) = self.books.subject(id)? else { return Ok(None) };
        let may_know = self.may_know(id, &subject)?;
        if may_know {
            self.note_kin(&subject);
        }
        Ok(Some(subject).filter(|_| may_know))
    }

    /// Filters by `is_wanted` first, so that access is checked only for what is wanted.
    fn subjects_where<'b>(
        &'b self,
        kind: SubjectKind,
        after: Option<&SubjectId>,
        is_wanted: Wanted<'b>,
    ) -> SubjectsOf<'b> {
        Box::new(self.books.subjects_where(kind, after, is_wanted).filter_map(|subject| {
            let known = subject.and_then(|(id, subject)| {
                let may_know = match (&id, &subject.standing) {
                    (SubjectId::Item(item), Standing::Item(state)) => {
                        self.is_listed(*item, state)?
                    }
                    (SubjectId::Notes(item), _) => self.may_see(*item)?,
                    _ => self.may_know(&id, &subject)?,
                };
                Ok(may_know.then_some((id, subject)))
            });
            known.transpose()
        }))
    }

    fn items_sought<'b>(
        &'b self,
        after: Option<&SubjectId>,
        sought: &Sought,
        is_wanted: Wanted<'b>,
    ) -> SubjectsOf<'b> {
        let Some(edition) = &self.edition else {
            return self.subjects_where(SubjectKind::Item, after, is_wanted);
        };
        let after = match after {
            None | Some(SubjectId::Agency(_) | SubjectId::Custodian(_)) => None,
            Some(SubjectId::Item(after)) => Some(after),
            // In the order of ids, as it is in a walk, no item comes after these.
            Some(_) => return Box::new(std::iter::empty()),
        };
        let found = edition.items(after, sought);
        Box::new(found.filter_map(move |one| self.found(edition, one, &is_wanted).transpose()))
    }

    fn chain(&self, id: &SubjectId) -> Result<Vec<Logged>, Failure> {
        if self.may_follow(id)? { self.books.chain(id) } else { Ok(Vec::new()) }
    }

    fn first(&self, id: &SubjectId) -> Result<Option<Logged>, Failure> {
        if self.may_follow(id)? { self.books.first(id) } else { Ok(None) }
    }

    fn page(&self, lo: LeafIndex, hi: LeafIndex) -> Result<Vec<Logged>, Failure> {
        self.check_overseer()?;
        self.books.page(lo, hi)
    }

    fn logged(&self, index: LeafIndex) -> Result<Logged, Failure> {
        let logged = self.books.logged(index)?;
        match self.may_read(Record::parse(&logged.record)?.payload())? {
            true => Ok(logged),
            false => Err(Failure::rejected("read/no-record", format!("no record {index} here"))),
        }
    }

    fn by_digest(&self, digest: &Hash) -> Result<Option<LeafIndex>, Failure> {
        Ok(self.readable(digest)?.map(|(index, _)| index))
    }

    fn openings(&self, digest: &Hash) -> Result<Vec<Opening>, Failure> {
        let Some((_, record)) = self.readable(digest)? else { return Ok(Vec::new()) };
        let openings = self.books.openings(digest)?;
        self.note_read(&record, openings.len());
        Ok(openings)
    }

    fn root_at(&self, size: TreeSize) -> Result<Option<Hash>, Failure> {
        self.books.root_at(size)
    }

    fn receipt(&self, logged: &Logged) -> Result<String, Failure> {
        self.books.receipt(logged)
    }

    fn assemble(&self, request: &ExhibitRequest<'_>) -> Result<Assembled, Failure> {
        if !self.may_see(request.item)? {
            let item = SubjectId::Item(request.item);
            let message = format!("{item} does not exist");
            return Err(Failure::rejected("custody/no-such-subject", message));
        }
        // What an item was made from or packed in belongs to its history; what opens it is for those who may see that
        // too, and what is only offered goes into no exhibit. Where this cannot be told, nothing is made: an exhibit says why
        // something is closed.
        let may_read = |payload: &Payload| self.may_read_by(payload, &|item| self.may_see(item));
        let untold = Cell::new(None);
        let withhold = |payload: &Payload, field: &str| match may_read(payload) {
            Ok(true) => (request.withhold)(payload, field),
            Ok(false) => Some(WithholdReason::NotHeld),
            Err(failure) => {
                untold.set(Some(failure));
                Some(WithholdReason::NotHeld)
            }
        };
        let (since, handling) = (request.since.clone(), request.handling.clone());
        let (item, exporter) = (request.item, request.exporter);
        let assembled = self.books.assemble(&ExhibitRequest {
            item,
            exporter,
            since,
            handling,
            withhold: &withhold,
        })?;
        if let Some(failure) = untold.take() {
            return Err(failure);
        }
        let contents = &assembled.contents;
        // Both are in the order of the log.
        for opened in contents.openings.chunk_by(|one, next| one.index == next.index) {
            let index = opened[0].index;
            if let Ok(at) = contents.records.binary_search_by_key(&index, |placed| placed.index) {
                self.note_read(&contents.records[at].record, opened.len());
            }
        }
        Ok(assembled)
    }

    fn submit(&self, _: Incoming) -> Result<Acknowledged, Failure> {
        Err(forbidden("these books are for looking only"))
    }

    fn submit_all(&self, _: Vec<Incoming>, _: &(dyn Fn(usize) + Sync)) -> Result<Answers, Failure> {
        Err(forbidden("these books are for looking only"))
    }
}
