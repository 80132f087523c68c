//! The checkpoint that was cosigned last, kept with the keys that cosigned it and apart from the copy.
//!
//! The copy says what the mirror vouches for; this file says what it may not forget. Without it a mirror whose copy is gone looks
//! like a new one, and would cosign another history with the same keys.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use custody_core::checkpoint::Checkpoint;
use custody_core::note::MAX_NOTE_LEN;

use super::{MirrorError, MirrorTrust, Settled};
use crate::file::flush_dir;
use crate::publish::write_whole;
use crate::published::read_file;

/// Where it lies: whoever carries the keys elsewhere carries it along.
fn place(dir: &Path) -> PathBuf {
    dir.join("keys/cosigned.checkpoint")
}

/// Holds the copy of the mirror in `dir` against what was cosigned last, and moves that forwards where the copy is newer, as
/// after a crash between the two. On return nothing that the copy has can be forgotten.
///
/// # Errors
/// [`MirrorError::Copy`] where the copy is missing, older, or of another history.
pub(super) fn hold_against(
    dir: &Path,
    settled: &Settled,
    trust: &MirrorTrust,
) -> Result<(), MirrorError> {
    let last = read(dir, trust)?;
    let Some(now) = settled.checkpoint() else {
        return match last {
            None => Ok(()),
            Some(last) => Err(forgotten(&last, "there is no copy")),
        };
    };
    let root_at = |of: &Checkpoint| match of.size() == now.size() {
        true => Ok(*now.root()),
        false => settled.root_in_files(of.size()),
    };
    match &last {
        Some(last) if last.size() > now.size() => {
            return Err(forgotten(last, &format!("the copy ends at {}", now.tree_head())));
        }
        Some(last) if root_at(last)? != *last.root() => {
            return Err(forgotten(last, "the copy has another history"));
        }
        Some(last) if last.size() == now.size() => return Ok(()),
        _ => {}
    }
    // What is not the tree of its own checkpoint must not become what the copy is held against.
    match settled.root_in_files(now.size())? == *now.root() {
        true => {
            // Who wrote it may have ended before its name was durable; what is noted must not outlive it.
            let path = settled.copy.dir();
            flush_dir(path).map_err(|source| MirrorError::Io { path: path.to_owned(), source })?;
            advance(dir, now)
        }
        false => {
            Err(MirrorError::Copy { what: "its tiles do not lead to its checkpoint".to_owned() })
        }
    }
}

/// Notes that `cosigned` is what was cosigned last: durable on return, and so is its name. The caller knows that its tree begins
/// with that of the one before.
pub(super) fn advance(dir: &Path, cosigned: &Checkpoint) -> Result<(), MirrorError> {
    let path = place(dir);
    write_whole(&path, cosigned.as_bytes())?;
    // The folder's own name too: the first time, `write_whole` may have made it.
    let folders = [dir.join("keys"), dir.to_owned()];
    let flushed = folders.iter().try_for_each(|folder| flush_dir(folder));
    flushed.map_err(|source| MirrorError::Io { path, source })
}

fn read(dir: &Path, trust: &MirrorTrust) -> Result<Option<Checkpoint>, MirrorError> {
    let path = place(dir);
    let note = match read_file(&path, MAX_NOTE_LEN as u64 + 1) {
        Ok(note) => note,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(MirrorError::Io { path, source }),
    };
    let checkpoint = Checkpoint::parse(&note).and_then(|checkpoint| {
        checkpoint.verify_log(&trust.keys)?;
        Ok(checkpoint)
    });
    checkpoint.map(Some).map_err(|error| MirrorError::Copy {
        what: format!("`{}` is no checkpoint of this log: {error}", path.display()),
    })
}

fn forgotten(last: &Checkpoint, what: &str) -> MirrorError {
    MirrorError::Copy { what: format!("{what}, and {} was cosigned", last.tree_head()) }
}
