//! What is planted in a training ledger against what `custody audit` says of it: all of it, at its entries, and nothing
//! else. Both are files and programs as people have them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use custody_api::training::anomaly::Anomaly;
use custody_tests::program;
use serde_json::Value;
use tempfile::TempDir;

/// A code, items and entries.
type Found = (String, Vec<String>, Vec<u64>);

#[test]
fn every_kind_that_can_be_planted_is_found_at_its_entries_and_nothing_else() {
    for (seed, items) in [(21, 60), (22, 90), (23, 300), (24, 700)] {
        let folder = TempDir::new().unwrap();
        train(folder.path(), seed, items, "all");
        let planted = planted(folder.path());
        let kinds: BTreeSet<_> = planted.iter().map(|(code, ..)| code.clone()).collect();
        let all = Anomaly::ALL.iter().map(|anomaly| anomaly.code());
        assert_eq!(kinds, all.collect(), "seed {seed}");
        assert_eq!(planted.len() as u64, 9 * (items / 300).max(1), "seed {seed}");
        expect_found(&audited(folder.path(), 1), &planted, seed);
    }
}

/// One kind alone, so that none is found only because another one is there.
#[test]
fn each_kind_alone_is_found_alone() {
    for (seed, anomaly) in (31..).zip(Anomaly::ALL) {
        let folder = TempDir::new().unwrap();
        train(folder.path(), seed, 30, anomaly.word());
        let planted = planted(folder.path());
        assert_eq!(planted.len(), 1, "{}", anomaly.word());
        expect_found(&audited(folder.path(), 1), &planted, seed);
    }
}

#[test]
fn nothing_planted_gives_nothing_found() {
    for (seed, items) in [(41, 30), (42, 300), (43, 700)] {
        let folder = TempDir::new().unwrap();
        train(folder.path(), seed, items, "none");
        assert_eq!((planted(folder.path()), audited(folder.path(), 0)), (vec![], vec![]), "{seed}");
    }
}

fn train(folder: &Path, seed: u64, items: u64, anomalies: &str) {
    let (seed, items) = (seed.to_string(), items.to_string());
    let arguments = ["training", "--out", "out", "--seed", &seed, "--items", &items];
    let ran = program::run(
        "custody",
        folder,
        &[&arguments[..], &["--anomalies", anomalies]].concat(),
        "",
    );
    assert_eq!(ran.status, 0, "{ran:?}");
}

/// What `planted.json` says.
fn planted(folder: &Path) -> Vec<Found> {
    let text = fs::read_to_string(folder.join("out/planted.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let planted = json["planted"].as_array().unwrap().iter();
    planted.map(|planted| found(planted, &Value::from(vec![planted["item"].clone()]))).collect()
}

/// What the audit says, all of which could be looked at.
fn audited(folder: &Path, status: i32) -> Vec<Found> {
    let ran = program::run("custody", folder, &["audit", "--ledger", "out/ledger", "--json"], "");
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(ran.status, status, "{}", ran.stdout);
    let unread = json["not_looked_at"].as_object().unwrap();
    assert!(unread.values().all(|count| *count == 0), "{unread:?}");
    let findings = json["findings"].as_array().unwrap().iter();
    findings.map(|finding| found(finding, &finding["items"])).collect()
}

fn found(json: &Value, items: &Value) -> Found {
    let code = json["code"].as_str().unwrap().to_owned();
    let items = items.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned());
    let entries = json["entries"].as_array().unwrap().iter().map(|entry| entry.as_u64().unwrap());
    (code, items.collect(), entries.collect())
}

/// The same codes at the same entries, each with the item. A box that was given away is named beside what is in it.
#[track_caller]
fn expect_found(found: &[Found], planted: &[Found], seed: u64) {
    let shown = |found: &Found| (found.0.clone(), found.2.clone());
    let sorted = |found: &[Found]| {
        let mut shown: Vec<_> = found.iter().map(shown).collect();
        shown.sort();
        shown
    };
    assert_eq!(sorted(found), sorted(planted), "seed {seed}");
    for one in planted {
        let items = &found.iter().find(|found| shown(found) == shown(one)).unwrap().1;
        let count = if one.0 == Anomaly::OrphanedContainer.code() { 2 } else { 1 };
        assert!(items.contains(&one.1[0]) && items.len() == count, "seed {seed}: {items:?}");
    }
}
