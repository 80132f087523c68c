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
//! Erasing takes its orders from records: an `erase-opening` names other records and fields of theirs.
//!
//! 1. Before the record is judged: an empty file in `pending/` that names it, flushed, the directory flushed.
//! 2. Once it is in the log, and not before: a list of the fields, `.erased`, beside the openings and durable. From
//!    then on nobody is shown them, even where they come back with an old vault.
//! 3. The file of openings is written anew without them, or removed where none remains. Durably.
//! 4. The file in `pending/` goes. Where a crash comes before, `sweep` reads in the ledger what is to be erased, and
//!    does it again.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use custody_core::cbor::{CborError, Reader, Value, check};
use custody_core::hash::Hash;
use custody_core::record::body::ErasedField;
use custody_core::sealed::Opening;
use thiserror::Error;

use crate::file;

/// Openings of one record, at most: 32 sealed fields and 32 attachments.
const MAX_OPENINGS: usize = 64;
/// How the ending begins of a file in `pending/` that names an `erase-opening`. Those of openings end in a number.
const ERASURE: &str = "erase-";
/// The file in `pending/` with which it is tried whether openings can be written again. No record's name.
const PROBE: &str = "probe";
/// Time between two such attempts, however often somebody asks.
const PROBE_EVERY: Duration = Duration::from_secs(1);

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
    failing: Arc<Mutex<Option<Failing>>>,
}

/// That the last openings could not be written, and nothing since could. Kept because nobody asks a disk whether it has room:
/// between two records only this tells that the next one would be refused.
#[derive(Debug)]
struct Failing {
    /// What the system said, without the file's name.
    reason: String,
    /// How many bytes it was about: a full disk may have room for fewer.
    bytes: usize,
    /// When it was last tried whether that many can be written.
    probed: Option<Instant>,
}

