//! The embedded store: RocksDB in one directory, a column family a table.
//!
//! One handle at a time has a directory open for writing, held by RocksDB's own lock on its file
//! `LOCK`; the fence of [`Store`] therefore only has to tell writers of one process from each
//! other, and from those before a restart. Checksums are verified on every read. RocksDB never runs
//! in a mode that repairs: what it finds damaged is an error, and what it would pass over in
//! silence [`journal`] finds before it.

mod journal;
mod tables;
mod tuning;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use rocksdb::checkpoint::Checkpoint;
use rocksdb::properties::{BLOCK_CACHE_USAGE, ESTIMATE_TABLE_READERS_MEM, SIZE_ALL_MEM_TABLES};
use rocksdb::{DB, ErrorKind, FlushOptions, Options, WriteBatch, WriteOptions};

use super::{Batch, Cause, Epoch, Read, Scan, Store, StoreError, Table, Visit};
pub use journal::TornTail;
use tables::{Tables, View};

/// The format of keys and values that are the store's own, and the set of tables.
const FORMAT: u32 = 1;

/// Rows of the column family `default`, which holds what is the store's own.
const FORMAT_KEY: &[u8] = b"format";
const EPOCH_KEY: &[u8] = b"epoch";

/// Where a writer notes its process id, for the message to whoever finds the store locked. Nothing
/// depends on it.
const PROCESS_FILE: &str = "PROCESS";

/// How often a reader tries to open a store whose writer replaces files meanwhile.
const READER_ATTEMPTS: u32 = 8;

/// Time that a writer has to finish what a reader has seen a half of.
const READER_PAUSE: Duration = Duration::from_millis(5);

/// What an operator may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocksConfig {
    /// Memory for blocks that were read, in bytes. Write buffers come on top, at most 90 MiB.
    pub cache_bytes: usize,
    /// Time added to the flush in each commit. Zero but in benchmarks, which show what a slower
    /// disk would do.
    pub added_flush: Duration,
}

impl Default for RocksConfig {
    fn default() -> Self {
        Self { cache_bytes: 32 << 20, added_flush: Duration::ZERO }
    }
}

/// Memory that a store holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RocksMemory {
    /// Blocks that were read: at most [`RocksConfig::cache_bytes`].
    pub cache: u64,
    /// Rows that are in the journal and in no file yet.
    pub buffers: u64,
    /// What is kept of each file that is open.
    pub files: u64,
}

/// A store open for reading and writing.
///
/// Dropping it loses nothing that was acknowledged. [`RocksStore::close`] also empties the journal,
/// so that the directory is at its smallest and opens at its fastest.
pub struct RocksStore {
    tables: Tables,
    writer: Mutex<Writer>,
    torn_tail: Option<TornTail>,
    added_flush: Duration,
}

/// Who may write on this handle.
struct Writer {
    epoch: Option<Epoch>,
    halted: bool,
}

impl RocksStore {
    /// Makes an empty store in `path`, a directory that is empty or absent.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotEmpty`] if the directory holds anything; [`StoreError::Open`] if it cannot
    /// be written to.
    pub fn create(path: &Path, config: &RocksConfig) -> Result<Self, StoreError> {
        make_empty_dir(path)?;
        let mut options = tuning::database_options();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let tables = open_for_writing(&options, path, config)?;

        // The format is written last: a store that was not made in full has none, and does not
        // open.
        let mut batch = WriteBatch::default();
        batch.put(FORMAT_KEY, FORMAT.to_be_bytes());
        tables.db().write_opt(batch, &durably()).map_err(|source| open_error(path, source))?;
        flush_parent(path).map_err(|source| open_failed(path, source))?;
        Self::new(tables, None, config)
    }

    /// Opens the store in `path`. After a crash the journal is replayed first, which takes about a
    /// second.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`], [`StoreError::InUse`], [`StoreError::Format`];
    /// [`StoreError::Damaged`] if a file is not as it was written; [`StoreError::Open`] for any
    /// other reason.
    pub fn open(path: &Path, config: &RocksConfig) -> Result<Self, StoreError> {
        require_store(path)?;
        let torn_tail = journal::check(path)?;
        let tables = open_for_writing(&tuning::database_options(), path, config)?;
        check_format(&tables)?;
        Self::new(tables, torn_tail, config)
    }

    /// Where the journal was cut short when the store was opened, or `None` if it was whole.
    ///
    /// A crash in the middle of a commit leaves such an end, and that commit was never
    /// acknowledged. Damage to the end can look the same, so whoever opens the store compares it
    /// with the high-water mark. [`crate::Ledger::open`] does, and refuses a store that is behind;
    /// of one that is not, [`crate::Ledger::torn_tail`] tells.
    pub const fn torn_tail(&self) -> Option<&TornTail> {
        self.torn_tail.as_ref()
    }

    /// Writes everything to its final place, and closes the store.
    ///
    /// # Errors
    ///
    /// [`StoreError::InDoubt`] if that failed. What was acknowledged is still in the journal.
    pub fn close(self) -> Result<(), StoreError> {
        self.write_out()?;
        self.tables.db().cancel_all_background_work(true);
        Ok(())
    }

