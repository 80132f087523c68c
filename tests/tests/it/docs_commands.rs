//! Documents against the programs: every error is explained, and every command that is shown is one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use custody_tests::program;

use crate::docs_text::{blocks, document, quoted, repository, rows, section, sources};

/// The codes in the first column of all tables of a section.
fn listed(text: &str) -> BTreeSet<String> {
    let cells = rows(text).into_iter().map(|row| row[0].clone());
    cells.flat_map(|cell| quoted(&cell).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The codes that the log and the commands give: literals in functions named `code`, what the log's check
/// finds, and what a command fails with by itself.
fn codes_of_programs() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (_, source) in sources("ledger/log/src").into_iter().chain(sources("api/src")) {
        for function in source.split("fn code(&self)").skip(1) {
            codes.extend(literals(function.split_once("\n    }").unwrap().0));
        }
        for failure in source.split("could_not(").chain(source.split("rejected(")).skip(1) {
            codes.extend(failure.trim_start().strip_prefix('"').map(first_literal));
        }
        codes.extend(literals(&source).into_iter().filter(|text| text.starts_with("check/")));
    }
    codes
}

fn literals(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn first_literal(text: &str) -> String {
    text.split('"').next().unwrap().to_owned()
}

#[test]
fn every_error_of_the_programs_is_explained() {
    let spec = document("SPEC.md");
    let of_formats = listed(section(&spec, "## Codes"));
    let explained = listed(section(&document("OPERATING.md"), "## Errors"));
    let known: BTreeSet<_> = codes_of_programs().difference(&of_formats).cloned().collect();
    let missing: Vec<_> = known.difference(&explained).collect();
    let surplus: Vec<_> = explained.difference(&known).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, surplus {surplus:?}");
}

/// A code that no test names could be given for something else, or by nothing, and nobody would notice.
#[test]
fn every_code_of_the_programs_is_in_a_test() {
    let spec = document("SPEC.md");
    let of_formats = listed(section(&spec, "## Codes"));
    let of_commands = ["offer/", "offer-part/", "check-words/", "label-id/"];
    let is_ours = |code: &&String| of_commands.iter().any(|family| code.starts_with(family));
    let mut codes = listed(section(&document("OPERATING.md"), "## Errors"));
    codes.extend(of_formats.iter().filter(is_ours).cloned());
    let tests = texts_of_tests();
    let is_named = |code: &&String| {
        // In a test a literal, in a transcript of JSON as well, in one of a report in brackets.
        [format!("\"{code}\""), format!("[{code}]")].iter().any(|word| tests.contains(word))
    };
    let missing: Vec<_> = codes.iter().filter(|code| !is_named(code)).collect();
    assert!(missing.is_empty() && codes.len() > 80, "{missing:?} of {}", codes.len());
}

/// Everything in which tests name codes, but for this file.
fn texts_of_tests() -> String {
    let mut texts = String::new();
    for folder in ["tests/tests", "tests/transcripts"] {
        let mut pending = vec![repository(folder)];
        while let Some(path) = pending.pop() {
            match path.is_dir() {
                true => {
                    let inside = fs::read_dir(path).unwrap();
                    pending.extend(inside.map(|entry| entry.unwrap().path()));
                }
                false if path.ends_with("docs_commands.rs") => {}
                false => texts.push_str(&fs::read_to_string(path).unwrap()),
            }
        }
    }
    for (_, source) in sources("api/src").into_iter().chain(sources("ledger/log/src")) {
        texts.push_str(source.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests));
    }
    texts
}

/// The commands of our programs that a document shows, as words.
pub fn commands(text: &str) -> Vec<Vec<String>> {
    let shown = blocks(text, "console");
    let lines = shown.lines().filter_map(|line| line.strip_prefix("$ "));
    lines.map(words).filter(|words| words[0].starts_with("custody")).collect()
}

/// The words of a line, as a shell splits them at spaces outside of single quotes.
pub fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (position, part) in line.split('\'').enumerate() {
        let is_quoted = position % 2 == 1;
        for (at, piece) in part.split(' ').enumerate() {
            match words.last_mut() {
                Some(last) if is_quoted || at == 0 => {
                    let space = if is_quoted && at > 0 { " " } else { "" };
                    *last = format!("{last}{space}{piece}");
                }
                _ => words.push(piece.to_owned()),
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn run(folder: &Path, words: &[String]) -> program::Ran {
    let arguments: Vec<_> = words[1..].iter().map(String::as_str).collect();
    program::run(&words[0], folder, &arguments, "")
}

/// What `--help` of the command prints, whether it has one word or two.
fn help(command: &[String]) -> String {
    let names = command[1..].iter().take_while(|word| !word.starts_with('-'));
    let names: Vec<_> = names.take(2).cloned().collect();
    for length in (1..=names.len()).rev() {
        let with_help = [&command[..=length], &["--help".to_owned()]].concat();
        let ran = run(Path::new("."), &with_help);
        if ran.status == 0 && !ran.stdout.is_empty() {
            return ran.stdout;
        }
    }
    panic!("{command:?} has no help")
}

#[test]
fn commands_that_documents_show_have_the_options_shown() {
    let documents = [
        "OPERATING.md",
        "TESTING.md",
        "TRUST.md",
        "ARCHITECTURE.md",
        "DECISIONS.md",
        "guide-auditor.md",
        "guide-counsel.md",
        "guide-custodian.md",
    ];
    let mut count = 0;
    for name in documents {
        for command in commands(&document(name)) {
            let help = help(&command);
            for option in command.iter().filter(|word| word.starts_with("--")) {
                assert!(help.contains(option.as_str()), "{name}: {command:?} has no {option}");
            }
            count += 1;
        }
    }
    assert!(count > 10, "{count} commands");
}

/// Everything that the README shows of a demo, with the answers it shows.
#[test]
fn what_the_readme_shows_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let demo = program::run("custody", folder.path(), &["demo", "--out", "demo", "--json"], "");
    assert_eq!(demo.status, 0, "{demo:?}");
    let demo: serde_json::Value = serde_json::from_str(&demo.stdout).unwrap();
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let shown = blocks(&readme, "console");
    let (mut answers, mut count) = (String::new(), 0);
    for line in shown.lines() {
        let Some(command) = line.strip_prefix("$ ") else {
            let rest = answers.strip_prefix(&format!("{line}\n"));
            let rest = rest.unwrap_or_else(|| panic!("`{line}` is not answered: {answers}"));
            answers = rest.to_owned();
            continue;
        };
        if command.starts_with("custody") {
            let command = command.replace("ITEM", demo["item"].as_str().unwrap());
            let ran = run(folder.path(), &words(&command));
            let expected = i32::from(command.contains("tampered"));
            assert_eq!(ran.status, expected, "{command}: {}{}", ran.stdout, ran.stderr);
            (answers, count) = (ran.stdout, count + 1);
        }
    }
    assert!(count > 5, "{count} commands");
}

/// Everything that OPERATING shows, in its order, on a ledger of two agencies.
#[test]
fn what_operating_shows_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("passphrase"), "correct horse\n").unwrap();
    let type_in = |line: &str| {
        let mut words = words(line);
        if help(&words).contains("--passphrase-file") {
            words.extend(["--passphrase-file".to_owned(), "passphrase".to_owned()]);
        }
        run(folder, &words)
    };
    // The other agency, whose commands are the same.
    for line in [
        "custody key new --out lab-authority.key",
        "custody key new --out lab-recovery.key",
        "custody agency card --name Lab --country PT --authority lab-authority.pub --recovery lab-recovery.pub --out lab.card",
    ] {
        assert_eq!(type_in(line).status, 0, "{line}");
    }
    let lab =
        "custody init --sign founding.offer --key lab-authority.key --with-key lab-recovery.key";
    let shown = blocks(&document("OPERATING.md"), "console");
    for line in shown.lines().filter_map(|line| line.strip_prefix("$ ")) {
        if line.contains("theirs.checkpoint") {
            fs::copy(folder.join("tiles/checkpoint"), folder.join("theirs.checkpoint")).unwrap();
        }
        if line.contains("--move marks/") {
            fs::create_dir(folder.join("marks")).unwrap();
        }
        let mut ran = type_in(line);
        if line.contains("init --sign") {
            // Agencies sign in the order of their ids, which are random.
            let is_first = ran.status == 0;
            assert_eq!(type_in(lab).status, 0, "{lab}");
            if !is_first {
                ran = type_in(line);
            }
        }
        assert_eq!(ran.status, 0, "{line}: {}{}", ran.stdout, ran.stderr);
    }
}
