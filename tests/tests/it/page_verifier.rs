//! The verifier that is one HTML file, in TypeScript and written from SPEC alone, under Node: it wants what
//! `want.json` wants, and says what ours says on every line. And the file itself is what its sources make.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::exhibit_busy::{self, Rotated};
use crate::foreign_second::{complaints, line, lines, swapped, taken};
use crate::pins_rules;
use crate::receipt_report;
use crate::record_vectors::root;

/// The files that are built, and kept in the repository.
const BUILT: [&str; 2] = ["verify.html", "verify.mjs"];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../verifier-cli/page")
}

fn node(arguments: &[&str]) -> io::Result<Output> {
    Command::new("node").args(arguments).current_dir(page()).output()
}

fn skip(test: &str, reason: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED page_verifier::{test}: {reason}");
}

/// Whether Node is there, 20 or later. Says so where it is not.
fn is_there(test: &str) -> bool {
    let is_new = "process.exit(Number(process.versions.node.split('.')[0]) >= 20 ? 0 : 1)";
    let is_there = node(&["-e", is_new]).is_ok_and(|output| output.status.success());
    if !is_there {
        skip(test, "Node 20 or later is absent");
    }
    is_there
}

/// What the verifier prints, whatever it thinks of the files.
fn verify(arguments: &[&str]) -> Vec<u8> {
    let output = node(&[&["dist/verify.mjs"], arguments].concat()).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.stdout.is_empty() && stderr.is_empty(), "{arguments:?}: {stderr}");
    output.stdout
}

#[test]
fn every_vector_is_judged_alike() {
    if !is_there("every_vector_is_judged_alike") {
        return;
    }
    let judged = verify(&["vectors", root().to_str().unwrap()]);
    let judged: BTreeMap<String, Value> = serde_json::from_slice(&judged).unwrap();
    let wrong = complaints(&judged);
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
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
        let mut arguments = vec!["receipt".to_owned()];
        for (name, bytes) in files.into_iter().chain([("--policy", &case.policy)]).chain(pins) {
            fs::write(path(name), bytes).unwrap();
            arguments.extend((name != "proof").then(|| name.to_owned()));
            // A name that begins with a hyphen would be an option.
            arguments.push(path(name));
        }
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let report: Value = serde_json::from_slice(&verify(&arguments)).unwrap();
        let ours: Vec<_> = case.lines().iter().map(|line| swapped(line)).collect();
        assert_eq!(lines(&report), ours, "{}", case.name);
    }
}

#[test]
fn every_list_of_pins_is_judged_alike() {
    if !is_there("every_list_of_pins_is_judged_alike") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let cases = pins_rules::cases();
    let paths: Vec<_> = (0..cases.len())
        .map(|number| folder.path().join(number.to_string()).to_str().unwrap().to_owned())
        .collect();
    cases.iter().zip(&paths).for_each(|((_, list, _), path)| fs::write(path, list).unwrap());
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let codes: Vec<String> =
        serde_json::from_slice(&verify(&[&["pins"], &paths[..]].concat())).unwrap();
    for ((name, _, code), theirs) in cases.iter().zip(&codes) {
        assert_eq!(theirs, *code, "{name}");
    }
    assert_eq!(codes.len(), cases.len());
}

/// Every code point alone, behind a letter and before an accent.
#[test]
fn every_code_point_is_taken_alike() {
    if !is_there("every_code_point_is_taken_alike") {
        return;
    }
    let (ours, theirs) = (taken(), verify(&["text"]));
    let differs = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
    assert_eq!((ours.len(), differs), (theirs.len(), None));
}

/// A rule that takes too many records for a vector.
#[test]
fn too_many_keys_are_refused_alike() {
    if !is_there("too_many_keys_are_refused_alike") {
        return;
    }
    let rotated = Rotated::new(1, exhibit_busy::MAX_KEYS);
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [file, policy] = ["many.exhibit", "policy.txt"].map(path);
    fs::write(&file, rotated.file()).unwrap();
    fs::write(&policy, rotated.policy().format()).unwrap();
    let report: Value =
        serde_json::from_slice(&verify(&["exhibit", &file, "--policy", &policy])).unwrap();
    let wanted = line("custody-rules", "fail", "custody/too-many-keys");
    assert!(lines(&report).contains(&wanted), "{report:#}");
}

/// Node's packages, in the versions of the lock file: those that are here, or those that npm keeps.
fn has_packages(test: &str) -> bool {
    let is_there = || page().join("node_modules/esbuild").exists();
    if !is_there() {
        let _ = Command::new("npm").args(["ci", "--offline"]).current_dir(page()).output();
    }
    if !is_there() {
        skip(test, "the packages are absent: `npm ci` in verifier-cli/page");
    }
    is_there()
}

#[test]
fn the_page_is_what_its_sources_make() {
    let test = "the_page_is_what_its_sources_make";
    if !is_there(test) || !has_packages(test) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let output = node(&["build.mjs", folder.path().to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in BUILT {
        let built = fs::read(folder.path().join(name)).unwrap();
        let kept = fs::read(page().join("dist").join(name)).unwrap();
        assert!(built == kept, "dist/{name} is not what `npm run build` makes");
    }
}

#[test]
fn the_sources_have_no_type_error() {
    let test = "the_sources_have_no_type_error";
    if !is_there(test) || !has_packages(test) {
        return;
    }
    let output = node(&["node_modules/typescript/bin/tsc", "--noEmit"]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
