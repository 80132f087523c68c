//! A training ledger that the demo founds, with more in it, served by the program itself, for people in browsers.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use custody_tests::program;
use custody_tests::served::Served as Process;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_demo::demo;
use crate::docs_text::{block, repository};
use crate::page_browser::browser;

/// Items of the largest record.
const ITEMS: usize = 500;

/// The demo's folder.
pub struct Stage(TempDir);

impl Stage {
    /// As the demo leaves it.
    pub fn plain() -> Self {
        let stage = Self(TempDir::new().unwrap());
        demo(stage.0.path(), &[]);
        // Where processes look for it.
        let passphrase = stage.out().join("keys/passphrase.txt");
        fs::copy(passphrase, stage.out().join("passphrase.txt")).unwrap();
        stage
    }

    /// With more in its ledger: a request, and as many items as one record can have.
    pub fn set() -> Self {
        let stage = Self::plain();
        let mut table = "description,place\n".to_owned();
        for number in 1..=ITEMS {
            writeln!(table, "\"data carrier {number:03}, box 7\",store room").unwrap();
        }
        fs::write(stage.out().join("items.csv"), table).unwrap();
        stage.custody(&["import", "items", "items.csv", "--key", "keys/keeper.key"]);
        let agencies = stage.custody(&["agency", "list"]);
        let agencies = agencies["agencies"].as_array().unwrap();
        let laboratory =
            agencies.iter().find(|one| one["name"].as_str().unwrap().contains("Laboratory"));
        let to = laboratory.unwrap()["id"].as_str().unwrap();
        let how = [
            "--basis",
            "investigation-order",
            "--purpose",
            "evidence",
            "--key",
            "keys/officer.key",
        ];
        let what = ["--instrument", "Directive 2014/41/EU", "--contact", "desk 4"];
        stage.custody(&[&["request", "prepare", "--to", to], &how[..], &what[..]].concat());
        stage
    }

    /// Where everything lies.
    pub fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    /// Runs a command on the ledger, and returns its answer.
    pub fn custody(&self, arguments: &[&str]) -> Value {
        self.custody_on("ledger", arguments)
    }

    /// As [`Stage::custody`], on a ledger of another name.
    pub fn custody_on(&self, ledger: &str, arguments: &[&str]) -> Value {
        let variables =
            [("CUSTODY_LEDGER", ledger), ("CUSTODY_PASSPHRASE_FILE", "keys/passphrase.txt")];
        let ran =
            program::run_in("custody", &self.out(), &[arguments, &["--json"]].concat(), &variables);
        assert_eq!(ran.status, 0, "custody {arguments:?}: {}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Makes a mirror's directory, and says how the server's configuration names it.
    pub fn make_witness(&self, name: &str, url: &str) -> String {
        let key_name = format!("{name}.example/custody-mirror");
        let trust = ["--policy", "policy.txt", "--agencies", "agencies.txt"];
        let made = ["mirror", "new", "--to", name, "--name", &key_name];
        let made = self.custody(&[&made[..], &trust].concat());
        let keys: Vec<_> =
            made["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
        format!("[[witnesses]]\nname = \"{name}\"\nkeys = {keys:?}\nurl = \"{url}\"\n")
    }

    /// A mirror at `listen` that follows the server at `from` with the officer's key.
    pub fn mirror(&self, name: &str, from: &str, listen: &str) -> Process {
        fs::write(self.out().join("mirror.toml"), "every_s = 1\n").unwrap();
        let how = ["--key", "keys/officer.key", "--listen", listen, "--config", "mirror.toml"];
        Process::mirror(&self.out(), from, name, &how)
    }

    /// The officer's id, who oversees.
    pub fn officer(&self) -> String {
        let people = self.custody(&["custodian", "list"]);
        let people = people["custodians"].as_array().unwrap();
        let officer = people.iter().find(|one| one["name"] == "Mila Janssen").unwrap();
        officer["id"].as_str().unwrap().to_owned()
    }

    /// Serves the ledger at `address` as the README has it, with the officer as an overseer and whatever else
    /// `configured` says, in tables.
    pub fn serve(&self, address: &str, configured: &str) -> Served {
        let limits = "[limits]\nper_second = 500\nburst = 5000\n";
        let officer = self.officer();
        let setting =
            format!("listen = \"{address}\"\noverseers = [\"{officer}\"]\n{limits}{configured}");
        fs::write(self.out().join("serve.toml"), setting).unwrap();
        // On a demo that is in this folder, with a configuration of ours in place of the demo's.
        let readme = fs::read_to_string(repository("README.md")).unwrap();
        let line = block(&readme, "sh").replace("demo/", "");
        let words: Vec<_> = line.split_whitespace().collect();
        let mut child = Command::new(program::path_of(words[0]))
            .args(&words[1..])
            .env("RUST_LOG", "error")
            .current_dir(self.out())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.starts_with("serving ")));
        let line = line.unwrap();
        assert!(line.ends_with(address), "{line}");
        // What is logged is read, so that the server never waits for somebody to do so.
        thread::spawn(move || lines.for_each(drop));
        Served { url: format!("http://{address}"), child }
    }

    /// Lets people do what `file` has, in browsers at the server: so many tests, all of which pass. `told` are variables
    /// for it besides.
    pub fn play(&self, served: &Served, (file, tests): (&str, usize), told: &[(&str, &Path)]) {
        let passphrase = fs::read_to_string(self.out().join("keys/passphrase.txt")).unwrap();
        let output = Command::new("node")
            .args(["--test", "--test-reporter=tap", file])
            .env("CUSTODY_URL", &served.url)
            .env("CUSTODY_KEYS", self.out().join("keys"))
            .env("CUSTODY_PASSPHRASE", passphrase.trim_end())
            .envs(told.iter().copied())
            .current_dir(browser())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        // The runner takes a file without tests for one that passed.
        let passed = format!("# tests {tests}\n# suites 0\n# pass {tests}\n");
        assert!(said.contains(&passed), "{said}");
    }
}

/// An address that was free, for a server that others know before it is there.
pub fn reserve() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A server that ends with the test.
pub struct Served {
    /// Where it is.
    pub url: String,
    child: Child,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