    /// The table in which damage was found by a read since the store was opened, if any was: [`StoreError::Corrupt`].
    pub fn damaged(&self) -> Option<Table> {
        self.tables.damaged()
    }

    /// Makes a snapshot of the store in `to`, a directory that is absent, on the same file system: a store that can be
    /// opened by itself. Files that never change are linked into it, so that it takes moments and next to no room.
    ///
    /// It has every commit that was acknowledged before the call, each whole and durable, and none that is under way:
    /// commits wait for it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Snapshot`]: the store is as it was, and `to` is absent or of no use.
    pub fn snapshot(&self, to: &Path) -> Result<(), StoreError> {
        let failed =
            |source| StoreError::Snapshot { path: to.to_path_buf(), source: Cause::from(source) };
        // 1. What is in memory only goes to its files, while commits go on: what is left to copy is little.
        self.write_out()?;

        // 2. No commit is under way. One that was written and not flushed yet could be undone by a crash, and a
        //    checkpoint that was signed for nobody would live on in a backup, beside another of the same size.
        let _writer = self.writer()?;
        let checkpoint = Checkpoint::new(self.tables.db()).map_err(failed)?;
        // The journal is copied up to here, however long it is, and nothing more is written out.
        checkpoint.create_checkpoint_with_log_size(to, u64::MAX).map_err(failed)
    }

    /// Memory that the store holds, as RocksDB reckons it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Read`].
    pub fn memory(&self) -> Result<RocksMemory, StoreError> {
        let number = |table: &Table, property| self.tables.number(*table, property);
        let sum = |property| -> Result<u64, _> {
            Table::ALL.iter().map(|table| number(table, property)).sum()
        };
        Ok(RocksMemory {
            // All tables share one.
            cache: number(&Table::Record, BLOCK_CACHE_USAGE)?,
            buffers: sum(SIZE_ALL_MEM_TABLES)?,
            files: sum(ESTIMATE_TABLE_READERS_MEM)?,
        })
    }

    fn write_out(&self) -> Result<(), StoreError> {
        let handles = self.tables.handles()?;
        self.tables.db().flush_cfs_opt(&handles, &FlushOptions::default()).map_err(in_doubt)?;
        self.tables.db().flush().map_err(in_doubt)
    }

    fn new(
        tables: Tables,
        torn_tail: Option<TornTail>,
        config: &RocksConfig,
    ) -> Result<Self, StoreError> {
        let epoch = read_epoch(&tables)?;
        let writer = Mutex::new(Writer { epoch, halted: false });
        Ok(Self { tables, writer, torn_tail, added_flush: config.added_flush })
    }

    /// The writer's state, unless a write has ended in doubt. A panic in a commit is such an end.
    fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let writer = self.writer.lock().map_err(|_| StoreError::Halted)?;
        if writer.halted { Err(StoreError::Halted) } else { Ok(writer) }
    }

    /// Writes and flushes `batch`: on success RocksDB has synced the journal, and only then shown
    /// the rows to readers.
    fn write(&self, writer: &mut Writer, batch: WriteBatch) -> Result<(), StoreError> {
        self.tables.db().write_opt(batch, &durably()).map_err(|source| match source.kind() {
            // Found before anything is written.
            ErrorKind::InvalidArgument | ErrorKind::NotSupported => {
                StoreError::NotStored { source: source.into() }
            }
            _ => {
                writer.halted = true;
                in_doubt(source)
            }
        })?;
        if !self.added_flush.is_zero() {
            std::thread::sleep(self.added_flush);
        }
        Ok(())
    }
}

impl Store for RocksStore {
    fn view(&self) -> Result<Box<dyn Read + Send + Sync + '_>, StoreError> {
        Ok(Box::new(View::new(&self.tables)))
    }

    fn acquire_epoch(&self) -> Result<Epoch, StoreError> {
        let mut writer = self.writer()?;
        let next = writer.epoch.map_or(Some(Epoch::FIRST), Epoch::next);
        let next = next.ok_or_else(|| StoreError::NotStored { source: "last epoch".into() })?;
        let mut batch = WriteBatch::default();
        batch.put(EPOCH_KEY, next.number().to_be_bytes());
        self.write(&mut writer, batch)?;
        writer.epoch = Some(next);
        Ok(next)
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.check().map_err(StoreError::Refused)?;
        let mut writer = self.writer()?;
        if writer.epoch != Some(batch.epoch()) {
            return Err(StoreError::Fenced { held: batch.epoch(), current: writer.epoch });
        }
        if batch.is_empty() {
            return Ok(());
        }
        let encoded = self.tables.encode(batch)?;
        self.write(&mut writer, encoded)
    }
}

impl Read for RocksStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.tables.get(table, key)
    }

    fn multi_get(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.tables.multi_get(table, keys)
    }

    fn scan(&self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.tables.scan(scan, visit)
    }
}

