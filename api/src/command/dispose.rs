use custody_core::id::SubjectId;
use custody_core::record::body::{Dispose, DisposeMethod};
use serde_json::json;

use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody dispose ITEM --method METHOD --authority TEXT --witness CUSTODIAN [options]

End an item you hold. A witness who never held it signs too, here with --with-key or elsewhere with
`custody accept`. After that only corrections and late entries are taken.

  --method METHOD             destroyed, wiped or forfeited
  --authority TEXT            whose decision it was (sealed)
  --witness CUSTODIAN         who saw it

",
    signing_help!(),
    "
example:
  $ custody dispose item:0f3c --method destroyed --authority 'order 12/2026' --witness custodian:77ab \\
      --key ben.key --out disposal.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    method: DisposeMethod,
    #[arg(long, value_parser = sealed_text)]
    authority: String,
    #[arg(long)]
    witness: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let me = session.custodian()?;
    let witness = party::somebody_else(desk, me, "--witness", &args.witness)?;
    let act = Act::dispose(item, me, witness, Dispose { method: args.method })
        .sealing_text("authority", Some(&args.authority));
    let facts = json!({ "item": SubjectId::Item(item).to_string(), "method": args.method.word() });
    let done = session.finish(act)?;
    done.answer(done.verb("disposed of"), facts, Some(desk))
}
