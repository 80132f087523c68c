//! The structure of RocksDB's journal, looked at before RocksDB reads it.
//!
//! RocksDB verifies the checksum of every journal record it recognises. What it passes over in
//! silence is a record it does not recognise: a changed length that seems to run past the end, a
//! changed type that seems to belong to an older file. Either would drop acknowledged commits, even
//! from the middle where a newer file follows. So the structure is checked here: only the very end
//! may be cut short, and where it is, the caller learns it.
//!
//! The format (RocksDB, "Write Ahead Log File Format"): blocks of 32 KiB; in them records of
//! checksum (4 bytes), length (2, little-endian), type (1) and payload; a record that does not fit
//! is split in a first, middle and last part; fewer than 7 bytes at the end of a block are left
//! empty. The manifest has the same format.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::super::StoreError;

/// Names the manifest in use. Absent where there is no database.
pub(super) const CURRENT_FILE: &str = "CURRENT";

const BLOCK: usize = 32 << 10;
const HEADER: usize = 7;

const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// A journal file that ends in the middle of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub path: PathBuf,
    /// Where the record begins, in bytes from the file's start.
    pub offset: u64,
}

/// Checks the journal and the manifest of the store in `dir`, and says where the journal is cut
/// short.
///
/// The manifest must be whole: without its end RocksDB would take the newest files for leftovers
/// and delete them.
///
/// # Errors
///
/// [`StoreError::Damaged`] names the file; [`StoreError::Open`] if one cannot be read.
pub(super) fn check(dir: &Path) -> Result<Option<TornTail>, StoreError> {
    let failed = |source: io::Error| StoreError::Open { path: dir.into(), source: source.into() };
    let manifest = fs::read_to_string(dir.join(CURRENT_FILE)).map_err(failed)?;
    if let (_, Some(tail)) = check_file(&dir.join(manifest.trim_end()))? {
        return Err(damaged(&tail.path, tail.offset, "record is cut short"));
    }

    let files = journal_files(dir).map_err(failed)?;
    if files.is_empty() {
        // Even a store that was closed has one, an empty one.
        return Err(StoreError::Damaged { path: dir.into(), source: "journal is absent".into() });
    }
    let mut last: Option<TornTail> = None;
    for path in files {
        let (len, tail) = check_file(&path)?;
        // Commits after one that was cut short: it was not the last, so it was not a crash that cut
        // it.
        if let Some(tail) = last.take_if(|_| len > 0) {
            return Err(damaged(
                &tail.path,
                tail.offset,
                "record is cut short, yet a file follows",
            ));
        }
        last = last.or(tail);
    }
    Ok(last)
}

/// Name and length of the manifest: they change before any other file is deleted. `None` where
/// there is none.
pub(super) fn manifest_state(dir: &Path) -> Option<(String, u64)> {
    let name = fs::read_to_string(dir.join(CURRENT_FILE)).ok()?;
    let len = fs::metadata(dir.join(name.trim_end())).ok()?.len();
    Some((name, len))
}

/// The journal's files, oldest first. Their names are numbers of at least six digits.
fn journal_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for file in fs::read_dir(dir)? {
        let path = file?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        if let (Some(number), Some("log")) = (number, path.extension().and_then(|e| e.to_str())) {
            files.push((number, path));
        }
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// Length of a file, and the record that it ends in the middle of.
fn check_file(path: &Path) -> Result<(u64, Option<TornTail>), StoreError> {
    let failed = |source: io::Error| StoreError::Open { path: path.into(), source: source.into() };
    let mut file = match File::open(path) {
        Ok(file) => file,
        // Only beside a writer, who needs the file no longer.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((0, None)),
        Err(error) => return Err(failed(error)),
    };
    let mut walk = Walk::default();
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        block.clear();
        file.by_ref().take(BLOCK as u64).read_to_end(&mut block).map_err(failed)?;
        walk.block(&block).map_err(|fault| damaged(path, walk.offset, fault))?;
        if block.len() < BLOCK {
            let tail = walk.torn().map(|offset| TornTail { path: path.to_path_buf(), offset });
            return Ok((walk.offset, tail));
        }
    }
}

/// A walk from record to record, block by block.
#[derive(Default)]
struct Walk {
    /// Bytes before the block at hand.
    offset: u64,
    /// Where a record begins whose last part has not come yet.
    unfinished: Option<u64>,
    /// Where a record begins that runs past the end of the file.
    cut: Option<u64>,
    /// Where zeros begin, which a file system may leave after a crash where a write did not arrive.
    zeros: Option<u64>,
}

impl Walk {
    fn block(&mut self, block: &[u8]) -> Result<(), &'static str> {
        let mut at = 0;
        while at + HEADER <= BLOCK && at < block.len() && self.zeros.is_none() {
            let rest = &block[at..];
            let start = self.offset + at as u64;
            let Some(&[_, _, _, _, low, high, kind]) = rest.first_chunk::<HEADER>() else {
                self.cut = Some(start);
                break;
            };
            let len = HEADER + usize::from(u16::from_le_bytes([low, high]));
            if kind == 0 && len == HEADER {
                self.zeros = Some(start);
                break;
            }
            if at + len > BLOCK {
                return Err("record runs past its block");
            }
            if len > rest.len() {
                self.cut = Some(start);
                break;
            }
            self.part(kind, start)?;
            at += len;
        }
        if self.zeros.is_some() && block[at.min(block.len())..].iter().any(|byte| *byte != 0) {
            return Err("record after an empty one");
        }
        self.offset += block.len() as u64;
        Ok(())
    }

    /// One part of a record, or a whole one, which begins at `start`.
    fn part(&mut self, kind: u8, start: u64) -> Result<(), &'static str> {
        self.unfinished = match (kind, self.unfinished) {
            (FULL, None) | (LAST, Some(_)) => None,
            (FIRST, None) => Some(start),
            (MIDDLE, Some(first)) => Some(first),
            (FULL | FIRST, Some(_)) => return Err("record without its last part"),
            (MIDDLE | LAST, None) => return Err("record without its first part"),
            _ => return Err("record of unknown type"),
        };
        Ok(())
    }

    /// Where the record begins that the file ends in the middle of.
    fn torn(&self) -> Option<u64> {
        self.unfinished.or(self.cut).or(self.zeros)
    }
}

fn damaged(path: &Path, offset: u64, fault: &str) -> StoreError {
    let source = format!("{fault}, in the block from byte {offset}").into();
    StoreError::Damaged { path: path.to_path_buf(), source }
}
