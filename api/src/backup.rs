//! Backups: a directory of them, each a directory of its own that a person can look through and copy.
//!
//! ```text
//! BACKUPS/20261127T071500Z-1234-4f2a9c0b1d3e5f60/   time, entries, beginning of the root
//!     store/  vault/                                what a ledger's directory has; keys/ where asked for
//!     checkpoint                                    the newest checkpoint: a signed note
//!     backup.json                                   what this is
//!     SHA256SUMS                                    every other file; `sha256sum -c` reads it
//! ```
//!
//! A file that the backup before has already is the same file, linked. The high-water mark is never in a backup: it is
//! what a restored store is held against.

mod copy;
mod make;
mod pin;
mod restore;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use custody_core::hash::Hash;
use custody_core::merkle::TreeHead;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::file;

pub use make::{Made, Order, make};
pub use pin::{CONTROL, SNAPSHOT, remove_snapshot};
pub use restore::{Restored, Wish, restore};

/// The list of files and their digests.
const SUMS: &str = "SHA256SUMS";
/// What a backup says of itself.
const ABOUT: &str = "backup.json";
/// How the name of a backup begins that is not whole.
const PARTIAL: &str = ".partial-";
/// The form of backups that this program makes and reads.
const FORMAT: u32 = 1;
/// Largest list of files in bytes: a million files with a line of about 150.
const MAX_SUMS: u64 = 256 << 20;
/// Largest description in bytes.
const MAX_ABOUT: u64 = 64 << 10;

/// A backup, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Backup {
    /// Its directory.
    pub path: PathBuf,
    /// Its directory's name.
    pub name: String,
    /// When it was made, seconds since 1970.
    pub made_s: u64,
    /// Entries in it.
    pub size: u64,
}

/// What a backup says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The form of the backup.
    pub format: u32,
    /// When it was made.
    pub made: String,
    /// The ledger's name.
    pub origin: String,
    /// SHA-256 of entry 0.
    pub genesis: String,
    /// Entries in it.
    pub size: u64,
    /// Root of their tree.
    pub root: String,
    /// Where the ledger's mark lay, if not in its directory.
    pub high_water: Option<PathBuf>,
    /// Whether the log's keys are in it.
    pub keys: bool,
}

/// Digest and path of each file of a backup, by path.
type Sums = BTreeMap<String, Hash>;

impl Backup {
    /// The backups in `dir`, oldest first: by the size of the tree, which only grows, and where that is the same by the clock,
    /// which may have been put back. One that is not whole is none.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn list(dir: &Path) -> Result<Vec<Self>, Failure> {
        let mut backups = Vec::new();
        for entry in fs::read_dir(dir).map_err(file::cannot("read", dir))? {
            let entry = entry.map_err(file::cannot("read", dir))?;
            backups.extend(entry.file_name().to_str().and_then(|name| Self::named(dir, name)));
        }
        backups.sort_by(|a, b| (a.size, a.made_s, &a.name).cmp(&(b.size, b.made_s, &b.name)));
        Ok(backups)
    }

    /// The name of a backup that is made at `made` of a tree.
    fn name(made: &str, head: TreeHead) -> String {
        let time: String = made.chars().filter(|c| !matches!(c, '-' | ':')).collect();
        let root = head.root.to_string();
        format!("{time}-{}-{}", head.size, root.get(..16).unwrap_or(&root))
    }

    fn named(dir: &Path, name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let (time, size, root) = (parts.next()?, parts.next()?, parts.next()?);
        let is_root = root.len() == 16 && root.bytes().all(|b| b.is_ascii_hexdigit());
        if time.len() != 16 || !time.is_ascii() || !is_root || parts.next().is_some() {
            return None;
        }
        let text = format!(
            "{}-{}-{}T{}:{}:{}Z",
            &time[..4],
            &time[4..6],
            &time[6..8],
            &time[9..11],
            &time[11..13],
            &time[13..15]
        );
        let made: crate::moment::Moment = text.parse().ok()?;
        let (path, name) = (dir.join(name), name.to_owned());
        Some(Self { path, name, made_s: made.utc_s, size: size.parse().ok()? })
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// `backup/damaged`, `backup/format`.
    pub fn about(&self) -> Result<About, Failure> {
        let path = self.path.join(ABOUT);
        let bytes = file::read(&path, MAX_ABOUT)?;
        let about: About = serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("`{}` is not a backup's description: {error}", path.display());
            Failure::rejected("backup/damaged", message)
        })?;
        match about.format {
            FORMAT => Ok(about),
            other => {
                let message =
                    format!("`{}` has format {other}, this program reads {FORMAT}", self.name);
                Err(Failure::could_not("backup/format", message)
                    .hint("take the program that made it"))
            }
        }
    }

    /// Its files and their digests, as it says.
    fn sums(&self) -> Result<Sums, Failure> {
        let path = self.path.join(SUMS);
        let bytes = file::read(&path, MAX_SUMS)?;
        let text = String::from_utf8_lossy(&bytes);
        let line = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            let is_inside = !name.starts_with('/') && !name.split('/').any(|part| part == "..");
            is_inside.then_some((name.to_owned(), Hash::from_hex(digest)?))
        };
        let sums: Option<Sums> = text.lines().map(line).collect();
        sums.ok_or_else(|| {
            let message = format!("`{}` is not a list of digests", path.display());
            Failure::rejected("backup/damaged", message).hint(OTHER_BACKUP)
        })
    }

    /// Reads every file, and holds it against its digest. `progress` counts bytes.
    ///
    /// # Errors
    /// `backup/damaged` names what is not as it was written.
    fn verify(&self, progress: &(dyn Fn(u64) + Sync)) -> Result<Sums, Failure> {
        let sums = self.sums()?;
        let listed: Vec<_> = sums.iter().collect();
        let is_sound = |(name, digest): &&(&String, &Hash)| {
            let found = copy::digest(&self.path.join(name), progress);
            !matches!(found, Ok(found) if found == **digest)
        };
        let mut wrong: Vec<String> =
            listed.par_iter().filter(is_sound).map(|(name, _)| (*name).clone()).collect();
        let there = copy::walk(&self.path)?;
        let is_unlisted = |name: &String| *name != SUMS && !sums.contains_key(name);
        wrong.extend(there.into_iter().map(|file| file.name).filter(is_unlisted));
        match wrong.first() {
            None => Ok(sums),
            Some(first) => {
                let count = wrong.len();
                let message = format!(
                    "backup `{}`: `{first}` is not as it was written, {count} of {} files in all",
                    self.name,
                    listed.len()
                );
                Err(Failure::rejected("backup/damaged", message).hint(OTHER_BACKUP))
            }
        }
    }

    /// Bytes of its files.
    fn bytes(&self) -> Result<u64, Failure> {
        Ok(copy::walk(&self.path)?.iter().map(|file| file.len).sum())
    }
}

const OTHER_BACKUP: &str = "take another one: `custody restore --list` shows them. Keep this one as it is, and find out \
                            about its disk";

/// Removes a directory and all that is in it, if it is there.
fn remove_dir(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(file::cannot("remove", path)(error).into())
        }
        _ => Ok(()),
    }
}
