//! The vectors of `tests/vectors/exhibit`: every attack on an exhibit, by the line and code at which it
//! fails. Nothing is used here but files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use custody_core::checkpoint::Checkpoint;
use custody_core::exhibit::Exhibit;
use custody_core::hash::sha256;
use custody_core::pins::Pins;
use custody_core::policy::Policy;
use custody_core::verify::{
    EvidenceFile, Inputs, Line, Outcome, Status, Verdict, refused_exhibit, utc_text, verify_exhibit,
};
use serde_json::Value;

use crate::record_vectors::root;

/// What a reader holds, as `want.json` names it.
pub struct Reader {
    policy: Policy,
    pins: Option<Pins>,
    checkpoints: Vec<Checkpoint>,
    evidence: Vec<EvidenceFile>,
    at_s: u64,
}

impl Reader {
    /// Reads the files that `want` names, beside the exhibit.
    pub fn load(folder: &Path, want: &Value) -> Self {
        let read = |name: &str| fs::read(folder.join(name)).unwrap();
        let names = |key: &str| -> Vec<String> {
            let list = want[key].as_array().unwrap().iter();
            list.map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let evidence = |name: String| {
            let sha256 = sha256(&read(&name));
            EvidenceFile { name, sha256, sha512: None }
        };
        Self {
            policy: Policy::parse(&read(want["policy"].as_str().unwrap())).unwrap(),
            pins: want["agencies"].as_str().map(|name| Pins::parse(&read(name)).unwrap()),
            checkpoints: names("checkpoints")
                .iter()
                .map(|name| Checkpoint::parse(&read(name)).unwrap())
                .collect(),
            evidence: names("evidence").into_iter().map(evidence).collect(),
            at_s: time(want["at"].as_str().unwrap()),
        }
    }

    /// Verifies a file as `custody-verify` would.
    pub fn verify(&self, file: &[u8]) -> Outcome {
        let inputs = Inputs {
            policy: &self.policy,
            pins: self.pins.as_ref(),
            checkpoints: &self.checkpoints,
            evidence: &self.evidence,
            at_s: Some(self.at_s),
        };
        match Exhibit::parse(file) {
            Ok(exhibit) => verify_exhibit(&exhibit, &inputs),
            Err(error) => refused_exhibit(&error),
        }
    }
}

/// The time of the vectors: the second of their day whose text this is.
fn time(text: &str) -> u64 {
    let day = custody_tests::paper::START_S / 86_400 * 86_400;
    (day..day + 86_400).find(|second| utc_text(*second) == text).unwrap()
}

/// Every exhibit of the vectors: its path, and the entry in `want.json`.
pub fn exhibits() -> Vec<(PathBuf, Value)> {
    let folders = fs::read_dir(root().join("exhibit")).unwrap();
    let mut exhibits = Vec::new();
    for folder in folders.map(|folder| folder.unwrap().path()) {
        let want = fs::read(folder.join("want.json")).unwrap();
        let want: Value = serde_json::from_slice(&want).unwrap();
        let want = want.as_object().unwrap();
        let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let names: BTreeSet<_> = files
            .filter(|file| file.extension().is_some_and(|extension| extension == "exhibit"))
            .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, want.keys().cloned().collect());
        exhibits.extend(want.iter().map(|(name, want)| (folder.join(name), want.clone())));
    }
    exhibits
}

/// What is wrong with a report, if anything.
fn complaint(outcome: &Outcome, want: &Value) -> Option<String> {
    let verdict = outcome.report.verdict();
    let statuses = match Verdict::from_word(want["verdict"].as_str().unwrap()).unwrap() {
        expected if expected != verdict => return Some(format!("{verdict}")),
        Verdict::Rejected => &[Status::Fail][..],
        Verdict::CouldNotCheck => &[Status::NotChecked],
        _ if want["line"].is_null() => return None,
        // A line that is not required may be open.
        _ => &[Status::Pass, Status::NotChecked],
    };
    let is_it = |line: &&Line| {
        let is_named = line.id.word() == want["line"] && line.code == want["code"];
        is_named && statuses.contains(&line.status)
    };
    match outcome.report.lines().iter().find(is_it) {
        Some(_) => None,
        None => Some("another line or code".to_owned()),
    }
}

#[test]
fn each_exhibit_comes_to_its_verdict_at_its_line() {
    let exhibits = exhibits();
    let mut wrong = Vec::new();
    for (path, want) in &exhibits {
        let reader = Reader::load(path.parent().unwrap(), want);
        let outcome = reader.verify(&fs::read(path).unwrap());
        if let Some(complaint) = complaint(&outcome, want) {
            let lines: Vec<_> = outcome.report.lines().iter().map(Line::to_string).collect();
            wrong.push(format!(
                "{}: {complaint}, not {want}\n{}",
                path.display(),
                lines.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
    assert_eq!(exhibits.len(), 421);
}

#[test]
fn a_name_that_looks_like_a_line_is_no_line() {
    let is_it =
        |(path, _): &&(PathBuf, Value)| path.ends_with("happy-path-lines-in-a-name.exhibit");
    let exhibits = exhibits();
    let (path, want) = exhibits.iter().find(is_it).unwrap();
    let reader = Reader::load(path.parent().unwrap(), want);
    let outcome = reader.verify(&fs::read(path).unwrap());
    let text: Vec<_> = outcome.report.lines().iter().map(Line::to_string).collect();
    assert!(text.iter().all(|line| !line.contains('\n')), "{text:#?}");
    assert!(text.iter().any(|line| line.contains("court\\npass")), "{text:#?}");
}
