//! A snapshot of a ledger's store to copy from: taken by the server where one serves the ledger, else by this process.
//!
//! The server listens at the socket `control` in the ledger's directory, which the system guards as it guards the
//! files. One line asks, one line of JSON answers, and the snapshot lasts as long as the connection.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use custody_log::store::StoreError;
use custody_log::{LedgerError, LedgerOptions, Pinned, pin};
use serde_json::Value;

use crate::desk::{check_ledger, opening_failed};
use crate::failure::Failure;

/// The server's socket, in the ledger's directory.
pub const CONTROL: &str = "control";
/// The snapshot, in the ledger's directory. There is one at a time.
pub const SNAPSHOT: &str = "snapshot";

/// Longest answer in bytes.
const MAX_ANSWER: u64 = 64 << 10;
/// How long the server may take: it writes out what is in memory first.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a ledger is tried that another process has open: a command records and ends in a moment.
const ATTEMPTS: u32 = 50;
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// A snapshot of a store, until it is dropped.
pub struct Snapshot {
    /// The store.
    pub path: PathBuf,
    /// Whether a server took it.
    pub is_online: bool,
    _hold: Hold,
}

enum Hold {
    Server(#[expect(dead_code, reason = "held open")] UnixStream),
    Own(#[expect(dead_code, reason = "held open")] Pinned),
}

impl Snapshot {
    /// Takes one of the ledger in `dir`.
    ///
    /// # Errors
    /// The server refuses, or the ledger does not open.
    pub fn take(dir: &Path) -> Result<Self, Failure> {
        check_ledger(dir)?;
        let mut attempt = 1;
        loop {
            match Self::try_take(dir) {
                // A command records and ends; a backup before this one is being cleared away.
                Err(failure) if attempt < ATTEMPTS && is_passing(&failure) => {
                    std::thread::sleep(PAUSE);
                }
                taken => return taken,
            }
            attempt += 1;
        }
    }

    fn try_take(dir: &Path) -> Result<Self, Failure> {
        match Self::of_server(dir)? {
            Some(snapshot) => Ok(snapshot),
            None => Self::own(dir).map_err(|error| opening_failed(dir, error)),
        }
    }

    fn own(dir: &Path) -> Result<Self, LedgerError> {
        let path = dir.join(SNAPSHOT);
        let options = LedgerOptions::new(dir);
        let take = |path: &Path| pin(&options, path);
        let pinned = match take(&path) {
            // What an earlier process left: whoever would need it would have the store open.
            Err(LedgerError::Store(StoreError::Snapshot { .. })) if path.exists() => {
                let _ = fs::remove_dir_all(&path);
                take(&path)?
            }
            taken => taken?,
        };
        Ok(Self { path, is_online: false, _hold: Hold::Own(pinned) })
    }

    fn of_server(dir: &Path) -> Result<Option<Self>, Failure> {
        let stream = match UnixStream::connect(dir.join(CONTROL)) {
            Ok(stream) => stream,
            // Nobody serves: there is no socket, or what a server left that was killed.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(control(format!("`{}`: {error}", dir.display()))),
        };
        let answer = ask(&stream).map_err(|error| control(error.to_string()))?;
        if answer["busy"] == true {
            let message = "another backup of this ledger is being made";
            return Err(Failure::could_not("backup/busy", message).hint("wait until it is done"));
        }
        if let Some(error) = answer.get("error") {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            return Err(Failure::could_not(&text("code"), text("message")));
        }
        if answer["snapshot"].as_str() != Some(SNAPSHOT) {
            return Err(control("it answers something else".to_owned()));
        }
        let (path, hold) = (dir.join(SNAPSHOT), Hold::Server(stream));
        Ok(Some(Self { path, is_online: true, _hold: hold }))
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // A server removes what it took when the connection ends.
        if matches!(self._hold, Hold::Own(_)) {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes a snapshot that a process left which was killed. The caller has the store open for recording.
pub fn remove_snapshot(dir: &Path) {
    let _ = fs::remove_dir_all(dir.join(SNAPSHOT));
}

fn is_passing(failure: &Failure) -> bool {
    ["backup/busy", "store-in-use"].contains(&failure.code())
}

fn ask(mut stream: &UnixStream) -> std::io::Result<Value> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"snapshot\n")?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_ANSWER)).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

fn control(what: String) -> Failure {
    let message = format!("the server that has the ledger cannot be asked for a snapshot: {what}");
    Failure::could_not("backup/control", message)
        .hint("whoever may read the ledger's directory may ask it: become the server's user")
}
