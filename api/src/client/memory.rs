//! What this person remembers of a ledger that they work on at a server: its genesis, its log's keys and the newest
//! checkpoint, in a file of their own. A server that goes back in time, or has another history, is found out by it.

use std::fs::File;
use std::path::PathBuf;

use custody_core::checkpoint::{Checkpoint, LogKeys};
use custody_core::hash::{Hash, sha256};
use custody_core::id::Origin;
use custody_core::merkle::ConsistencyProof;
use custody_core::verify::error_text;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::file::{self, Access};

/// Largest file in bytes: a checkpoint with 64 signatures, and keys.
const MAX_FILE: u64 = 512 * 1024;

/// The file about one ledger.
pub struct Memory {
    path: PathBuf,
}

/// What was seen of a ledger.
pub struct Seen {
    genesis: Hash,
    log_keys: [String; 2],
    /// The newest checkpoint.
    pub checkpoint: Checkpoint,
}

/// Whether something is remembered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// It is.
    Done,
    /// Something else was remembered in between.
    Overtaken,
}

/// The same in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    genesis: String,
    log_keys: [String; 2],
    checkpoint: String,
}

impl Memory {
    /// The memory of the ledger `origin`.
    ///
    /// # Errors
    /// Nobody says where this person's files are.
    pub fn of(origin: &Origin) -> Result<Self, Failure> {
        let name = sha256(origin.as_str().as_bytes());
        Ok(Self { path: directory()?.join(format!("{name}.json")) })
    }

    /// What was seen, if anything was.
    ///
    /// # Errors
    /// The file is there and cannot be read: nobody is to take that for a first visit.
    pub fn read(&self) -> Result<Option<Seen>, Failure> {
        if !self.path.exists() {
            return Ok(None);
        }
        let bytes = file::read(&self.path, MAX_FILE)?;
        let refused = || {
            let message = format!("`{}` is not what was written there", self.path.display());
            Failure::could_not("client/memory", message).hint(
                "it holds the newest checkpoint seen; put it back from a copy, or remove it and lose that",
            )
        };
        let written: Written = serde_json::from_slice(&bytes).map_err(|_| refused())?;
        let genesis = Hash::from_hex(&written.genesis).ok_or_else(refused)?;
        let checkpoint = Checkpoint::parse(written.checkpoint.as_bytes()).map_err(|_| refused())?;
        Ok(Some(Seen { genesis, log_keys: written.log_keys, checkpoint }))
    }

    /// Remembers what was seen, unless the file has changed since it had `before`: then another program of this person has
    /// been there, and what it saw is to be looked at first.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn replace(&self, before: Option<&Seen>, told: &Seen) -> Result<Going, Failure> {
        if before.is_some_and(|before| before.is(told)) {
            return Ok(Going::Done);
        }
        if let Some(dir) = self.path.parent() {
            std::fs::create_dir_all(dir).map_err(file::cannot("make", dir))?;
        }
        let lock = self.path.with_extension("lock");
        // Held until it is dropped. It stays behind: whoever removed it could remove one that another has just taken.
        let _held = File::create(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(file::cannot("lock", &lock))?;
        let now = self.read()?;
        let is_same = match (before, &now) {
            (None, None) => true,
            (Some(before), Some(now)) => before.is(now),
            _ => false,
        };
        if !is_same {
            return Ok(Going::Overtaken);
        }
        self.write(told)?;
        Ok(Going::Done)
    }

    fn write(&self, seen: &Seen) -> Result<(), Failure> {
        let written = Written {
            genesis: seen.genesis.to_string(),
            log_keys: seen.log_keys.clone(),
            checkpoint: String::from_utf8_lossy(seen.checkpoint.as_bytes()).into_owned(),
        };
        let text = serde_json::to_vec_pretty(&written)
            .map_err(|error| Failure::could_not("internal", error.to_string()))?;
        Ok(file::replace(&self.path, &text, Access::Owner)?)
    }
}

impl Seen {
    /// What a server says.
    pub fn new(genesis: Hash, keys: &LogKeys, checkpoint: &Checkpoint) -> Self {
        let log_keys = [keys.ed25519().to_string(), keys.mldsa44().to_string()];
        Self { genesis, log_keys, checkpoint: checkpoint.clone() }
    }

    /// Whether the same was seen.
    fn is(&self, other: &Self) -> bool {
        self.genesis == other.genesis
            && self.log_keys == other.log_keys
            && self.checkpoint.as_bytes() == other.checkpoint.as_bytes()
    }

    /// Checks that what a server says now goes on from this. `proof`: that its tree begins with ours.
    ///
    /// # Errors
    /// It is another ledger of the same name, it has gone back, or it has another history. Both checkpoints are named.
    pub fn check_goes_on(&self, told: &Self, proof: &ConsistencyProof) -> Result<(), Failure> {
        if self.genesis != told.genesis || self.log_keys != told.log_keys {
            let message = format!(
                "the server has a ledger with genesis {}, seen before was one of that name with {}",
                told.genesis, self.genesis
            );
            return Err(Failure::rejected("client/other-ledger", message).hint(
                "find out which one is meant: `custody trust-sheet` is read over the phone",
            ));
        }
        let (old, new) = (self.checkpoint.tree_head(), told.checkpoint.tree_head());
        let hint =
            "keep both checkpoints: two signed heads that do not fit are evidence against the log";
        if new.size < old.size {
            let message = format!("the server shows {new}, seen before was {old}: it went back");
            return Err(Failure::rejected("client/went-back", message).hint(hint));
        }
        proof.verify(old, new).map_err(|error| {
            let text = error_text(&error);
            let message =
                format!("the server shows {new}, which does not begin with {old}: {text}");
            Failure::rejected("client/fork", message).hint(hint)
        })
    }
}

/// `CUSTODY_STATE`, or the directory that the system gives programs for what they remember.
fn directory() -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(dir) = variable("CUSTODY_STATE") {
        return Ok(PathBuf::from(dir).join("servers"));
    }
    let state = variable("XDG_STATE_HOME").map(PathBuf::from);
    let home = variable("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let dir = state.or(home).map(|dir| dir.join("custody/servers"));
    dir.ok_or_else(|| {
        let message = "nobody says where to remember the newest checkpoint";
        Failure::could_not("client/memory", message).hint("`CUSTODY_STATE` in the environment")
    })
}
