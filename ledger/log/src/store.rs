//! The store contract: ordered tables of bytes, consistent views, and one atomic, durable, fenced
//! commit.
//!
//! The comments on [`Read`] and [`Store`] are the contract. Another store can be written from them
//! alone, and the contract tests of the package custody-tests run on every store. A store knows
//! nothing of records, trees or custody: it holds bytes under keys. It repairs nothing and guesses
//! nothing: what cannot be read back as it was written is reported as damaged.
//!
//! [`RocksStore`] is the embedded default.

mod batch;
mod error;
mod rocks;

use std::fmt;
use std::num::NonZeroU64;
use std::ops::ControlFlow;

pub use batch::{Batch, Write};
pub use error::{Cause, Refusal, StoreError};
pub use rocks::{RocksConfig, RocksMemory, RocksReader, RocksStore, TornTail};

/// A keyspace. Keys of different tables never meet; within a table rows are ordered by the bytes of
/// their keys.
///
/// What is said of keys and values is what a table is tuned for, not something that a store checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Index (u64, big-endian) to entry, 79 bytes. Appended in order, never changed.
    Entry,
    /// Index (u64, big-endian) to record, about 1 KB. Appended in order, never changed.
    Record,
    /// Level and index of a full tile to its hashes, 8,192 bytes. Appended in order, never changed.
    Tile,
    /// Tree size (u64, big-endian) to root, 32 bytes. Appended in order, never changed.
    SignedSize,
    /// Digest of a record, possibly its first bytes only, to index. Random keys, mostly asked for
    /// in vain.
    ByDigest,
    /// Subject and sequence number to index. Keys of one subject are neighbours, subjects are
    /// random.
    Chain,
    /// Subject to the state of its chain. Random keys, rewritten whenever the subject's history
    /// grows.
    Head,
    /// Tree size (u64, big-endian) to checkpoint note. Few rows, some are deleted.
    Checkpoint,
    /// Whatever else is kept once per ledger.
    Meta,
}

impl Table {
    /// Every table, in the order of its declaration.
    pub const ALL: [Self; 9] = [
        Self::Entry,
        Self::Record,
        Self::Tile,
        Self::SignedSize,
        Self::ByDigest,
        Self::Chain,
        Self::Head,
        Self::Checkpoint,
        Self::Meta,
    ];

    /// The name under which stores keep the table. Part of the format on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Record => "record",
            Self::Tile => "tile",
            Self::SignedSize => "signed-size",
            Self::ByDigest => "by-digest",
            Self::Chain => "chain",
            Self::Head => "head",
            Self::Checkpoint => "checkpoint",
            Self::Meta => "meta",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The term of one writer. Of two writers only the one with the larger epoch may commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(NonZeroU64);

impl Epoch {
    /// The epoch of a store's first writer.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The epoch numbered `number`, or `None` for 0, which no writer holds.
    pub const fn new(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The epoch that takes over from this one, or `None` after the last.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The epoch's number, from 1.
    pub const fn number(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One row: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// What a scan calls with each key and value; `Break` ends the scan.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Direction of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Forwards,
    /// Largest key first.
    Backwards,
}

/// Which rows to read and in which order: keys in `[from, to)` of one table, at most `limit` of
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The table.
    pub table: Table,
    /// The smallest key that belongs to the range. Empty: from the first row.
    pub from: Vec<u8>,
    /// The smallest key above the range. `None`: to the last row.
    pub to: Option<Vec<u8>>,
    /// Direction. It changes neither range nor limit, only which end is visited first.
    pub order: Order,
    /// Number of rows after which the scan ends.
    pub limit: usize,
}

impl Scan {
    /// Every row of `table`, forwards.
    pub fn all(table: Table) -> Self {
        Self { table, from: Vec::new(), to: None, order: Order::Forwards, limit: usize::MAX }
    }

    /// Every row whose key is in `[from, to)`, forwards.
    pub fn range(table: Table, from: &[u8], to: &[u8]) -> Self {
        Self { from: from.to_vec(), to: Some(to.to_vec()), ..Self::all(table) }
    }

    /// Every row whose key starts with `prefix`, forwards.
    pub fn prefix(table: Table, prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), to: key_after_prefix(prefix), ..Self::all(table) }
    }

