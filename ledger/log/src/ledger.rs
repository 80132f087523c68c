//! A ledger open for appending.
//!
//! ```text
//! submit ──> verify stage ──────> sequencer ──────────────────────────> answer
//!            any thread:          one thread, in batches:
//!            parse, signatures,   rules, index, tree, sign,
//!            openings             commit, high-water mark
//! ```
//!
//! Layout of its directory: `store/` (RocksDB), `high-water` (the newest signed checkpoint) or `high-water.path` (where
//! that lies instead), `vault/` (openings of sealed fields).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded, unbounded};
use custody_core::checkpoint::Checkpoint;
use custody_core::hash::Hash;
use custody_core::id::Origin;
use custody_core::key::{CoseKey, Kid};
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_core::sealed::Opening;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::clock::{Clock, SystemClock};
use crate::error::{FatalError, LedgerError, ReadError, SubmitError};
use crate::high_water::{self, HighWater, HighWaterError, LocalDisk, Moved};
use crate::intake::{Candidate, Gate, Intake, erases};
use crate::reader::Reader;
use crate::sequencer::{
    Acknowledged, BatchLimits, InFlight, Keep, Message, Reply, Sequencer, Shared, Submission, queue,
};
use crate::store::{
    RocksConfig, RocksMemory, RocksReader, RocksStore, Store, StoreError, Table, TornTail,
};
use crate::tree::TileCache;
use crate::vault::Vault;
use crate::writer::{
    LogSecrets, Published, Recovered, Writer, check_mark, load_newest, load_record,
};

/// Records that a thread verifies before it looks for other work.
const CHUNK: usize = 32;

/// Chunks that are verified before they are handed on, in their order.
const WINDOW: usize = 32;

/// Where a ledger lies, and how it is run.
#[derive(Clone)]
pub struct LedgerOptions {
    /// The ledger's directory.
    pub dir: PathBuf,
    /// The high-water mark's file, an absolute path; `None` for the place that the directory names, or `high-water` in
    /// it. A mark on another disk notices a directory that was restored whole. [`Ledger::create`] records the place in
    /// the directory, so that it need not be given again.
    pub high_water: Option<PathBuf>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// When a batch ends.
    pub batch: BatchLimits,
    /// How the store is run.
    pub store: RocksConfig,
}

/// What a ledger is made of, for stores other than the one in [`LedgerOptions::dir`].
pub struct Parts<S> {
    /// The store.
    pub store: Arc<S>,
    /// The high-water mark.
    pub mark: HighWater,
    /// Directory of the vault.
    pub vault: PathBuf,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// When a batch ends.
    pub batch: BatchLimits,
}

/// A record with openings of its sealed fields, on its way into a ledger.
pub type Incoming = (Vec<u8>, Vec<Opening>);

/// Receipts (C2SP tlog-proof) under one checkpoint: each is one of the proofs and the checkpoint, end to end.
#[derive(Clone, Debug)]
pub struct Receipts {
    /// What stands before the checkpoint.
    pub proofs: Vec<String>,
    /// The checkpoint.
    pub checkpoint: Arc<str>,
}

/// A ledger open for appending. Any number of threads may use it.
///
/// Dropping it waits for what was submitted. After [`SubmitError::Fatal`] it takes nothing more: drop it, find out why,
/// open it again. Whatever was in doubt is then in the ledger or not, and submitting it again is safe.
pub struct Ledger<S: Store = RocksStore> {
    shared: Arc<Shared<S>>,
    sender: Option<Sender<Message>>,
    in_flight: InFlight,
    thread: Option<JoinHandle<()>>,
}

