//! The sequencer: one thread for each ledger, which takes verified records in their order, a batch at a time.
//!
//! While it judges, signs and flushes a batch, the verify stage works on the next one. Answers leave when their
//! batch is durable and marked, refusals too: a refusal may rest on a record of the same batch.

mod queue;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use custody_core::checkpoint::Checkpoint;
use custody_core::entry::Entry;
use custody_core::hash::Hash;
use custody_core::merkle::LeafIndex;

use crate::error::{FatalError, SubmitError};
use crate::intake::{Candidate, Intake};
use crate::store::Store;
use crate::tree::TileCache;
use crate::writer::{Judged, Newest, Published, Verdict, Writer, load_entry};

pub use queue::{BatchLimits, Reply};
pub(crate) use queue::{InFlight, Message, Queue, Submission, Work, queue};

/// What everybody who works on a ledger shares.
pub(crate) struct Shared<S> {
    pub(crate) store: Arc<S>,
    pub(crate) intake: Intake,
    /// The newest signed state. The sequencer holds it from the first change to the index until the mark has
    /// moved, so that nobody ever sees what is not durable.
    pub(crate) published: RwLock<Published>,
    /// Its checkpoint, for whoever needs no view of the store: nobody holds this while a batch is committed.
    pub(crate) newest: RwLock<Arc<Newest>>,
    /// Full tiles that receipts needed.
    pub(crate) tiles: TileCache,
    /// Why the sequencer has ended.
    pub(crate) fatal: OnceLock<Arc<FatalError>>,
}

/// The answer to a record: it is in the log, for good.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// Its place.
    pub index: LeafIndex,
    /// Its digest.
    pub digest: Hash,
    /// Its entry.
    pub entry: Entry,
    /// A checkpoint that covers it: a signed note.
    pub checkpoint: Arc<[u8]>,
    /// Whether it was in the log before it was submitted this time.
    pub was_known: bool,
}

/// A ledger's one writer at work.
pub(crate) struct Sequencer<S> {
    pub(crate) shared: Arc<Shared<S>>,
    pub(crate) writer: Writer<S>,
    pub(crate) queue: Queue,
}

/// Answers to the first of some records, and those that are left.
type Sequenced = (Vec<Result<Acknowledged, SubmitError>>, Vec<Candidate>);

impl<S> Shared<S> {
    /// The newest signed state. Waits for no batch.
    pub(crate) fn newest(&self) -> Arc<Newest> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on everybody is shown `newest`.
    fn show(&self, published: &mut Published, newest: Newest) {
        let newest = Arc::new(newest);
        published.newest = newest.clone();
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = newest;
    }

    /// Why the ledger takes no more records.
    pub(crate) fn stopped(&self) -> Arc<FatalError> {
        self.fatal.get().cloned().unwrap_or_else(|| Arc::new(FatalError::Closed))
    }
}

impl<S: Store> Sequencer<S> {
    /// Works until the ledger is closed or fails. After a failure every record is answered with it.
    pub(crate) fn run(mut self) {
        // Goes before the queue does: whoever finds that closed finds a reason.
        let _breakdown = Breakdown(self.shared.clone());
        while let Some(work) = self.queue.next() {
            if self.shared.fatal.get().is_none() {
                self.process(work);
            } else {
                self.turn_away(work);
            }
        }
    }

    fn process(&mut self, work: Work) {
        let (mut candidates, replies): (Vec<_>, Vec<_>) =
            work.submissions.into_iter().map(|each| (each.candidate, each.reply)).unzip();
        let mut replies = replies.into_iter();
        while !candidates.is_empty() {
            match self.sequence(candidates) {
                Ok((answers, rest)) => {
                    // Answers first: `zip` asks its first side first, and a reply that it took without an answer would be lost.
                    let answered = answers.into_iter().zip(replies.by_ref());
                    answered.for_each(|(answer, reply)| reply.send(answer));
                    candidates = rest;
                }
                Err(error) => {
                    let error = self.fail(error);
                    let answer = || Err(SubmitError::Fatal(error.clone()));
                    replies.by_ref().for_each(|reply| reply.send(answer()));
                    break;
                }
            }
        }
        for keep in work.keeps {
            let answer = match self.shared.fatal.get() {
                Some(error) => Err(error.clone()),
                None => {
                    let kept = self.writer.keep_cosigned(&keep.checkpoint);
                    let shown = kept.map(|()| self.show_kept(&keep));
                    shown.map_err(|error| self.fail(error))
                }
            };
            // Nobody waiting is no reason to stop.
            let _ = keep.reply.send(answer);
        }
    }

