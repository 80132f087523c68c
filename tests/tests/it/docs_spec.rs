//! SPEC against the code: codes, limits, words. A number or a code that only one of them has is a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use custody_core::record::body::RecordType;
use custody_core::verify::{LineId, Status, Verdict};

use crate::docs_text::{blocks, document, quoted, repository, rows, section, sources};
use crate::exhibit_vectors::exhibits;

const CORE: &str = "ledger/core/src";

/// Codes that the reports of SPEC list and no error has: they stand in `verify`.
const WORDS_OF_REPORTS: [&str; 2] = ["ok", "nothing-to-check"];

#[test]
fn every_code_is_listed() {
    let spec = document("SPEC.md");
    let listed: Vec<_> =
        rows(section(&spec, "## Codes")).into_iter().map(|row| unquote(&row[0])).collect();
    let listed_once: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), listed_once.len(), "a code is listed twice");
    let known = codes_of_reports();
    let missing: Vec<_> = known.difference(&listed_once).collect();
    let surplus: Vec<_> = listed_once.difference(&known).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, surplus {surplus:?}");
}

#[test]
fn codes_that_sections_name_are_in_the_list() {
    let spec = document("SPEC.md");
    let (text, codes) = spec.split_once("\n## Codes\n").unwrap();
    let listed: BTreeSet<_> = quoted(codes).collect();
    let families: BTreeSet<_> =
        listed.iter().filter_map(|code| code.split_once('/')).map(|code| code.0).collect();
    let prose: String = text.split("```").step_by(2).collect();
    for word in quoted(&prose) {
        let Some((family, name)) = word.split_once('/') else { continue };
        let is_code = families.contains(family)
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(
            !is_code || name.is_empty() || listed.contains(word),
            "`{word}` is not in the list of codes"
        );
    }
}

/// A code of a report that no test and no vector expects could change its meaning unseen.
#[test]
fn every_code_of_a_report_is_expected_somewhere() {
    let spec = document("SPEC.md");
    let (_, codes) = spec.split_once("\n## Codes\n").unwrap();
    let expected = expectations();
    let tables = [
        "Pins",
        "Reports: exhibits",
        "Reports: receipts and comparisons",
        "Reports: replays and consistency",
    ];
    for table in tables {
        let (_, rest) = codes.split_once(&format!("**{table}**\n")).unwrap();
        let (listed, _) = rest.split_once("\n**").unwrap_or((rest, ""));
        let listed: Vec<_> = rows(listed).iter().map(|row| unquote(&row[0])).collect();
        let missing: Vec<_> = listed.iter().filter(|code| !expected.contains(*code)).collect();
        assert!(listed.len() >= 4 && missing.is_empty(), "{table}: {missing:?}");
    }
}

/// Rules that no exhibit of a sensible size can be shown to break: 1,024 keys of one person; and one person who
/// signs twice, which takes two keys at once that nobody can have.
const BEYOND_EXHIBITS: [&str; 2] = ["custody/own-supervisor", "custody/too-many-keys"];

#[test]
fn every_rule_is_broken_in_an_exhibit() {
    let spec = document("SPEC.md");
    let (_, codes) = spec.split_once("\n## Codes\n").unwrap();
    let rules: BTreeSet<_> = quoted(codes).filter(|code| code.starts_with("custody/")).collect();
    assert!(rules.len() > 30, "{rules:?}");
    let wanted = exhibits();
    let broken: BTreeSet<_> = wanted.iter().filter_map(|(_, want)| want["code"].as_str()).collect();
    let missing: Vec<_> = rules.difference(&broken).copied().collect();
    assert_eq!(missing, BEYOND_EXHIBITS);
}

/// Everything of the form of a code that a test, a transcript or a `want.json` has, comments left out.
fn expectations() -> BTreeSet<String> {
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    let mut texts: Vec<String> = sources("tests/tests")
        .into_iter()
        .map(|(_, source)| {
            source.lines().filter(|line| !is_comment(line)).collect::<Vec<_>>().join("\n")
        })
        .collect();
    for folder in ["tests/transcripts", "tests/vectors"] {
        let mut pending = vec![repository(folder)];
        while let Some(folder) = pending.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let is_text =
                    path.ends_with("want.json") || path.extension() == Some("transcript".as_ref());
                if path.is_dir() {
                    pending.push(path);
                } else if is_text {
                    texts.push(fs::read_to_string(path).unwrap());
                }
            }
        }
    }
    let is_of_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '/';
    let words = texts.iter().flat_map(|text| text.split(|c| !is_of_code(c)));
    words.filter(|word| word.contains('/') && is_code(word)).map(str::to_owned).collect()
}

