//! Hashing two streams at once on one core.
//!
//! SHA-256 in hardware waits for itself: every round needs the one before. A second, independent stream
//! fills the gaps, if the two alternate block by block; that pays for the copying that reading costs.

use std::fs::File;
use std::io::{self, Read};

use custody_core::hash::Hash;
use sha2::{Digest, Sha256, Sha512};

use super::Wanted;

/// Bytes read at a time: small enough to be hashed out of the cache that reading filled.
const CHUNK: usize = 128 * 1024;
/// A block of SHA-256: the step in which two streams alternate.
const BLOCK: usize = 64;

/// A file that is being hashed.
#[derive(Debug)]
pub struct Lane {
    file: File,
    sha256: Sha256,
    sha512: Option<Sha512>,
    chunk: Vec<u8>,
    /// What of the chunk is still to be hashed.
    at: usize,
    end: usize,
}

/// Both digests of a file.
#[derive(Debug)]
pub struct Digests {
    /// SHA-256.
    pub sha256: Hash,
    /// SHA-512, where it was wanted.
    pub sha512: Option<[u8; 64]>,
}

impl Lane {
    /// Begins with `file`.
    pub fn new(file: File, wanted: Wanted) -> Self {
        Self {
            file,
            sha256: Sha256::new(),
            sha512: wanted.sha512.then(Sha512::new),
            chunk: vec![0; CHUNK],
            at: 0,
            end: 0,
        }
    }

    /// Reads on where all that was read is hashed. Returns how many bytes were read; `None` at the end of
    /// the file.
    ///
    /// # Errors
    /// Those of reading.
    pub fn fill(&mut self) -> io::Result<Option<usize>> {
        if self.at < self.end {
            return Ok(Some(0));
        }
        (self.at, self.end) = (0, 0);
        // Whole chunks keep the streams at the borders of blocks.
        while self.end < self.chunk.len() {
            match self.file.read(&mut self.chunk[self.end..]) {
                Ok(0) => break,
                Ok(length) => self.end += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok((self.end > 0).then_some(self.end))
    }

    /// Hashes all that was read.
    pub fn hash(&mut self) {
        self.sha256.update(&self.chunk[self.at..self.end]);
        self.hash_512(self.end);
    }

    /// Hashes as many whole blocks as both have read, alternating; of a last part of a block, only that.
    pub fn hash_both(one: &mut Self, two: &mut Self) {
        let shorter = one.left().min(two.left());
        let length = shorter - shorter % BLOCK;
        if length == 0 {
            let lane = if one.left() == shorter { one } else { two };
            return lane.hash();
        }
        let first = one.chunk[one.at..one.at + length].chunks(BLOCK);
        let second = two.chunk[two.at..two.at + length].chunks(BLOCK);
        for (first, second) in first.zip(second) {
            one.sha256.update(first);
            two.sha256.update(second);
        }
        one.hash_512(one.at + length);
        two.hash_512(two.at + length);
    }

    fn left(&self) -> usize {
        self.end - self.at
    }

    /// The digests of what was hashed.
    pub fn finish(self) -> Digests {
        Digests {
            sha256: Hash::new(self.sha256.finalize().into()),
            sha512: self.sha512.map(|hasher| hasher.finalize().into()),
        }
    }

    /// Takes the bytes up to `end` as hashed with SHA-256, and hashes them with SHA-512 if wanted.
    fn hash_512(&mut self, end: usize) {
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(&self.chunk[self.at..end]);
        }
        self.at = end;
    }
}
