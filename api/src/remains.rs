//! What lies in a directory in which a ledger is not whole, and what to do then. Whoever reads these lines has lost something, and
//! must not be led to make a new ledger in its place.

use std::fs;
use std::path::{Path, PathBuf};

use custody_core::verify::error_text;
use custody_log::store::StoreError;

use crate::failure::Failure;
use crate::log_key_files::LogKeyFiles;

/// What only a ledger that was opened once has, but for its store.
const REMAINS: [&str; 3] = ["vault", "high-water.path", "high-water"];

/// The store of the ledger in `dir` is missing, or it is empty.
pub fn store_missing(dir: &Path) -> Failure {
    let message = match remains(dir) {
        Some(path) => format!("`{}` is there, and its ledger's store is gone", path.display()),
        None => format!("there is no ledger in `{}`", dir.display()),
    };
    Failure::could_not("store-missing", message).hint(hint_of_missing(dir))
}

/// The next step where the store in `dir` is missing.
pub fn hint_of_missing(dir: &Path) -> &'static str {
    let has_keys = LogKeyFiles::of(dir).ed25519.exists();
    match remains(dir) {
        Some(_) => {
            "make no new ledger here, and leave everything as it lies: is a disk not mounted? Else restore into a new \
             directory: `custody restore --help`, and OPERATING, Restoring"
        }
        None if has_keys => {
            "if it is prepared, `custody init --open FILE` opens it when all founders have signed; if a ledger was here, \
             its store is gone: `custody restore --help`"
        }
        None => "`custody init --help` tells how a ledger is founded",
    }
}

/// Checks that `dir` has nothing of a ledger, so that one may be prepared there.
///
/// # Errors
/// `store-not-empty`.
pub fn check_nothing_remains(dir: &Path) -> Result<(), Failure> {
    let store = Some(dir.join("store")).filter(|store| store.symlink_metadata().is_ok());
    let Some(path) = store.or_else(|| remains(dir)) else { return Ok(()) };
    let message = format!("`{}` is there: a ledger, or what is left of one", path.display());
    Err(Failure::could_not("store-not-empty", message).hint(
        "a new ledger goes into another directory. If the log's keys are missing here, put them back from the offline \
         copy: new ones are of no use to this ledger",
    ))
}

/// The next step where the log's key file `path` is missing.
pub fn hint_of_missing_key(path: &Path) -> &'static str {
    let dir = path.ancestors().nth(2).unwrap_or(path);
    match dir.join("store").exists() || remains(dir).is_some() {
        true => {
            "put the log's keys back into `keys`, from the offline copy; new ones are of no use to this ledger"
        }
        false => "`custody init --prepare` makes the log's keys, in `keys`",
    }
}

/// The next step where the store could not be opened, where there is one.
pub fn hint_of_unopened(error: &StoreError) -> Option<&'static str> {
    let StoreError::Open { path, .. } = error else { return None };
    if error_text(error).to_lowercase().contains("permission denied") {
        return Some(
            "files that belong to another user, as after a command that root has run: `ls -ln` tells; give them back \
             with `chown -R`",
        );
    }
    is_without_manifest(path).then_some(
        "its list of files is gone, and it is not repaired: leave it as it is, copy it, and restore into a new \
         directory: `custody restore --help`, and OPERATING, Restoring",
    )
}

/// Something that shows that a ledger was here.
fn remains(dir: &Path) -> Option<PathBuf> {
    let mut paths = REMAINS.iter().map(|name| dir.join(name));
    paths.find(|path| path.symlink_metadata().is_ok()).or_else(|| {
        let store = dir.join("store");
        let has_files = fs::read_dir(&store).is_ok_and(|mut files| files.next().is_some());
        has_files.then_some(store)
    })
}

/// RocksDB's `CURRENT` names its manifest, the list of the store's files.
fn is_without_manifest(store: &Path) -> bool {
    let current = fs::read_to_string(store.join("CURRENT"));
    current.is_ok_and(|name| name.trim().is_empty() || !store.join(name.trim()).is_file())
}
