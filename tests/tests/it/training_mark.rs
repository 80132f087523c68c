//! Whatever is said about a training ledger begins with what it is; about any other ledger, nothing does.

use std::path::Path;

use custody_tests::program::{self, Ran};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;

const MARK: &str = "TRAINING - NOT EVIDENCE\n";

fn demo() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let ran = program::run("custody", folder.path(), &["demo", "--out", "demo", "--json"], "");
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["training"], true);
    (folder, answer["item"].as_str().unwrap().to_owned())
}

/// Runs a command in both forms and expects the mark in both.
#[track_caller]
fn is_marked(program: &str, folder: &Path, command: &str) {
    let words: Vec<_> = command.split(' ').collect();
    let ran = program::run(program, folder, &words, "");
    let begun = if ran.stdout.is_empty() { &ran.stderr } else { &ran.stdout };
    assert!(begun.starts_with(MARK), "{program} {command}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(json(program, folder, &words)["training"], true, "{program} {command}");
}

fn json(program: &str, folder: &Path, words: &[&str]) -> Value {
    let Ran { stdout, stderr, .. } =
        program::run(program, folder, &[words, &["--json"]].concat(), "");
    serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{words:?}: {stdout}{stderr}"))
}

#[test]
fn all_that_the_verifier_says_about_a_training_ledger_is_marked() {
    let (folder, _) = demo();
    let folder = folder.path().join("demo");
    let trust = "--policy policy.txt --agencies agencies.txt";
    for command in [
        "exhibit demo.exhibit",
        "exhibit redacted.exhibit",
        "exhibit tampered.exhibit",
        "compare redacted.exhibit demo.exhibit",
        "replay tiles",
        "receipt receipt.tlog-proof --entry receipt.entry --record receipt.record",
    ] {
        is_marked("custody-verify", &folder, &format!("{command} {trust}"));
    }
    let same = "consistency tiles/checkpoint tiles/checkpoint --tiles tiles --policy policy.txt";
    is_marked("custody-verify", &folder, same);
    for file in ["demo.exhibit", "receipt.tlog-proof", "receipt.record", "tiles/checkpoint"] {
        is_marked("custody-verify", &folder, &format!("inspect {file}"));
    }
}

#[test]
fn all_that_custody_says_about_a_training_ledger_is_marked() {
    let (folder, item) = demo();
    let folder = folder.path().join("demo");
    for command in [
        format!("show {item}"),
        "show entry:7".to_owned(),
        "where".to_owned(),
        "check".to_owned(),
        "trust-sheet".to_owned(),
        "high-water".to_owned(),
        "agency list".to_owned(),
        "custodian list".to_owned(),
        "show item:00000000".to_owned(),
    ] {
        is_marked("custody", &folder, &format!("{command} --ledger ledger"));
    }
    let policy = program::run("custody", &folder, &["policy", "--ledger", "ledger"], "").stdout;
    assert!(policy.starts_with(&format!("# {MARK}")), "{policy}");
    custody_core::policy::Policy::parse(policy.as_bytes()).unwrap();
}

#[test]
fn nothing_is_marked_about_a_ledger_of_evidence() {
    let (_, office) = office();
    for command in ["where", "check", "policy", "trust-sheet"] {
        let text = office.run(&[command]).stdout;
        assert!(!text.contains("TRAINING"), "{text}");
        assert_eq!(office.ask(&[command])["training"], Value::Null, "{command}");
    }
}
