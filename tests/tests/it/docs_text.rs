//! Documents as tests read them: fenced blocks, sections, tables.

use std::fs;
use std::path::{Path, PathBuf};

/// A path in the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A document in `docs`.
pub fn document(name: &str) -> String {
    let path = repository("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All Rust files below a folder of the repository, by their paths relative to it.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    let root = repository(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The text of the fenced block with this info string.
#[track_caller]
pub fn block<'a>(text: &'a str, info: &str) -> &'a str {
    let start = format!("\n```{info}\n");
    let (_, rest) = text.split_once(&start).unwrap_or_else(|| panic!("no block `{info}`"));
    rest.split_once("\n```").unwrap_or_else(|| panic!("block `{info}` does not end")).0
}

/// All fenced blocks of a language, end to end.
pub fn blocks(text: &str, language: &str) -> String {
    let mut found = String::new();
    let mut is_inside = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(info) => is_inside = !is_inside && info == language,
            None if is_inside => found.extend([line, "\n"]),
            None => {}
        }
    }
    found
}

/// The section under this heading, up to the next heading of its level or above.
#[track_caller]
pub fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let start = text.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    let rest = &text[start + 1 + heading.len()..];
    let level = heading.bytes().take_while(|&byte| byte == b'#').count();
    let mut at = 0;
    let mut is_code = false;
    for line in rest.split_inclusive('\n') {
        is_code ^= line.starts_with("```");
        let depth = line.bytes().take_while(|&byte| byte == b'#').count();
        if !is_code && (1..=level).contains(&depth) {
            break;
        }
        at += line.len();
    }
    &rest[..at]
}

/// The rows of all tables in a text, without heads, cells trimmed.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let Some(cells) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            continue;
        };
        let cells: Vec<_> = cells.split('|').map(|cell| cell.trim().to_owned()).collect();
        if cells.iter().all(|cell| cell.bytes().all(|byte| byte == b'-')) {
            // What was taken for a row is the table's head.
            rows.pop();
        } else {
            rows.push(cells);
        }
    }
    rows
}

/// The words in back quotes.
pub fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