/// What is durable of a record that is not in the log yet: its openings, and that it erases those of others.
#[derive(Debug)]
pub(crate) struct Pending {
    record: Hash,
    openings: Option<PathBuf>,
    erasure: Option<PathBuf>,
    erases: Vec<ErasedField>,
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
        Self { dir: dir.to_path_buf(), next: Arc::default(), failing: Arc::default() }
    }

    /// Makes `openings` durable, ahead of their record, and that it erases `erases`. Costs two flushes, and one
    /// more where it does; none where there is nothing of either.
    pub(crate) fn prepare(
        &self,
        record: Hash,
        openings: &[Opening],
        erases: &[ErasedField],
    ) -> Result<Option<Pending>, VaultError> {
        if openings.is_empty() && erases.is_empty() {
            return Ok(None);
        }
        let encoded = match openings {
            [] => None,
            some => Some(encode_openings(some)),
        };
        let written = self.write_pending(record, encoded.as_deref(), !erases.is_empty());
        self.remember(&written, encoded.map_or(0, |bytes| bytes.len()));
        let (openings, erasure) = written?;
        Ok(Some(Pending { record, openings, erasure, erases: erases.to_vec() }))
    }

    /// Writes what is pending of a record, and returns its files: of openings, and that it erases.
    fn write_pending(
        &self,
        record: Hash,
        openings: Option<&[u8]>,
        is_erasing: bool,
    ) -> Result<(Option<PathBuf>, Option<PathBuf>), VaultError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let file = |ending: &str| self.pending_dir().join(format!("{record}.{ending}{number}"));
        let openings = openings.map(|bytes| write_durably(file(""), bytes)).transpose()?;
        let erasure = is_erasing.then(|| write_durably(file(ERASURE), &[])).transpose()?;
        flush_dir(&self.pending_dir())?;
        Ok((openings, erasure))
    }

    /// Remembers whether the newest openings could be written.
    fn remember<T>(&self, written: &Result<T, VaultError>, bytes: usize) {
        *self.failing() = match written {
            Err(VaultError::Io { source, .. }) => {
                Some(Failing { reason: source.to_string(), bytes, probed: None })
            }
            _ => None,
        };
    }

    fn failing(&self) -> MutexGuard<'_, Option<Failing>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why openings cannot be written, where the last ones could not be and still none can. Cost: nothing where they could; else
    /// at most once a second a file is written and flushed, as long as the one that failed, and removed.
    pub(crate) fn trouble(&self) -> Option<String> {
        let (bytes, now) = {
            let mut failing = self.failing();
            let known = failing.as_mut()?;
            let now = Instant::now();
            if known.probed.is_some_and(|probed| now.duration_since(probed) < PROBE_EVERY) {
                return Some(known.reason.clone());
            }
            known.probed = Some(now);
            (known.bytes, now)
        };
        // Nothing is locked meanwhile: a disk that hangs must not keep records waiting that it would still take.
        let probed = self.probe(bytes);
        let mut failing = self.failing();
        // Whatever was written since knows better.
        if failing.as_ref().is_some_and(|known| known.probed == Some(now)) {
            match probed {
                Ok(()) => *failing = None,
                Err(VaultError::Io { source, .. }) => {
                    failing.iter_mut().for_each(|known| known.reason = source.to_string());
                }
                Err(_) => {}
            }
        }
        failing.as_ref().map(|known| known.reason.clone())
    }

    /// Does what is done for a record's openings, with as many bytes that say nothing.
    fn probe(&self, bytes: usize) -> Result<(), VaultError> {
        let file = write_durably(self.pending_dir().join(PROBE), &vec![0; bytes])?;
        let flushed = flush_dir(&self.pending_dir());
        remove(&file).and(flushed)
    }

    /// The record is in the log: its openings go to their place, and what it erases is erased. Where there are
    /// openings already nothing changes, and what was erased does not come back.
    pub(crate) fn settle(&self, pending: &Pending) -> Result<(), VaultError> {
        if let Some(path) = &pending.openings {
            self.place_openings(&pending.record, path)?;
        }
        let Some(path) = &pending.erasure else { return Ok(()) };
        for of_one in pending.erases.chunk_by(|left, right| left.record == right.record) {
            self.erase(of_one)?;
        }
        remove(path)
    }

    fn place_openings(&self, record: &Hash, path: &Path) -> Result<(), VaultError> {
        let place = self.place(record, "openings");
        if place.exists() {
            return remove(path);
        }
        let parent = self.shelf(record);
        fs::create_dir_all(&parent).map_err(|source| failed(&parent, source))?;
        if self.erased(record)?.is_empty() {
            return fs::rename(path, &place).map_err(|source| failed(&place, source));
        }
        self.keep_rest(record, path)?;
        remove(path)
    }

    /// Removes what is pending of a record that was refused.
    pub(crate) fn discard(&self, pending: &Pending) -> Result<(), VaultError> {
        pending.openings.iter().chain(&pending.erasure).try_for_each(|path| remove(path))
    }

    /// Finishes what a crash interrupted: settles what belongs to a record of the log, discards the rest. `look_up`
    /// tells whether the ledger has a record, and what that erases.
    pub(crate) fn sweep<E: From<VaultError>>(
        &self,
        look_up: impl Fn(&Hash) -> Result<Option<Vec<ErasedField>>, E>,
    ) -> Result<(), E> {
        let dir = self.pending_dir();
        let files = fs::read_dir(&dir).map_err(|source| failed(&dir, source))?;
        for file in files {
            let path = file.map_err(|source| failed(&dir, source))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let Some(record) = stem.and_then(Hash::from_hex) else { continue };
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let is_erasure = ending.starts_with(ERASURE);
            let known = look_up(&record)?;
            let is_logged = known.is_some();
            let erases = known.unwrap_or_default();
            let (openings, erasure) =
                if is_erasure { (None, Some(path)) } else { (Some(path), None) };
            let pending = Pending { record, openings, erasure, erases };
            match is_logged {
                true => self.settle(&pending)?,
                false => self.discard(&pending)?,
            }
        }
        Ok(())
    }

    /// The openings of a record, as far as there are any. What was erased and came back with an old vault is not.
    pub(crate) fn openings(&self, record: &Hash) -> Result<Vec<Opening>, VaultError> {
        let mut openings = read_openings(&self.place(record, "openings"))?;
        if !openings.is_empty() {
            let erased = self.erased(record)?;
            openings.retain(|opening| !erased.contains(&opening.field));
        }
        Ok(openings)
    }

    /// All openings of a record that lie there, also what was erased and came back with an old vault. To be checked,
    /// and shown to nobody.
    pub(crate) fn all_openings(&self, record: &Hash) -> Result<Vec<Opening>, VaultError> {
        read_openings(&self.place(record, "openings"))
    }

    /// Whether an opening of this field lies there, erased or not.
    pub(crate) fn holds(&self, record: &Hash, field: &str) -> Result<bool, VaultError> {
        Ok(self.all_openings(record)?.iter().any(|opening| opening.field == field))
    }

    /// The records that erase, as far as what they erase may not be gone yet.
    pub(crate) fn erasing(&self) -> Result<HashSet<Hash>, VaultError> {
        let dir = self.pending_dir();
        let files = match fs::read_dir(&dir) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashSet::new()),
            Err(error) => return Err(failed(&dir, error)),
        };
        let mut records = HashSet::new();
        for file in files {
            let path = file.map_err(|source| failed(&dir, source))?.path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            records.extend(stem.and_then(Hash::from_hex).filter(|_| ending.starts_with(ERASURE)));
        }
        Ok(records)
    }

    /// The fields of a record whose openings were erased, or were begun to be.
    fn erased(&self, record: &Hash) -> Result<Vec<String>, VaultError> {
        let path = self.place(record, "erased");
        match fs::read(&path) {
            Ok(bytes) => {
                decode_erased(&bytes).map_err(|source| VaultError::Malformed { path, source })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Erases openings of one record, durably and for good.
    ///
    /// After an error they may still lie there, and are not shown; the same call again erases them.
    fn erase(&self, fields: &[ErasedField]) -> Result<(), VaultError> {
        let Some(record) = fields.first().map(|field| field.record) else { return Ok(()) };
        let parent = self.shelf(&record);
        fs::create_dir_all(&parent).map_err(|source| failed(&parent, source))?;

        // 1. That they are erased is durable. From now on nobody is shown them.
        let mut erased = self.erased(&record)?;
        erased.extend(fields.iter().map(|field| field.field.clone()));
        erased.sort();
        erased.dedup();
        let names = Value::array(erased.iter().map(|field| Value::text(field.as_str())));
        replace(&self.place(&record, "erased"), &names.encode())?;
        flush_dir(&parent)?;
        flush_dir(&self.dir)?;

        // 2. They go, durably.
        self.keep_rest(&record, &self.place(&record, "openings"))?;
        flush_dir(&parent)
    }

    /// Writes what `from` holds of a record's openings into their place, without those that were erased.
    fn keep_rest(&self, record: &Hash, from: &Path) -> Result<(), VaultError> {
        let place = self.place(record, "openings");
        let mut rest = match read_openings(from) {
            // What nobody can read any more may hold what is to be erased.
            Err(VaultError::Malformed { .. }) => Vec::new(),
            read => read?,
        };
        let erased = self.erased(record)?;
        rest.retain(|opening| !erased.contains(&opening.field));
        match rest.as_slice() {
            [] => remove(&place),
            rest => replace(&place, &encode_openings(rest)),
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

/// As [`file::write`]: that its name is durable takes a flush of the directory.
fn write_durably(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, VaultError> {
    match file::write(&path, bytes) {
        Ok(()) => Ok(path),
        Err(source) => Err(failed(&path, source)),
    }
}

/// As [`file::replace`], and here too the flush of the directory is the caller's.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    file::replace(path, bytes).map_err(|source| failed(path, source))
}

fn remove(path: &Path) -> Result<(), VaultError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(path, error)),
        _ => Ok(()),
    }
}

fn read_openings(path: &Path) -> Result<Vec<Opening>, VaultError> {
    match fs::read(path) {
        Ok(bytes) => decode_openings(&bytes)
            .map_err(|source| VaultError::Malformed { path: path.to_path_buf(), source }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(path, error)),
    }
}

fn flush_dir(dir: &Path) -> Result<(), VaultError> {
    file::flush_dir(dir).map_err(|source| failed(dir, source))
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

/// `[field, ...]`.
fn decode_erased(bytes: &[u8]) -> Result<Vec<String>, CborError> {
    check(bytes)?;
    let mut reader = Reader::new(bytes);
    let count = reader.array(0, MAX_OPENINGS)?;
    let fields = (0..count).map(|_| Ok(reader.text()?.to_owned()));
    let fields = fields.collect::<Result<_, CborError>>()?;
    reader.end()?;
    Ok(fields)
}
