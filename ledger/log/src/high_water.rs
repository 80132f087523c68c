//! The high-water mark: the newest checkpoint that was ever acknowledged, kept outside the store.
//!
//! A store that was restored from a backup, or lost its end, looks whole. Held against the mark it
//! does not: the log compares both on opening, and never publishes or answers before the mark has
//! moved. The mark is a plain file that holds the checkpoint's note, so that a person or a foreign
//! tool can read it. This module knows sizes and bytes; what they say, and whether their signatures
//! hold, is for its caller.

mod disk;
mod place;

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

pub use disk::{Disk, LocalDisk};
pub use place::{Moved, left_over, locate, move_mark};
pub(crate) use place::{check_free, record};

/// The mark could not be read or moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HighWaterError {
    /// The mark could not be read.
    #[error("reading high-water mark `{}`", path.display())]
    Read {
        /// The mark.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The mark is longer than any checkpoint. Nothing was read, or nothing was written.
    #[error("high-water mark `{}` has {bytes} bytes, at most {}", path.display(), HighWater::BYTES_MAX)]
    TooLong {
        /// The mark.
        path: PathBuf,
        /// Its length in bytes, or what is known of it.
        bytes: u64,
    },
    /// The mark already stands higher. Nothing was written.
    #[error("high-water mark stands at {held}, not moved back to {offered}")]
    Backwards {
        /// The size at which it stands.
        held: u64,
        /// The size that was to be marked.
        offered: u64,
    },
    /// The mark stands where it stood. The same call may be made again.
    #[error("high-water mark `{}` was not moved", path.display())]
    NotMoved {
        /// The mark.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The mark stands where it stood or where it was to go, and a crash may still decide which.
    /// Fatal to the writer.
    #[error("outcome of moving high-water mark `{}` is in doubt", path.display())]
    InDoubt {
        /// The mark.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something lies where a new mark was to go: another ledger's mark, or the one of a store that is gone.
    #[error("`{}` is there already, and may be a mark", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// Another process moves the mark: two directories are copies of one ledger, and both were opened.
    #[error("another process moves high-water mark `{}`", path.display())]
    InUse {
        /// The mark.
        path: PathBuf,
    },
    /// What should name the place of the mark names none.
    #[error("`{}` is no absolute path of a mark, on one line", path.display())]
    Place {
        /// The file that should name it, or the path that was to be recorded.
        path: PathBuf,
    },
    /// An earlier move ended in doubt. Nothing was tried.
    #[error("high-water mark is not moved until it is opened again")]
    Halted,
}

impl HighWaterError {
    /// The stable code of this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "high-water-read",
            Self::TooLong { .. } => "high-water-too-long",
            Self::Backwards { .. } => "high-water-backwards",
            Self::NotMoved { .. } => "high-water-not-moved",
            Self::InDoubt { .. } => "high-water-in-doubt",
            Self::Taken { .. } => "high-water-taken",
            Self::InUse { .. } => "high-water-in-use",
            Self::Place { .. } => "high-water-place",
            Self::Halted => "high-water-halted",
        }
    }
}

/// The mark of one ledger. Its only writer is the one that holds the ledger's store.
///
/// Where the mark lies outside the ledger's directory, a copy of that directory has another store and the same mark:
/// [`HighWater::exclusively`] keeps its writer out.
pub struct HighWater {
    path: PathBuf,
    disk: Box<dyn Disk>,
    /// The size marked last through this handle.
    held: Option<u64>,
    /// The note that is durable under another name.
    staged: Option<Vec<u8>>,
    halted: bool,
    /// Held for as long as this is.
    lock: Option<File>,
}

impl HighWater {
    /// Most bytes of a mark. 64 signature lines of ML-DSA-44 have 64 x (2,420 + 12) x 4/3 = 203 KiB
    /// in base64, and 64 names of 255 bytes another 16 KiB.
    pub const BYTES_MAX: u64 = 256 << 10;

    /// The mark in the file `path`, which need not exist. Its directory does, and is not the
    /// store's.
    pub fn new(path: &Path, disk: Box<dyn Disk>) -> Self {
        Self { path: path.to_path_buf(), disk, held: None, staged: None, halted: false, lock: None }
    }