/// Every code of a format or a report: the literals in core's functions named `code` and in those of the
/// formats that only `api` reads, and where reports are made all literals of the form of a code.
fn codes_of_reports() -> BTreeSet<String> {
    let mut codes: BTreeSet<_> = WORDS_OF_REPORTS.map(str::to_owned).into();
    let formats = ["offer_file.rs", "offer_part.rs", "check_words.rs", "label_id.rs"];
    let of_api =
        sources("api/src").into_iter().filter(|(file, _)| formats.contains(&file.as_str()));
    for (_, source) in sources(CORE).into_iter().chain(of_api) {
        for function in source.split("fn code(&self)").skip(1) {
            let (body, _) = function.split_once("\n    }").unwrap();
            codes.extend(literals(body).into_iter().filter(|literal| is_code(literal)));
        }
    }
    let makers = sources(CORE).into_iter().filter(|(file, _)| file.starts_with("verify"));
    for (_, source) in makers.chain(sources("verifier-cli/src")) {
        let is_comment = |line: &&str| line.trim_start().starts_with("//");
        let code: Vec<_> = source.lines().filter(|line| !is_comment(line)).collect();
        let has_family = |text: &String| text.contains('/') && is_code(text);
        codes.extend(literals(&code.join("\n")).into_iter().filter(has_family));
    }
    codes
}

fn is_code(literal: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    match literal.split_once('/') {
        Some((family, name)) => is_plain(family) && is_plain(name),
        None => is_plain(literal),
    }
}

