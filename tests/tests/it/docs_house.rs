//! Documents as a whole: what they must not say, and that what they point at is there.

use std::collections::BTreeSet;
use std::fs;

use crate::docs_text::{document, quoted, repository, rows, section};

/// Every document of the repository, by name.
fn documents() -> Vec<(String, String)> {
    let names = fs::read_dir(repository("docs")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<_> = names
        .filter(|name| name.ends_with(".md"))
        .map(|name| (format!("docs/{name}"), document(&name)))
        .collect();
    if let Ok(readme) = fs::read_to_string(repository("README.md")) {
        found.push(("README.md".into(), readme));
    }
    found.sort();
    found
}

#[test]
fn no_document_promises_what_nobody_can() {
    let words = [
        "court admissible",
        "court-admissible",
        "military grade",
        "military-grade",
        "unhackable",
        "blockchain",
        "tamper-proof",
    ];
    for (name, text) in documents() {
        let text = text.to_lowercase();
        for word in words {
            assert!(!text.contains(word), "{name} says `{word}`");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for (name, text) in documents() {
        let prose: String = text.split("```").step_by(2).collect();
        for link in prose.split("](").skip(1) {
            let (target, _) = link.split_once(')').unwrap();
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if file.starts_with("http") {
                continue;
            }
            let folder = repository(&name).parent().unwrap().to_owned();
            let path = if file.is_empty() { repository(&name) } else { folder.join(file) };
            assert!(path.exists(), "{name} links to {target}");
            if !anchor.is_empty() {
                let linked = fs::read_to_string(path).unwrap();
                assert!(anchors(&linked).contains(anchor), "{name} links to {target}");
            }
        }
    }
}

/// The anchors of a document's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let text = line.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn the_map_is_short_and_shows_what_is_there() {
    let text = document("ARCHITECTURE.md");
    assert!(text.lines().count() < 300, "a map that is too long to read in one go");
    for row in rows(section(&text, "## The packages")) {
        for folder in quoted(&row[1]) {
            assert!(repository(folder).join("Cargo.toml").exists(), "{folder} is not a package");
        }
    }
    let modules = [
        ("## Modules of core, bottom up", "ledger/core/src"),
        ("## Modules of log, from the outside in", "ledger/log/src"),
    ];
    for (heading, folder) in modules {
        for row in rows(section(&text, heading)) {
            for module in quoted(&row[0]) {
                let path = format!("{folder}/{}.rs", module.replace("::", "/"));
                assert!(repository(&path).exists(), "{path} is not a module");
            }
        }
    }
}

#[test]
fn decisions_are_dated_questions() {
    let text = document("DECISIONS.md");
    let mut count = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("### ")) {
        let (date, question) = line.split_once(": ").unwrap_or_else(|| panic!("no date: {line}"));
        let is_date = date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        assert!(is_date && question.ends_with('?'), "{line}");
        count += 1;
    }
    assert!(count > 20, "{count} decisions");
}

#[test]
fn every_file_of_tests_belongs_to_a_family() {
    let text = document("TESTING.md");
    let families: Vec<_> = rows(section(&text, "## Families"))
        .iter()
        .flat_map(|row| quoted(&row[0]).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let files = fs::read_dir(repository("tests/tests/it")).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let modules: Vec<_> = files
        .filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned()))
        .filter(|name| name != "main")
        .collect();
    for module in &modules {
        let is_known = families.iter().any(|family| module.starts_with(family));
        assert!(is_known, "{module} is in no family of TESTING");
    }
}
