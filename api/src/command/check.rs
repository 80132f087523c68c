use custody_log::store::StoreError;
use custody_log::{
    CheckSummary, Checked, Finding, LedgerError, LedgerOptions, OpeningCounts, Progress, Suspect,
};
use serde_json::{Value, json};

use super::option::{DirectoryOption, directory_help};
use crate::desk::check_ledger;
use crate::failure::{Ending, Failure};
use crate::terminal::{Answer, count_bar, is_about};

/// Lines of findings that are shown.
const SHOWN: usize = 100;
/// Findings that `--json` lists one by one.
const LISTED: usize = 1_000;

pub const HELP: &str = concat!(
    "\
usage: custody check [options]

Check the whole ledger from its bytes: every signature, rule, hash and root again, every table against
them, every opening in the vault against what was sealed, whether what was erased is gone, and all of it
against the high-water mark. Works on a ledger that other commands refuse, as long as
its store opens. Nothing is repaired or changed. Exit status 1 with a line for everything that is wrong; what is
wrong in the same way of many entries in a row is one line. It says how many sealed fields can be opened.

",
    directory_help!(),
    "
example:
  $ custody check --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: DirectoryOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let path = args.ledger.path()?;
    check_ledger(&path)?;
    let options = LedgerOptions::new(path);
    let suspect = Suspect::open(&options).map_err(cannot_look)?;
    is_about(suspect.origin());
    let bar = count_bar("checking", suspect.size().0);
    let checked = suspect.check(&|progress: Progress| bar.set(progress.done));
    drop(bar);
    Ok(match &checked {
        Checked { summary: Some(summary), findings, .. } if findings.is_empty() => sound(summary),
        _ => wrong(&checked),
    })
}

