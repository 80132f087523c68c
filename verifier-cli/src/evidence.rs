//! Hashing evidence files: streams of any size, several at a time.

mod lane;

use std::fs::{self, File};
use std::io;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};

use custody_core::cbor::Reader;
use custody_core::exhibit::{Exhibit, Placed};
use custody_core::record::body::{Body, DigestAlgorithm, EvidenceDigest, decode_digests};
use custody_core::verify::EvidenceFile;
use indicatif::ProgressBar;
use lane::{Digests, Lane};

use crate::failure::Failure;
use crate::progress;

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
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let lanes = if files.len() > cores { 2 } else { 1 };
    let work = Work { files: &files, next: AtomicUsize::new(0), wanted, lanes, bar: &bar };
    let mut hashed = match files.len() {
        // Starting a thread takes longer than hashing a small file.
        0 | 1 => work.run(),
        count => thread::scope(|scope| {
            let threads: Vec<_> =
                (0..cores.min(count)).map(|_| scope.spawn(|| work.run())).collect();
            let join = |thread: ScopedJoinHandle<'_, Vec<_>>| {
                thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
            };
            threads.into_iter().flat_map(join).collect()
        }),
    };
    bar.finish_and_clear();
    hashed.sort_by_key(|(position, _)| *position);
    hashed.into_iter().map(|(_, file)| file).collect()
}

type Hashed = (usize, Result<EvidenceFile, Failure>);

/// What the threads share.
struct Work<'a> {
    files: &'a [(PathBuf, u64)],
    next: AtomicUsize,
    wanted: Wanted,
    /// How many files a thread hashes at a time.
    lanes: usize,
    bar: &'a ProgressBar,
}

impl Work<'_> {
    /// Hashes files until there are none left.
    fn run(&self) -> Vec<Hashed> {
        let (mut lanes, mut hashed) = (Vec::new(), Vec::new());
        loop {
            while lanes.len() < self.lanes
                && let Some(begun) = self.begin()
            {
                match begun {
                    Ok(lane) => lanes.push(lane),
                    Err(failed) => hashed.push(failed),
                }
            }
            lanes = lanes.into_iter().filter_map(|lane| self.fill(lane, &mut hashed)).collect();
            match lanes.as_mut_slice() {
                [] if self.next.load(Ordering::Relaxed) >= self.files.len() => return hashed,
                [(_, one), (_, two)] => Lane::hash_both(one, two),
                lanes => lanes.iter_mut().for_each(|(_, lane)| lane.hash()),
            }
        }
    }

    /// Opens the next file.
    fn begin(&self) -> Option<Result<(usize, Lane), Hashed>> {
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        let (path, _) = self.files.get(position)?;
        let lane = File::open(path).map(|file| (position, Lane::new(file, self.wanted)));
        Some(lane.map_err(|source| (position, Err(failure(path, source)))))
    }

    /// Reads on, unless the file has ended or cannot be read.
    fn fill(
        &self,
        (position, mut lane): (usize, Lane),
        hashed: &mut Vec<Hashed>,
    ) -> Option<(usize, Lane)> {
        let (path, _) = self.files.get(position)?;
        match lane.fill() {
            Ok(Some(length)) => {
                self.bar.inc(length as u64);
                return Some((position, lane));
            }
            Ok(None) => {
                let Digests { sha256, sha512 } = lane.finish();
                let name = path.display().to_string();
                hashed.push((position, Ok(EvidenceFile { name, sha256, sha512 })));
            }
            Err(source) => hashed.push((position, Err(failure(path, source)))),
        }
        None
    }
}

fn failure(path: &Path, source: io::Error) -> Failure {
    Failure::Read { path: path.to_owned(), source }
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
