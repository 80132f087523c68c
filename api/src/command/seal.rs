use custody_core::record::body::{Seal, SealKind};
use serde_json::json;

use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody seal ITEM... --number NUMBER [options]

Record that you put a seal on items you hold.

  --number NUMBER             what is written on it (sealed)
  --kind KIND                 bag, lock, tape or stamp; bag
  --witness CUSTODIAN         who was there and signs too; may be repeated

",
    signing_help!(),
    "
example:
  $ custody seal item:0f3c --kind bag --number B-204417 --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = sealed_text)]
    number: String,
    #[arg(long, default_value = "bag")]
    kind: SealKind,
    #[arg(long)]
    witness: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let items = party::items(session.desk(), &args.item)?;
    let act = Act::alone(Seal { kind: args.kind }, &items, session.custodian()?)
        .sealing_number(&args.number)
        .witnessed_by(&party::custodians(session.desk(), &args.witness)?);
    let facts = json!({ "items": party::items_json(&items) });
    let done = session.finish(act)?;
    done.answer(done.verb("sealed"), facts, Some(session.desk()))
}
