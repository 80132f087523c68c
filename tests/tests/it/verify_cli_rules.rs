//! What holds for every command of `custody-verify`, whatever it prints.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use custody_core::record::body::{Collect, DigestAlgorithm, DigestScope, EvidenceDigest, ItemKind};
use custody_tests::paper::story::Story;
use custody_tests::paper::uuid;
use custody_tests::program::{path_of, run};
use serde_json::Value;
use sha2::{Digest, Sha512};

use crate::verify_cli_site;

const EXHIBIT: [&str; 6] =
    ["exhibit", "image.exhibit", "--policy", "policy.txt", "--agencies", "agencies.txt"];

fn verify(folder: &Path, more: &[&str]) -> (i32, Value) {
    let ran = run("custody-verify", folder, &[&EXHIBIT[..], more, &["--json"]].concat(), "");
    (ran.status, serde_json::from_str(&ran.stdout).unwrap_or(Value::Null))
}

/// The interface that programs rely on: these keys, in this order, and nothing else.
#[test]
fn json_has_exactly_the_keys_that_are_promised() {
    let site = verify_cli_site::build();
    let ran = run("custody-verify", site.path(), &[&EXHIBIT[..], &["--json"]].concat(), "");
    let key = |line: &str| line.trim().strip_prefix('"')?.split_once("\":").map(|k| k.0.to_owned());
    let keys: Vec<_> = ran.stdout.lines().filter_map(key).collect();
    assert_eq!(keys[..5], ["verdict", "origin", "size", "item", "lines"]);
    for line in keys[5..].chunks(4) {
        assert_eq!(line, ["id", "status", "code", "text"]);
    }
    assert!(ran.stdout.ends_with("}\n") && ran.stderr.is_empty());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let site = verify_cli_site::build();
    for command in [
        &[&EXHIBIT[..], &["--at", "2026-04-01T00:00:00Z", "--json"]].concat()[..],
        &["replay", "tiles", "--policy", "policy.txt", "--json"],
        &["inspect", "image.exhibit", "--json"],
    ] {
        let [first, second] = [0, 1].map(|_| run("custody-verify", site.path(), command, ""));
        assert_eq!(first, second, "{command:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let site = verify_cli_site::build();
    let mut child = Command::new(path_of("custody-verify"))
        .args(EXHIBIT)
        .current_dir(site.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn files_beyond_their_limit_are_refused_before_they_are_read() {
    let site = verify_cli_site::build();
    let root = site.path();
    // Sparse: gigabytes that nobody wrote. Reading them would show in the memory limit below.
    let sparse = |name: &str| fs::File::create(root.join(name)).unwrap().set_len(3 << 30).unwrap();
    sparse("large");
    let run = |arguments: &[&str]| run("custody-verify", root, arguments, "");
    let rejected = run(&["exhibit", "large", "--policy", "policy.txt", "--json"]);
    assert_eq!(rejected.status, 1, "{rejected:?}");
    assert!(rejected.stdout.contains("exhibit/oversize"), "{rejected:?}");
    for arguments in [
        &["exhibit", "image.exhibit", "--policy", "large"][..],
        &["exhibit", "image.exhibit", "--policy", "policy.txt", "--agencies", "large"],
        &["exhibit", "image.exhibit", "--policy", "policy.txt", "--checkpoint", "large"],
        &["inspect", "large"],
    ] {
        let ran = run(arguments);
        let expected = "error: `large` has 3221225472 bytes, at most ";
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.starts_with(expected), "{ran:?}");
    }
    let receipt = |proof, entry, record| {
        let files = ["--entry", entry, "--record", record, "--policy", "policy.txt", "--json"];
        run(&[&["receipt", proof][..], &files].concat())
    };
    for (ran, code) in [
        (receipt("large", "receipt.entry", "receipt.record"), "receipt/too-long"),
        (receipt("receipt.tlog-proof", "large", "receipt.record"), "entry/length"),
        (receipt("receipt.tlog-proof", "receipt.entry", "large"), "cose/oversize"),
    ] {
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(ran.stdout.contains(code), "{code}: {ran:?}");
    }
    fs::rename(root.join("large"), root.join("tiles/checkpoint")).unwrap();
    let replayed = run(&["replay", "tiles", "--policy", "policy.txt", "--json"]);
    assert_eq!(replayed.status, 1, "{replayed:?}");
    assert!(replayed.stdout.contains("note/too-long"), "{replayed:?}");
}

#[test]
fn times_are_read_strictly() {
    let site = verify_cli_site::build();
    let as_of = |at: &str| {
        let (status, json) = verify(site.path(), &["--at", at]);
        let lines = json["lines"].as_array().cloned().unwrap_or_default();
        let line = lines.iter().find(|line| line["id"] == "freshness").cloned();
        (status, line.map_or(String::new(), |line| line["text"].as_str().unwrap().to_owned()))
    };
    for (at, utc) in [
        ("2028-02-29T23:59:59Z", "2028-02-29T23:59:59Z"),
        ("2026-03-29T02:30:00+02:00", "2026-03-29T00:30:00Z"),
        ("2026-12-31T23:30:00-05:30", "2027-01-01T05:00:00Z"),
        ("2100-03-01T00:00:00+00:00", "2100-03-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ] {
        let (status, text) = as_of(at);
        assert!(status == 0 && text.ends_with(utc), "{at}: {status} {text}");
    }
    for at in [
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01 12:00:00Z",
        "2026-03-01t12:00:00z",
        "2026-02-29T12:00:00Z",
        "2100-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2026-04-31T12:00:00Z",
        "2026-04-00T12:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:60Z",
        "2026-03-01T12:00:00.5Z",
        "2026-03-01T12:00:00+1:00",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00é",
        "+026-03-01T12:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "1772352000",
    ] {
        assert_eq!(as_of(at), (2, String::new()), "{at}");
    }
}

#[test]
fn evidence_is_compared_file_by_file_and_folder_by_folder() {
    let site = verify_cli_site::build();
    let root = site.path();
    let folder = root.join("evidence/disk");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(root.join("image.raw"), folder.join("b.raw")).unwrap();
    fs::copy(root.join("image.raw"), root.join("evidence/a.raw")).unwrap();
    let line = |more: &[&str]| {
        let (status, json) = verify(root, more);
        let lines = json["lines"].as_array().unwrap().clone();
        let line = lines.iter().find(|line| line["id"] == "evidence-files").unwrap();
        (status, line["text"].as_str().unwrap().to_owned())
    };
    let (status, text) = line(&["--evidence", "evidence"]);
    let expected = "bit for bit as recorded: \
        `evidence/a.raw` is the item itself (media digest of entry 16), \
        `evidence/disk/b.raw` is the item itself (media digest of entry 16)";
    assert_eq!((status, text.as_str()), (0, expected));
    let (status, text) = line(&["--evidence", "image.raw", "--evidence", "other.raw"]);
    assert_eq!(status, 1, "{text}");
    // One bit of it.
    let mut bytes = fs::read(root.join("image.raw")).unwrap();
    bytes[17] ^= 4;
    fs::write(root.join("evidence/a.raw"), bytes).unwrap();
    let (status, text) = line(&["--evidence", "evidence"]);
    assert!(status == 1 && text.contains("`evidence/a.raw`"), "{text}");
}

/// Streams that are hashed side by side end at different places, inside blocks and at their borders.
#[test]
fn both_digests_of_files_of_all_lengths_are_right() {
    let site = verify_cli_site::build();
    let root = site.path();
    let lengths = [0, 1, 63, 64, 65, 131_072, 131_073, 3 * 131_072 + 17];
    fs::create_dir(root.join("evidence")).unwrap();
    let (mut digests, mut names) = (Vec::new(), Vec::new());
    for (n, length) in lengths.into_iter().enumerate() {
        let file: Vec<u8> = (0..length as u32).map(|at| (at * 7 + n as u32) as u8).collect();
        let (scope, name) = (DigestScope::Container, format!("evidence/{n}"));
        let bytes = Sha512::digest(&file).to_vec();
        let algorithm = DigestAlgorithm::Sha512;
        digests.push(match n % 2 {
            0 => EvidenceDigest { scope, algorithm, bytes },
            _ => EvidenceDigest::sha256(scope, &custody_core::hash::sha256(&file)),
        });
        fs::write(root.join(&name), &file).unwrap();
        names.push(name);
    }
    let mut story = Story::whole();
    let (ledger, item) = (&mut story.ledger, uuid("a file"));
    let body = Collect { digests, ..Collect::of(ItemKind::Digital) };
    let subject = custody_core::id::SubjectId::Item(item);
    ledger.write(&ledger.acting(&story.cast.caro, &subject, body));
    let exhibit = story.exhibit_of(item, &story.cast.caro);
    fs::write(root.join("image.exhibit"), exhibit.encode()).unwrap();
    for order in [&["evidence"][..], &["evidence/7", "evidence/3", "evidence/0"], &["evidence/5"]] {
        let options = order.iter().flat_map(|path| ["--evidence", path]).collect::<Vec<_>>();
        let (status, json) = verify(root, &options);
        assert_eq!(status, 0, "{order:?} {json:#}");
    }
    for name in &names[1..] {
        let mut bytes = fs::read(root.join(name)).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(root.join(name), &bytes).unwrap();
        let (status, json) = verify(root, &["--evidence", "evidence"]);
        assert!(status == 1 && json.to_string().contains(name), "{name} {json:#}");
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(root.join(name), &bytes).unwrap();
    }
}

#[test]
fn what_is_inspected_cannot_move_the_terminal() {
    let site = verify_cli_site::build();
    let root = site.path();
    let policy = fs::read_to_string(root.join("policy.txt")).unwrap();
    let first = policy.lines().next().unwrap();
    let url = "https://example.org/\u{202e}gpj.exe\u{9b}2J";
    fs::write(root.join("odd.txt"), policy.replacen(first, &format!("{first} {url}"), 1)).unwrap();
    let shown = run("custody-verify", root, &["inspect", "odd.txt"], "");
    assert_eq!(shown.status, 0, "{shown:?}");
    assert!(shown.stdout.contains(r"https://example.org/\u{202e}gpj.exe\u{9b}2J"), "{shown:?}");
    assert!(!shown.stdout.contains(['\u{202e}', '\u{9b}']));
}
