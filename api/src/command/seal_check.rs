use custody_core::record::body::{SealCheck, SealOutcome};
use serde_json::json;

use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody seal-check ITEM... --outcome OUTCOME [options]

Record how you found the seal of items you hold.

  --outcome OUTCOME           intact, broken, mismatch or missing
  --number NUMBER             the number you read (sealed)
  --witness CUSTODIAN         who was there and signs too; may be repeated

",
    signing_help!(),
    "
example:
  $ custody seal-check item:0f3c --outcome intact --number B-204417 --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    outcome: SealOutcome,
    #[arg(long, value_parser = sealed_text)]
    number: Option<String>,
    #[arg(long)]
    witness: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let items = party::items(session.desk(), &args.item)?;
    let act = Act::alone(SealCheck { outcome: args.outcome }, &items, session.custodian()?)
        .sealing_text("seal", args.number.as_deref())
        .witnessed_by(&party::custodians(session.desk(), &args.witness)?);
    let facts = json!({ "items": party::items_json(&items), "outcome": args.outcome.word() });
    let done = session.finish(act)?;
    done.answer(done.verb("seal checked"), facts, Some(session.desk()))
}
