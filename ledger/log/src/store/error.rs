//! How an operation on a store fails.

use std::path::PathBuf;

use super::{Epoch, Table};

/// What lay under a failure, in the words of whoever reported it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An operation on a store failed. What each variant says about stored and not stored is the
/// contract of [`super::Store`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store at this place.
    #[error("no ledger store in `{}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A store was to be made in a directory that holds something.
    #[error("`{}` is not empty", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// Another handle, mostly of another process, has the store open for writing.
    #[error("ledger is open in another process{}: `{}`", process_text(*process), path.display())]
    InUse {
        /// The store.
        path: PathBuf,
        /// The process that opened it last, as it noted itself; `None` if it left no note.
        process: Option<u32>,
    },
    /// The store was written by a program with another format, or was never made in full.
    #[error("store `{}` has format {actual:?}, expected {expected:?}", path.display())]
    Format {
        /// The store.
        path: PathBuf,
        /// The format that this program reads and writes.
        expected: u32,
        /// The store's, or `None` where it names none.
        actual: Option<u32>,
    },
    /// The store could not be opened, for a reason other than damage.
    #[error("opening store `{}`", path.display())]
    Open {
        /// The store.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The store is not as it was written, found on opening. It is left as it is.
    #[error("store `{}` is damaged", path.display())]
    Damaged {
        /// The store, or the file in it.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
    /// No snapshot of the store could be made.
    #[error("no snapshot of the store can be made in `{}`", path.display())]
    Snapshot {
        /// Where it was to lie.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The batch breaks a limit. Nothing was stored.
    #[error("batch refused")]
    Refused(#[source] Refusal),
    /// Another writer has taken over. Nothing was stored.
    #[error("writer of epoch {held} is fenced, the store's epoch is {}", current.map_or(0, Epoch::number))]
    Fenced {
        /// The epoch in the batch.
        held: Epoch,
        /// The epoch of the writer that may commit; `None` if nobody ever took one.
        current: Option<Epoch>,
    },
    /// The write failed, and the store vouches that nothing was stored.
    #[error("write was not stored")]
    NotStored {
        /// Why.
        #[source]
        source: Cause,
    },
    /// The write failed with an unknown outcome. Fatal to the writer.
    #[error("outcome of a write is in doubt")]
    InDoubt {
        /// Why.
        #[source]
        source: Cause,
    },
    /// An earlier write on this handle ended in doubt. Nothing was tried.
    #[error("store takes no more writes until it is opened again")]
    Halted,
    /// A row could not be read, for a reason other than damage.
    #[error("reading {table}/{}", hex(key))]
    Read {
        /// The table.
        table: Table,
        /// The key, or of a scan the last good one.
        key: Vec<u8>,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A row is not as it was written. It is left as it is.
    #[error("{table}/{} is damaged, expected {expected}", hex(key))]
    Corrupt {
        /// The table.
        table: Table,
        /// The key, or of a scan the last good one.
        key: Vec<u8>,
        /// What should have stood there.
        expected: &'static str,
        /// What was found, where the store says so.
        #[source]
        source: Option<Cause>,
    },
}

impl StoreError {
    /// The stable code of this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "store-missing",
            Self::NotEmpty { .. } => "store-not-empty",
            Self::InUse { .. } => "store-in-use",
            Self::Format { .. } => "store-format",
            Self::Open { .. } => "store-open",
            Self::Damaged { .. } => "store-damaged",
            Self::Snapshot { .. } => "store-snapshot",
            Self::Refused(_) => "store-refused",
            Self::Fenced { .. } => "store-fenced",
            Self::NotStored { .. } => "store-not-stored",
            Self::InDoubt { .. } => "store-in-doubt",
            Self::Halted => "store-halted",
            Self::Read { .. } => "store-read",
            Self::Corrupt { .. } => "store-corrupt",
        }
    }
}

/// The limit that a batch breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A key of no bytes.
    #[error("empty key")]
    EmptyKey,
    /// A key longer than [`super::Batch::KEY_MAX`].
    #[error("key of {len} bytes, at most {}", super::Batch::KEY_MAX)]
    LongKey {
        /// Its length in bytes.
        len: usize,
    },
    /// A batch larger than [`super::Batch::BYTES_MAX`].
    #[error("batch of {bytes} bytes, at most {}", super::Batch::BYTES_MAX)]
    LargeBatch {
        /// The bytes of its keys and values.
        bytes: usize,
    },
}

fn process_text(process: Option<u32>) -> String {
    process.map_or_else(String::new, |id| format!(" ({id})"))
}

fn hex(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}
