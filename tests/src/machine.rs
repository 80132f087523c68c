//! Machines of people who work at a server: each with a key and a memory of its own, and no disk that they share.

use std::path::Path;

use serde_json::Value;

use crate::office::Office;
use crate::program::{Ran, run_in};
use crate::served::Served;

/// Somebody's own machine: their key, their passphrase, what they remember.
pub struct Machine<'a> {
    /// Where its files lie.
    pub folder: &'a Path,
    /// Their key file.
    pub key: String,
    /// What it remembers of servers.
    pub state: String,
    /// The server they work at.
    pub url: String,
}

impl Machine<'_> {
    /// The machine of whoever has the key `who` of an office, which is served.
    pub fn of<'a>(office: &'a Office, who: &str, served: &Served) -> Machine<'a> {
        let folder = office.folder();
        let state =
            folder.join(format!("{who}-state")).to_str().expect("a path that is text").to_owned();
        Machine { folder, key: format!("{who}.key"), state, url: served.url() }
    }

    /// Runs `custody` on it.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let variables = [
            ("CUSTODY_LEDGER", ""),
            ("CUSTODY_SERVER", self.url.as_str()),
            ("CUSTODY_KEY", self.key.as_str()),
            ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
            ("CUSTODY_STATE", self.state.as_str()),
        ];
        run_in("custody", self.folder, arguments, &variables)
    }

    /// Runs `custody` and reads what it answers.
    ///
    /// # Panics
    /// It fails.
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.status, 0, "custody {}: {}", arguments.join(" "), ran.stderr);
        serde_json::from_str(&ran.stdout).expect("JSON")
    }

    /// The code with which a command is refused.
    ///
    /// # Panics
    /// It is not refused.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_ne!(ran.status, 0, "custody {}", arguments.join(" "));
        let answer: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        answer["error"]["code"].as_str().expect("a code").to_owned()
    }
}