    /// From now on the newest state is shown with its witnesses' lines, as it will be after opening again.
    fn show_kept(&self, keep: &Keep) {
        let mut published = self.shared.published.write().unwrap_or_else(PoisonError::into_inner);
        let newest = &published.newest;
        if newest.head == *keep.checkpoint.tree_head() {
            let newest = Newest::new(&keep.checkpoint, newest.index_root, newest.edge.clone());
            self.shared.show(&mut published, newest);
        }
    }

    fn turn_away(&self, work: Work) {
        let error = self.shared.stopped();
        for submission in work.submissions {
            submission.reply.send(Err(SubmitError::Fatal(error.clone())));
        }
        for keep in work.keeps {
            let _ = keep.reply.send(Err(error.clone()));
        }
    }

    fn fail(&self, error: FatalError) -> Arc<FatalError> {
        self.shared.fatal.get_or_init(|| Arc::new(error)).clone()
    }

    /// Takes in as many records as one commit holds.
    fn sequence(&mut self, candidates: Vec<Candidate>) -> Result<Sequenced, FatalError> {
        let (keyring, row_bytes) = (&self.shared.intake.keyring, self.queue.row_bytes());
        let Judged { verdicts, rest } = self.writer.judge(candidates, keyring, row_bytes)?;
        let accepted: Vec<_> = verdicts
            .iter()
            .filter_map(|verdict| match verdict {
                Verdict::Accepted(candidate) => Some(candidate),
                _ => None,
            })
            .collect();
        let first = self.writer.head().size.0;
        let entries = match accepted.as_slice() {
            [] => Vec::new(),
            accepted => self.commit(accepted)?,
        };
        Ok((self.answer(verdicts, first, &entries)?, rest))
    }

    fn commit(&mut self, accepted: &[&Candidate]) -> Result<Vec<Entry>, FatalError> {
        let mut published = self.shared.published.write().unwrap_or_else(PoisonError::into_inner);
        let committed = self.writer.commit(&mut published.index, accepted)?;
        self.shared.show(&mut published, committed.newest);
        Ok(committed.entries)
    }

    /// The answers, once everything is durable. `entries` stand in the log from `first` on.
    fn answer(
        &self,
        verdicts: Vec<Verdict>,
        first: u64,
        entries: &[Entry],
    ) -> Result<Vec<Result<Acknowledged, SubmitError>>, FatalError> {
        let checkpoint = self.shared.newest().checkpoint.clone();
        let acknowledge = |index: u64, entry: Entry, was_known| {
            let (index, digest, checkpoint) = (LeafIndex(index), entry.record, checkpoint.clone());
            Ok(Acknowledged { index, digest, entry, checkpoint, was_known })
        };
        let mut fresh = (first..).zip(entries);
        let mut answers = Vec::with_capacity(verdicts.len());
        for verdict in verdicts {
            answers.push(match verdict {
                Verdict::Accepted(candidate) => {
                    self.settle(&candidate, true);
                    let (index, entry) = fresh.next().ok_or(FatalError::Closed)?;
                    acknowledge(index, *entry, false)
                }
                Verdict::Known(candidate, index) => {
                    self.settle(&candidate, true);
                    acknowledge(index.0, load_entry(&*self.shared.store, index.0)?, true)
                }
                Verdict::Refused(candidate, error) => {
                    self.settle(&candidate, false);
                    Err(error)
                }
            });
        }
        Ok(answers)
    }

    /// Openings move to their place, or go; what the record erases is erased. It is durable that this is to be done:
    /// what fails here is done when the ledger is next opened.
    fn settle(&self, candidate: &Candidate, is_logged: bool) {
        let vault = &self.shared.intake.vault;
        if let Some(pending) = &candidate.pending {
            let _ = if is_logged { vault.settle(pending) } else { vault.discard(pending) };
        }
    }
}

/// Notes that the ledger takes no more records, where the thread breaks down that would take them.
struct Breakdown<S>(Arc<Shared<S>>);

impl<S> Drop for Breakdown<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fatal.get_or_init(|| Arc::new(FatalError::Closed));
        }
    }
}

/// A checkpoint that witnesses cosigned, to be kept beside the newest one.
pub(crate) struct Keep {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) reply: crossbeam_channel::Sender<Result<(), Arc<FatalError>>>,
}
