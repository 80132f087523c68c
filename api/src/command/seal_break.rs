use custody_core::record::body::{BreakReason, SealBreak};
use serde_json::json;

use super::doing::{Doing, doing_help};
use super::option::sealed_text;
use super::party;
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody seal-break ITEM... --reason REASON [options]

Record that you took a seal off items you hold, or that it came off. How you found one is
`custody seal-check`.

  --reason REASON             examination, inspection, reseal, accident or order
  --seal NUMBER               what is written on it (sealed)
",
    doing_help!(),
    "
example:
  $ custody seal-break item:0f3c --reason examination --seal B-204417 --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[arg(long)]
    reason: BreakReason,
    #[arg(long, value_name = "NUMBER", value_parser = sealed_text)]
    seal: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let items = party::items(session.desk(), &args.item)?;
    let act = Act::alone(SealBreak { reason: args.reason }, &items, session.custodian()?)
        .sealing_text("seal", args.seal.as_deref());
    let facts = json!({ "items": party::items_json(&items), "reason": args.reason.word() });
    args.doing.answer(&session, act, "seal taken off", facts)
}
