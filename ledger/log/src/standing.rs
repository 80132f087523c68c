//! A store by itself, without the mark that it would be held against: what a backup has.
//!
//! [`Standing`] looks at one, as far as opening a ledger would: the right edge hashed against the newest checkpoint,
//! its signatures, the chain heads against the last entry. [`pin`] takes a snapshot where no ledger is open.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use custody_core::checkpoint::Checkpoint;
use custody_core::hash::Hash;
use custody_core::id::Origin;
use custody_core::merkle::{TreeHead, TreeSize};

use crate::error::{LedgerError, RecoveryError};
use crate::high_water::{self, HighWater, LocalDisk};
use crate::ledger::LedgerOptions;
use crate::store::{Read as _, RocksConfig, RocksReader, RocksStore, Scan, Table};
use crate::writer::{
    Stored, check_index, check_mark, load_index, load_newest, stored_root, verify_note,
};

/// A store that is sound as far as it says so itself. It is open for reading, and nothing in it changes.
pub struct Standing {
    read: RocksReader,
    stored: Stored,
}

/// A snapshot that was taken where no ledger is open. As long as this lives, nobody else opens the ledger to record.
pub struct Pinned {
    _store: RocksStore,
}

/// Takes a snapshot of the store of a ledger that no process has open for recording, in `to`.
///
/// # Errors
/// As [`crate::Ledger::open`]: what would not open is not worth a backup.
pub fn pin(options: &LedgerOptions, to: &Path) -> Result<Pinned, LedgerError> {
    let store = RocksStore::open(&options.store_dir(), &options.store)?;
    check_mark(&store, options.mark()?.load()?, &load_newest(&store)?)?;
    store.snapshot(to)?;
    Ok(Pinned { _store: store })
}

impl Standing {
    /// Looks at the store in the directory `store`.
    ///
    /// # Errors
    /// [`LedgerError::Store`] and [`LedgerError::Recovery`].
    pub fn open(store: &Path) -> Result<Self, LedgerError> {
        let read = RocksReader::open(store, &RocksConfig::default())?;
        let stored = load_newest(&read)?;
        check_index(&load_index(&read)?, &stored)?;
        Ok(Self { read, stored })
    }

    /// Reads every row, so that a block whose checksum does not hold is found. Cost: the whole store is read.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub fn read_all(&self) -> Result<(), LedgerError> {
        for table in Table::ALL {
            self.read.scan(&Scan::all(table), &mut |_, _| ControlFlow::Continue(()))?;
        }
        Ok(())
    }

    /// The ledger's name.
    pub fn origin(&self) -> &Origin {
        &self.stored.origin
    }

    /// SHA-256 of entry 0.
    pub fn genesis(&self) -> Hash {
        self.stored.genesis
    }

    /// Size and root of the newest checkpoint.
    pub fn head(&self) -> TreeHead {
        *self.stored.checkpoint.tree_head()
    }

    /// The newest checkpoint: a signed note.
    pub fn checkpoint(&self) -> &[u8] {
        self.stored.checkpoint.as_bytes()
    }

    /// A checkpoint that this store's log signed.
    ///
    /// # Errors
    /// [`RecoveryError::MarkRefused`]: it is none.
    pub fn signed(&self, note: &[u8]) -> Result<Checkpoint, LedgerError> {
        verify_note(note, &self.stored.keys).map_err(|source| {
            Box::new(RecoveryError::MarkRefused { mark: note.to_vec(), source }).into()
        })
    }

    /// Root of this tree at an earlier size.
    ///
    /// # Errors
    /// [`LedgerError::Read`].
    pub fn root_at(&self, size: TreeSize) -> Result<Hash, LedgerError> {
        stored_root(&self.read, &self.stored, size)
    }

    /// Holds the store against a mark, as opening the ledger will.
    ///
    /// # Errors
    /// [`RecoveryError::MarkRefused`], [`RecoveryError::MarkAhead`] and [`RecoveryError::Diverged`].
    pub fn check_mark(&self, note: &[u8]) -> Result<(), LedgerError> {
        check_mark(&self.read, Some(note.to_vec()), &self.stored).map(drop)
    }
}

/// Gives a ledger that was restored to `dir` its mark: the one that lies at `place` already, or `note` in the directory.
///
/// # Errors
/// [`high_water::HighWaterError`].
pub fn give_mark(
    dir: &Path,
    place: Option<&PathBuf>,
    note: &[u8],
) -> Result<(), high_water::HighWaterError> {
    let disk = LocalDisk::default();
    match place {
        Some(place) => high_water::record(dir, place, &disk),
        None => {
            let mut mark = HighWater::new(&high_water::locate(dir, &disk)?, Box::new(disk));
            mark.advance(0, note)
        }
    }
}