/// The store does not open, so that there is nothing to look at.
fn cannot_look(error: LedgerError) -> Failure {
    let hint = match &error {
        LedgerError::Store(StoreError::Damaged { .. } | StoreError::Corrupt { .. }) => {
            Some("keep the directory as it is, copy it, and restore a backup elsewhere")
        }
        _ => None,
    };
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn sound(summary: &CheckSummary) -> Answer {
    let mut lines = vec![format!("sound: {}", covered(summary))];
    lines.extend(openings(&summary.openings));
    lines.push(format!("root {}", summary.head.root));
    let mut facts = facts(summary);
    facts["sound"] = true.into();
    facts["findings"] = json!([]);
    Answer::done(lines, facts)
}

fn covered(summary: &CheckSummary) -> String {
    format!(
        "{} entries, {} subjects, {} tiles, {} signed sizes",
        summary.head.size, summary.subjects, summary.tiles, summary.signed_sizes
    )
}

/// What is not here cannot be told from what never was: nobody has to hand in an opening. But where none is, somebody should
/// look whether there was one.
fn openings(counts: &OpeningCounts) -> Vec<String> {
    let OpeningCounts { sealed, matching, erased, .. } = counts;
    let line = format!(
        "openings: {matching} of {sealed} sealed fields can be opened, {erased} more were erased"
    );
    let lost = "! no sealed field can be opened: if the vault was lost, restore it from a backup";
    let is_lost = *matching == 0 && *sealed > 0;
    std::iter::once(line).chain(is_lost.then(|| lost.to_owned())).collect()
}

fn openings_json(counts: &OpeningCounts) -> Value {
    json!({
        "sealed": counts.sealed,
        "as_sealed": counts.matching,
        "erased": counts.erased,
        "not_kept": counts.absent,
    })
}

fn facts(summary: &CheckSummary) -> Value {
    json!({
        "size": summary.head.size.0,
        "root": summary.head.root.to_string(),
        "subjects": summary.subjects,
        "tiles": summary.tiles,
        "signed_sizes": summary.signed_sizes,
        "openings": openings_json(&summary.openings),
    })
}

fn wrong(checked: &Checked) -> Answer {
    let mut lines = told(&checked.findings);
    let mut facts = json!({ "openings": openings_json(&checked.openings) });
    if let Some(summary) = &checked.summary {
        lines.push(format!("apart from that sound: {}", covered(summary)));
        facts = self::facts(summary);
    }
    lines.extend(openings(&checked.openings));
    lines.extend(checked.summary.iter().map(|summary| format!("root {}", summary.head.root)));
    let finding = |finding: &Finding| -> Value {
        json!({
            "entry": finding.index.map(|index| index.0),
            "code": finding.code,
            "expected": finding.expected,
            "found": finding.found,
        })
    };
    facts["sound"] = false.into();
    facts["findings"] = checked.findings.iter().take(LISTED).map(finding).collect();
    facts["more"] = checked.findings.len().saturating_sub(LISTED).into();
    Answer::done(lines, facts).ending(Ending::Rejected)
}

/// One block of the store that is damaged makes the same wrong of everything that rests on it: what is found again and again is
/// one line, with the first of it in full.
fn told(findings: &[Finding]) -> Vec<String> {
    let is_alike = |one: &Finding, next: &Finding| {
        one.code == next.code && one.index.is_some() == next.index.is_some()
    };
    let runs: Vec<_> = findings.chunk_by(is_alike).collect();
    let mut lines: Vec<_> = runs.iter().take(SHOWN).map(|run| run_line(run)).collect();
    let rest: usize = runs.iter().skip(SHOWN).map(|run| run.len()).sum();
    if rest > 0 {
        lines.push(format!("and {rest} more; `--json` lists {LISTED} one by one"));
    }
    lines
}

fn run_line(run: &[Finding]) -> String {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return String::new() };
    if run.len() == 1 {
        return first.to_string();
    }
    let entries = match (first.index, last.index) {
        (Some(first), Some(last)) if first == last => format!("entry {first}: "),
        (Some(first), Some(last)) => format!("entries {first} to {last}: "),
        _ => String::new(),
    };
    let Finding { code, expected, found, .. } = first;
    let times = run.len();
    format!("{entries}{code}, {times} times; the first: expected {expected}, found {found}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use custody_core::merkle::LeafIndex;

    const STATE: &str = "check/state";
    const ROOT: &str = "check/root";

    fn finding(index: Option<u64>, code: &'static str) -> Finding {
        let index = index.map(LeafIndex);
        Finding { index, code, expected: "one thing".to_owned(), found: "another".to_owned() }
    }

    #[test]
    fn what_is_found_again_and_again_is_one_line() {
        let mut findings = vec![finding(Some(3), "check/chain")];
        findings.extend((4..900).map(|index| finding(Some(index), "check/tile")));
        findings.extend([finding(Some(900), "check/chain"), finding(Some(900), "check/chain")]);
        findings.extend((0..5_000).map(|_| finding(None, STATE)));
        findings.push(finding(None, ROOT));
        let lines = told(&findings);
        let rest = "expected one thing, found another";
        let starts = [
            "entry 3: check/chain: ",
            "entries 4 to 899: check/tile, 896 times; the first: ",
            "entry 900: check/chain, 2 times; the first: ",
            &format!("{STATE}, 5000 times; the first: "),
            &format!("{ROOT}: "),
        ];
        assert_eq!(lines, starts.map(|start| format!("{start}{rest}")));
    }

    #[test]
    fn by_turns_there_are_no_more_lines_than_somebody_reads() {
        let codes = ["check/chain", "check/tile"];
        let findings: Vec<_> =
            (0..2_000).map(|index| finding(Some(index), codes[index as usize % 2])).collect();
        let lines = told(&findings);
        assert_eq!(lines.len(), SHOWN + 1);
        assert_eq!(lines[SHOWN], "and 1900 more; `--json` lists 1000 one by one");
        let checked = Checked { summary: None, openings: OpeningCounts::default(), findings };
        let answer = wrong(&checked);
        assert_eq!(answer.json["findings"].as_array().map(Vec::len), Some(LISTED));
        assert_eq!(answer.json["more"], 1_000);
    }
}
