//! The demo: what checks outside this repository rely on.

use std::fs;
use std::path::Path;

use custody_tests::program;
use serde_json::Value;
use tempfile::TempDir;

/// Makes a demo in `out` below the folder.
pub fn demo(folder: &Path, evidence: &[&str]) -> Value {
    let mut arguments = vec!["demo", "--out", "out", "--json"];
    arguments.extend(evidence.iter().flat_map(|path| ["--evidence", path]));
    let ran = program::run("custody", folder, &arguments, "");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn verify(folder: &Path, file: &str, evidence: &str) -> (i32, Value) {
    let arguments = [
        "exhibit",
        file,
        "--policy",
        "policy.txt",
        "--agencies",
        "agencies.txt",
        "--evidence",
        evidence,
        "--checkpoint",
        "tiles/checkpoint",
        "--json",
    ];
    let ran = program::run("custody-verify", &folder.join("out"), &arguments, "");
    (ran.status, serde_json::from_str(&ran.stdout).unwrap())
}

fn line_of<'a>(report: &'a Value, line: &str) -> &'a Value {
    let lines = report["lines"].as_array().unwrap();
    lines.iter().find(|known| known["id"] == line).unwrap()
}

fn status_of<'a>(report: &'a Value, line: &str) -> &'a Value {
    &line_of(report, line)["status"]
}

fn code_of<'a>(report: &'a Value, line: &str) -> &'a Value {
    &line_of(report, line)["code"]
}

#[test]
fn the_demo_leaves_what_is_promised() {
    let folder = TempDir::new().unwrap();
    let answer = demo(folder.path(), &[]);
    assert!(answer["size"].as_u64().unwrap() >= 300);
    let out = folder.path().join("out");
    for name in ["ledger", "evidence", "tiles/tile", "tiles/records"] {
        assert!(out.join(name).is_dir(), "{name}");
    }
    for name in ["receipt.tlog-proof", "receipt.entry", "receipt.record", "tiles/checkpoint"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let agencies = fs::read_to_string(out.join("agencies.txt")).unwrap();
    assert!(agencies.starts_with("genesis ") && agencies.lines().count() == 4, "{agencies}");
    let offers: Vec<_> = fs::read_dir(out.join("ledger/offers")).unwrap().collect();
    assert_eq!(offers.len(), 1, "{offers:?}");
    let serve = ["serve", "--check", "--ledger", "ledger", "--config", "serve.toml"];
    let passphrase = ["--passphrase-file", "keys/passphrase.txt"];
    let ran = program::run_in("custody", &out, &[&serve[..], &passphrase].concat(), &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let image = "evidence/laptop-disk.img";
    let (status, report) = verify(folder.path(), "demo.exhibit", image);
    assert_eq!((status, &report["verdict"]), (0, &Value::from("verified")));
    assert_eq!(report["item"], answer["item"]);
    assert_eq!(code_of(&report, "evidence-files"), "ok");
    // All that lies there: the image, its copy, and a document about the laptop.
    let (status, report) = verify(folder.path(), "demo.exhibit", "evidence");
    assert_eq!((status, code_of(&report, "evidence-files")), (0, &"ok".into()));
    let (status, report) = verify(folder.path(), "demo.exhibit", "evidence/laptop.txt");
    let related = "evidence/related-only".into();
    assert_eq!((status, code_of(&report, "evidence-files")), (0, &related));
    let (status, report) = verify(folder.path(), "redacted.exhibit", image);
    assert_eq!((status, &report["verdict"]), (0, &Value::from("verified")));
    let (status, report) = verify(folder.path(), "tampered.exhibit", image);
    assert_eq!((status, &report["verdict"]), (1, &Value::from("rejected")));
    assert_eq!(status_of(&report, "redactions"), "fail");
}

#[test]
fn the_demo_is_one_that_auditors_replay() {
    let folder = TempDir::new().unwrap();
    let size = demo(folder.path(), &[])["size"].clone();
    let arguments = ["replay", "tiles", "--policy", "policy.txt", "--agencies", "agencies.txt"];
    let out = folder.path().join("out");
    let ran = program::run("custody-verify", &out, &[&arguments[..], &["--json"]].concat(), "");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.status, &report["verdict"], &report["size"]), (0, &"verified".into(), &size));
    let arguments = ["check", "--ledger", "ledger", "--json"];
    let ran = program::run("custody", &out, &arguments, "");
    let checked: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.status, &checked["sound"], &checked["size"]), (0, &true.into(), &size));
    let arguments = [
        "receipt",
        "receipt.tlog-proof",
        "--entry",
        "receipt.entry",
        "--record",
        "receipt.record",
        "--policy",
        "policy.txt",
        "--agencies",
        "agencies.txt",
    ];
    assert_eq!(program::run("custody-verify", &out, &arguments, "").status, 0);
}

#[test]
fn the_demos_openings_open_what_the_records_seal() {
    let folder = TempDir::new().unwrap();
    demo(folder.path(), &[]);
    let out = folder.path().join("out");
    let openings: Value =
        serde_json::from_slice(&fs::read(out.join("openings.json")).unwrap()).unwrap();
    let desk = custody_api::desk::Desk::read(&out.join("ledger")).unwrap();
    let bytes = |text: &Value| {
        let text = text.as_str().unwrap();
        let pair = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        (0..text.len() / 2).map(pair).collect::<Vec<u8>>()
    };
    let openings = openings.as_array().unwrap();
    assert!(openings.len() > 300);
    for row in openings {
        let index = custody_core::merkle::LeafIndex(row["entry"].as_u64().unwrap());
        let record = desk.record(index).unwrap();
        let opening = custody_core::sealed::Opening {
            field: row["field"].as_str().unwrap().to_owned(),
            salt: bytes(&row["salt"]).try_into().unwrap(),
            value: bytes(&row["value"]),
        };
        opening.verify(record.payload()).unwrap();
    }
}

#[test]
fn the_demo_takes_real_evidence() {
    let images = ["ext2.E01", "ext2.qcow2", "iso9660.raw"];
    let paths: Vec<_> = images
        .iter()
        .filter_map(|name| custody_tests::shared(&format!("data/images/{name}")))
        .collect();
    if paths.len() < images.len() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let paths: Vec<_> = paths.iter().map(|path| path.canonicalize().unwrap()).collect();
    let paths: Vec<_> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    demo(folder.path(), &paths);
    let (status, report) = verify(folder.path(), "demo.exhibit", "evidence/ext2.E01");
    assert_eq!((status, code_of(&report, "evidence-files")), (0, &"ok".into()));
    let (status, report) = verify(folder.path(), "demo.exhibit", "evidence");
    assert_eq!((status, code_of(&report, "evidence-files")), (0, &"ok".into()));
    let image = folder.path().join("out/evidence/iso9660.raw");
    let mut bytes = fs::read(&image).unwrap();
    bytes[4096] ^= 1;
    fs::write(&image, bytes).unwrap();
    let (status, report) = verify(folder.path(), "demo.exhibit", "evidence/iso9660.raw");
    assert_eq!((status, status_of(&report, "evidence-files")), (1, &"fail".into()));
}
