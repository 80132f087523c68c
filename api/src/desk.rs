//! A ledger, here or at a server, as commands and pages work on it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use custody_core::custody::{
    AgencyState, CustodianState, ItemState, KeyState, NotesState, Standing, Subject,
};
use custody_core::hash::Hash;
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::index::ChainHead;
use custody_core::key::Kid;
use custody_core::merkle::{LeafIndex, TreeHead, TreeSize};
use custody_core::record::Record;
use custody_core::record::body::LedgerPurpose;
use custody_core::sealed::Opening;
use custody_log::exhibit::{Assembled, ExhibitRequest};
use custody_log::high_water::HighWaterError;
use custody_log::{
    Acknowledged, Incoming, Ledger, LedgerError, LedgerOptions, Logged, Reader, SubjectKind,
};

use crate::act::{Basis, Proposal};
use crate::books::{Answers, Books, Mail, OwnBooks, SubjectsOf, no_mail};
use crate::client::ServedBooks;
use crate::failure::Failure;
use crate::label_id::parse_label_id;
use crate::log_key_files::LogKeyFiles;
use crate::passphrase::PassphraseSource;
use crate::pen::Pen;
use crate::remains::store_missing;
use crate::terminal::{is_about, talk};

/// Fewest digits of an id that name something: so that a typing error seldom does.
pub(crate) const MIN_PREFIX: usize = 4;

/// A ledger, and its newest checkpoint when it was opened.
pub struct Desk<'l> {
    books: Box<dyn Books + 'l>,
}

impl Desk<'static> {
    /// Opens the ledger in `path` to look at it.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self::over(OwnBooks::new(reader(path)?, None)))
    }

    /// Opens the ledger in `path` for recording.
    ///
    /// # Errors
    /// There is none, another process has it open, it is damaged, or its keys do not open.
    pub fn write(path: &Path, source: &PassphraseSource) -> Result<Self, Failure> {
        let ledger = open_ledger(path, source)?;
        // Opened last, so that it shows what recovery has settled.
        Ok(Self::over(OwnBooks::new(reader(path)?, Some(ledger))))
    }

    /// Opens the ledger at the server `url`, to look at it and to record, asking as whoever has `pen`.
    ///
    /// # Errors
    /// The server cannot be reached, or what it shows does not go on from what it showed before.
    pub fn served(url: &str, pen: Option<Pen>) -> Result<Self, Failure> {
        let books = ServedBooks::open(url, pen)?;
        is_about(books.origin());
        Ok(Self::over(books))
    }
}

/// Where a ledger is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a directory of this machine.
    Here(PathBuf),
    /// At a server: its address.
    Server(String),
}

impl<'l> Desk<'l> {
    /// Works with `books`.
    pub fn over(books: impl Books + 'l) -> Self {
        Self { books: Box::new(books) }
    }

    /// Looks at what `reader` shows.
    pub fn live(reader: Reader<'l>) -> Self {
        Self::over(OwnBooks::new(reader, None))
    }

    /// The ledger's name.
    pub fn origin(&self) -> &Origin {
        self.books.origin()
    }

    /// SHA-256 of entry 0.
    pub fn genesis(&self) -> Hash {
        self.books.genesis()
    }

    /// Size and root of the checkpoint at which everything is looked at.
    pub fn head(&self) -> TreeHead {
        self.books.head()
    }

    /// That checkpoint: a signed note.
    pub fn checkpoint(&self) -> &[u8] {
        self.books.checkpoint()
    }

