//! What a mirror keeps of a log that broke its word. Never written over, never removed.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use custody_core::hash::Hash;
use custody_core::merkle::TreeHead;

use super::MirrorError;
use crate::file::flush_dir;

/// Where it lies, in the mirror's directory.
fn folder(dir: &Path) -> PathBuf {
    dir.join("evidence")
}

/// A folder with evidence, if there is one.
pub(super) fn find(dir: &Path) -> Result<Option<PathBuf>, MirrorError> {
    let path = folder(dir);
    match fs::read_dir(&path) {
        Ok(mut folders) => Ok(folders.next().is_some().then_some(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(MirrorError::Io { path, source }),
    }
}

/// Keeps both heads, and what shows that they clash, in a folder that is named after the head that clashed. What is there
/// already stays: it is of the same two heads, or was first.
pub(super) fn keep(dir: &Path, alarm: &MirrorError) -> Result<(), MirrorError> {
    let Some(shown) = alarm.shown().filter(|_| alarm.is_alarm()) else { return Ok(()) };
    let head = shown.tree_head();
    let name =
        format!("{}-{}-{:.16}", alarm.code().trim_start_matches("mirror/"), head.size, head.root);
    let path = folder(dir).join(name);
    let failed = |source| MirrorError::Io { path: path.clone(), source };
    fs::create_dir_all(&path).map_err(failed)?;
    let mut text = format!("{}\n{alarm}\n", alarm.code());
    match alarm {
        MirrorError::Fork { proof, .. } => {
            write(&path.join("proof.txt"), proof.as_bytes()).map_err(failed)?;
        }
        MirrorError::Broken { findings, .. } => {
            findings.iter().for_each(|finding| text.push_str(&format!("{finding}\n")));
        }
        _ => {}
    }
    if let Some(known) = alarm.known() {
        write(&path.join("known.checkpoint"), known.as_bytes()).map_err(failed)?;
    }
    write(&path.join("shown.checkpoint"), shown.as_bytes()).map_err(failed)?;
    write(&path.join("what.txt"), text.as_bytes()).map_err(failed)?;
    let parents = [path.clone(), folder(dir), dir.to_owned()];
    parents.iter().try_for_each(|dir| flush_dir(dir)).map_err(failed)
}

/// A consistency proof as text: `old`, the size and the root that the newer tree begins with; `new`, its size and root; a hash a
/// line. docs/OPERATING.md "Running a mirror".
pub(super) fn proof_text(other: &TreeHead, new: &TreeHead, hashes: &[Hash]) -> String {
    let mut text = format!("old {} {}\nnew {} {}\n", other.size, other.root, new.size, new.root);
    hashes.iter().for_each(|hash| text.push_str(&format!("{hash}\n")));
    text
}

/// Writes a new file, flushed; one that is there stays.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(bytes).and_then(|()| file.sync_all()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