impl LedgerOptions {
    /// The ledger in `dir`, run as it is by default.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            high_water: None,
            clock: Arc::new(SystemClock),
            batch: BatchLimits::default(),
            store: RocksConfig::default(),
        }
    }

    pub(crate) fn store_dir(&self) -> PathBuf {
        self.dir.join("store")
    }

    pub(crate) fn vault_dir(&self) -> PathBuf {
        self.dir.join("vault")
    }

    /// A file that says that the ledger is a copy which nobody may go on with. What it says is for people.
    pub fn look_only_path(&self) -> PathBuf {
        self.dir.join("look-only")
    }

    /// Checks that the directory is no copy for looking.
    ///
    /// # Errors
    /// [`LedgerError::LookOnly`].
    pub fn check_takes_records(&self) -> Result<(), LedgerError> {
        let path = self.look_only_path();
        if path.exists() { Err(LedgerError::LookOnly { path }) } else { Ok(()) }
    }

    fn disk(&self) -> LocalDisk {
        LocalDisk { added_flush: self.store.added_flush }
    }

    /// Where the high-water mark lies.
    ///
    /// # Errors
    /// [`HighWaterError::Read`] and [`HighWaterError::Place`]: the directory does not tell.
    pub fn mark_path(&self) -> Result<PathBuf, HighWaterError> {
        match &self.high_water {
            Some(path) => Ok(path.clone()),
            None => high_water::locate(&self.dir, &self.disk()),
        }
    }

    pub(crate) fn mark(&self) -> Result<HighWater, HighWaterError> {
        Ok(HighWater::new(&self.mark_path()?, Box::new(self.disk())))
    }

    /// The mark, for whoever has locked the store. One that lies in the directory is as much the directory's own; one that
    /// lies elsewhere may be that of a copy, too.
    fn mark_to_move(&self) -> Result<HighWater, HighWaterError> {
        let mark = self.mark()?;
        match mark.path().parent() == Some(&self.dir) {
            true => Ok(mark),
            false => mark.exclusively(),
        }
    }

    fn parts(&self, store: RocksStore) -> Result<Parts<RocksStore>, HighWaterError> {
        Ok(Parts {
            store: Arc::new(store),
            mark: self.mark_to_move()?,
            vault: self.vault_dir(),
            clock: self.clock.clone(),
            batch: self.batch,
        })
    }
}

impl Ledger {
    /// Founds a ledger with the signed `ledger-open` record `genesis`, in a directory that has no store and no mark.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn create(
        options: LedgerOptions,
        keys: LogSecrets,
        genesis: Vec<u8>,
    ) -> Result<Self, LedgerError> {
        crate::writer::verify_founding(&genesis, &keys).map_err(LedgerError::Genesis)?;
        make_dir(&options.dir)?;
        // A mark without a store is of a ledger that somebody will miss.
        if !options.store_dir().exists() {
            high_water::check_free(&options.mark_path()?)?;
        }
        let store = RocksStore::create(&options.store_dir(), &options.store)?;
        if let Some(path) = &options.high_water {
            high_water::record(&options.dir, path, &options.disk())?;
        }
        Self::found(options.parts(store)?, &keys, &genesis)
    }

    /// Opens a ledger, after a crash or not.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Recovery`] where the store is not what was acknowledged.
    pub fn open(options: LedgerOptions, keys: LogSecrets) -> Result<Self, LedgerError> {
        options.check_takes_records()?;
        let store = RocksStore::open(&options.store_dir(), &options.store)?;
        Self::start(options.parts(store)?, &keys)
    }

    /// Opens a ledger for reading, beside its writer or without one. It shows the newest checkpoint at the time.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_read_only(options: LedgerOptions) -> Result<Reader<'static>, LedgerError> {
        let open = || RocksReader::open(&options.store_dir(), &options.store);
        let mark = options.mark()?;
        let vault = Vault::read_only(&options.vault_dir());
        match Reader::open(&open, &mark, vault.clone()) {
            // Somebody may have moved the mark since.
            Err(_) if options.mark_path()? != mark.path() => {
                Reader::open(&open, &options.mark()?, vault)
            }
            opened => opened,
        }
    }

    /// Moves the ledger's high-water mark to the file `to`, an absolute path, where nothing lies yet. The ledger must
    /// be one that opens, and no process may have it open for recording.
    ///
    /// # Errors
    /// As [`Ledger::open`]; [`LedgerError::HighWater`].
    pub fn move_high_water(options: &LedgerOptions, to: &Path) -> Result<Moved, LedgerError> {
        let store = RocksStore::open(&options.store_dir(), &options.store)?;
        let mark = options.mark_to_move()?;
        let note = mark.load()?;
        check_mark(&store, note.clone(), &load_newest(&store)?)?;
        // Without a mark the check has failed.
        let note = note.unwrap_or_default();
        Ok(high_water::move_mark(&options.dir, to, &note, &options.disk())?)
    }
}

