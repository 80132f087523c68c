//! Hashing evidence files: streams of any size, several at a time.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::{iter, panic};

use custody_core::cbor::Reader;
use custody_core::exhibit::{Exhibit, Placed};
use custody_core::hash::Hash;
use custody_core::record::body::{Body, DigestAlgorithm, EvidenceDigest, decode_digests};
use custody_core::verify::EvidenceFile;
use indicatif::ProgressBar;
use sha2::{Digest, Sha256, Sha512};

use crate::failure::Failure;
use crate::progress;

/// Bytes read at a time: small enough to be hashed out of the cache that reading filled.
const CHUNK: usize = 128 * 1024;

/// Which digests of evidence files are needed.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Whether any record has a SHA-512 digest.
    pub sha512: bool,
}

impl Wanted {
    /// What the records of an exhibit name.
    pub fn of_exhibit(exhibit: &Exhibit) -> Self {
        let contents = exhibit.contents();
        let is_sha512 = |digest: &EvidenceDigest| digest.algorithm == DigestAlgorithm::Sha512;
        let names_sha512 = |placed: &Placed| {
            let sealed = contents.opening(placed.index, "digests");
            let sealed = sealed.and_then(|o| decode_digests(&mut Reader::new(&o.value)).ok());
            let open = match &placed.record.payload().body {
                Body::Collect(body) => body.digests.as_slice(),
                Body::Derive(body) => body.digests.as_slice(),
                _ => &[],
            };
            open.iter().chain(sealed.iter().flatten()).any(is_sha512)
        };
        Self { sha512: contents.records.iter().any(names_sha512) }
    }
}

/// Hashes every file of `paths`, and every file in those that are directories, on all cores.
pub fn hash_files(paths: &[PathBuf], wanted: Wanted) -> Result<Vec<EvidenceFile>, Failure> {
    let files = list_files(paths)?;
    let total = files.iter().map(|(_, size)| size).sum();
    let bar = progress::bytes_bar(total, "hashing");
    let hashed = match files.len() {
        // Starting a thread takes longer than hashing a small file.
        0 | 1 => files.iter().map(|(path, _)| hash_file(path, wanted, &bar)).collect(),
        _ => hash_in_parallel(&files, wanted, &bar),
    };
    bar.finish_and_clear();
    hashed
}

/// As many files at a time as there are cores; the results in the order of the files.
fn hash_in_parallel(
    files: &[(PathBuf, u64)],
    wanted: Wanted,
    bar: &ProgressBar,
) -> Result<Vec<EvidenceFile>, Failure> {
    let next = AtomicUsize::new(0);
    let work = || {
        let claim = || {
            let position = next.fetch_add(1, Ordering::Relaxed);
            files.get(position).map(|(path, _)| (position, hash_file(path, wanted, bar)))
        };
        iter::from_fn(claim).collect::<Vec<_>>()
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let mut hashed: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let join = |thread: ScopedJoinHandle<'_, Vec<_>>| {
            thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
        };
        threads.into_iter().flat_map(join).collect()
    });
    hashed.sort_by_key(|(position, _)| *position);
    hashed.into_iter().map(|(_, file)| file).collect()
}

fn list_files(paths: &[PathBuf]) -> Result<Vec<(PathBuf, u64)>, Failure> {
    let mut files = Vec::new();
    let mut pending: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = pending.pop() {
        let failed = |source| Failure::Read { path: path.clone(), source };
        let metadata = fs::metadata(&path).map_err(failed)?;
        if !metadata.is_dir() {
            files.push((path, metadata.len()));
            continue;
        }
        let inside = fs::read_dir(&path).map_err(failed)?;
        let inside = inside.map(|entry| entry.map(|entry| entry.path()));
        let mut inside = inside.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        inside.sort_unstable_by(|a, b| b.cmp(a));
        pending.extend(inside);
    }
    Ok(files)
}

fn hash_file(path: &Path, wanted: Wanted, bar: &ProgressBar) -> Result<EvidenceFile, Failure> {
    let failed = |source| Failure::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut sha256 = Sha256::new();
    let mut sha512 = wanted.sha512.then(Sha512::new);
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = file.read(&mut chunk).map_err(failed)?;
        if length == 0 {
            break;
        }
        sha256.update(&chunk[..length]);
        if let Some(sha512) = &mut sha512 {
            sha512.update(&chunk[..length]);
        }
        bar.inc(length as u64);
    }
    Ok(EvidenceFile {
        name: path.display().to_string(),
        sha256: Hash::new(sha256.finalize().into()),
        sha512: sha512.map(|hasher| hasher.finalize().into()),
    })
}