    /// The same rows, largest key first.
    #[must_use]
    pub fn backwards(self) -> Self {
        Self { order: Order::Backwards, ..self }
    }

    /// At most `limit` of the rows.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Whether no key can be in the range.
    pub fn is_empty(&self) -> bool {
        self.limit == 0 || self.to.as_ref().is_some_and(|to| *to <= self.from)
    }
}

/// The smallest key above every key that starts with `prefix`, or `None` where there is none.
fn key_after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut key = prefix[..=last].to_vec();
    key[last] += 1; // Not 255: `rposition` has just said so.
    Some(key)
}

/// Reading: of a [`Store`] as it is now, or of a view of it that stands still.
///
/// What is read was committed whole, and was durable before it could be read. Any number of threads
/// may read at the same time, and beside a commit. A read changes nothing, so it may always be
/// repeated.
pub trait Read {
    /// The value under `key`, or `None` if there is no such row.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if the row, or the place where it would be, is not as it was
    /// written; [`StoreError::Read`] if it could not be read. Neither is ever reported as an absent
    /// row.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The values under `keys`, in the order of `keys`, which may repeat. All from one state of the
    /// store.
    ///
    /// # Errors
    ///
    /// As [`Read::get`], for the first key that failed.
    fn multi_get(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Calls `visit` with each row of `scan` in its order, until the range or the limit ends or
    /// `visit` breaks.
    ///
    /// All rows are from one state of the store, the one at the time of the call. Nothing is held
    /// in memory but the row at hand, and no lock that a commit would wait for.
    ///
    /// # Errors
    ///
    /// As [`Read::get`]; the key named is the last one that was read, or the scan's start. Rows
    /// visited before are good.
    fn scan(&self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// The rows of `scan` in its order. All of them are held in memory: set a limit on what has no
    /// natural one.
    ///
    /// # Errors
    ///
    /// As [`Read::scan`].
    fn rows(&self, scan: &Scan) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.scan(scan, &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }
}

/// Storing: one atomic, durable, fenced commit, for one writer at a time.
///
/// All methods may be called from any thread at the same time. Commits take effect in some order,
/// one after the other.
pub trait Store: Read + Send + Sync {
    /// A view that stands still: it shows every commit that was acknowledged before the call, each
    /// whole, and none that begins after it. Commits do not wait for it. It costs space while it
    /// lives, since nothing it shows can be dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError::Read`] if the store cannot be reached.
    fn view(&self) -> Result<Box<dyn Read + Send + Sync + '_>, StoreError>;

    /// Makes the caller the one writer, and fences every earlier one.
    ///
    /// On success the new epoch is durable and larger than any that was ever returned; from then on
    /// every commit with a smaller one fails. A writer calls this before it reads what it will
    /// build on. Calling again is allowed and fences the caller's own earlier epoch.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotStored`]: the old writer still stands, and the call may be repeated.
    /// [`StoreError::InDoubt`]: the old writer may be fenced or not; reopen.
    /// [`StoreError::Halted`]: an earlier write on this handle ended in doubt.
    fn acquire_epoch(&self) -> Result<Epoch, StoreError>;

    /// Stores all of `batch`, or nothing.
    ///
    /// On success every write of the batch is visible to reads that begin afterwards, survives a
    /// crash of the process and of the machine, and was made while no later writer existed. Writes
    /// apply in the order in which they were added: of two with the same key the later one stands.
    /// A batch without writes stores nothing, and is how a writer asks whether it has been fenced.
    ///
    /// After any error other than `InDoubt` nothing of the batch is stored, nor ever will be.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Refused`]: the batch breaks a limit. The same batch will always be refused.
    /// - [`StoreError::Fenced`]: another writer has taken over. This writer must end.
    /// - [`StoreError::NotStored`]: the store vouches that nothing was stored. The same batch may
    ///   be tried again.
    /// - [`StoreError::InDoubt`]: stored whole or not at all, and which of them is unknown. Fatal
    ///   to the writer: drop the store, open it again, take a new epoch, compare. What this handle
    ///   still reads is not to be acted upon.
    /// - [`StoreError::Halted`]: an earlier write on this handle ended in doubt. Nothing was tried.
    fn commit(&self, batch: &Batch) -> Result<(), StoreError>;
}
