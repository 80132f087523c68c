use std::path::PathBuf;

use custody_core::cose::{Check, Observed, Outcome};
use custody_core::id::{SubjectId, Uuid};
use serde_json::json;

use super::{counted, in_order, read_facts, read_line, read_table, unless_refused};
use crate::act::{Act, Proposal, Reply};
use crate::command::on_the_way;
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::command::party;
use crate::failure::Failure;
use crate::rehearsal::Rehearsal;
use crate::session::{Session, merge};
use crate::table::{Answered, Fault, Faults, OUTCOMES, Register, TableError, read_outcomes};
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody import outcomes FILE.csv --release RELEASE [--dry-run] [options]

Take over a manifest that was released to you, with what you found of each item: one record. Only what
is not simply accepted stands in it. `custody import template outcomes --release RELEASE` makes the table.

  --release RELEASE           the digest of the record that released them, or its entry's number
  --checked CHECKS            what you looked at: digest, inventory, count, seal; with commas
  --remark TEXT               (sealed)
  --witness CUSTODIAN         who was there and signs too; may be repeated
  --dry-run                   check everything, say what would be recorded, record nothing

columns, in any order; item and outcome must be there:
  item                        its id, at least 4 of its first digits, or its reference
  outcome                     accepted, discrepancy, missing, not-inventoried or seal-mismatch
  reference, description      for people; where filled in, they must be what the ledger has

An item that has no row, or no outcome in it, is not answered: it stays on the way, and the answer says how
many do. One that you find missing stays with the releasing side. Run again after it is recorded, it is
refused: the items are no longer on the way.

",
    signing_help!(),
    "
example:
  $ custody import outcomes van.csv --release 17 --checked seal,count --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    release: String,
    #[arg(long, value_delimiter = ',')]
    checked: Vec<Check>,
    #[arg(long, value_parser = sealed_text)]
    remark: Option<String>,
    #[arg(long)]
    witness: Vec<String>,
    #[arg(long)]
    dry_run: bool,
}

/// What a register of a release's items has.
const UNANSWERED: &str = "item of this release that is still on the way";

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let (_, sheet) = read_table(&args.file, &OUTCOMES)?;
    let session = args.signing.session_or_rehearsal(args.dry_run)?;
    let desk = session.desk();
    let release = desk.record(desk.entry(&args.release)?)?.digest();
    let open = in_order(desk, on_the_way::items_under(desk, &release)?)?;
    let reply = on_the_way::addressed_to(desk, &open, session.custodian()?)?;
    let mut faults = sheet.faults.clone();
    let answered =
        read_outcomes(desk, &mut Register::among(desk, &open, UNANSWERED), &sheet, &mut faults)?;
    if answered.is_empty() && faults.is_empty() {
        let line = sheet.rows.first().map_or(1, |row| row.line);
        faults.push(Fault::new(line, Some("outcome"), &TableError::EmptyCell));
    }
    judge_rows(&session, &answered, reply, &mut faults)?;
    let answered = unless_refused(&args.file, faults, answered)?;
    let proposal = propose(args, &session, &answered, reply)?;
    if proposal.next_signer().is_none() {
        Rehearsal::of(desk).judge(&proposal)?;
    }
    let rest = open.len() - answered.len();
    let lines = vec![read_line(&args.file, &sheet)];
    let items: Vec<_> = answered.iter().map(|each| each.item).collect();
    let facts = json!({
        "items": party::items_json(&items),
        "outcomes": outcomes_json(&answered),
        "release": release.to_string(),
        "still_on_the_way": rest,
    });
    let facts = merge(read_facts(&sheet, args.dry_run), facts);
    let rest = match rest {
        0 => Vec::new(),
        rest => vec![format!("not answered: {}, still on the way", counted(rest, "item"))],
    };
    if args.dry_run {
        let said = format!("would receive {}; nothing was recorded", tally(&answered));
        return Ok(Answer::done([lines, vec![said], rest].concat(), facts));
    }
    let done = session.settle(&proposal)?;
    let said = done.verb(&format!("received {}", tally(&answered)));
    done.answer([lines, said, rest].concat(), facts, Some(desk))
}

fn propose(
    args: &Args,
    session: &Session,
    answered: &[Answered],
    reply: Reply,
) -> Result<Proposal, Failure> {
    let items: Vec<_> = answered.iter().map(|each| each.item).collect();
    let act = Act::receive(&items, reply)
        .sealing_text("remark", args.remark.as_deref())
        .witnessed_by(&party::custodians(session.desk(), &args.witness)?);
    let mut checked = args.checked.clone();
    checked.sort_by_key(|check| check.word());
    checked.dedup();
    session.sign(act, None, |proposal| {
        Ok(Observed { checked, outcomes: exceptions(proposal, answered) })
    })
}

/// What is not simply accepted, by the item's place in the record.
fn exceptions(proposal: &Proposal, answered: &[Answered]) -> Vec<Outcome> {
    let finding_of = |id: &SubjectId| {
        answered.iter().find(|each| SubjectId::Item(each.item) == *id).and_then(|each| each.finding)
    };
    let links = proposal.payload().subjects.iter().enumerate();
    links
        .filter_map(|(position, link)| {
            finding_of(&link.subject).map(|finding| Outcome { position, finding })
        })
        .collect()
}

/// Judges each item on its own, so that every row is told what is wrong with it.
fn judge_rows(
    session: &Session,
    answered: &[Answered],
    reply: Reply,
    faults: &mut Faults,
) -> Result<(), Failure> {
    let mut rehearsal = Rehearsal::of(session.desk());
    for each in answered {
        let act = Act::receive(&[each.item], reply);
        let one = std::slice::from_ref(each);
        let observe = |proposal: &Proposal| {
            Ok(Observed { checked: Vec::new(), outcomes: exceptions(proposal, one) })
        };
        let proposal = session.sign(act, None, observe)?;
        if let Err(failure) = rehearsal.judge(&proposal) {
            faults.push(Fault::said(each.line, Some("item"), &failure));
        }
    }
    Ok(())
}

/// `500 items: 498 accepted, 1 missing, 1 seal-mismatch`.
fn tally(answered: &[Answered]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for each in answered {
        let word = word(each);
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    // Accepted first, then by word.
    counts.sort_by_key(|(word, _)| (*word != "accepted", *word));
    let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    format!("{}: {}", counted(answered.len(), "item"), counts.join(", "))
}

fn word(answered: &Answered) -> &'static str {
    answered.finding.map_or("accepted", |finding| finding.word())
}

fn outcomes_json(answered: &[Answered]) -> serde_json::Value {
    let row = |each: &Answered| {
        let item: Uuid = each.item;
        json!({ "line": each.line, "item": SubjectId::Item(item).to_string(), "outcome": word(each) })
    };
    answered.iter().map(row).collect()
}
