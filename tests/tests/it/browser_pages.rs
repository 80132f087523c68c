//! The service's pages in a real browser: people with their keys sign in, hand over, send, receive, refuse, and verify
//! what the server shows. The server is the program itself, over a training ledger that the demo founds; what happens
//! in the browser stands in `tests/browser/pages.test.mjs`.

use std::collections::BTreeSet;
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
use crate::page_browser::{browser, has_browser};
use crate::page_verifier::{check_build, has_packages, is_there};

/// Items of the largest record.
const ITEMS: usize = 500;
/// The files that are built, and kept in the repository.
const BUILT: [&str; 3] = ["index.html", "app.js", "app.css"];

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/web")
}

/// The demo's folder, with more in its ledger: a request, and as many items as one record can have.
struct Stage(TempDir);

impl Stage {
    fn set() -> Self {
        let stage = Self(TempDir::new().unwrap());
        demo(stage.0.path(), &[]);
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

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn custody(&self, arguments: &[&str]) -> Value {
        let variables =
            [("CUSTODY_LEDGER", "ledger"), ("CUSTODY_PASSPHRASE_FILE", "keys/passphrase.txt")];
        let ran =
            program::run_in("custody", &self.out(), &[arguments, &["--json"]].concat(), &variables);
        assert_eq!(ran.status, 0, "custody {arguments:?}: {}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Makes a mirror's directory, and says how the server's configuration names it.
    fn make_witness(&self, name: &str) -> String {
        let key_name = format!("{name}.example/custody-mirror");
        let trust = ["--policy", "policy.txt", "--agencies", "agencies.txt"];
        let made = ["mirror", "new", "--to", name, "--name", &key_name];
        let made = self.custody(&[&made[..], &trust].concat());
        let keys: Vec<_> =
            made["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
        format!("[[witnesses]]\nname = \"{name}\"\nkeys = {keys:?}\n")
    }

    /// Serves the ledger, with the officer as an overseer, a mirror that follows and cosigns, and one that is away.
    fn serve(&self) -> Served {
        let [address, away] = [0, 1]
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string());
        let url = format!("http://{address}");
        let [laboratory, court] = ["laboratory", "court"].map(|name| self.make_witness(name));
        fs::write(self.out().join("mirror.toml"), "every_s = 1\n").unwrap();
        fs::copy(self.out().join("keys/passphrase.txt"), self.out().join("passphrase.txt"))
            .unwrap();
        let how =
            ["--key", "keys/officer.key", "--listen", "127.0.0.1:0", "--config", "mirror.toml"];
        let mirror = Process::mirror(&self.out(), &url, "laboratory", &how);
        let witnesses =
            format!("{laboratory}url = \"{}\"\n{court}url = \"http://{away}\"\n", mirror.url());
        let people = self.custody(&["custodian", "list"]);
        let people = people["custodians"].as_array().unwrap();
        let officer = people.iter().find(|one| one["name"] == "Mila Janssen").unwrap();
        let setting = format!(
            "listen = \"{address}\"\noverseers = [{}]\n[limits]\nper_second = 500\nburst = 5000\n{witnesses}",
            officer["id"]
        );
        fs::write(self.out().join("serve.toml"), setting).unwrap();
        // As the README has it, on a demo that is in this folder.
        let readme = fs::read_to_string(repository("README.md")).unwrap();
        let line = block(&readme, "sh").replace("demo/", "");
        let words: Vec<_> = line.split_whitespace().collect();
        let mut child = Command::new(program::path_of(words[0]))
            .args(&words[1..])
            .args(["--config", "serve.toml"])
            .env("RUST_LOG", "error")
            .current_dir(self.out())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.starts_with("serving ")));
        let line = line.unwrap();
        assert!(line.ends_with(&address), "{line}");
        // What is logged is read, so that the server never waits for somebody to do so.
        thread::spawn(move || lines.for_each(drop));
        Served { url, child, _mirror: mirror }
    }
}

/// A server that ends with the test.
struct Served {
    url: String,
    child: Child,
    _mirror: Process,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn custodians_work_at_the_pages() {
    if !has_browser("browser_pages::custodians_work_at_the_pages") {
        return;
    }
    let stage = Stage::set();
    let served = stage.serve();
    let passphrase = fs::read_to_string(stage.out().join("keys/passphrase.txt")).unwrap();
    let output = Command::new("node")
        .args(["--test", "--test-reporter=tap", "pages.test.mjs"])
        .env("CUSTODY_URL", &served.url)
        .env("CUSTODY_KEYS", stage.out().join("keys"))
        .env("CUSTODY_PASSPHRASE", passphrase.trim_end())
        .current_dir(browser())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // The runner takes a file without tests for one that passed.
    assert!(said.contains("# tests 12\n# suites 0\n# pass 12\n"), "{said}");
}

#[test]
fn the_pages_are_what_their_sources_make() {
    let test = "browser_pages::the_pages_are_what_their_sources_make";
    if !is_there(test) || !has_packages(test, &web()) {
        return;
    }
    check_build(&web(), &BUILT);
}

#[test]
fn the_sources_of_the_pages_have_no_type_error() {
    let test = "browser_pages::the_sources_of_the_pages_have_no_type_error";
    if !is_there(test) || !has_packages(test, &web()) {
        return;
    }
    let output = Command::new("node")
        .args(["node_modules/typescript/bin/tsc", "--noEmit"])
        .current_dir(web())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Every language has every text, with the same places to fill, and is another one.
#[test]
fn the_catalogue_of_the_pages_is_whole_in_every_language() {
    let read = |tag: &str| -> Vec<(String, String)> {
        let path = web().join("catalogue").join(format!("{tag}.json"));
        let texts: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let texts = texts.as_object().unwrap().iter();
        texts.map(|(key, text)| (key.clone(), text.as_str().unwrap().to_owned())).collect()
    };
    let places = |text: &str| -> BTreeSet<String> {
        let parts = text.split('{').skip(1);
        parts.map(|part| part.split_once('}').unwrap().0.to_owned()).collect()
    };
    let english = read("en");
    assert_eq!(fs::read_dir(web().join("catalogue")).unwrap().count(), 8);
    for tag in ["ar", "de", "es", "fr", "pt", "ru", "zh"] {
        let texts = read(tag);
        let mut same = Vec::new();
        for ((key, text), (wanted, original)) in texts.iter().zip(&english) {
            assert_eq!(key, wanted, "{tag}");
            assert_eq!(places(text), places(original), "{tag} {key}");
            assert!(!text.trim().is_empty(), "{tag} {key}");
            same.extend((text == original).then_some(key));
        }
        assert_eq!(texts.len(), english.len(), "{tag}");
        // Some words are the same in neighbouring languages: `Transport`, `Code`.
        assert!(same.len() < 30, "{tag} is English: {same:?}");
    }
}