impl Ledger {
    /// Makes a snapshot of the store in `to`, as [`RocksStore::snapshot`] does: what was acknowledged by now, and
    /// nothing that could still be undone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn snapshot(&self, to: &Path) -> Result<(), StoreError> {
        self.shared.store.snapshot(to)
    }

    /// The table in which damage was found by a read since the ledger was opened, if any was: [`StoreError::Corrupt`].
    pub fn damaged(&self) -> Option<Table> {
        self.shared.store.damaged()
    }

    /// Where the journal was cut short when the ledger was opened, as [`RocksStore::torn_tail`] says. The store goes on from
    /// the mark nevertheless, or it would not be open: what was acknowledged is there. For whoever opens the ledger to tell.
    pub fn torn_tail(&self) -> Option<&TornTail> {
        self.shared.store.torn_tail()
    }

    /// Memory that the store holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn store_memory(&self) -> Result<RocksMemory, StoreError> {
        self.shared.store.memory()
    }
}

impl<S: Store + 'static> Ledger<S> {
    /// Founds a ledger in an empty store.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn found(parts: Parts<S>, keys: &LogSecrets, genesis: &[u8]) -> Result<Self, LedgerError> {
        // Founding ends where opening begins: what was made is read back the way it will always be read.
        let Parts { store, mark, vault, clock, batch } = parts;
        let mark = Writer::found(&store, mark, clock.clone(), keys, genesis)?;
        Self::start(Parts { store, mark, vault, clock, batch }, keys)
    }

    /// Opens the ledger in a store, and starts its sequencer.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn start(parts: Parts<S>, keys: &LogSecrets) -> Result<Self, LedgerError> {
        let Parts { store, mark, vault: dir, clock, batch } = parts;
        let recovered = Writer::recover(store.clone(), mark, clock, keys)?;
        let Recovered { writer, index, newest, keyring, origin, genesis } = recovered;
        make_dir(&dir)?;
        let vault = Vault::new(&dir)?;
        vault.sweep(|digest| {
            let record = load_record(&*store, digest)?;
            Ok::<_, LedgerError>(record.map(|record| erases(&record).to_vec()))
        })?;
        let newest = Arc::new(newest);
        let shared = Arc::new(Shared {
            store,
            intake: Intake { origin, genesis, keyring, vault, gate: Gate::new() },
            newest: RwLock::new(newest.clone()),
            published: RwLock::new(Published { index, newest }),
            tiles: TileCache::default(),
            fatal: OnceLock::new(),
        });
        let (sender, in_flight, queue) = queue(batch);
        let sequencer = Sequencer { shared: shared.clone(), writer, queue };
        let thread = std::thread::Builder::new()
            .name("sequencer".into())
            .spawn(move || sequencer.run())
            .map_err(|source| LedgerError::Io { path: dir, source })?;
        Ok(Self { shared, sender: Some(sender), in_flight, thread: Some(thread) })
    }

    /// Submits a record with openings of its sealed fields, and waits until it is durable, in a signed checkpoint and
    /// provable. The same record again gets the same answer.
    ///
    /// # Errors
    /// [`SubmitError`]. After [`SubmitError::Fatal`] the record may be in the ledger or not.
    pub fn submit(
        &self,
        record: Vec<u8>,
        openings: Vec<Opening>,
    ) -> Result<Acknowledged, SubmitError> {
        let (to, answer) = bounded(1);
        // Who waits is there until the answer is.
        let record = Record::parse(&record)?;
        self.post(record, openings, Reply::new(move |answer| drop(to.send(answer))));
        // A sequencer that ended without an answer has dropped the other end.
        answer.recv().unwrap_or_else(|_| Err(SubmitError::Fatal(self.shared.stopped())))
    }

    /// Submits a record as [`Ledger::submit`] does, but waits for its signatures only: the answer goes where `reply`
    /// says. One thread can so have any number of records on their way. A reply that is dropped unanswered means what
    /// [`SubmitError::Fatal`] means. Blocks while as many records wait as the sequencer takes.
    pub fn post(&self, record: Record, openings: Vec<Opening>, reply: Reply) {
        self.in_flight.enter(1);
        match self.shared.intake.examine(record, openings) {
            // Where the sequencer has ended, the reply goes down with the submission, and its channel closes.
            Ok(candidate) => drop(self.send(vec![Submission { candidate, reply }])),
            Err(error) => {
                self.in_flight.leave(1);
                reply.send(Err(error));
            }
        }
    }

    /// Submits many records in their order, verifies them on all cores, and waits for all answers.
    ///
    /// # Errors
    /// For each record as [`Ledger::submit`].
    pub fn submit_all(&self, records: Vec<Incoming>) -> Vec<Result<Acknowledged, SubmitError>> {
        let intake = &self.shared.intake;
        self.submit_each(records, |(record, openings)| intake.examine_bytes(&record, openings))
    }

    /// As [`Ledger::submit_all`], for records that were parsed already.
    ///
    /// # Errors
    /// As there.
    pub fn submit_parsed(
        &self,
        records: Vec<(Record, Vec<Opening>)>,
    ) -> Vec<Result<Acknowledged, SubmitError>> {
        self.submit_each(records, |(record, openings)| self.shared.intake.examine(record, openings))
    }

    fn submit_each<T: Send>(
        &self,
        records: Vec<T>,
        examine: impl Fn(T) -> Result<Candidate, SubmitError> + Sync,
    ) -> Vec<Result<Acknowledged, SubmitError>> {
        let count = records.len();
        let (to, received) = unbounded();
        self.in_flight.enter(count);
        let mut records = records.into_iter().enumerate();
        loop {
            let window: Vec<Vec<_>> = (0..WINDOW)
                .map(|_| records.by_ref().take(CHUNK).collect())
                .filter(|chunk: &Vec<_>| !chunk.is_empty())
                .collect();
            if window.is_empty() {
                break;
            }
            let examined =
                window.into_par_iter().map(|chunk| self.examine_chunk(chunk, &examine, &to));
            for submissions in examined.collect::<Vec<_>>() {
                // The sequencer's end is only dropped after everything was answered or turned away.
                let _ = self.send(submissions);
            }
        }
        drop(to);
        let mut answers: Vec<_> = (0..count).map(|_| None).collect();
        for (position, answer) in received {
            answers[position] = Some(answer);
        }
        let stopped = || Err(SubmitError::Fatal(self.shared.stopped()));
        answers.into_iter().map(|answer| answer.unwrap_or_else(stopped)).collect()
    }

    /// Receipts of entries under the newest checkpoint. Unlike a reader's they wait for no batch that is being committed.
    ///
    /// # Errors
    /// [`ReadError::Prove`] and [`ReadError::Store`].
    pub fn receipts(&self, entries: &[LeafIndex]) -> Result<Receipts, ReadError> {
        let Shared { store, tiles, .. } = &*self.shared;
        let (newest, view) = (self.shared.newest(), store.view()?);
        let proof = |index: &LeafIndex| newest.receipt_proof(*index, &*view, tiles);
        let proofs = entries.iter().map(proof).collect::<Result<_, _>>()?;
        Ok(Receipts { proofs, checkpoint: newest.note.clone() })
    }

    /// A reader at the newest checkpoint. While it lives, the store keeps what it shows.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn reader(&self) -> Result<Reader<'_>, ReadError> {
        Reader::live(&self.shared)
    }

    /// Why the ledger takes no more records, where it does not.
    pub fn stopped(&self) -> Option<Arc<FatalError>> {
        self.shared.fatal.get().cloned()
    }

    /// Why openings cannot be written, in the system's words, where the last ones could not be and still none can:
    /// [`SubmitError::Vault`] is then the answer to records that seal or erase something. Cost: nothing where they could; else
    /// at most once a second a file is written and flushed.
    pub fn vault_trouble(&self) -> Option<String> {
        self.shared.intake.vault.trouble()
    }

    /// The ledger's name.
    pub fn origin(&self) -> &Origin {
        &self.shared.intake.origin
    }

    /// SHA-256 of entry 0.
    pub fn genesis(&self) -> Hash {
        self.shared.intake.genesis
    }

    /// The key with this thumbprint, if it was ever enrolled, for whomever and whether it has ended or not.
    pub fn key(&self, kid: &Kid) -> Option<Arc<CoseKey>> {
        self.shared.intake.keyring.get(kid)
    }

    /// How many subjects the custody index has, and how many bytes of memory it takes.
    pub fn index_usage(&self) -> (usize, usize) {
        let published = self.shared.published.read().unwrap_or_else(PoisonError::into_inner);
        (published.index.len(), published.index.memory_bytes())
    }

    /// Keeps a checkpoint that witnesses cosigned, until another one is. Where it is the newest one, readers see it with their
    /// lines from now on.
    ///
    /// # Errors
    /// [`FatalError`].
    pub fn keep_cosigned(&self, checkpoint: Checkpoint) -> Result<(), Arc<FatalError>> {
        let (reply, answer) = bounded(1);
        let message = Message::Keep(Box::new(Keep { checkpoint, reply }));
        let sent = self.sender.as_ref().map(|sender| sender.send(message));
        match sent {
            Some(Ok(())) => answer.recv().unwrap_or_else(|_| Err(self.shared.stopped())),
            _ => Err(self.shared.stopped()),
        }
    }

    /// Verifies some records in their order; those that are refused are answered at once.
    fn examine_chunk<T>(
        &self,
        chunk: Vec<(usize, T)>,
        examine: &impl Fn(T) -> Result<Candidate, SubmitError>,
        to: &Sender<(usize, Result<Acknowledged, SubmitError>)>,
    ) -> Vec<Submission> {
        let mut submissions = Vec::with_capacity(chunk.len());
        for (position, record) in chunk {
            let to = to.clone();
            // Who waits is there until every answer is.
            let reply = Reply::new(move |answer| drop(to.send((position, answer))));
            match examine(record) {
                Ok(candidate) => submissions.push(Submission { candidate, reply }),
                Err(error) => {
                    self.in_flight.leave(1);
                    reply.send(Err(error));
                }
            }
        }
        submissions
    }

    fn send(&self, submissions: Vec<Submission>) -> Result<(), SubmitError> {
        let sent = self.sender.as_ref().map(|sender| sender.send(Message::Records(submissions)));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(SubmitError::Fatal(self.shared.stopped())),
        }
    }
}

impl<S: Store> Drop for Ledger<S> {
    fn drop(&mut self) {
        // Without senders the sequencer ends when its queue is empty.
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the sequencer is noted as `Closed`; there is nobody left to tell here.
            let _ = thread.join();
        }
    }
}

fn make_dir(dir: &Path) -> Result<(), LedgerError> {
    let failed = |source| LedgerError::Io { path: dir.to_path_buf(), source };
    fs::create_dir_all(dir).map_err(failed)
}
