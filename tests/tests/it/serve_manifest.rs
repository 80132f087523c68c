//! What a manifest of 500 items costs whoever signs for it at a server: how often is asked, and that nothing is taken
//! unlooked at because it came with many others.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Instant;

use custody_tests::machine::Machine;
use custody_tests::served::Served;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::serve_attacks::Scene;

/// As many as one record takes.
const ITEMS: usize = 500;

/// A scene in which Anna has collected 500 things.
fn scene() -> Scene {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let mut table = "description,place\n".to_owned();
    // Longer than one answer of the server takes of half of them.
    let place = "behind the door ".repeat(200);
    (0..ITEMS).for_each(|number| writeln!(table, "thing {number},{place}").unwrap());
    fs::write(office.folder().join("items.csv"), table).unwrap();
    office.ask(&["import", "items", "items.csv", "--key", "anna.key"]);
    let anna = format!("custodian:{}", office.id("anna"));
    office.ask(&["import", "template", "manifest", "--holder", &anna, "--out", "all.csv"]);
    let all = fs::read_to_string(office.folder().join("all.csv")).unwrap();
    let (laptop, image) = (office.id("laptop"), office.id("image"));
    let things = all.lines().filter(|line| !line.contains(laptop) && !line.contains(image));
    let things: Vec<_> = things.collect();
    assert_eq!(things.len(), ITEMS + 1);
    fs::write(office.folder().join("things.csv"), things.join("\n")).unwrap();
    Scene::of(folder, office, "")
}

/// What the server was asked for while `act` is done, by its own log: how often, by method and path.
fn asked<T>(served: &Served, act: impl FnOnce() -> T) -> (T, BTreeMap<String, usize>) {
    let before = served.log().lines().count();
    let (begun, done) = (Instant::now(), act());
    let taken = begun.elapsed();
    // The log is read by somebody else: what is asked last stands in it when this does.
    let last = served.get("/v1/roots/0");
    let id = last.header("x-request-id").unwrap();
    served.wait_for("the last answer's line", |line| {
        line["fields"]["message"] == "answered" && line["fields"]["id"] == id
    });
    let mut counts = BTreeMap::new();
    for line in served.log().lines().skip(before) {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        if line["fields"]["message"] == "answered" && line["fields"]["id"] != id {
            let word = |name: &str| line["fields"][name].as_str().unwrap().to_owned();
            *counts.entry(format!("{} {}", word("method"), word("path"))).or_insert(0) += 1;
        }
    }
    eprintln!("{} requests in {taken:?}: {counts:?}", counts.values().sum::<usize>());
    (done, counts)
}

/// A handful, of which those for subjects are few, and more than two for each half: an answer that would be too long is cut.
#[track_caller]
fn assert_few(counts: &BTreeMap<String, usize>) {
    let lookups = counts.get("POST /v1/lookups").copied().unwrap_or_default();
    assert!((3..=12).contains(&lookups), "{counts:?}");
    assert!(counts.values().sum::<usize>() <= 40, "{counts:?}");
}

#[test]
fn a_manifest_of_500_items_is_offered_and_accepted_with_few_requests() {
    let scene = scene();
    let anna = Machine::of(&scene.office, "anna", &scene.served);
    let ben = Machine::of(&scene.office, "ben", &scene.served);
    let to = format!("custodian:{}", scene.office.id("ben"));
    let words = ["import", "manifest", "things.csv", "--to", &to, "--purpose", "storage"];
    let (sent, counts) = asked(&scene.served, || anna.ask(&words));
    assert_few(&counts);
    let digest = sent["offer_digest"].as_str().unwrap();
    let accept = ["accept", digest, "--checked", "count"];
    let (accepted, counts) = asked(&scene.served, || ben.run(&accept));
    assert_eq!(accepted.status, 0, "{}", accepted.stderr);
    assert_few(&counts);
    // Each of them was shown before it was signed for.
    for number in [0, 1, ITEMS / 2, ITEMS - 1] {
        assert!(accepted.stderr.contains(&format!(", thing {number}\n")), "{number}");
    }
    assert_eq!(accepted.stderr.matches("  about: item:").count(), ITEMS);
    let (held, counts) = asked(&scene.served, || ben.ask(&["where", "--holder", &to]));
    assert_eq!(held["items"].as_array().unwrap().len(), ITEMS);
    assert_few(&counts);
    // One that has gone on is found among all of them.
    let item = held["items"][7]["item"].as_str().unwrap();
    let back = ["--to", &format!("custodian:{}", scene.office.id("anna")), "--purpose", "return"];
    let things = ["import", "manifest", "things.csv"];
    let sent = ben.ask(&[&things[..], &back].concat());
    ben.ask(&["seal", item, "--number", "B-7"]);
    let digest = sent["offer_digest"].as_str().unwrap();
    assert_eq!(anna.refused(&["accept", digest]), "custody/conflict");
}
