//! Following: a store that is behind goes on with records that its log took in and published, to the published
//! checkpoint.
//!
//! The records are verified, judged and stored by the code that took them in, a batch at a time as they came; but
//! nothing is signed. Entries and the root at the end have to be those that were published and signed, to the byte.
//!
//! Which sizes were signed between two checkpoints is not published. Entries of one batch have one `accepted_ms`: where it
//! changes a batch ended, and so it did at every size that a record's signers say they saw.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use custody_core::checkpoint::{Checkpoint, CheckpointError};
use custody_core::entry::Entry;
use custody_core::index::IndexTree;
use custody_core::merkle::{LeafIndex, TreeHead, TreeSize};
use custody_core::note::MAX_NOTE_LEN;
use custody_core::record::Record;
use custody_core::tile::{BundleError, TilePath, decode_entries, decode_records};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use thiserror::Error;

use crate::error::{LedgerError, SubmitError};
use crate::intake::{Candidate, Gate, Intake};
use crate::ledger::LedgerOptions;
use crate::publish::Progress;
use crate::published::{Bundle, Published, fetch, read_file};
use crate::store::RocksStore;
use crate::vault::Vault;
use crate::writer::{Judged, Recovered, Verdict, Was, Writer, verify_note};

/// Records that are stored at once, at most: a clock that was put back lets many batches have one time.
const BATCH: usize = 4096;

/// What following came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Where the store stood.
    pub from: TreeHead,
    /// Where it stands.
    pub to: TreeHead,
}

/// The published records cannot be followed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The ledger's directory.
    #[error("ledger")]
    Ledger(#[from] LedgerError),
    /// A published file cannot be read.
    #[error("cannot read published `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A published bundle is malformed.
    #[error("published `{}` is malformed", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: BundleError,
    },
    /// The published checkpoint is not one that this log signed.
    #[error("published checkpoint is refused")]
    Checkpoint(#[source] CheckpointError),
    /// A published record is not one that the ledger would take in there.
    #[error("published record {index} is refused")]
    Refused {
        /// Its place.
        index: LeafIndex,
        /// Why.
        #[source]
        source: Box<SubmitError>,
    },
    /// The ledger has a published record already, at another place.
    #[error("published record {index} is there already")]
    Twice {
        /// Its place.
        index: LeafIndex,
    },
    /// A record makes another entry than the published one.
    #[error("entry {index} as published is not what its record makes")]
    Entry {
        /// Its place.
        index: LeafIndex,
    },
    /// The records make another tree than the one that was signed.
    #[error("the published records make {made}, signed was {signed}")]
    Root {
        /// What the published checkpoint names.
        signed: TreeHead,
        /// What the records make.
        made: TreeHead,
    },
}

impl FollowError {
    /// The stable code of this error; that of the cause where it has one of its own.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Io { .. } => "follow/io",
            Self::Bundle { .. } => "follow/bundle",
            Self::Checkpoint(error) => error.code(),
            Self::Refused { source, .. } => source.code(),
            Self::Twice { .. } => "follow/twice",
            Self::Entry { .. } => "follow/entry",
            Self::Root { .. } => "follow/root",
        }
    }
}

/// Brings the ledger in `options.dir` to the checkpoint that is published in `published`. Where it stands there or
/// beyond already, nothing happens. Its mark is not looked at and not moved. `progress` counts entries.
///
/// After an error the store may have entries that no checkpoint covers: it is of no use, and nothing was lost.
///
/// # Errors
/// [`FollowError`].
pub fn follow(
    options: &LedgerOptions,
    published: &Path,
    progress: &dyn Fn(Progress),
) -> Result<Followed, FollowError> {
    let path = published.join("checkpoint");
    let note = read_file(&path, MAX_NOTE_LEN as u64 + 1);
    let note = note.map_err(|source| FollowError::Io { path, source })?;
    let store =
        RocksStore::open(&options.store_dir(), &options.store).map_err(LedgerError::from)?;
    let store = Arc::new(store);
    let stored = crate::writer::load_newest(&*store)?;
    let from = *stored.checkpoint.tree_head();
    let end = verify_note(&note, &stored.keys).map_err(FollowError::Checkpoint)?;
    if end.size() <= from.size {
        return Ok(Followed { from, to: from });
    }
    let mark = options.mark().map_err(LedgerError::from)?;
    let recovered = Writer::follow(store.clone(), mark, options.clock.clone())?;
    let vault = Vault::new(&options.vault_dir()).map_err(LedgerError::from)?;
    let row_bytes = options.batch.row_bytes;
    let mut follower = Follower::new(recovered, vault, (from.size, end), row_bytes);
    let published = Published::new(published.to_owned());
    for bundle in Bundle::between(from.size, follower.end.size()) {
        follower.read(&published, &bundle)?;
        follower.take(false)?;
        let done = follower.writer.head().size.0;
        progress(Progress { done, total: follower.end.size().0 });
    }
    follower.take(true)?;
    let to = follower.writer.head();
    drop(follower);
    if let Some(store) = Arc::into_inner(store) {
        store.close().map_err(LedgerError::from)?;
    }
    Ok(Followed { from, to })
}

struct Follower {
    writer: Writer<RocksStore>,
    index: IndexTree,
    intake: Intake,
    from: TreeSize,
    end: Checkpoint,
    /// Bytes of rows after which no more records go into one commit.
    row_bytes: usize,
    /// Entries and records that were read and not taken in yet.
    waiting: Vec<(Entry, Vec<u8>)>,
}

