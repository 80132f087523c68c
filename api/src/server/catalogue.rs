//! The catalogue: which items there are, with whom, in what state, and for which agencies, kept in memory, so that whoever
//! asks for a few of them does not wait for a look at all of them.
//!
//! It is no second truth. It says which items are worth a look, of exactly the tree that is looked at; each is then read from
//! the ledger and judged as everywhere else. Only counts are made of it alone. It is made by one walk beside a server that
//! has started, and is brought up to date when somebody asks, with what was recorded since: recording knows nothing of it.
//!
//! Memory: 68 bytes an item, 48 of its row and 20 that say that its holder has to do with it; 20 more for everybody to whom it
//! is on the way, 48 of what is packed; some 100 a person or request. With what changed lately some 80 MB for a million items,
//! however many records there are, and twice that for a moment while rows are written anew.

mod sorted;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use custody_core::custody::{ItemState, Standing, Subject, Whereabouts};
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_log::{ReadError, Reader, SubjectKind};

use self::sorted::Sorted;
use crate::books::Sought;
use crate::failure::Failure;
use crate::place::{STATES, state_word};

/// Entries that are read at once.
const PIECE: u64 = 256;
/// A walk looks at an item in a quarter of the time in which an entry is read and what it changed is looked at.
const WALKED: u64 = 4;
/// Fewer entries than that are always read.
const FEW: u64 = 1024;
/// Sets of agencies that nobody needs any more and that may be kept.
const SPARE: usize = 1024;

/// Rows one after the other.
type Items<'e> = Box<dyn Iterator<Item = (Uuid, &'e Row)> + 'e>;

/// Nobody, and no request.
const NONE: u32 = u32::MAX;

/// The newest edition of the catalogue, as far as somebody asked for it.
#[derive(Default)]
pub struct Catalogue(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    edition: Option<Edition>,
    sets: Sets,
}

/// The catalogue of one tree. A copy costs nothing.
#[derive(Clone)]
pub struct Edition {
    size: u64,
    rows: Sorted<Uuid, Row>,
    /// Who has to do with which items: their holders, and who may receive them.
    concerned: Sorted<(u32, Uuid), ()>,
    /// Of the few items of which there is more to say.
    more: Sorted<Uuid, More>,
    people: Arc<People>,
    requests: Arc<Requests>,
}

/// What is known of an item.
#[derive(Clone)]
pub struct Row {
    /// The agencies that see it by its own state: those of everybody who held it or may receive it, and that are permitted to.
    agencies: Arc<[Uuid]>,
    holder: u32,
    addressee: u32,
    request: u32,
    /// Which of [`STATES`].
    word: u8,
    is_packed: bool,
    has_notes: bool,
}

#[derive(Clone, Default)]
struct More {
    container: Option<Uuid>,
    substitutes: Box<[u32]>,
}

/// Everybody who has to do with an item, by a number that is smaller than an id.
#[derive(Clone, Default)]
struct People {
    numbers: HashMap<Uuid, u32>,
    /// Their agencies, by number. A custodian's agency never changes.
    agencies: Vec<Option<Uuid>>,
}

#[derive(Clone, Default)]
struct Requests {
    numbers: HashMap<Uuid, u32>,
    ids: Vec<Uuid>,
}

/// Sets of agencies: there are few, and many items have the same.
#[derive(Default)]
struct Sets {
    known: HashSet<Arc<[Uuid]>>,
    needed: usize,
}

impl Catalogue {
    /// What `open` shows, and the catalogue of just that tree. Cost: a read for each entry since somebody asked last, or a walk
    /// over all items where there are fewer; meanwhile nobody else gets it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn at<'l>(
        &self,
        open: impl FnOnce() -> Result<Reader<'l>, Failure>,
    ) -> Result<(Reader<'l>, Edition), Failure> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Opened while nobody else can bring the catalogue further: it is never of a larger tree than the reader's.
        let reader = open()?;
        let size = reader.head().size.0;
        let Kept { edition, sets } = &mut *kept;
        // What could not be brought up to date is not kept.
        let newest = match edition.take() {
            Some(newest) if newest.size == size => newest,
            Some(older) if older.is_near(size) => Work { reader: &reader, sets }.follow(older)?,
            _ => Work { reader: &reader, sets }.walk()?,
        };
        *edition = Some(newest.clone());
        Ok((reader, newest))
    }
}

