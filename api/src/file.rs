//! Files that commands read and write: bounded when read, whole or not at all when written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a file cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system says no.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file of that name exists, and is never overwritten.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than its kind may be.
    #[error("`{}` has more than the {limit} bytes that are allowed", path.display())]
    Oversize {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
}

impl FileError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "file/io",
            Self::Exists { .. } => "file/exists",
            Self::Oversize { .. } => "file/oversize",
        }
    }
}

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever the process's mask lets.
    Shared,
    /// The owner alone: mode 0600.
    Owner,
}

/// Turns an error of the system into one that names the file.
pub fn cannot<'p>(action: &'static str, path: &'p Path) -> impl Fn(io::Error) -> FileError + 'p {
    move |source| FileError::Io { action, path: path.to_owned(), source }
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// [`FileError::Io`] and [`FileError::Oversize`].
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(cannot("read", path))?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(cannot("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::Oversize { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Writes a file that must not exist yet. It appears under its name complete and flushed, or not at all.
///
/// # Errors
/// [`FileError::Exists`] and [`FileError::Io`].
pub fn create(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let temporary = write_temporary(path, bytes, access)?;
    // A link, unlike a rename, fails where the name is taken: there is no moment in between.
    let linked = fs::hard_link(&temporary, path);
    let removed = fs::remove_file(&temporary);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(FileError::Exists { path: path.to_owned() })
        }
        linked => linked.and(removed).map_err(cannot("write", path)),
    }
}

/// Makes the name of a file durable that was created in its folder: the file itself is.
///
/// # Errors
/// [`FileError::Io`].
pub fn flush_name(path: &Path) -> Result<(), FileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot("flush", folder))
}

/// Replaces a file, or makes it. Readers see the old contents or the new, never a part.
///
/// # Errors
/// [`FileError::Io`].
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let temporary = write_temporary(path, bytes, access)?;
    fs::rename(&temporary, path).map_err(|error| {
        // What cannot be moved must not be left lying about; the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        cannot("write", path)(error)
    })
}

/// Checks early that `path` can be made later, so that nobody types a passphrase in vain.
///
/// # Errors
/// [`FileError::Exists`].
pub fn check_absent(path: &Path) -> Result<(), FileError> {
    match path.symlink_metadata() {
        Ok(_) => Err(FileError::Exists { path: path.to_owned() }),
        Err(_) => Ok(()),
    }
}

fn write_temporary(path: &Path, bytes: &[u8], access: Access) -> Result<PathBuf, FileError> {
    check_name(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let write = || -> io::Result<()> {
        let mut file = options(access).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        cannot("write", path)(error)
    })?;
    Ok(temporary)
}

fn check_name(path: &Path) -> Result<(), FileError> {
    match path.file_name() {
        Some(_) => Ok(()),
        None => Err(cannot("write", path)(io::ErrorKind::IsADirectory.into())),
    }
}

fn options(access: Access) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Owner {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}