    /// What the records made of a subject; `None` where it has no history.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn look_up(&self, id: &SubjectId) -> Result<Option<Subject>, Failure> {
        self.books.subject(id)
    }

    /// Every subject of a kind, in the order of their ids.
    pub fn subjects(&self, kind: SubjectKind) -> SubjectsOf<'_> {
        self.books.subjects(kind)
    }

    /// What the desk works with.
    pub fn books(&self) -> &(dyn Books + 'l) {
        &*self.books
    }

    /// The entries `[lo, hi)` with their records.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn page(&self, lo: LeafIndex, hi: LeafIndex) -> Result<Vec<Logged>, Failure> {
        self.books.page(lo, hi)
    }

    /// An entry and its record.
    ///
    /// # Errors
    /// There is none, or the ledger cannot be read.
    pub fn logged(&self, index: LeafIndex) -> Result<Logged, Failure> {
        self.books.logged(index)
    }

    /// Where the ledger has the record `digest`, if it has it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn by_digest(&self, digest: &Hash) -> Result<Option<LeafIndex>, Failure> {
        self.books.by_digest(digest)
    }

    /// The root that the log signed at `size`; `None` for a size that it never signed.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn root_at(&self, size: TreeSize) -> Result<Option<Hash>, Failure> {
        self.books.root_at(size)
    }

    /// The receipt of an entry: C2SP tlog-proof. From a server it is verified against the entry as it is handed in.
    ///
    /// # Errors
    /// The proof cannot be made, or does not hold.
    pub fn receipt(&self, logged: &Logged) -> Result<String, Failure> {
        self.books.receipt(logged)
    }

    /// The contents of an exhibit.
    ///
    /// # Errors
    /// There is no such item, or the ledger cannot be read.
    pub fn assemble(&self, request: &ExhibitRequest<'_>) -> Result<Assembled, Failure> {
        self.books.assemble(request)
    }

    /// Records what everybody has signed.
    ///
    /// # Errors
    /// The ledger refuses it, or is open for looking only.
    pub fn submit(&self, proposal: &Proposal) -> Result<Acknowledged, Failure> {
        self.books.submit(incoming(proposal))
    }

    /// Records many proposals in their order, as [`Books::submit_all`] does.
    ///
    /// # Errors
    /// As there.
    pub fn submit_all(
        &self,
        proposals: &[Proposal],
        progress: impl Fn(usize) + Sync,
    ) -> Result<Answers, Failure> {
        self.books.submit_all(proposals.iter().map(incoming).collect(), &progress)
    }

    /// Whether the ledger is at a server, which shows whoever asks what they may see, and nothing else.
    pub fn is_served(&self) -> bool {
        self.books.mail().is_some()
    }

    /// Where offers wait for whoever signs next.
    ///
    /// # Errors
    /// The ledger is in a directory.
    pub fn mail(&self) -> Result<&dyn Mail, Failure> {
        self.books.mail().ok_or_else(no_mail)
    }

    /// What became of `id`.
    ///
    /// # Errors
    /// It has no history, or the ledger cannot be read.
    pub fn subject(&self, id: &SubjectId) -> Result<Subject, Failure> {
        let missing =
            || Failure::rejected("custody/no-such-subject", format!("{id} does not exist"));
        self.look_up(id)?.ok_or_else(missing)
    }

    /// Where an item is.
    ///
    /// # Errors
    /// As [`Desk::subject`].
    pub fn item_state(&self, id: Uuid) -> Result<ItemState, Failure> {
        match self.subject(&SubjectId::Item(id))?.standing {
            Standing::Item(state) => Ok(state),
            _ => Err(mixed_up()),
        }
    }

    /// What was said about an item and is still open.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn notes_state(&self, item: Uuid) -> Result<NotesState, Failure> {
        match self.look_up(&SubjectId::Notes(item))?.map(|subject| subject.standing) {
            None => Ok(NotesState::default()),
            Some(Standing::Notes(notes)) => Ok(notes),
            Some(_) => Err(mixed_up()),
        }
    }

    /// A custodian's agency, roles and keys.
    ///
    /// # Errors
    /// As [`Desk::subject`].
    pub fn custodian_state(&self, id: Uuid) -> Result<CustodianState, Failure> {
        match self.subject(&SubjectId::Custodian(id))?.standing {
            Standing::Custodian(state) => Ok(state),
            _ => Err(mixed_up()),
        }
    }

    /// An agency's name and keys.
    ///
    /// # Errors
    /// As [`Desk::subject`].
    pub fn agency_state(&self, id: Uuid) -> Result<AgencyState, Failure> {
        match self.subject(&SubjectId::Agency(id))?.standing {
            Standing::Agency(state) => Ok(state),
            _ => Err(mixed_up()),
        }
    }

    /// For whom the key `kid` was enrolled. Cost: as [`Desk::enrolled_key`].
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn owner_of(&self, kid: Kid) -> Result<Option<SubjectId>, Failure> {
        Ok(self.enrolled_key(kid)?.map(|(owner, _)| owner))
    }

    /// The key `kid` and for whom it was enrolled, ended keys included. Cost: a look at every agency and
    /// custodian, some 10 ms for a thousand of them.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn enrolled_key(&self, kid: Kid) -> Result<Option<(SubjectId, KeyState)>, Failure> {
        let kinds = [SubjectKind::Agency, SubjectKind::Custodian];
        for subject in kinds.into_iter().flat_map(|kind| self.books.subjects(kind)) {
            let (id, subject) = subject?;
            let keys = match subject.standing {
                Standing::Agency(agency) => agency.keys,
                Standing::Custodian(person) => person.keys,
                _ => Vec::new(),
            };
            let key = keys.into_iter().find(|state| state.key.kid() == kid);
            if let Some(state) = key {
                return Ok(Some((id, state)));
            }
        }
        Ok(None)
    }

    /// Every record of a chain, in order.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn chain(&self, id: &SubjectId) -> Result<Vec<Logged>, Failure> {
        self.books.chain(id)
    }

    /// A stored record, parsed.
    ///
    /// # Errors
    /// It is not what was stored.
    pub fn record(&self, index: LeafIndex) -> Result<Record, Failure> {
        Ok(Record::parse(&self.logged(index)?.record)?)
    }

    /// What opens the sealed fields of the record with this digest, as far as it is kept.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub fn openings(&self, digest: &Hash) -> Result<Vec<Opening>, Failure> {
        self.books.openings(digest)
    }

    /// Whether the ledger is for exercises: whatever shows something of it must say so.
    ///
    /// # Errors
    /// As [`Desk::subject`].
    pub fn is_training(&self) -> Result<bool, Failure> {
        match self.subject(&SubjectId::Ledger(self.books.origin().clone()))?.standing {
            Standing::Ledger(state) => Ok(state.purpose == LedgerPurpose::Training),
            _ => Err(mixed_up()),
        }
    }

    /// The item that `text` names: its id, its UUID, the first digits of it, or its label id.
    ///
    /// # Errors
    /// It names none, or several, or is a label id that was mistyped.
    pub fn item(&self, text: &str) -> Result<Uuid, Failure> {
        if let Some(item) = parse_label_id(text.strip_prefix("item:").unwrap_or(text)) {
            let item = item?;
            return self.subject(&SubjectId::Item(item)).map(|_| item);
        }
        match self.named("item", text, SubjectKind::Item)? {
            SubjectId::Item(id) => Ok(id),
            _ => Err(mixed_up()),
        }
    }

    /// As [`Desk::item`], for custodians.
    ///
    /// # Errors
    /// As there.
    pub fn custodian(&self, text: &str) -> Result<Uuid, Failure> {
        match self.named("custodian", text, SubjectKind::Custodian)? {
            SubjectId::Custodian(id) => Ok(id),
            _ => Err(mixed_up()),
        }
    }

    /// As [`Desk::item`], for agencies.
    ///
    /// # Errors
    /// As there.
    pub fn agency(&self, text: &str) -> Result<Uuid, Failure> {
        match self.named("agency", text, SubjectKind::Agency)? {
            SubjectId::Agency(id) => Ok(id),
            _ => Err(mixed_up()),
        }
    }

    /// As [`Desk::item`], for requests for mutual legal assistance.
    ///
    /// # Errors
    /// As there.
    pub fn request(&self, text: &str) -> Result<Uuid, Failure> {
        match self.named("request", text, SubjectKind::Request)? {
            SubjectId::Request(id) => Ok(id),
            _ => Err(mixed_up()),
        }
    }

    /// The digest of the record that `text` names: its entry's index, or the digest itself.
    ///
    /// # Errors
    /// As [`Desk::entry`].
    pub fn record_digest(&self, text: &str) -> Result<Hash, Failure> {
        Ok(self.record(self.entry(text)?)?.digest())
    }

    /// The entry that `text` names: its index, or the digest of its record.
    ///
    /// # Errors
    /// There is none.
    pub fn entry(&self, text: &str) -> Result<LeafIndex, Failure> {
        if let Some(digest) = Hash::from_hex(text) {
            let missing =
                || Failure::rejected("read/no-record", format!("no record {digest} here"));
            return self.books.by_digest(&digest)?.ok_or_else(missing);
        }
        let expected = "an entry's number or a record's digest of 64 hexadecimal digits";
        let index = text.strip_prefix('#').unwrap_or(text).parse().map_err(|_| {
            Failure::could_not("usage", format!("`{text}` is not {expected}"))
                .hint("`custody show ITEM` lists both")
        })?;
        let size = self.books.head().size.0;
        match index < size {
            true => Ok(LeafIndex(index)),
            false => {
                let message = format!("there is no entry {index}, the ledger has {size}");
                Err(Failure::rejected("read/no-entry", message))
            }
        }
    }

    fn named(&self, kind: &str, text: &str, table: SubjectKind) -> Result<SubjectId, Failure> {
        let bare = text.strip_prefix(kind).and_then(|text| text.strip_prefix(':')).unwrap_or(text);
        if let Ok(id) = format!("{kind}:{bare}").parse() {
            return self.subject(&id).map(|_| id);
        }
        let is_prefix = bare.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if bare.len() < MIN_PREFIX || !is_prefix {
            let message = format!("`{text}` is not the id of {}", with_article(kind));
            let hint =
                format!("an id is {kind}:UUID, or at least {MIN_PREFIX} of its first digits");
            return Err(Failure::could_not("id/malformed", message).hint(hint));
        }
        let prefix = format!("{kind}:{bare}");
        let mut found = Vec::new();
        for subject in self.books.subjects(table) {
            let (id, _) = subject?;
            if id.to_string().starts_with(&prefix) {
                found.push(id);
            }
        }
        match found.as_slice() {
            [id] => Ok(id.clone()),
            [] => {
                let message = format!("no {kind} has an id that begins with `{bare}`");
                Err(Failure::rejected("id/unknown", message))
            }
            several => {
                let message =
                    format!("{} {kind}s have ids that begin with `{bare}`", several.len());
                Err(Failure::could_not("id/ambiguous", message).hint("type more of its digits"))
            }
        }
    }
}