    /// The same mark, which no other process on this machine takes so as long as this one has it. What is locked is a file
    /// of its name with `.lock`, which stays. Where no mark lies nothing is locked or made: its disk may be away.
    ///
    /// # Errors
    /// As [`HighWater::load`]; [`HighWaterError::InUse`]; [`HighWaterError::NotMoved`] where nothing can be written beside
    /// the mark.
    pub fn exclusively(mut self) -> Result<Self, HighWaterError> {
        if self.load()?.is_none() {
            return Ok(self);
        }
        let failed = |source| HighWaterError::NotMoved { path: self.path.clone(), source };
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        let file = options.open(lock_path(&self.path)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => self.lock = Some(file),
            Err(TryLockError::WouldBlock) => {
                return Err(HighWaterError::InUse { path: self.path });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(self)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The checkpoint note at the mark, or `None` if nothing was ever marked. No part of it was
    /// looked at.
    ///
    /// # Errors
    ///
    /// [`HighWaterError::Read`] or [`HighWaterError::TooLong`].
    pub fn load(&self) -> Result<Option<Vec<u8>>, HighWaterError> {
        let failed = |source| HighWaterError::Read { path: self.path.clone(), source };
        let found = self.disk.read(&self.path, Self::BYTES_MAX + 1).map_err(failed)?;
        match found {
            Some(note) => self.check_len(&note).map(|()| Some(note)),
            None => Ok(None),
        }
    }

    /// Makes `note` durable under another name, where it counts for nothing: the first of the two flushes of
    /// [`HighWater::advance`] to that note. It may be done while the store commits, whatever becomes of that.
    ///
    /// # Errors
    ///
    /// [`HighWaterError::TooLong`] and [`HighWaterError::NotMoved`]. Advancing then tries again.
    pub fn stage(&mut self, note: &[u8]) -> Result<(), HighWaterError> {
        self.staged = None;
        self.check_len(note)?;
        write_next(&*self.disk, &self.path, note)?;
        self.staged = Some(note.to_vec());
        Ok(())
    }

    /// Moves the mark to the checkpoint `note` of a tree of `size` entries.
    ///
    /// On success the mark is durable: from now on no store that ends before `size` will be taken
    /// for the whole. It moves as one: after a crash at any moment it is the old note or the new
    /// one. To the same size it may be moved again, for a note with more signatures. Costs two
    /// flushes, or one where the note is staged.
    ///
    /// # Errors
    ///
    /// [`HighWaterError::Backwards`] if this handle has marked a larger size;
    /// [`HighWaterError::TooLong`]; [`HighWaterError::NotMoved`], after which the call may be
    /// repeated; [`HighWaterError::InDoubt`], after which every call ends in
    /// [`HighWaterError::Halted`].
    pub fn advance(&mut self, size: u64, note: &[u8]) -> Result<(), HighWaterError> {
        self.check_advance(size, note)?;
        if self.staged.take().as_deref() != Some(note) {
            write_next(&*self.disk, &self.path, note)?;
        }
        let placed = place_next(&*self.disk, &self.path);
        match &placed {
            Ok(()) => self.held = Some(size),
            Err(_) => self.halted = true,
        }
        placed
    }

    fn check_advance(&self, size: u64, note: &[u8]) -> Result<(), HighWaterError> {
        if self.halted {
            return Err(HighWaterError::Halted);
        }
        match self.held {
            Some(held) if size < held => Err(HighWaterError::Backwards { held, offered: size }),
            _ => self.check_len(note),
        }
    }

    fn check_len(&self, note: &[u8]) -> Result<(), HighWaterError> {
        let bytes = note.len() as u64;
        if bytes <= Self::BYTES_MAX {
            return Ok(());
        }
        Err(HighWaterError::TooLong { path: self.path.clone(), bytes })
    }
}

/// Puts `bytes` in the place of the file `path`, as one and durably.
///
/// # Errors
/// [`HighWaterError::NotMoved`]: the file is as it was. [`HighWaterError::InDoubt`].
fn put(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), HighWaterError> {
    write_next(disk, path, bytes)?;
    place_next(disk, path)
}

/// 1. The new bytes are durable under another name. A crash up to here leaves the old file, and one that the next
///    call overwrites.
///
/// # Errors
/// [`HighWaterError::NotMoved`]: the file is as it was.
fn write_next(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), HighWaterError> {
    let next = next_path(path);
    disk.write(&next, bytes).map_err(|source| {
        // What is not whole must not lie about; the first error is the one to tell.
        let _ = disk.remove(&next);
        HighWaterError::NotMoved { path: path.to_path_buf(), source }
    })
}

/// 2. They take the file's name. Other processes see the old bytes or the new ones, whole.
/// 3. The directory is flushed: the name is durable. Only now has the mark moved.
///
/// # Errors
/// [`HighWaterError::InDoubt`].
fn place_next(disk: &dyn Disk, path: &Path) -> Result<(), HighWaterError> {
    let renamed = disk.rename(&next_path(path), path);
    let flushed = renamed.and_then(|()| disk.flush_dir(path));
    flushed.map_err(|source| HighWaterError::InDoubt { path: path.to_path_buf(), source })
}

fn next_path(path: &Path) -> PathBuf {
    beside(path, ".next")
}

fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}
