//! The vault: openings of sealed fields, one file for each record, outside the store.
//!
//! Openings are what data-protection law wants erased, and a store keeps what was deleted for a while. So they
//! lie in files of their own, `<2 hex>/<64 hex>.openings` by the record's digest. They must not be lost either:
//! they are durable before their record is acknowledged.
//!
//! 1. Before the record is judged: written to `pending/`, flushed, the directory flushed.
//! 2. Once it is in the log: renamed to its place. Not flushed: a crash can only undo the renaming,
//!    and [`Vault::sweep`] does it again on opening.
//! 3. If it is refused: removed. What a crash leaves in `pending/` of a record that the log does not have,
//!    `sweep` removes.
//!
//! An erased record's file is replaced by one that ends in `.erased`, so that nobody brings its openings back.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use custody_core::cbor::{CborError, Reader, Value, check};
use custody_core::hash::Hash;
use custody_core::sealed::Opening;
use thiserror::Error;

/// Openings of one record, at most: 32 sealed fields and 32 attachments.
const MAX_OPENINGS: usize = 64;

/// A file of openings cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The file system refused.
    #[error("vault file `{}`", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file does not hold openings.
    #[error("vault file `{}` is malformed", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: CborError,
    },
}

impl VaultError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "vault/io",
            Self::Malformed { .. } => "vault/malformed",
        }
    }
}

/// The vault of one ledger.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    dir: PathBuf,
    next: Arc<AtomicU64>,
}

/// Openings that are durable, of a record that is not in the log yet.
#[derive(Debug)]
pub(crate) struct Pending {
    path: PathBuf,
    record: Hash,
}

impl Vault {
    /// The vault in `dir`, which is made where it is absent.
    pub(crate) fn new(dir: &Path) -> Result<Self, VaultError> {
        let vault = Self::read_only(dir);
        let pending = vault.pending_dir();
        fs::create_dir_all(&pending).map_err(|source| failed(&pending, source))?;
        flush_dir(dir)?;
        Ok(vault)
    }

    /// The vault in `dir`, for reading.
    pub(crate) fn read_only(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf(), next: Arc::default() }
    }

    /// Makes `openings` durable, ahead of their record. Costs two flushes.
    pub(crate) fn prepare(
        &self,
        record: Hash,
        openings: &[Opening],
    ) -> Result<Pending, VaultError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.pending_dir().join(format!("{record}.{number}"));
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&encode_openings(openings))?;
            file.sync_all()
        });
        written.map_err(|source| failed(&path, source))?;
        flush_dir(&self.pending_dir())?;
        Ok(Pending { path, record })
    }

    /// Puts openings in their place: their record is in the log. Where there are some already, or were erased,
    /// nothing changes.
    pub(crate) fn settle(&self, pending: &Pending) -> Result<(), VaultError> {
        let place = self.place(&pending.record, "openings");
        if place.exists() || self.place(&pending.record, "erased").exists() {
            return self.discard(pending);
        }
        let parent = self.shelf(&pending.record);
        fs::create_dir_all(&parent).map_err(|source| failed(&parent, source))?;
        fs::rename(&pending.path, &place).map_err(|source| failed(&place, source))
    }

    /// Removes openings whose record was refused.
    pub(crate) fn discard(&self, pending: &Pending) -> Result<(), VaultError> {
        match fs::remove_file(&pending.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&pending.path, error)),
            _ => Ok(()),
        }
    }

    /// Finishes what a crash interrupted: settles what belongs to a record of the log, discards the rest.
    pub(crate) fn sweep<E: From<VaultError>>(
        &self,
        is_logged: impl Fn(&Hash) -> Result<bool, E>,
    ) -> Result<(), E> {
        let dir = self.pending_dir();
        let files = fs::read_dir(&dir).map_err(|source| failed(&dir, source))?;
        for file in files {
            let path = file.map_err(|source| failed(&dir, source))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let Some(record) = stem.and_then(Hash::from_hex) else { continue };
            let pending = Pending { path, record };
            match is_logged(&record)? {
                true => self.settle(&pending)?,
                false => self.discard(&pending)?,
            }
        }
        Ok(())
    }

    /// The openings of a record, as far as there are any. What was erased and came back with an old vault is not.
    pub(crate) fn openings(&self, record: &Hash) -> Result<Vec<Opening>, VaultError> {
        let path = self.place(record, "openings");
        match fs::read(&path) {
            Ok(_) if self.is_erased(record)? => Ok(Vec::new()),
            Ok(bytes) => {
                decode_openings(&bytes).map_err(|source| VaultError::Malformed { path, source })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Whether the openings of a record were erased, or were begun to be.
    pub(crate) fn is_erased(&self, record: &Hash) -> Result<bool, VaultError> {
        let erased = self.place(record, "erased");
        erased.try_exists().map_err(|source| failed(&erased, source))
    }

    /// Erases the openings of a record, durably and for good. What remains is an empty file that says so.
    ///
    /// After an error the openings may still lie there, and are not shown; the same call again erases them.
    pub(crate) fn erase(&self, record: &Hash) -> Result<(), VaultError> {
        let (place, erased) = (self.place(record, "openings"), self.place(record, "erased"));
        let parent = self.shelf(record);
        fs::create_dir_all(&parent).map_err(|source| failed(&parent, source))?;

        // 1. That they are erased is durable. From now on nobody is shown them.
        File::create(&erased)
            .and_then(|file| file.sync_all())
            .map_err(|source| failed(&erased, source))?;
        flush_dir(&parent)?;
        flush_dir(&self.dir)?;

        // 2. They go, durably.
        match fs::remove_file(&place) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&place, error)),
            _ => flush_dir(&parent),
        }
    }

    fn pending_dir(&self) -> PathBuf {
        self.dir.join("pending")
    }

    fn shelf(&self, record: &Hash) -> PathBuf {
        self.dir.join(format!("{:02x}", record.as_bytes()[0]))
    }

    fn place(&self, record: &Hash, extension: &str) -> PathBuf {
        self.shelf(record).join(format!("{record}.{extension}"))
    }
}

fn failed(path: &Path, source: io::Error) -> VaultError {
    VaultError::Io { path: path.to_path_buf(), source }
}

fn flush_dir(dir: &Path) -> Result<(), VaultError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|source| failed(dir, source))
}

/// `[[field, salt, value], ...]`; the value is CBOR itself and stands as a byte string.
fn encode_openings(openings: &[Opening]) -> Vec<u8> {
    let row = |opening: &Opening| {
        let salt = Value::bytes(opening.salt);
        Value::array([Value::text(opening.field.as_str()), salt, Value::bytes(&opening.value)])
    };
    Value::array(openings.iter().map(row)).encode()
}

fn decode_openings(bytes: &[u8]) -> Result<Vec<Opening>, CborError> {
    check(bytes)?;
    let mut reader = Reader::new(bytes);
    let count = reader.array(0, MAX_OPENINGS)?;
    let mut openings = Vec::with_capacity(count);
    for _ in 0..count {
        reader.array(3, 3)?;
        let field = reader.text()?.to_owned();
        let salt = reader.array_of()?;
        openings.push(Opening { field, salt, value: reader.bytes()?.to_vec() });
    }
    reader.end()?;
    Ok(openings)
}
