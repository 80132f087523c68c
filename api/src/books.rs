//! A ledger as whoever works with it looks at it, at one checkpoint: the contract between commands and pages on one
//! side, and the ledger, here or at a server, on the other.

use custody_core::custody::{Standing, Subject};
use custody_core::hash::Hash;
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::index::ChainHead;
use custody_core::merkle::{LeafIndex, TreeHead, TreeSize};
use custody_core::sealed::Opening;
use custody_log::exhibit::{Assembled, ExhibitRequest, assemble};
use custody_log::{Acknowledged, Incoming, Ledger, Logged, Reader, SubjectKind, SubmitError};
use rayon::ThreadPoolBuilder;

use crate::failure::Failure;
use crate::offer_file::OfferFile;

/// Threads that wait for the disk while many records are submitted.
const WAITING: usize = 16;

/// Records that are submitted together: a window of the ledger's verify stage.
const PIECE: usize = 1024;

/// Subjects one after the other; ends after an error.
pub type SubjectsOf<'b> = Box<dyn Iterator<Item = Result<(SubjectId, Subject), Failure>> + 'b>;

/// Whether a subject is wanted, by what the records made of it.
pub type Wanted<'b> = Box<dyn Fn(&Standing) -> bool + 'b>;

/// Which items are sought. What books make of it is up to them: it may save them a look at the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// All, or all in one of the states of [`crate::place::STATES`].
    InState(Option<&'static str>),
    /// Those that a custodian holds, or held when they ended; of these all, or all in one of the states.
    HeldBy(Uuid, Option<&'static str>),
    /// What waits for a custodian, and what they wait for: see [`crate::waiting`].
    WaitingFor(Uuid),
    /// Those that came under a request.
    Under(Uuid),
}

/// What became of each record of many, as far as they were submitted.
pub type Answers = Vec<Result<Acknowledged, Failure>>;

/// A ledger at one checkpoint, and the way to record in it.
///
/// All reads show the same state: that of [`Books::checkpoint`]. What was recorded since, by whomever, they do not show.
/// Any of them may fail because the ledger cannot be read; from a server also because whoever asks may not know.
pub trait Books {
    /// The ledger's name.
    fn origin(&self) -> &Origin;

    /// SHA-256 of entry 0.
    fn genesis(&self) -> Hash;

    /// Size and root of the checkpoint.
    fn head(&self) -> TreeHead;

    /// The checkpoint: a signed note.
    fn checkpoint(&self) -> &[u8];

    /// What the records made of a subject; `None` where it has no history.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn subject(&self, id: &SubjectId) -> Result<Option<Subject>, Failure>;

    /// Every subject of a kind, in the order of their ids.
    fn subjects(&self, kind: SubjectKind) -> SubjectsOf<'_> {
        self.subjects_where(kind, None, Box::new(|_| true))
    }

    /// As [`Books::subjects`], of those after `after` that are wanted. Where `after` is near is found without a look at what
    /// lies before it.
    fn subjects_where<'b>(
        &'b self,
        kind: SubjectKind,
        after: Option<&SubjectId>,
        is_wanted: Wanted<'b>,
    ) -> SubjectsOf<'b>;

    /// As [`Books::subjects_where`], of items, where only some of those that are sought can be wanted.
    fn items_sought<'b>(
        &'b self,
        after: Option<&SubjectId>,
        _: &Sought,
        is_wanted: Wanted<'b>,
    ) -> SubjectsOf<'b> {
        self.subjects_where(SubjectKind::Item, after, is_wanted)
    }

    /// The records of a chain, in their order.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn chain(&self, id: &SubjectId) -> Result<Vec<Logged>, Failure>;

    /// The first record of a chain: [`Books::chain`]'s.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn first(&self, id: &SubjectId) -> Result<Option<Logged>, Failure> {
        Ok(self.chain(id)?.into_iter().next())
    }

    /// Says which subjects are looked at next; with `first`, the first records of their chains too, and what opens them. It
    /// changes nothing of what is shown: where each would be asked for alone, many are asked for together.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn foresee(&self, _ids: &[SubjectId], _first: bool) -> Result<(), Failure> {
        Ok(())
    }

    /// The entries `[lo, hi)` with their records.
    ///
    /// # Errors
    /// `hi` lies beyond the checkpoint, or the ledger cannot be read.
    fn page(&self, lo: LeafIndex, hi: LeafIndex) -> Result<Vec<Logged>, Failure>;

    /// An entry and its record.
    ///
    /// # Errors
    /// It lies beyond the checkpoint, or the ledger cannot be read.
    fn logged(&self, index: LeafIndex) -> Result<Logged, Failure>;

    /// Where the ledger has the record `digest`, if it has it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn by_digest(&self, digest: &Hash) -> Result<Option<LeafIndex>, Failure>;

    /// Openings of sealed fields of a record, as far as they are kept, and whoever asks may see them.
    ///
    /// # Errors
    /// The vault cannot be read.
    fn openings(&self, record: &Hash) -> Result<Vec<Opening>, Failure>;

    /// The root that the log signed at `size`; `None` for a size that it never signed.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn root_at(&self, size: TreeSize) -> Result<Option<Hash>, Failure>;

    /// The receipt of an entry: C2SP tlog-proof. From a server it is verified against the entry as it is handed in.
    ///
    /// # Errors
    /// The proof cannot be made, or does not hold.
    fn receipt(&self, logged: &Logged) -> Result<String, Failure>;

    /// The contents of an exhibit.
    ///
    /// # Errors
    /// There is no such item, or the ledger cannot be read.
    fn assemble(&self, request: &ExhibitRequest<'_>) -> Result<Assembled, Failure>;

    /// Where the notes of the items of an offer end that are not shown: as far as whoever has the offer in hand may know.
    ///
    /// # Errors
    /// The ledger cannot be read, or a signature on the offer is wrong.
    fn ends(&self, _offer: &OfferFile) -> Result<Vec<(SubjectId, ChainHead)>, Failure> {
        Ok(Vec::new())
    }

    /// Records what everybody has signed. It is then durable, in a signed checkpoint and provable; the same record
    /// again gets the same answer.
    ///
    /// # Errors
    /// The ledger refuses it, or is open for looking only.
    fn submit(&self, record: Incoming) -> Result<Acknowledged, Failure>;

    /// Records many in their order, and tells `progress` how many are done. They go a piece at a time; after one in
    /// which something was refused no more are submitted, and those have no answer.
    ///
    /// # Errors
    /// The ledger is open for looking only, or they cannot be submitted at all.
    fn submit_all(
        &self,
        records: Vec<Incoming>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Answers, Failure>;

    /// Where offers wait for whoever signs next: a server has such a place, a directory has none.
    fn mail(&self) -> Option<&dyn Mail> {
        None
    }
}

/// An offer at a server, as the server says.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// Its digest.
    pub digest: Hash,
    /// Whether something else was recorded of what it is about meanwhile.
    pub has_moved_on: bool,
    /// The record in which it was refused.
    pub refusal: Option<Hash>,
}

