//! Commands that work on a server as on a directory: two people, one server, no shared disk.

use std::fs;
use std::path::Path;

use custody_tests::office::{Office, copy};
use custody_tests::program::{Ran, run_in};
use custody_tests::served::Served;
use serde_json::Value;
use tempfile::TempDir;

/// Somebody's own machine: their key, their passphrase, what they remember.
struct Machine<'a> {
    folder: &'a Path,
    key: String,
    state: String,
    url: String,
}

impl Machine<'_> {
    fn of<'a>(office: &'a Office, who: &str, served: &Served) -> Machine<'a> {
        let folder = office.folder();
        let state = folder.join(format!("{who}-state")).to_str().unwrap().to_owned();
        Machine { folder, key: format!("{who}.key"), state, url: served.url() }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let variables = [
            ("CUSTODY_LEDGER", ""),
            ("CUSTODY_SERVER", self.url.as_str()),
            ("CUSTODY_KEY", self.key.as_str()),
            ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
            ("CUSTODY_STATE", self.state.as_str()),
        ];
        run_in("custody", self.folder, arguments, &variables)
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.status, 0, "custody {}: {}", arguments.join(" "), ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// The code with which a command is refused.
    fn refused(&self, arguments: &[&str]) -> String {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_ne!(ran.status, 0, "custody {}", arguments.join(" "));
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        answer["error"]["code"].as_str().unwrap().to_owned()
    }
}

fn office() -> (TempDir, Office) {
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    (folder, office)
}

#[test]
fn two_people_hand_over_through_a_server() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    let (anna, ben) = (Machine::of(&office, "anna", &served), Machine::of(&office, "ben", &served));
    let laptop = format!("item:{}", office.id("laptop"));
    let to_ben = format!("custodian:{}", office.id("ben"));
    // What is not theirs they cannot even ask for.
    assert_eq!(ben.refused(&["show", &laptop]), "custody/no-such-subject");
    anna.ask(&["seal", &laptop, "--number", "B-1"]);
    anna.ask(&["release", &laptop, "--to", &to_ben, "--purpose", "examination"]);
    let waiting = ben.ask(&["inbox"]);
    assert_eq!(waiting["waiting"][0]["item"], laptop.as_str());
    ben.ask(&["receive", &laptop, "--checked", "seal"]);
    let shown = ben.ask(&["show", &laptop]);
    assert_eq!(shown["records"].as_array().unwrap().len(), 4);
    assert_eq!(shown["records"][0]["fields"]["description"], "laptop, grey");
    // From hand to hand, through the file and through the mailbox's way of recording.
    let to_anna = format!("custodian:{}", office.id("anna"));
    ben.ask(&["offer", &laptop, "--to", &to_anna, "--purpose", "return", "--out", "back.offer"]);
    let accepted = anna.ask(&["accept", "back.offer"]);
    assert_eq!(accepted["was_known"], false);
    // The same again gets the same answer.
    let again = anna.ask(&["accept", "back.offer", "--out", "whole.offer"]);
    assert!(again["offer"].is_string());
    assert_eq!(served.stop(), Some(0));
    // What was acknowledged is there.
    let here = office.ask(&["where", &laptop]);
    assert_eq!(here["items"][0]["holder"]["id"], to_anna.as_str());
}

#[test]
fn an_exhibit_exported_through_a_server_verifies() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    let anna = Machine::of(&office, "anna", &served);
    let laptop = format!("item:{}", office.id("laptop"));
    anna.ask(&[
        "export",
        &laptop,
        "--for",
        "Court",
        "--purpose",
        "trial",
        "--out",
        "laptop.exhibit",
        "--key",
        "anna.key",
        "--withhold",
        "place=privilege",
    ]);
    fs::write(office.folder().join("policy.txt"), anna.run(&["policy"]).stdout).unwrap();
    anna.ask(&["trust-sheet", "--pins", "pins.txt"]);
    let verified = run_in(
        "custody-verify",
        office.folder(),
        &["exhibit", "laptop.exhibit", "--policy", "policy.txt", "--agencies", "pins.txt"],
        &[],
    );
    assert!(verified.stdout.starts_with("verified"), "{}{}", verified.stdout, verified.stderr);
    assert!(
        !fs::read(office.folder().join("laptop.exhibit"))
            .unwrap()
            .windows(7)
            .any(|w| w == b"kitchen")
    );
}

#[test]
fn a_server_that_goes_back_is_found_out() {
    let (_folder, office) = office();
    copy(&office.folder().join("ledger"), &office.folder().join("older"));
    let laptop = format!("item:{}", office.id("laptop"));
    let served = Served::start(office.folder(), "ledger", &[]);
    let anna = Machine::of(&office, "anna", &served);
    anna.ask(&["seal", &laptop, "--number", "B-1"]);
    anna.ask(&["where"]);
    served.kill();
    // A backup with its own mark: the machine cannot know, whoever was there can.
    let older = Served::start(office.folder(), "older", &[]);
    let anna = Machine { url: older.url(), ..Machine::of(&office, "anna", &older) };
    assert_eq!(anna.refused(&["where"]), "client/went-back");
    older.kill();
    // Somebody goes on with it, and makes it a fork.
    for text in ["a", "b", "c"] {
        let said = ["note", &laptop, "--text", text, "--key", "anna.key", "--ledger", "older"];
        office.ask(&said);
    }
    let older = Served::start(office.folder(), "older", &[]);
    let anna = Machine { url: older.url(), ..Machine::of(&office, "anna", &older) };
    assert_eq!(anna.refused(&["where"]), "client/fork");
}

#[test]
fn another_ledger_under_the_same_name_is_found_out() {
    let (_folder, office) = office();
    let (_other_folder, other) = self::office();
    let served = Served::start(office.folder(), "ledger", &[]);
    Machine::of(&office, "anna", &served).ask(&["where"]);
    let elsewhere = Served::start(other.folder(), "ledger", &[]);
    let anna = Machine { url: elsewhere.url(), ..Machine::of(&office, "anna", &served) };
    assert_eq!(anna.refused(&["where"]), "client/other-ledger");
    // What was remembered and cannot be read is not a first visit.
    let state = office.folder().join("anna-state/servers");
    for file in fs::read_dir(state).unwrap() {
        fs::write(file.unwrap().path(), b"{}").unwrap();
    }
    let anna = Machine::of(&office, "anna", &served);
    assert_eq!(anna.refused(&["where"]), "client/memory");
}

#[test]
fn what_cannot_be_asked_says_so() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    let anna = Machine::of(&office, "anna", &served);
    let at = |url: &str| Machine { url: url.to_owned(), ..Machine::of(&office, "anna", &served) };
    assert_eq!(at("http://127.0.0.1:1").refused(&["where"]), "client/unreachable");
    assert_eq!(at("ledger.example").refused(&["where"]), "usage");
    assert_eq!(at("http://a/b").refused(&["where"]), "usage");
    assert_eq!(anna.refused(&["check"]), "usage");
    assert_eq!(anna.refused(&["audit"]), "access/forbidden");
    let nobody = Machine { key: "eve.key".to_owned(), ..Machine::of(&office, "eve", &served) };
    assert_eq!(nobody.refused(&["where"]), "record/unknown-key");
    let ran = run_in(
        "custody",
        office.folder(),
        &["where", "--server", &served.url(), "--json"],
        &[
            ("CUSTODY_KEY", ""),
            ("CUSTODY_STATE", "s"),
            ("CUSTODY_LEDGER", ""),
            ("CUSTODY_SERVER", ""),
        ],
    );
    assert!(ran.stdout.contains("access/who"), "{}", ran.stdout);
}