/// A store open for reading, beside a writer or without one. It shows the store as it was on
/// opening.
///
/// It may show a commit that the writer had written but not yet flushed, so that a crash can still
/// undo it. Whoever reads a ledger this way reads it up to the high-water mark, which never names
/// what is not durable.
pub struct RocksReader {
    tables: Tables,
}

impl RocksReader {
    /// Opens the store in `path`. Takes no lock, and changes nothing in the directory.
    ///
    /// # Errors
    ///
    /// As [`RocksStore::open`] without [`StoreError::InUse`].
    pub fn open(path: &Path, config: &RocksConfig) -> Result<Self, StoreError> {
        let mut before = journal::manifest_state(path);
        let mut attempt = Self::try_open(path, config);
        for _ in 1..READER_ATTEMPTS {
            if attempt.is_ok() {
                break;
            }
            // A writer replaces files, and says so in the manifest first, of which a piece may have been
            // half written. Where it says nothing, the failure is real.
            thread::sleep(READER_PAUSE);
            let after = journal::manifest_state(path);
            if after == before {
                break;
            }
            before = after;
            attempt = Self::try_open(path, config);
        }
        attempt
    }

    fn try_open(path: &Path, config: &RocksConfig) -> Result<Self, StoreError> {
        require_store(path)?;
        journal::check(path)?;
        let families = tuning::families(config);
        let options = tuning::database_options();
        allow_many_files();
        let db = DB::open_cf_descriptors_read_only(&options, path, families, false)
            .map_err(|source| open_error(path, source))?;
        let tables = Tables::new(db);
        check_format(&tables)?;
        Ok(Self { tables })
    }
}

impl Read for RocksReader {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.tables.get(table, key)
    }

    fn multi_get(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.tables.multi_get(table, keys)
    }

    fn scan(&self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.tables.scan(scan, visit)
    }
}

/// Success only after the journal is on disk.
fn durably() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

fn open_for_writing(
    options: &Options,
    path: &Path,
    config: &RocksConfig,
) -> Result<Tables, StoreError> {
    allow_many_files();
    let db = DB::open_cf_descriptors(options, path, tuning::families(config))
        .map_err(|source| open_error(path, source))?;
    let process = path.join(PROCESS_FILE);
    fs::write(process, std::process::id().to_string())
        .map_err(|source| open_failed(path, source))?;
    Ok(Tables::new(db))
}

/// A store keeps its files open, some 300 for each million records, and the limit that a process begins with is often
/// 1,024, while it may have many more for the asking. Where that is refused, opening the files says what is wrong.
fn allow_many_files() {
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
}

fn make_empty_dir(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(|source| open_failed(path, source))?;
    let mut files = fs::read_dir(path).map_err(|source| open_failed(path, source))?;
    match files.next() {
        None => Ok(()),
        Some(_) => Err(StoreError::NotEmpty { path: path.to_path_buf() }),
    }
}

/// Makes the directory's own name durable.
fn flush_parent(path: &Path) -> io::Result<()> {
    let parent = fs::canonicalize(path)?;
    parent.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

fn require_store(path: &Path) -> Result<(), StoreError> {
    let current = path.join(journal::CURRENT_FILE);
    match current.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::Missing { path: path.to_path_buf() }),
        Err(source) => Err(open_failed(path, source)),
    }
}

fn check_format(tables: &Tables) -> Result<(), StoreError> {
    let value = read_own(tables, FORMAT_KEY)?;
    let actual = value.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    if actual == Some(FORMAT) {
        return Ok(());
    }
    Err(StoreError::Format { path: tables.db().path().to_path_buf(), expected: FORMAT, actual })
}

fn read_epoch(tables: &Tables) -> Result<Option<Epoch>, StoreError> {
    let Some(value) = read_own(tables, EPOCH_KEY)? else {
        return Ok(None);
    };
    let number = value.try_into().map(u64::from_be_bytes).unwrap_or(0);
    let path = tables.db().path().to_path_buf();
    let damaged = StoreError::Damaged { path, source: "epoch is not a number above 0".into() };
    Epoch::new(number).map(Some).ok_or(damaged)
}

fn read_own(tables: &Tables, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let path = tables.db().path();
    tables.db().get(key).map_err(|source| open_error(path, source))
}

/// What a failure on opening means. RocksDB has no kind of its own for a lock that is held: it
/// names the file.
fn open_error(path: &Path, source: rocksdb::Error) -> StoreError {
    let path: PathBuf = path.to_path_buf();
    match source.kind() {
        ErrorKind::Corruption => StoreError::Damaged { path, source: source.into() },
        ErrorKind::IOError if source.as_ref().contains("/LOCK: ") => {
            let note = fs::read_to_string(path.join(PROCESS_FILE)).ok();
            StoreError::InUse { process: note.and_then(|id| id.parse().ok()), path }
        }
        _ => StoreError::Open { path, source: source.into() },
    }
}

fn open_failed(path: &Path, source: io::Error) -> StoreError {
    StoreError::Open { path: path.to_path_buf(), source: source.into() }
}

fn in_doubt(source: rocksdb::Error) -> StoreError {
    StoreError::InDoubt { source: source.into() }
}