/// Offers that wait at a server, as whoever asks may see them: those that they signed, and those that they are to sign.
pub trait Mail {
    /// What waits, and what of theirs was refused.
    ///
    /// # Errors
    /// The server cannot be reached, or does not know who asks.
    fn waiting(&self) -> Result<Vec<Waits>, Failure>;

    /// The offer with this digest, if it waits. It is that one, whatever the server says; its signatures are not verified.
    ///
    /// # Errors
    /// As [`Mail::waiting`].
    fn find(&self, digest: &Hash) -> Result<Option<OfferFile>, Failure>;

    /// Lets an offer wait for who signs next. The same again changes nothing.
    ///
    /// # Errors
    /// As [`Mail::waiting`], or there is no room.
    fn send(&self, offer: &OfferFile) -> Result<(), Failure>;

    /// Takes an offer out.
    ///
    /// # Errors
    /// As [`Mail::waiting`], or it does not wait.
    fn withdraw(&self, digest: &Hash) -> Result<(), Failure>;
}

/// Those that are wanted, and errors.
pub fn only<'b>(
    subjects: impl Iterator<Item = Result<(SubjectId, Subject), Failure>> + 'b,
    is_wanted: Wanted<'b>,
) -> SubjectsOf<'b> {
    Box::new(subjects.filter(move |one| match one {
        Ok((_, subject)) => is_wanted(&subject.standing),
        Err(_) => true,
    }))
}

/// There is no mailbox.
pub fn no_mail() -> Failure {
    Failure::could_not("offer/no-mailbox", "offers wait at a server, a directory has no mailbox")
        .hint("`--server URL`; where there is none, the offer's file goes from hand to hand")
}