impl Edition {
    fn empty(size: u64) -> Self {
        let (rows, concerned, more) =
            (Sorted::of(Vec::new()), Sorted::of(Vec::new()), Sorted::of(Vec::new()));
        Self { size, rows, concerned, more, people: Arc::default(), requests: Arc::default() }
    }

    fn is_near(&self, size: u64) -> bool {
        size.checked_sub(self.size)
            .is_some_and(|behind| behind <= FEW.max(self.rows.len() as u64 / WALKED))
    }

    /// Items after `after` that may be what is sought, in the order of their ids. Cost: a look at those that somebody has to do
    /// with, or some nanoseconds for each that there is.
    pub fn items<'e>(&'e self, after: Option<&Uuid>, sought: &Sought) -> Items<'e> {
        let Some(sieve) = self.sieve(sought) else { return Box::new(std::iter::empty()) };
        let rows: Items<'e> = match sieve {
            Sieve::HeldBy(person, _) | Sieve::WaitingFor(person) => self.concerning(person, after),
            Sieve::InState(_) | Sieve::Under(_) => {
                let rows = self.rows.rows(after.map_or(Bound::Unbounded, Bound::Excluded));
                Box::new(rows.map(|(item, row)| (*item, row)))
            }
        };
        Box::new(rows.filter(move |(_, row)| sieve.passes(row)))
    }

    /// All that somebody has to do with.
    fn concerning<'e>(&'e self, person: u32, after: Option<&Uuid>) -> Items<'e> {
        let first = (person, Uuid::from_random([0; 16]));
        let rows = match after {
            Some(after) => self.concerned.rows(Bound::Excluded(&(person, *after))),
            None => self.concerned.rows(Bound::Included(&first)),
        };
        let theirs = rows.map(|(key, ())| *key).take_while(move |(whose, _)| *whose == person);
        Box::new(theirs.filter_map(|(_, item)| Some((item, self.rows.get(&item)?))))
    }

    /// `None` where nobody and nothing has to do with it.
    fn sieve(&self, sought: &Sought) -> Option<Sieve> {
        let person = |id: &Uuid| self.people.numbers.get(id).copied();
        Some(match sought {
            Sought::InState(word) => Sieve::InState(*word),
            Sought::HeldBy(holder, word) => Sieve::HeldBy(person(holder)?, *word),
            Sought::WaitingFor(id) => Sieve::WaitingFor(person(id)?),
            Sought::Under(request) => Sieve::Under(*self.requests.numbers.get(request)?),
        })
    }

    fn number_request(&mut self, id: Uuid) -> u32 {
        if let Some(number) = self.requests.numbers.get(&id) {
            return *number;
        }
        let requests = Arc::make_mut(&mut self.requests);
        let number = requests.ids.len() as u32;
        requests.numbers.insert(id, number);
        requests.ids.push(id);
        number
    }

    fn concerned_by(&self, item: &Uuid) -> BTreeSet<u32> {
        let people = self.row(item).into_iter().flat_map(|row| [row.holder, row.addressee]);
        let substitutes = self.more.get(item).into_iter().flat_map(|more| more.substitutes.iter());
        people.chain(substitutes.copied()).filter(|person| *person != NONE).collect()
    }

    /// What is known of an item.
    pub fn row(&self, item: &Uuid) -> Option<&Row> {
        self.rows.get(item)
    }

    /// What an item is packed in.
    pub fn container(&self, item: &Uuid, row: &Row) -> Option<Uuid> {
        if row.is_packed { self.more.get(item)?.container } else { None }
    }

    /// The agency of the holder.
    pub fn holders_agency(&self, row: &Row) -> Option<Uuid> {
        self.people.agency(row.holder)
    }

    /// The agency of the addressee, where the item is on the way.
    pub fn addressees_agency(&self, row: &Row) -> Option<Uuid> {
        self.people.agency(row.addressee)
    }

    /// The request under which it came, if it did.
    pub fn request(&self, row: &Row) -> Option<Uuid> {
        self.requests.ids.get(row.request as usize).copied()
    }
}

