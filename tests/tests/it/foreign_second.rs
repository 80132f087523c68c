//! A second verifier, in Python and written from SPEC alone, over every vector: it wants what `want.json`
//! wants, and says what ours says on every line.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::exhibit_vectors::{Reader, exhibits};
use crate::record_vectors::root;

/// What the second verifier says of every vector by its path below `tests/vectors`, or nothing where it
/// cannot run.
fn judged(test: &str) -> Option<BTreeMap<String, Value>> {
    let foreign = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign");
    let python =
        |arguments: &[&str]| Command::new("python3").args(arguments).current_dir(&foreign).output();
    let needed = "import cryptography.hazmat.primitives.asymmetric.mldsa, sys; \
                  assert sys.version_info >= (3, 11)";
    if !python(&["-c", needed]).is_ok_and(|output| output.status.success()) {
        let reason = "Python 3.11 with `cryptography` that knows ML-DSA is absent";
        let _ = writeln!(io::stderr(), "SKIPPED foreign_second::{test}: {reason}");
        return None;
    }
    let output = python(&["-B", "-m", "second", "vectors", root().to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A line as `id status code`.
fn line(id: &str, status: &str, code: &str) -> String {
    format!("{id} {status} {code}")
}

fn lines(report: &Value) -> Vec<String> {
    let lines = report["lines"].as_array().unwrap().iter();
    let word = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    lines.map(|one| line(&word(one, "id"), &word(one, "status"), &word(one, "code"))).collect()
}

#[test]
fn every_vector_is_judged_alike() {
    let Some(judged) = judged("every_vector_is_judged_alike") else { return };
    let mut wrong = Vec::new();
    let exhibits = exhibits();
    for (path, want) in &exhibits {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let theirs = &judged[name];
        let status = match want["verdict"].as_str().unwrap() {
            "rejected" => Some("fail"),
            "could-not-check" => Some("not-checked"),
            _ if want["line"].is_null() => None,
            _ => Some("pass"),
        };
        let wanted = status.map(|status| {
            line(want["line"].as_str().unwrap(), status, want["code"].as_str().unwrap())
        });
        let found = lines(theirs);
        if theirs["verdict"] != want["verdict"] || wanted.is_some_and(|line| !found.contains(&line))
        {
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
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
    assert_eq!(judged.len(), exhibits.len() + records.len());
    assert!(judged.len() >= 454);
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
