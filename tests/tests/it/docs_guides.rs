//! The guides, typed as they stand by somebody who has nothing but an empty folder.

use std::fs;
use std::path::Path;

use custody_tests::program::{self, Ran};
use serde_json::Value;
use tempfile::TempDir;

use crate::docs_commands::{commands, words};
use crate::docs_text::{blocks, document};

/// Everything that the guide for auditors shows, on the demo with which it begins.
#[test]
fn what_the_guide_for_auditors_shows_can_be_typed() {
    let folder = TempDir::new().unwrap();
    let shown = commands(&document("guide-auditor.md"));
    for command in &shown {
        let ran = run(folder.path(), &[], command);
        // An audit with findings ends with 1, and the demo may have some.
        let is_audit = command[1] == "audit" && ran.stdout.contains("as of");
        assert!(ran.status == 0 || (is_audit && ran.status == 1), "{command:?}: {ran:?}");
    }
    assert!(shown.len() > 5, "{shown:?}");
    assert!(folder.path().join("arrived.svg").exists());
}

/// The guide for counsel: every answer is `verified`, but for the file that was tampered with.
#[test]
fn what_the_guide_for_counsel_shows_can_be_typed() {
    let folder = TempDir::new().unwrap();
    let text = document("guide-counsel.md");
    let (mut verified, mut rejected) = (0, 0);
    for command in commands(&text) {
        let ran = run(folder.path(), &[], &command);
        let is_tampered = command.iter().any(|word| word.contains("tampered"));
        assert_eq!(ran.status, i32::from(is_tampered), "{command:?}: {ran:?}");
        verified += usize::from(ran.stdout.contains("\nverified: "));
        rejected += usize::from(ran.stdout.contains("\nrejected: "));
    }
    assert_eq!((verified, rejected), (3, 1));
    // Its table has a row for every line of a report, and no other.
    let report = run(
        folder.path(),
        &[],
        &words(
            "custody-verify exhibit demo/demo.exhibit --policy demo/policy.txt \
             --agencies demo/agencies.txt --json",
        ),
    );
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let lines = report["lines"].as_array().unwrap();
    let lines: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    let rows = crate::docs_text::rows(&text);
    let rows: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(rows, lines);
}

/// What a newcomer has learned so far: names in the guide, and the ids that they stand for.
struct Newcomer {
    folder: TempDir,
    variables: Vec<(String, String)>,
    known: Vec<(&'static str, String)>,
}

impl Newcomer {
    /// Types a line of the guide and takes from the answer what later lines need.
    fn type_in(&mut self, line: &str) {
        if let Some((name, value)) =
            line.strip_prefix("export ").and_then(|set| set.split_once('='))
        {
            self.variables.push((name.to_owned(), value.to_owned()));
            return;
        }
        let typed: Vec<_> = words(line).into_iter().map(|word| self.meant(word)).collect();
        let mut variables = self.variables.clone();
        let settings = typed.iter().map_while(|word| word.split_once('='));
        variables.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let command: Vec<_> = typed.into_iter().skip_while(|word| word.contains('=')).collect();
        let ran =
            run(self.folder.path(), &variables, &[command, vec!["--json".to_owned()]].concat());
        assert_eq!(ran.status, 0, "{line}: {}{}", ran.stdout, ran.stderr);
        self.learn(line, &serde_json::from_str(&ran.stdout).unwrap());
    }

    fn meant(&self, word: String) -> String {
        let known = self.known.iter().rev().find(|(name, _)| *name == word);
        known.map_or(word, |(_, id)| id.clone())
    }

    fn learn(&mut self, line: &str, answer: &Value) {
        let mut keep = |name, value: &Value| {
            self.known.push((name, value.as_str().map_or(value.to_string(), str::to_owned)));
        };
        if line.starts_with("custody collect") {
            keep("PHONE", &answer["item"]);
            keep("ENTRY", &answer["entry"]);
        } else if line.starts_with("custody import items") {
            keep("STICK", &answer["items"][0]["item"]);
        } else if line.starts_with("custody import manifest") {
            keep("RELEASE", &answer["record"]);
        } else if line.starts_with("custody custodian enrol") {
            keep("YOU", &answer["custodian"]);
        } else if line.starts_with("custody custodian list") {
            for (name, who) in [
                ("KEEPER", "Daan Visser"),
                ("CLERK", "Claire Moreau"),
                ("SUPERVISOR", "Noor Bakker"),
                ("ANALYST", "Hugo Lefevre"),
            ] {
                let people = answer["custodians"].as_array().unwrap();
                let person = people.iter().find(|person| person["name"] == who).unwrap();
                keep(name, &person["id"]);
            }
        }
    }

    fn ask(&self, line: &str) -> Value {
        let ran = run(self.folder.path(), &self.variables, &words(line));
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

/// A guide's tables with the names under which it says to save them: the last one before each.
fn tables(text: &str) -> Vec<(String, &str)> {
    let parts: Vec<_> = text.split("```csv\n").collect();
    let pairs = parts.windows(2).map(|pair| {
        let (before, _) = pair[0].rsplit_once(".csv`").unwrap();
        let name = format!("{}.csv", before.rsplit('`').next().unwrap());
        (name, pair[1].split_once("```").unwrap().0)
    });
    pairs.collect()
}

/// A custodian's Monday, with the keys of the demo's people.
#[test]
fn what_the_guide_for_custodians_shows_can_be_typed() {
    let text = document("guide-custodian.md");
    let (variables, known) = (Vec::new(), Vec::new());
    let mut newcomer = Newcomer { folder: TempDir::new().unwrap(), variables, known };
    let tables = tables(&text);
    let names: Vec<_> = tables.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["search.csv", "found.csv"]);
    for (name, table) in tables {
        fs::write(newcomer.folder.path().join(name), table).unwrap();
    }
    let shown = blocks(&text, "console");
    let lines: Vec<_> = shown.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(lines.len() > 40, "{lines:?}");
    lines.iter().for_each(|line| newcomer.type_in(line));
    // The phone went through all of it and ended with the successor; the ledger is sound.
    let phone = newcomer.meant("PHONE".to_owned());
    let place = newcomer.ask(&format!("custody where {phone} --json"));
    assert!(place.to_string().contains("Daan Visser"), "{place}");
    assert_eq!(newcomer.ask("custody check --json")["sound"], true);
}

fn run(folder: &Path, variables: &[(String, String)], words: &[String]) -> Ran {
    let arguments: Vec<_> = words[1..].iter().map(String::as_str).collect();
    let variables: Vec<_> =
        variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    program::run_in(&words[0], folder, &arguments, &variables)
}