impl Basis for Desk<'_> {
    type Error = Failure;

    fn origin(&self) -> &Origin {
        self.books.origin()
    }

    fn genesis(&self) -> Option<Hash> {
        Some(self.books.genesis())
    }

    fn seen(&self) -> Option<TreeHead> {
        Some(self.books.head())
    }

    fn foresee(&self, subjects: &[SubjectId]) -> Result<(), Failure> {
        self.books.foresee(subjects, false)
    }

    fn chain_head(&self, subject: &SubjectId) -> Result<Option<ChainHead>, Failure> {
        Ok(self.look_up(subject)?.map(|subject| subject.chain))
    }
}

/// Checks that there is a ledger in `path`, before anybody types a passphrase for it.
///
/// # Errors
/// There is none.
pub fn check_ledger(path: &Path) -> Result<(), Failure> {
    // What cannot be looked into may hold one: opening it says what the system says.
    let is_absent = |error: io::Error| {
        matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    };
    let is_missing = path.join("store").symlink_metadata().err().is_some_and(is_absent);
    match is_missing {
        true => Err(store_missing(path)),
        false => Ok(()),
    }
}

/// Opens the ledger in `path` for recording, with the log's keys.
///
/// # Errors
/// As [`Desk::write`].
pub fn open_ledger(path: &Path, source: &PassphraseSource) -> Result<Ledger, Failure> {
    check_ledger(path)?;
    let options = LedgerOptions::new(path);
    // Before anybody is asked for a passphrase, or for keys that such a copy does not have.
    options.check_takes_records()?;
    let keys = LogKeyFiles::of(path).read(source)?;
    let ledger = Ledger::open(options, keys);
    let ledger = ledger.map_err(|error| opening_failed(path, error))?;
    is_about(ledger.origin());
    if let Some(tail) = ledger.torn_tail() {
        talk(&format!(
            "the journal ended in the middle of a commit, as a crash leaves it: `{}` at byte {}; everything that was \
             acknowledged is there",
            tail.path.display(),
            tail.offset
        ));
    }
    Ok(ledger)
}