fn literals(source: &str) -> Vec<String> {
    source.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_limit_is_listed_with_its_value() {
    let spec = document("SPEC.md");
    let constants = constants_of_core();
    let mut listed = BTreeSet::new();
    for row in rows(section(&spec, "## Limits")) {
        let place = unquote(&row[2]);
        let (file, name) = place.split_once(' ').unwrap();
        let value = evaluate(&constants, file, name);
        assert_eq!(row[1], value.to_string(), "{place}");
        listed.insert(place);
    }
    // Not limits of a format: how many nodes an index holds, digits of a varint, how long a tree may be
    // appended to, and what a replay keeps in memory.
    let ours = [
        "index/arena.rs MAX_SLOTS",
        "index.rs MAX_LEN",
        "merkle/frontier.rs MAX_SIZE",
        "verify/replay/roots.rs MAX_KNOWN",
    ];
    for (file, name) in constants.keys().filter(|(_, name)| name.starts_with("MAX_")) {
        let place = format!("{file} {name}");
        let is_known = listed.contains(&place) || ours.contains(&place.as_str());
        assert!(is_known, "{place} is not listed");
    }
}

type Constants = BTreeMap<(String, String), String>;

/// `const NAME: usize = EXPRESSION;` of every file, with comments left out.
fn constants_of_core() -> Constants {
    let mut constants = Constants::new();
    for (file, source) in sources(CORE) {
        for declaration in source.split("const ").skip(1) {
            let Some((head, rest)) = declaration.split_once('=') else { continue };
            let Some((name, kind)) = head.split_once(':') else { continue };
            let is_number = ["usize", "u64", "u8", "u16", "i64"].contains(&kind.trim());
            let is_name =
                name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            if let (true, true, Some((expression, _))) = (is_number, is_name, rest.split_once(';'))
            {
                constants.insert((file.clone(), name.to_owned()), expression.trim().to_owned());
            }
        }
    }
    constants
}

/// The value of a constant: sums of products of numbers and other constants.
#[track_caller]
fn evaluate(constants: &Constants, file: &str, name: &str) -> u64 {
    let key = (file.to_owned(), name.to_owned());
    let expression = constants.get(&key).unwrap_or_else(|| panic!("no constant {name} in {file}"));
    let expression = expression.strip_suffix(" as usize").unwrap_or(expression);
    let factor = |text: &str| value_of(constants, file, text.trim());
    expression.split('+').map(|product| product.split('*').map(factor).product::<u64>()).sum()
}

fn value_of(constants: &Constants, file: &str, text: &str) -> u64 {
    if let Ok(number) = text.replace('_', "").parse() {
        return number;
    }
    match text.split_once("::") {
        Some(("u16", "MAX")) => u64::from(u16::MAX),
        // `KeyName::MAX_LEN` stands in `key_name.rs`.
        Some((owner, name)) => {
            let snake: String = owner
                .chars()
                .flat_map(|c| {
                    let separator = c.is_uppercase().then_some('_');
                    separator.into_iter().chain(c.to_lowercase())
                })
                .collect();
            let end = format!("{}.rs", snake.trim_start_matches('_'));
            let found =
                constants.keys().find(|(file, known)| file.ends_with(&end) && known == name);
            evaluate(constants, &found.unwrap().0, name)
        }
        None if constants.contains_key(&(file.to_owned(), text.to_owned())) => {
            evaluate(constants, file, text)
        }
        None => {
            let found = constants.keys().find(|(_, known)| known == text);
            evaluate(constants, &found.unwrap_or_else(|| panic!("no constant {text}")).0, text)
        }
    }
}

#[test]
fn every_list_of_words_is_a_rule() {
    let rules = words_of_spec();
    let mut count = 0;
    for (file, source) in sources(CORE) {
        if file == "code.rs" || file.starts_with("verify") {
            continue;
        }
        for list in source.split("codes! {").skip(1) {
            let (_, list) = list.split_once("pub enum ").unwrap();
            let (name, list) = list.split_once(" {").unwrap();
            let (list, _) = list.split_once("\n    }").unwrap();
            let code: Vec<_> =
                list.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let words = literals(&code.join("\n"));
            let rule = kebab(name);
            assert_eq!(rules.get(&rule), Some(&words), "{name} in {file} is rule `{rule}`");
            count += 1;
        }
    }
    assert_eq!(count, 44, "lists of words found");
}

/// The rules of SPEC's CDDL that are a choice of words.
pub fn words_of_spec() -> BTreeMap<String, Vec<String>> {
    let cddl = blocks(&document("SPEC.md"), "cddl").replace("/\n", "/ ");
    let mut rules = BTreeMap::new();
    for line in cddl.lines() {
        let line = line.split(';').next().unwrap();
        if let Some((name, choice)) = line.split_once(" = \"") {
            let words = format!("\"{choice}")
                .split('/')
                .map(|word| word.trim().trim_matches('"').to_owned())
                .collect();
            rules.insert(name.to_owned(), words);
        }
    }
    rules
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    kebab
}

#[test]
fn reports_have_the_lines_and_verdicts_listed() {
    let spec = document("SPEC.md");
    let listed: Vec<_> =
        rows(section(&spec, "### Report")).iter().map(|row| unquote(&row[0])).collect();
    let statuses = Status::ALL.iter().map(|status| status.word());
    let lines = LineId::ALL.iter().map(|line| line.word());
    let verdicts =
        [Verdict::Rejected, Verdict::CouldNotCheck, Verdict::Verified].map(Verdict::word);
    let known: Vec<_> = statuses.chain(lines).chain(verdicts).collect();
    assert_eq!(listed, known);
}

#[test]
fn every_type_has_a_rule_and_a_row() {
    let spec = document("SPEC.md");
    let rules = blocks(&spec, "cddl");
    let types: Vec<_> = RecordType::ALL.iter().map(|known| known.word()).collect();
    let listed = rows(section(&spec, "## Roles and chains by type"));
    let listed: Vec<_> = listed.iter().map(|row| unquote(&row[0])).collect();
    assert_eq!(listed, types);
    for word in types {
        assert!(rules.contains(&format!("\n{word} = {{")), "no rule `{word}`");
    }
}

/// What code refers to as `SPEC section "X"` is a heading.
#[test]
fn sections_that_the_code_names_are_there() {
    let spec = document("SPEC.md");
    let headings: BTreeSet<_> = spec
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim())
        .collect();
    for folder in [CORE, "ledger/log/src", "verifier-cli/src", "api/src"] {
        if !repository(folder).exists() {
            continue;
        }
        for (file, source) in sources(folder) {
            // A name may be broken by the end of a comment's line.
            let source = source.replace("\n//! ", " ").replace("\n/// ", " ");
            for named in source.split("SPEC section").skip(1) {
                let named = named.trim_start_matches('s').trim_start();
                if let Some((name, _)) =
                    named.strip_prefix('"').and_then(|rest| rest.split_once('"'))
                {
                    assert!(headings.contains(name), "{folder}/{file} names section \"{name}\"");
                }
            }
        }
    }
}

#[track_caller]
fn unquote(cell: &str) -> String {
    cell.strip_prefix('`')
        .and_then(|cell| cell.strip_suffix('`'))
        .unwrap_or_else(|| panic!("no back quotes: {cell}"))
        .to_owned()
}
