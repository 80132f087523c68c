use custody_core::record::Record;
use custody_core::record::body::Body;
use serde_json::json;

use crate::command::open_notes::{OpenNote, collect};
use crate::command::option::{LedgerOption, ledger_help};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody hold list [ITEM...] [options]

The holds that are open, each with the entry that set it. Without ITEM, those of all items.

",
    ledger_help!(),
    "
example:
  $ custody hold list --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: Vec<String>,
    #[command(flatten)]
    ledger: LedgerOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let holds =
        collect(&desk, &args.item, |notes| notes.holds.iter().map(|hold| hold.record).collect())?;
    let lines = holds.iter().map(OpenNote::line).collect();
    let list: Vec<_> =
        holds.iter().map(|hold| hold.to_json("basis", basis(&hold.record))).collect();
    Ok(Answer::done(lines, json!({ "holds": list, "size": desk.head().size.0 })))
}

fn basis(record: &Record) -> &'static str {
    match &record.payload().body {
        Body::HoldSet(body) => body.basis.word(),
        _ => "",
    }
}
