//! The five things that the high-water mark asks of a file system.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

/// Where the mark's file lives. Each method is one step of [`super::HighWater::advance`], in its
/// order.
pub trait Disk: Send {
    /// The first `limit` bytes of the file, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// Whatever the file system says, other than that there is no such file.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>>;

    /// Makes the file, or empties it, writes `bytes` and flushes them. On success they are durable,
    /// though the name of a new file may not be.
    ///
    /// # Errors
    ///
    /// After any error the file holds anything or nothing.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Gives the file `from` the name `to`, in place of the file that has it. Atomic for whoever
    /// looks.
    ///
    /// # Errors
    ///
    /// After any error either file may have the name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes the file, if it is there.
    ///
    /// # Errors
    ///
    /// After any error it is there or not.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Flushes the directory that holds `path`. On success the names in it are durable.
    ///
    /// # Errors
    ///
    /// After any error they are as durable as before, or more.
    fn flush_dir(&self, path: &Path) -> io::Result<()>;
}

/// A local file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk {
    /// Time added to each flush. Zero but in benchmarks, which show what a slower disk would do.
    pub added_flush: Duration,
}

impl LocalDisk {
    fn flush(&self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        if !self.added_flush.is_zero() {
            std::thread::sleep(self.added_flush);
        }
        Ok(())
    }
}

impl Disk for LocalDisk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        self.flush(&file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn flush_dir(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        self.flush(&File::open(parent.unwrap_or(Path::new(".")))?)
    }
}
