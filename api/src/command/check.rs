use custody_log::{Finding, Progress, check};
use serde_json::{Value, json};

use super::option::{LedgerOption, ledger_help};
use crate::failure::{Ending, Failure};
use crate::terminal::{Answer, count_bar};

pub const HELP: &str = concat!(
    "\
usage: custody check [options]

Check the whole ledger from its bytes: every signature, rule, hash and root again, and every table
against them. Nothing is repaired. Exit status 1 with a line for everything that is wrong.

",
    ledger_help!(),
    "
example:
  $ custody check --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let bar = count_bar("checking", desk.reader().head().size.0);
    let checked = check(desk.reader(), &|progress: Progress| bar.set(progress.done));
    drop(bar);
    let summary = match checked {
        Ok(summary) => summary,
        Err(findings) => return Ok(wrong(&findings)),
    };
    let (size, root) = (summary.head.size, summary.head.root);
    let lines = vec![
        format!(
            "sound: {size} entries, {} subjects, {} tiles, {} signed sizes",
            summary.subjects, summary.tiles, summary.signed_sizes
        ),
        format!("root {root}"),
    ];
    let facts = json!({
        "sound": true,
        "size": size.0,
        "root": root.to_string(),
        "subjects": summary.subjects,
        "tiles": summary.tiles,
        "signed_sizes": summary.signed_sizes,
        "findings": [],
    });
    Ok(Answer::done(lines, facts))
}

fn wrong(findings: &[Finding]) -> Answer {
    let lines = findings.iter().map(Finding::to_string).collect();
    let finding = |finding: &Finding| -> Value {
        json!({
            "entry": finding.index.map(|index| index.0),
            "code": finding.code,
            "expected": finding.expected,
            "found": finding.found,
        })
    };
    let list: Vec<_> = findings.iter().map(finding).collect();
    Answer { lines, json: json!({ "sound": false, "findings": list }), ending: Ending::Rejected }
}
