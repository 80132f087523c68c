//! Digests of evidence files. Files are read as streams, several at once, and never held in memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use custody_core::hash::Hash;
use sha2::{Digest, Sha256};

use crate::file::{self, FileError};

/// Bytes read at once: large enough that reading costs little beside hashing.
const CHUNK: usize = 1 << 20;

/// What was found of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 digest.
    pub sha256: Hash,
}

/// How far the hashing of all files is, in bytes. Read by whoever draws a bar.
#[derive(Debug, Default)]
pub struct Hashed(AtomicU64);

impl Hashed {
    /// Bytes hashed so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The sizes of the files together, as the file system says: what a bar counts up to.
///
/// # Errors
/// [`FileError`] for the first that is no readable file.
pub fn total_size(paths: &[PathBuf]) -> Result<u64, FileError> {
    let size = |path: &PathBuf| {
        let metadata = path.metadata().map_err(file::cannot("read", path))?;
        match metadata.is_dir() {
            true => Err(file::cannot("read", path)(io::ErrorKind::IsADirectory.into())),
            false => Ok(metadata.len()),
        }
    };
    paths.iter().map(size).sum()
}

/// Hashes files, one thread for each core, and returns what was found in the order of `paths`.
///
/// # Errors
/// [`FileError`] for the first, in that order, that cannot be read.
pub fn measure(paths: &[PathBuf], hashed: &Hashed) -> Result<Vec<Measured>, FileError> {
    measure_each(paths, hashed).into_iter().collect()
}

/// As [`measure`], with what was found of each.
pub fn measure_each(paths: &[PathBuf], hashed: &Hashed) -> Vec<Result<Measured, FileError>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((position, path)) = {
            let position = next.fetch_add(1, Ordering::Relaxed);
            paths.get(position).map(|path| (position, path))
        } {
            done.push((position, measure_one(path, hashed)));
        }
        done
    };
    let mut all: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        // A worker holds no lock and has nothing to clean up: its panic is passed on as it is.
        let join = |worker: thread::ScopedJoinHandle<'_, Vec<_>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    all.sort_by_key(|(position, _)| *position);
    all.into_iter().map(|(_, measured)| measured).collect()
}

fn measure_one(path: &Path, hashed: &Hashed) -> Result<Measured, FileError> {
    let stream = || -> io::Result<(u64, Hash)> {
        let mut file = File::open(path)?;
        let mut chunk = vec![0; CHUNK];
        let (mut hasher, mut size) = (Sha256::new(), 0);
        loop {
            match file.read(&mut chunk)? {
                0 => return Ok((size, Hash::new(hasher.finalize().into()))),
                count => {
                    hasher.update(&chunk[..count]);
                    size += count as u64;
                    hashed.0.fetch_add(count as u64, Ordering::Relaxed);
                }
            }
        }
    };
    let (size, sha256) = stream().map_err(file::cannot("read", path))?;
    Ok(Measured { path: path.to_owned(), size, sha256 })
}