/// Opens the ledger in `path` for what only its own machine can do.
///
/// # Errors
/// As [`Desk::read`].
pub fn reader(path: &Path) -> Result<Reader<'static>, Failure> {
    check_ledger(path)?;
    let reader = Ledger::open_read_only(LedgerOptions::new(path));
    let reader = reader.map_err(|error| opening_failed(path, error))?;
    is_about(reader.origin());
    Ok(reader)
}

/// Why the ledger in `path` does not open. What the store cannot know is where its mark should lie.
pub fn opening_failed(path: &Path, error: LedgerError) -> Failure {
    let place = LedgerOptions::new(path).mark_path();
    match (&error, place) {
        (LedgerError::Recovery(cause), Ok(place)) if cause.code() == "recovery/mark-missing" => {
            let message = format!("`{}`: {cause}", place.display());
            Failure::could_not(cause.code(), message).hint(
                "mount its disk if it lies on another one; else put it back from your copy, \
                 never from one that was made with the store",
            )
        }
        (LedgerError::HighWater(HighWaterError::Read { .. }), Ok(place)) => {
            let hint = format!(
                "every command reads the mark at `{}`: mount its disk, or see to its rights",
                place.display()
            );
            Failure::from(error).hint(hint)
        }
        _ => Failure::from(error),
    }
}

/// What this machine's clock says, in seconds since 1970.
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn incoming(proposal: &Proposal) -> Incoming {
    (proposal.to_bytes(), proposal.openings().to_vec())
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}

/// The rules never give a subject another kind's standing; only a damaged store does.
fn mixed_up() -> Failure {
    Failure::could_not("store-corrupt", "a subject has the state of another kind")
        .hint("`custody check` finds out what is damaged")
}