/// The books of a ledger on this machine.
pub struct OwnBooks<'l> {
    reader: Reader<'l>,
    ledger: Option<Ledger>,
}

impl<'l> OwnBooks<'l> {
    /// What `reader` shows; to be recorded in where there is a `ledger`.
    pub fn new(reader: Reader<'l>, ledger: Option<Ledger>) -> Self {
        Self { reader, ledger }
    }

    fn ledger(&self) -> Result<&Ledger, Failure> {
        let read_only = || Failure::could_not("internal", "the ledger is open for reading only");
        self.ledger.as_ref().ok_or_else(read_only)
    }
}

impl Books for OwnBooks<'_> {
    fn origin(&self) -> &Origin {
        self.reader.origin()
    }

    fn genesis(&self) -> Hash {
        self.reader.genesis()
    }

    fn head(&self) -> TreeHead {
        self.reader.head()
    }

    fn checkpoint(&self) -> &[u8] {
        self.reader.checkpoint()
    }

    fn subject(&self, id: &SubjectId) -> Result<Option<Subject>, Failure> {
        Ok(self.reader.subject(id)?)
    }

    fn subjects_where<'b>(
        &'b self,
        kind: SubjectKind,
        after: Option<&SubjectId>,
        is_wanted: Wanted<'b>,
    ) -> SubjectsOf<'b> {
        let subjects = self.reader.subjects(kind, after);
        only(subjects.map(|subject| Ok(subject?)), is_wanted)
    }

    fn chain(&self, id: &SubjectId) -> Result<Vec<Logged>, Failure> {
        Ok(self.reader.chain(id)?)
    }

    fn first(&self, id: &SubjectId) -> Result<Option<Logged>, Failure> {
        Ok(self.reader.first(id)?)
    }

    fn page(&self, lo: LeafIndex, hi: LeafIndex) -> Result<Vec<Logged>, Failure> {
        Ok(self.reader.page(lo, hi)?)
    }

    fn logged(&self, index: LeafIndex) -> Result<Logged, Failure> {
        Ok(self.reader.logged(index)?)
    }

    fn by_digest(&self, digest: &Hash) -> Result<Option<LeafIndex>, Failure> {
        Ok(self.reader.by_digest(digest)?)
    }

    fn openings(&self, record: &Hash) -> Result<Vec<Opening>, Failure> {
        Ok(self.reader.openings(record)?)
    }

    fn root_at(&self, size: TreeSize) -> Result<Option<Hash>, Failure> {
        Ok(self.reader.root_at(size)?)
    }

    fn receipt(&self, logged: &Logged) -> Result<String, Failure> {
        Ok(self.reader.receipt(logged.index)?)
    }

    fn assemble(&self, request: &ExhibitRequest<'_>) -> Result<Assembled, Failure> {
        Ok(assemble(&self.reader, request)?)
    }

    fn submit(&self, (record, openings): Incoming) -> Result<Acknowledged, Failure> {
        Ok(self.ledger()?.submit(record, openings)?)
    }

    /// One commit takes many records. Their openings are flushed each for itself, but many threads wait for the disk
    /// at the same time, so that it does not matter much how long one flush takes.
    fn submit_all(
        &self,
        records: Vec<Incoming>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Answers, Failure> {
        let ledger = self.ledger()?;
        let pool = ThreadPoolBuilder::new().num_threads(WAITING).build();
        let pool = pool.map_err(|error| Failure::could_not("internal", error.to_string()))?;
        let answers = pool.install(|| submit_in_pieces(ledger, records, progress));
        Ok(answers.into_iter().map(|answer| Ok(answer?)).collect())
    }
}

fn submit_in_pieces(
    ledger: &Ledger,
    records: Vec<Incoming>,
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<Result<Acknowledged, SubmitError>> {
    let (mut answers, mut records) = (Vec::with_capacity(records.len()), records.into_iter());
    loop {
        let piece: Vec<_> = records.by_ref().take(PIECE).collect();
        let submitted = piece.len();
        if submitted == 0 {
            return answers;
        }
        answers.extend(ledger.submit_all(piece));
        progress(answers.len());
        if answers.iter().rev().take(submitted).any(Result::is_err) {
            return answers;
        }
    }
}
