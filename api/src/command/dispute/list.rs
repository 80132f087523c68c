use custody_core::record::Record;
use custody_core::record::body::Body;
use serde_json::json;

use crate::command::open_notes::{OpenNote, collect};
use crate::command::option::{LedgerOption, ledger_help};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody dispute list [ITEM...] [options]

The disputes that nobody has resolved yet. Without ITEM, those about all items.

",
    ledger_help!(),
    "
example:
  $ custody dispute list --ledger ledger
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
    let disputes = collect(&desk, &args.item, |notes| notes.disputes.clone())?;
    let lines = disputes.iter().map(OpenNote::line).collect();
    let list: Vec<_> =
        disputes.iter().map(|open| open.to_json("ground", ground(&open.record))).collect();
    Ok(Answer::done(lines, json!({ "disputes": list, "size": desk.head().size.0 })))
}

fn ground(record: &Record) -> &'static str {
    match &record.payload().body {
        Body::Dispute(body) => body.ground.word(),
        _ => "",
    }
}
