//! A second verifier, in Python and written from SPEC alone, over every vector: it wants what `want.json`
//! wants, and says what ours says on every line.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output};

use custody_core::cbor::{Value as CborValue, check};
use serde_json::Value;
use tempfile::TempDir;

use crate::exhibit_busy::{self, Rotated};
use crate::exhibit_vectors::{Reader, exhibits};
use crate::page_verifier;
use crate::pins_rules;
use crate::receipt_report;
use crate::record_vectors::root;

fn python(arguments: &[&str]) -> io::Result<Output> {
    let foreign = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign");
    Command::new("python3").args(arguments).current_dir(&foreign).output()
}

/// Whether the second verifier can run. Says so where it cannot.
fn is_there(test: &str) -> bool {
    let needed = "import cryptography.hazmat.primitives.asymmetric.mldsa, sys; \
                  import unicodedata; \
                  assert sys.version_info >= (3, 11) and unicodedata.unidata_version == '14.0.0'";
    let is_there = python(&["-c", needed]).is_ok_and(|output| output.status.success());
    if !is_there {
        let reason = "Python 3.11 (Unicode 14) with `cryptography` that knows ML-DSA is absent";
        let _ = writeln!(io::stderr(), "SKIPPED foreign_second::{test}: {reason}");
    }
    is_there
}

