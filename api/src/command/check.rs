use custody_log::store::StoreError;
use custody_log::{
    CheckSummary, Checked, Finding, LedgerError, LedgerOptions, OpeningCounts, Progress, Suspect,
};
use serde_json::{Value, json};

use super::option::{DirectoryOption, directory_help};
use crate::desk::check_ledger;
use crate::failure::{Ending, Failure};
use crate::terminal::{Answer, count_bar, is_about};

pub const HELP: &str = concat!(
    "\
usage: custody check [options]

Check the whole ledger from its bytes: every signature, rule, hash and root again, every table against
them, every opening in the vault against what was sealed, whether what was erased is gone, and all of it
against the high-water mark. Works on a ledger that other commands refuse, as long as
its store opens. Nothing is repaired or changed. Exit status 1 with a line for everything that is wrong.

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
        Checked { summary: Some(summary), findings } if findings.is_empty() => sound(summary),
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
    let sound = format!("sound: {}", covered(summary));
    let lines = vec![sound, openings(summary), format!("root {}", summary.head.root)];
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

/// What is not here cannot be told from what never was: nobody has to hand in an opening.
fn openings(summary: &CheckSummary) -> String {
    let OpeningCounts { matching, erased, absent } = summary.openings;
    format!("openings: {matching} as sealed, {erased} erased, {absent} not kept here")
}

fn facts(summary: &CheckSummary) -> Value {
    json!({
        "size": summary.head.size.0,
        "root": summary.head.root.to_string(),
        "subjects": summary.subjects,
        "tiles": summary.tiles,
        "signed_sizes": summary.signed_sizes,
        "openings": {
            "as_sealed": summary.openings.matching,
            "erased": summary.openings.erased,
            "not_kept": summary.openings.absent,
        },
    })
}

fn wrong(checked: &Checked) -> Answer {
    let mut lines: Vec<_> = checked.findings.iter().map(Finding::to_string).collect();
    let mut facts = json!({});
    if let Some(summary) = &checked.summary {
        lines.push(format!("apart from that sound: {}", covered(summary)));
        lines.push(openings(summary));
        lines.push(format!("root {}", summary.head.root));
        facts = self::facts(summary);
    }
    let finding = |finding: &Finding| -> Value {
        json!({
            "entry": finding.index.map(|index| index.0),
            "code": finding.code,
            "expected": finding.expected,
            "found": finding.found,
        })
    };
    facts["sound"] = false.into();
    facts["findings"] = checked.findings.iter().map(finding).collect();
    Answer::done(lines, facts).ending(Ending::Rejected)
}
