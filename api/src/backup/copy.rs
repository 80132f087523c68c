//! Files of a backup: walked, hashed, copied durably, or linked where they are there already.

use std::fs::{self, File, FileTimes};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use custody_core::hash::Hash;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::file::{self, FileError};

/// Bytes that are read at once.
const BUFFER: usize = 128 << 10;

/// Files that are copied at a time: what takes time is waiting for the disk to have each.
const HANDS: usize = 16;

/// A file below a directory.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its path from there, with `/` between its parts.
    pub name: String,
    /// Its length in bytes.
    pub len: u64,
    /// When it was last written.
    pub modified: Option<SystemTime>,
}

/// Every file below `dir`, in the order of their names within each directory.
///
/// # Errors
/// A directory cannot be read, or something in it is neither file nor directory.
pub fn walk(dir: &Path) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    walk_into(dir, "", &mut found)?;
    Ok(found)
}

fn walk_into(dir: &Path, prefix: &str, found: &mut Vec<Found>) -> Result<(), Failure> {
    let failed = file::cannot("read", dir);
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>().map_err(&failed)?,
        // Gone since its parent was read.
        Err(error) if error.kind() == ErrorKind::NotFound && !prefix.is_empty() => return Ok(()),
        Err(error) => return Err(failed(error).into()),
    };
    let mut entries: Vec<_> = entries.into_iter().map(|entry| (entry.file_name(), entry)).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, entry) in entries {
        let path = entry.path();
        let Some(name) = name.to_str().map(|name| format!("{prefix}{name}")) else {
            return Err(failed(ErrorKind::InvalidFilename.into()).into());
        };
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(file::cannot("read", &path)(error).into()),
        };
        if metadata.is_dir() {
            walk_into(&path, &format!("{name}/"), found)?;
        } else if metadata.is_file() {
            found.push(Found { name, len: metadata.len(), modified: metadata.modified().ok() });
        } else {
            return Err(file::cannot("read", &path)(ErrorKind::InvalidInput.into()).into());
        }
    }
    Ok(())
}

/// Does `work` with as many threads as the disk can make use of.
///
/// # Errors
/// The threads cannot be started, or `work`'s own.
pub fn with_many_hands<T: Send>(
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(HANDS).build();
    pool.map_err(|error| Failure::could_not("internal", error.to_string()))?.install(work)
}

/// SHA-256 of a file. `progress` gets the bytes as they are read.
pub fn digest(path: &Path, progress: &(dyn Fn(u64) + Sync)) -> io::Result<Hash> {
    pass(File::open(path)?, &mut io::sink(), progress)
}

/// Copies a file, with its time, so that it survives a crash. Returns its digest; nothing where the file is gone.
///
/// # Errors
/// [`FileError::Io`].
pub fn copy(
    from: &Path,
    to: &Path,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Option<Hash>, FileError> {
    let source = match File::open(from) {
        Ok(source) => source,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file::cannot("read", from)(error)),
    };
    let modified = source.metadata().and_then(|metadata| metadata.modified());
    let write = || -> io::Result<Hash> {
        let mut target = File::create(to)?;
        target.set_permissions(source.metadata()?.permissions())?;
        let digest = pass(source, &mut target, progress)?;
        if let Ok(modified) = modified {
            target.set_times(FileTimes::new().set_modified(modified))?;
        }
        target.sync_all()?;
        Ok(digest)
    };
    write().map(Some).map_err(file::cannot("write", to))
}

fn pass(mut from: File, to: &mut impl Write, progress: &(dyn Fn(u64) + Sync)) -> io::Result<Hash> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = match from.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            count => count?,
        };
        if count == 0 {
            return Ok(Hash::new(hasher.finalize().into()));
        }
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        progress(count as u64);
    }
}

/// Makes the directories that `names` lie in, below `dir`.
///
/// # Errors
/// [`FileError::Io`].
pub fn make_dirs<'n>(
    dir: &Path,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<PathBuf>, FileError> {
    let mut dirs = vec![dir.to_path_buf()];
    for name in names {
        let mut end = 0;
        while let Some(at) = name[end..].find('/') {
            end += at + 1;
            let parent = dir.join(&name[..end - 1]);
            if !dirs.contains(&parent) {
                dirs.push(parent);
            }
        }
    }
    dirs.iter().try_for_each(|dir| fs::create_dir_all(dir).map_err(file::cannot("make", dir)))?;
    Ok(dirs)
}

/// Makes durable which files are in these directories.
///
/// # Errors
/// [`FileError::Io`].
pub fn flush_dirs(dirs: &[PathBuf]) -> Result<(), FileError> {
    let flush = |dir: &PathBuf| {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(file::cannot("flush", dir))
    };
    dirs.iter().try_for_each(flush)
}