/// What the second verifier says of every vector by its path below `tests/vectors`, or nothing where it
/// cannot run.
fn judged(test: &str) -> Option<BTreeMap<String, Value>> {
    if !is_there(test) {
        return None;
    }
    let output = python(&["-B", "-m", "second", "vectors", root().to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A line as `id status code`.
pub fn line(id: &str, status: &str, code: &str) -> String {
    format!("{id} {status} {code}")
}

/// The lines of a report as another verifier prints it.
pub fn lines(report: &Value) -> Vec<String> {
    let lines = report["lines"].as_array().unwrap().iter();
    let word = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    lines.map(|one| line(&word(one, "id"), &word(one, "status"), &word(one, "code"))).collect()
}

#[test]
fn every_vector_is_judged_alike() {
    let Some(judged) = judged("every_vector_is_judged_alike") else { return };
    let wrong = complaints(&judged);
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Where another verifier's judgement of every vector, by its path below `tests/vectors`, is not what
/// `want.json` wants, or not what ours says on every line.
pub fn complaints(judged: &BTreeMap<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    let exhibits = exhibits();
    for (path, want) in &exhibits {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let theirs = &judged[name];
        let statuses = match want["verdict"].as_str().unwrap() {
            "rejected" => &["fail"][..],
            "could-not-check" => &["not-checked"],
            _ => &["pass", "not-checked"],
        };
        let wanted = want["line"].as_str().map(|id| {
            let code = want["code"].as_str().unwrap();
            statuses.iter().map(|status| line(id, status, code)).collect::<Vec<_>>()
        });
        let found = lines(theirs);
        let is_missing = |lines: Vec<_>| !lines.iter().any(|line| found.contains(line));
        if theirs["verdict"] != want["verdict"] || wanted.is_some_and(is_missing) {
            wrong.push(format!("{name}: wanted {want}, found {found:#?}"));
        }
        let ours = Reader::load(path.parent().unwrap(), want).verify(&fs::read(path).unwrap());
        let ours = ours.report.lines().iter();
        let ours: Vec<_> =
            ours.map(|one| line(one.id.word(), one.status.word(), &one.code)).collect();
        if ours != found {
            wrong.push(format!("{name}: ours {ours:#?}, theirs {found:#?}"));
        }
    }
    let records = records();
    for (name, code) in &records {
        if judged[name]["code"] != *code {
            wrong.push(format!("{name}: wanted {code}, found {}", judged[name]));
        }
    }
    assert_eq!(judged.len(), exhibits.len() + records.len());
    assert!(judged.len() >= 988);
    wrong
}

#[test]
fn every_receipt_is_judged_alike() {
    if !is_there("every_receipt_is_judged_alike") {
        return;
    }
    for case in receipt_report::cases() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let files = [("proof", &case.proof), ("--entry", &case.entry), ("--record", &case.record)];
        let pins = case.pins.iter().map(|pins| ("--agencies", pins));
        let mut arguments: Vec<_> = ["-B", "-m", "second", "receipt"].map(str::to_owned).into();
        for (name, bytes) in files.into_iter().chain([("--policy", &case.policy)]).chain(pins) {
            fs::write(path(name), bytes).unwrap();
            arguments.extend((name != "proof").then(|| name.to_owned()));
            arguments.push(path(name));
        }
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let output = python(&arguments).unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let ours: Vec<_> = case.lines().iter().map(|line| swapped(line)).collect();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(report["lines"].is_array(), "{}: {stderr}", case.name);
        assert_eq!(lines(&report), ours, "{}", case.name);
    }
}

#[test]
fn every_list_of_pins_is_judged_alike() {
    if !is_there("every_list_of_pins_is_judged_alike") {
        return;
    }
    let program = "import sys; from pathlib import Path; from second import pins, refused\n\
        for path in sys.argv[1:]:\n \
            try: pins.read(Path(path).read_bytes()); print('ok')\n \
            except refused.Refused as error: print(error.code)\n";
    let folder = TempDir::new().unwrap();
    let cases = pins_rules::cases();
    let paths: Vec<_> = (0..cases.len())
        .map(|number| folder.path().join(number.to_string()).to_str().unwrap().to_owned())
        .collect();
    cases.iter().zip(&paths).for_each(|((_, list, _), path)| fs::write(path, list).unwrap());
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let output = python(&[&["-B", "-c", program], &paths[..]].concat()).unwrap();
    let codes = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for ((name, _, code), theirs) in cases.iter().zip(codes.lines()) {
        assert_eq!(theirs, *code, "{name}");
    }
    assert_eq!(codes.lines().count(), cases.len());
}

/// Every code point alone, behind a letter and before an accent.
#[test]
fn every_code_point_is_taken_alike() {
    if !is_there("every_code_point_is_taken_alike") {
        return;
    }
    let output = python(&["-B", "text.py"]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ours = taken();
    let differs = ours.iter().zip(&output.stdout).position(|(ours, theirs)| ours != theirs);
    assert_eq!((ours.len(), differs), (output.stdout.len(), None));
}

/// Which text ours takes: a byte for every code point but surrogates, whose bits are the code point alone,
/// behind a letter and before an accent.
pub fn taken() -> Vec<u8> {
    let is_taken = |text: String| check(&CborValue::text(text).encode()).is_ok();
    let texts = |c| [format!("{c}"), format!("e{c}"), format!("{c}\u{301}")];
    let bits =
        |c| texts(c).into_iter().enumerate().map(|(bit, text)| u8::from(is_taken(text)) << bit);
    (0..=0x10_ffff).filter_map(char::from_u32).map(|c| bits(c).sum()).collect()
}

/// Rules that no vector reaches, on states that are set up by hand.
#[test]
fn rules_without_vectors_hold_in_the_second_verifier() {
    if !is_there("rules_without_vectors_hold_in_the_second_verifier") {
        return;
    }
    let output = python(&["-B", "-m", "second.selftest"]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A rule that takes too many records for a vector.
#[test]
fn too_many_keys_are_refused_alike() {
    let has_python = is_there("too_many_keys_are_refused_alike");
    let has_page = page_verifier::is_there("foreign_second::too_many_keys_are_refused_alike");
    if !has_python && !has_page {
        return;
    }
    let rotated = Rotated::new(1, exhibit_busy::MAX_KEYS);
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [file, policy] = ["many.exhibit", "policy.txt"].map(path);
    fs::write(&file, rotated.file()).unwrap();
    fs::write(&policy, rotated.policy().format()).unwrap();
    let asked = ["exhibit", &file, "--policy", &policy];
    let second = || python(&[&["-B", "-m", "second"], &asked[..]].concat()).unwrap().stdout;
    let answers = [has_python.then(second), has_page.then(|| page_verifier::verify(&asked))];
    let wanted = line("custody-rules", "fail", "custody/too-many-keys");
    for answer in answers.into_iter().flatten() {
        let report: Value = serde_json::from_slice(&answer).unwrap();
        assert!(lines(&report).contains(&wanted), "{report:#}");
    }
}

/// `status id code` as `id status code`.
pub fn swapped(row: &str) -> String {
    let words: Vec<_> = row.split(' ').collect();
    line(words[1], words[0], words[2])
}

/// The path of every record of the vectors, and its code.
fn records() -> Vec<(String, Value)> {
    let mut records = Vec::new();
    for folder in fs::read_dir(root().join("record")).unwrap().map(|folder| folder.unwrap().path())
    {
        let Ok(want) = fs::read(folder.join("want.json")) else { continue };
        let want: BTreeMap<String, Value> = serde_json::from_slice(&want).unwrap();
        let type_name = folder.file_name().unwrap().to_str().unwrap();
        records.extend(
            want.iter()
                .map(|(name, want)| (format!("record/{type_name}/{name}"), want["code"].clone())),
        );
    }
    records
}
