use custody_core::record::body::{HoldBasis, HoldSet};
use serde_json::json;

use crate::act::Act;
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::command::party::{items, items_json};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody hold set ITEM... --basis BASIS --authority TEXT [options]

Say that items must be kept. Anybody who is enrolled may; only their agency ends it. Until then they are not
disposed of and not returned. What is used up or split even so is recorded, and reports point at it.

  --basis BASIS               court-order, appeal, preservation or internal
  --authority TEXT            whose decision it was (sealed)

",
    signing_help!(),
    "
example:
  $ custody hold set item:0f3c --basis court-order --authority 'order 12/2026' --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    basis: HoldBasis,
    #[arg(long, value_parser = sealed_text)]
    authority: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let ids = items(session.desk(), &args.item)?;
    let act = Act::say(HoldSet { basis: args.basis }, &ids, session.custodian()?)
        .sealing_text("authority", Some(&args.authority));
    let facts = json!({ "items": items_json(&ids), "basis": args.basis.word() });
    let done = session.finish(act)?;
    done.answer(done.verb("on hold"), facts, Some(session.desk()))
}
