use custody_core::id::SubjectId;
use custody_core::verify::utc_text;
use serde_json::{Value, json};

use super::option::{LedgerOption, ledger_help};
use super::show::name_json;
use crate::audit::{Audited, Finding, Kind, Question, Unread, audit};
use crate::desk::Desk;
use crate::failure::{Ending, Failure};
use crate::moment::Moment;
use crate::people::{Name, People};
use crate::terminal::{Answer, count_bar};

pub const HELP: &str = concat!(
    "\
usage: custody audit [options]

What is unusual in the ledger: gaps, overlaps, overdue transits, one person in two places, missing signatures,
seals, late entries, missing items and containers, substitutes, clocks, exhibit numbers, what was taken from
items on hold. A finding accuses nobody: it says where to ask. The guide for auditors has every code. All entries
are looked at; the same ledger with the same openings gives the same findings on any machine.

Exit status 0: no findings. 1: findings. 2: could not look.

  --item ITEM                 only findings about this item; may be repeated
  --only CODE                 only findings of this kind, as audit/gap or gap; may be repeated
  --as-of TIME                judge what is open at this time; at the newest entry's if left out
  --gap-hours HOURS           how long something may be on the way without a reason; 72 if left out
",
    ledger_help!(),
    "
example:
  $ custody audit --only gap --only overdue-transit --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long)]
    item: Vec<String>,
    #[arg(long, value_name = "CODE")]
    only: Vec<Kind>,
    #[arg(long, value_name = "TIME")]
    as_of: Option<Moment>,
    #[arg(long, value_name = "HOURS", default_value_t = 72)]
    gap_hours: u64,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let items = args.item.iter().map(|text| desk.item(text)).collect::<Result<_, _>>()?;
    let (as_of_s, only) = (args.as_of.map(|moment| moment.utc_s), args.only.clone());
    let question = Question { as_of_s, gap_hours: args.gap_hours, only, items };
    let bar = count_bar("looking", desk.head().size.0);
    let audited = audit(&desk, &question, &|done| {
        bar.set(done);
        Ok(())
    })?;
    drop(bar);
    answer(&desk, &audited, &question)
}

fn answer(desk: &Desk, audited: &Audited, question: &Question) -> Result<Answer, Failure> {
    let people = People::of(desk);
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for finding in &audited.findings {
        let names = finding.people.iter().map(|id| people.custodian(*id));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        lines.extend(finding_lines(finding, &names));
        list.push(finding_json(finding, &names));
    }
    lines.push(count_line(audited));
    lines.push(format!("as of {}", utc_text(audited.as_of_s)));
    lines.push(format!("size {}, root {}", audited.head.size, audited.head.root));
    lines.extend(unread_line(audited.unread));
    let facts = json!({
        "findings": list,
        "as_of": utc_text(audited.as_of_s),
        "gap_hours": question.gap_hours,
        "size": audited.head.size.0,
        "root": audited.head.root.to_string(),
        "not_looked_at": {
            "places": audited.unread.places,
            "seals": audited.unread.seals,
            "histories": audited.unread.histories,
        },
    });
    let ending = if audited.findings.is_empty() { Ending::Done } else { Ending::Rejected };
    Ok(Answer { ending, ..Answer::done(lines, facts) })
}

fn finding_lines(finding: &Finding, names: &[Name]) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", finding.kind.word(), finding.text)];
    lines.push(format!("  {}", entries_text(&finding.entries)));
    lines.extend(finding.items.iter().map(|item| format!("  {}", SubjectId::Item(*item))));
    lines.extend(names.iter().map(|name| format!("  {name}")));
    if !finding.corrected_by.is_empty() {
        lines.push(format!("  corrected by {}", entries_text(&finding.corrected_by)));
    }
    lines.push(String::new());
    lines
}

fn entries_text(entries: &[u64]) -> String {
    let numbers: Vec<_> = entries.iter().map(u64::to_string).collect();
    match numbers.as_slice() {
        [only] => format!("entry {only}"),
        [most @ .., last] => format!("entries {} and {last}", most.join(", ")),
        [] => "no entry".to_owned(),
    }
}

fn finding_json(finding: &Finding, names: &[Name]) -> Value {
    let items = finding.items.iter().map(|item| SubjectId::Item(*item).to_string());
    json!({
        "code": finding.kind.word(),
        "entries": finding.entries,
        "items": items.collect::<Vec<_>>(),
        "people": names.iter().map(name_json).collect::<Vec<_>>(),
        "named": finding.named,
        "minutes": finding.minutes,
        "text": finding.text,
        "corrected_by": finding.corrected_by,
    })
}

fn count_line(audited: &Audited) -> String {
    let size = audited.head.size;
    match audited.findings.len() {
        0 => format!("no findings in {size} entries"),
        1 => format!("1 finding in {size} entries"),
        count => format!("{count} findings in {size} entries"),
    }
}

/// What an audit of this ledger cannot see, because its openings are not kept here.
fn unread_line(unread: Unread) -> Option<String> {
    let count = |count: u64, one: &str, several: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {several}")),
    };
    let parts = [
        count(unread.places, "act's place", "acts' places"),
        count(unread.seals, "seal's number", "seals' numbers"),
        count(unread.histories, "asserted history", "asserted histories"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let list = parts.join(", ");
    (!parts.is_empty()).then(|| format!("not looked at, since it is sealed and not kept: {list}"))
}
