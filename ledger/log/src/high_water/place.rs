//! Where a ledger's mark lies: `high-water` in its directory, or the file that `high-water.path` there names.
//!
//! A mark in the ledger's directory comes back with a directory that is restored whole, and notices nothing. On
//! another disk it does. The directory remembers where, so that every program finds it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Disk, HighWater, HighWaterError, lock_path, put};

/// The mark, where nothing else is said.
const MARK: &str = "high-water";
/// The file that says something else: a path on a line.
const PLACE: &str = "high-water.path";
/// Longest path in bytes: Linux's PATH_MAX.
const MAX_PATH: u64 = 4096;

/// What moving a mark came to.
#[derive(Debug)]
pub struct Moved {
    /// Where it lay.
    pub from: PathBuf,
    /// Where it lies.
    pub to: PathBuf,
    /// Why the old file is still there, if it is. It counts for nothing.
    pub left_behind: Option<io::Error>,
}

/// Where the mark of the ledger in `dir` lies.
///
/// # Errors
/// [`HighWaterError::Read`], and [`HighWaterError::Place`] where the directory names no place.
pub fn locate(dir: &Path, disk: &dyn Disk) -> Result<PathBuf, HighWaterError> {
    let place = dir.join(PLACE);
    let read = disk.read(&place, MAX_PATH + 2);
    let read = read.map_err(|source| HighWaterError::Read { path: place.clone(), source })?;
    let Some(bytes) = read else { return Ok(dir.join(MARK)) };
    // A person may have written it, and whoever writes one line need not end it.
    let text = std::str::from_utf8(&bytes).ok();
    let text = text.map(|text| text.strip_suffix('\n').unwrap_or(text));
    text.filter(|text| is_place(text))
        .map(PathBuf::from)
        .ok_or(HighWaterError::Place { path: place })
}

/// A mark in the ledger's directory that counts for nothing, because the directory names another place: what a
/// move left behind.
pub fn left_over(dir: &Path, disk: &dyn Disk) -> Option<PathBuf> {
    let own = dir.join(MARK);
    let is_elsewhere = locate(dir, disk).is_ok_and(|place| !is_same_file(&place, &own));
    Some(own).filter(|own| is_elsewhere && own.symlink_metadata().is_ok())
}

/// Records, durably, that the mark of the ledger in `dir` lies at `path`.
///
/// # Errors
/// [`HighWaterError::Place`] for a path that is relative or no plain text, else as [`put`].
pub(crate) fn record(dir: &Path, path: &Path, disk: &dyn Disk) -> Result<(), HighWaterError> {
    let line = format!("{}\n", place_text(path)?);
    put(disk, &dir.join(PLACE), line.as_bytes())
}

fn place_text(path: &Path) -> Result<&str, HighWaterError> {
    let text = path.to_str().filter(|text| is_place(text));
    text.ok_or_else(|| HighWaterError::Place { path: path.to_path_buf() })
}

/// Checks that nothing lies at `path` that a new mark would take the place of.
///
/// # Errors
/// [`HighWaterError::Taken`].
pub(crate) fn check_free(path: &Path) -> Result<(), HighWaterError> {
    match path.symlink_metadata() {
        Ok(_) => Err(HighWaterError::Taken { path: path.to_path_buf() }),
        Err(_) => Ok(()),
    }
}

/// Moves the mark of the ledger in `dir`, whose note is `note`, to the file `to`. The caller holds the ledger's
/// store, so that nobody moves the mark on meanwhile.
///
/// At any moment the place that the directory names has the whole mark. A crash leaves the old place or the new
/// one, and perhaps a copy at the other; the same call again finishes.
///
/// # Errors
/// [`HighWaterError::Taken`] if something else lies there; [`HighWaterError::NotMoved`] and
/// [`HighWaterError::InDoubt`], after both of which the ledger opens with one place or the other.
pub fn move_mark(
    dir: &Path,
    to: &Path,
    note: &[u8],
    disk: &dyn Disk,
) -> Result<Moved, HighWaterError> {
    let from = locate(dir, disk)?;
    place_text(to)?;
    if is_same_file(&from, to) || !is_free_for(to, note, disk)? {
        return Err(HighWaterError::Taken { path: to.to_path_buf() });
    }
    // 1. The mark is durable at its new place.
    put(disk, to, note)?;

    // 2. The directory names the new place, durably. From now on the old file counts for nothing.
    record(dir, to, disk)?;

    // 3. The old file goes. Two names of one file are not two copies.
    let removed = match is_same_file(&from, to) {
        true => Ok(()),
        false => disk.remove(&from).and_then(|()| disk.flush_dir(&from)),
    };
    let _ = disk.remove(&lock_path(&from));
    Ok(Moved { from, to: to.to_path_buf(), left_behind: removed.err() })
}

/// Whether nothing lies at `to`, or the very note: what an earlier move got as far as.
fn is_free_for(to: &Path, note: &[u8], disk: &dyn Disk) -> Result<bool, HighWaterError> {
    if to.is_dir() {
        return Ok(false);
    }
    let found = disk.read(to, HighWater::BYTES_MAX + 1);
    let found = found.map_err(|source| HighWaterError::NotMoved { path: to.into(), source })?;
    Ok(found.is_none_or(|found| found == note))
}

/// An absolute path on one line.
fn is_place(text: &str) -> bool {
    let is_short = (text.len() as u64) <= MAX_PATH;
    is_short && Path::new(text).is_absolute() && !text.chars().any(char::is_control)
}

fn is_same_file(one: &Path, two: &Path) -> bool {
    #[cfg(unix)]
    let id = |path: &Path| {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
    };
    #[cfg(not(unix))]
    let id = |path: &Path| fs::canonicalize(path).ok();
    one == two || (id(one).is_some() && id(one) == id(two))
}