impl Row {
    /// Its state: one of [`STATES`].
    pub fn word(&self) -> &'static str {
        STATES[usize::from(self.word)]
    }

    /// Whether everybody of `agency` sees it by its own state, and not only by that of what it is packed in.
    pub fn is_seen_by(&self, agency: &Uuid) -> bool {
        self.agencies.contains(agency)
    }

    /// Whether it came under a request.
    pub fn is_under_request(&self) -> bool {
        self.request != NONE
    }

    /// Whether anything was ever said about it, disclosures among that.
    pub fn has_notes(&self) -> bool {
        self.has_notes
    }
}

/// What is sought, by numbers.
#[derive(Clone, Copy)]
enum Sieve {
    InState(Option<&'static str>),
    HeldBy(u32, Option<&'static str>),
    WaitingFor(u32),
    Under(u32),
}

impl Sieve {
    fn passes(self, row: &Row) -> bool {
        let is_in = |word: Option<&str>| word.is_none_or(|word| row.word() == word);
        match self {
            Self::InState(word) => is_in(word),
            Self::HeldBy(holder, word) => row.holder == holder && is_in(word),
            // What somebody holds waits for them while it is under way, in either way; what others hold only concerns them
            // if it is on the way to them.
            Self::WaitingFor(me) => row.holder != me || MOVING.contains(&row.word()),
            Self::Under(request) => row.request == request,
        }
    }
}

/// States in which a holder waits for something, or others for the holder.
const MOVING: [&str; 2] = ["on-the-way", "checked-out"];

impl People {
    fn agency(&self, number: u32) -> Option<Uuid> {
        self.agencies.get(number as usize).copied().flatten()
    }
}

impl Sets {
    /// This set, in memory once.
    fn shared(&mut self, mut agencies: Vec<Uuid>) -> Arc<[Uuid]> {
        agencies.sort_unstable();
        agencies.dedup();
        if let Some(known) = self.known.get(agencies.as_slice()) {
            return known.clone();
        }
        if self.known.len() >= 2 * self.needed + SPARE {
            self.known.retain(|set| Arc::strong_count(set) > 1);
            self.needed = self.known.len();
        }
        let set: Arc<[Uuid]> = agencies.into();
        self.known.insert(set.clone());
        set
    }
}

/// What is put under an item, and who has to do with it.
struct Entry {
    row: Row,
    more: More,
    concerned: BTreeSet<u32>,
}

impl More {
    fn is_empty(&self) -> bool {
        self.container.is_none() && self.substitutes.is_empty()
    }
}

/// Making an edition of what a reader shows.
struct Work<'r, 'l> {
    reader: &'r Reader<'l>,
    sets: &'r mut Sets,
}

impl Work<'_, '_> {
    /// All anew. Cost: a look at every item.
    fn walk(&mut self) -> Result<Edition, Failure> {
        let mut made = Edition::empty(self.reader.head().size.0);
        let (mut rows, mut concerned, mut more) = (Vec::new(), Vec::new(), Vec::new());
        let mut notes = self.reader.subjects(SubjectKind::Notes, None).peekable();
        for subject in self.reader.subjects(SubjectKind::Item, None) {
            let (id, Subject { standing, .. }) = subject?;
            let (SubjectId::Item(item), Standing::Item(state)) = (id, standing) else { continue };
            let mut about = None;
            // Both come in the order of items' ids.
            while let Some(next) = notes.next_if(|next| !is_of_later(next, &item)) {
                let (id, subject) = next?;
                about = (id == SubjectId::Notes(item)).then_some(subject.standing);
            }
            let entry = self.describe(&mut made, &state, about.as_ref())?;
            concerned.extend(entry.concerned.iter().map(|person| ((*person, item), ())));
            if !entry.more.is_empty() {
                more.push((item, entry.more));
            }
            rows.push((item, entry.row));
        }
        (made.rows, made.concerned) = (Sorted::of(rows), Sorted::of(concerned));
        made.more = Sorted::of(more);
        Ok(made)
    }

    /// Brings an edition up to date with what was recorded since.
    fn follow(&mut self, mut edition: Edition) -> Result<Edition, Failure> {
        let size = self.reader.head().size.0;
        let (mut lo, mut touched) = (edition.size, BTreeSet::new());
        while lo < size {
            let hi = size.min(lo + PIECE);
            for logged in self.reader.page(LeafIndex(lo), LeafIndex(hi))? {
                let record = Record::parse(&logged.record)?;
                // A record changes the subjects of its links, and no others.
                touched.extend(
                    record.payload().subjects.iter().filter_map(|link| link.subject.about_item()),
                );
            }
            lo = hi;
        }
        for item in touched {
            self.renew(&mut edition, item)?;
        }
        edition.size = size;
        Ok(edition)
    }

    fn renew(&mut self, edition: &mut Edition, item: Uuid) -> Result<(), Failure> {
        let subject = self.reader.subject(&SubjectId::Item(item))?;
        let Some(Standing::Item(state)) = subject.map(|subject| subject.standing) else {
            return Ok(());
        };
        let notes = self.reader.subject(&SubjectId::Notes(item))?.map(|subject| subject.standing);
        let entry = self.describe(edition, &state, notes.as_ref())?;
        let before = edition.concerned_by(&item);
        for person in before.difference(&entry.concerned) {
            edition.concerned.set((*person, item), None);
        }
        for person in entry.concerned.difference(&before) {
            edition.concerned.set((*person, item), Some(()));
        }
        if !entry.more.is_empty() || edition.more.get(&item).is_some() {
            edition.more.set(item, Some(entry.more).filter(|more| !more.is_empty()));
        }
        edition.rows.set(item, Some(entry.row));
        Ok(())
    }

    fn describe(
        &mut self,
        edition: &mut Edition,
        state: &ItemState,
        notes: Option<&Standing>,
    ) -> Result<Entry, Failure> {
        let release = state.release.as_ref();
        let substitutes = release.map_or(&[][..], |open| &open.substitutes);
        let mut number = |id: &Uuid| self.person(edition, *id);
        let holder = number(&state.holder)?;
        let addressee = release.map(|open| number(&open.to)).transpose()?;
        let substitutes = substitutes.iter().map(&mut number).collect::<Result<Vec<_>, _>>()?;
        let held = state.holders.iter().map(&mut number).collect::<Result<Vec<_>, _>>()?;
        let concerned =
            [holder].into_iter().chain(addressee).chain(substitutes.iter().copied()).collect();
        let people = held.iter().chain(&addressee).chain(&substitutes);
        let agencies = people.filter_map(|person| edition.people.agency(*person));
        let permitted = match notes {
            Some(Standing::Notes(notes)) => &notes.permissions[..],
            _ => &[],
        };
        let agencies = agencies.chain(permitted.iter().filter_map(|given| given.to)).collect();
        let container = match state.place {
            Whereabouts::Packed { container } => Some(container),
            _ => None,
        };
        let word = state_word(state);
        let row = Row {
            agencies: self.sets.shared(agencies),
            holder,
            addressee: addressee.unwrap_or(NONE),
            request: state.bound.map_or(NONE, |bound| edition.number_request(bound.request)),
            word: STATES.iter().position(|known| *known == word).unwrap_or_default() as u8,
            is_packed: container.is_some(),
            has_notes: notes.is_some(),
        };
        let more = More { container, substitutes: substitutes.into() };
        Ok(Entry { row, more, concerned })
    }

    fn person(&self, edition: &mut Edition, id: Uuid) -> Result<u32, Failure> {
        if let Some(number) = edition.people.numbers.get(&id) {
            return Ok(*number);
        }
        let subject = self.reader.subject(&SubjectId::Custodian(id))?;
        let agency = match subject.map(|subject| subject.standing) {
            Some(Standing::Custodian(person)) => Some(person.agency),
            _ => None,
        };
        let people = Arc::make_mut(&mut edition.people);
        let number = people.agencies.len() as u32;
        people.numbers.insert(id, number);
        people.agencies.push(agency);
        Ok(number)
    }
}

/// Whether a walk over notes has come to those of a later item.
fn is_of_later(next: &Result<(SubjectId, Subject), ReadError>, item: &Uuid) -> bool {
    matches!(next, Ok((SubjectId::Notes(of), _)) if of > item)
}