impl Follower {
    fn new(
        recovered: Recovered<RocksStore>,
        vault: Vault,
        (from, end): (TreeSize, Checkpoint),
        row_bytes: usize,
    ) -> Self {
        let Recovered { writer, index, keyring, origin, genesis, .. } = recovered;
        let intake = Intake { origin, genesis, keyring, vault, gate: Gate::new() };
        Self { writer, index, intake, from, end, row_bytes, waiting: Vec::new() }
    }

    /// Reads one bundle of entries and one of records; what the store has of them is passed over.
    fn read(&mut self, published: &Published, bundle: &Bundle) -> Result<(), FollowError> {
        let get = |path| {
            fetch(published, path).map_err(|error| FollowError::Io {
                path: published.dir().join(error.path.to_string()),
                source: io::Error::other(error.reason),
            })
        };
        let malformed = |path: &TilePath| {
            let path = published.dir().join(path.to_string());
            move |source| FollowError::Bundle { path, source }
        };
        let (entries, records) = (get(&bundle.entries)?, get(&bundle.records)?);
        let entries = decode_entries(&entries, bundle.width).map_err(malformed(&bundle.entries))?;
        let records = decode_records(&records, bundle.width).map_err(malformed(&bundle.records))?;
        let known = self.from.0.saturating_sub(bundle.first) as usize;
        let both = entries.into_iter().zip(records);
        for (at, (entry, record)) in (bundle.first..).zip(both).skip(known) {
            let entry =
                Entry::decode(entry).map_err(|_| FollowError::Entry { index: LeafIndex(at) })?;
            self.waiting.push((entry, record.to_vec()));
        }
        Ok(())
    }

    /// Takes in what is waiting, a batch at a time as it first came; what may be the beginning of one stays, unless
    /// this `is_all`.
    fn take(&mut self, is_all: bool) -> Result<(), FollowError> {
        while let Some((count, is_signed)) = self.next_batch(is_all) {
            let batch: Vec<_> = self.waiting.drain(..count).collect();
            self.store(batch, is_signed)?;
        }
        Ok(())
    }

    /// How many of the waiting records came in one batch, if that is sure, and whether the log signed what they made.
    fn next_batch(&self, is_all: bool) -> Option<(usize, bool)> {
        let first = self.waiting.first()?.0.accepted_ms;
        let run = self.waiting.iter().position(|(entry, _)| entry.accepted_ms != first);
        let run = run.or(is_all.then_some(self.waiting.len()));
        let known = run.unwrap_or(self.waiting.len());
        let lo = self.writer.head().size.0;
        // A size that signers saw was signed before their record came.
        let seen: BTreeSet<u64> = self.waiting[..known]
            .iter()
            .filter_map(|(_, record)| Record::parse(record).ok()?.payload().seen)
            .map(|seen| seen.size.0)
            .filter(|size| (lo + 1..lo + known as u64).contains(size))
            .collect();
        let end = run.map(|run| seen.first().map_or(run, |size| (size - lo) as usize));
        match end {
            Some(end) if end <= BATCH => Some((end, true)),
            _ if known > BATCH => Some((BATCH, false)),
            _ => None,
        }
    }

    fn store(&mut self, batch: Vec<(Entry, Vec<u8>)>, is_signed: bool) -> Result<(), FollowError> {
        // 1. What needs no other record, on all cores.
        let examined: Vec<_> = batch
            .par_iter()
            .map(|(_, record)| self.intake.examine_bytes(record, Vec::new()))
            .collect();
        let lo = self.writer.head().size.0;
        let candidates: Result<Vec<Candidate>, _> = (lo..)
            .zip(examined)
            .map(|(at, examined)| examined.map_err(|error| refused(at, error)))
            .collect();
        let mut candidates = candidates?;
        let entries: Vec<_> = batch.iter().map(|(entry, _)| *entry).collect();
        let mut entries = entries.as_slice();
        while !candidates.is_empty() {
            // 2. The rules.
            let (accepted, rest) = self.judge(candidates)?;
            // 3. Entries, index and tree have to be those that were published; then all of it becomes durable. Where not all
            //    fits into one commit, the log signed none but the last.
            let (these, others) = entries.split_at(accepted.len().min(entries.len()));
            let is_signed = is_signed && rest.is_empty();
            let size = self.writer.head().size.0 + these.len() as u64;
            let end = (size == self.end.size().0).then_some((self.from, &self.end));
            let was = Was { entries: these, is_signed, end };
            self.writer.commit_again(&mut self.index, &accepted, &was)?;
            // 4. What they erase is erased.
            for pending in accepted.iter().filter_map(|candidate| candidate.pending.as_ref()) {
                self.intake.vault.settle(pending).map_err(LedgerError::from)?;
            }
            (candidates, entries) = (rest, others);
        }
        Ok(())
    }

    /// Judges as many records as one commit holds, all of which must be accepted, and returns them and those that are left.
    fn judge(
        &mut self,
        candidates: Vec<Candidate>,
    ) -> Result<(Vec<Candidate>, Vec<Candidate>), FollowError> {
        let lo = self.writer.head().size.0;
        let judged = self.writer.judge(candidates, &self.intake.keyring, self.row_bytes);
        let Judged { verdicts, rest } = judged.map_err(LedgerError::from)?;
        let mut accepted = Vec::with_capacity(verdicts.len());
        for (at, verdict) in (lo..).zip(verdicts) {
            match verdict {
                Verdict::Accepted(candidate) => accepted.push(candidate),
                Verdict::Known(..) => return Err(FollowError::Twice { index: LeafIndex(at) }),
                Verdict::Refused(_, error) => return Err(refused(at, error)),
            }
        }
        Ok((accepted, rest))
    }
}

fn refused(at: u64, source: SubmitError) -> FollowError {
    FollowError::Refused { index: LeafIndex(at), source: Box::new(source) }
}
