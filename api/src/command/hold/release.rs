use custody_core::record::body::HoldRelease;
use serde_json::json;

use crate::act::Act;
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::command::party::{self, items, items_json};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody hold release ITEM... --hold RECORD --authority TEXT --supervisor CUSTODIAN [options]

End a hold that your agency set. A supervisor signs too, here with --with-key or elsewhere with
`custody accept`. RECORD is an entry's number or a record's digest.

  --hold RECORD               the hold
  --authority TEXT            whose decision it was (sealed)
  --supervisor CUSTODIAN      who answers for it

",
    signing_help!(),
    "
example:
  $ custody hold release item:0f3c --hold 14 --authority 'order 31/2026' --supervisor custodian:77ab \\
      --key anna.key --out hold.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "RECORD")]
    hold: String,
    #[arg(long, value_parser = sealed_text)]
    authority: String,
    #[arg(long)]
    supervisor: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let ids = items(desk, &args.item)?;
    let hold = desk.record_digest(&args.hold)?;
    let me = session.custodian()?;
    let supervisor = party::somebody_else(desk, me, "--supervisor", &args.supervisor)?;
    let act = Act::say(HoldRelease { hold }, &ids, me)
        .supervised_by(supervisor)
        .sealing_text("authority", Some(&args.authority));
    let facts = json!({ "items": items_json(&ids), "hold": hold.to_string() });
    let done = session.finish(act)?;
    done.answer(done.verb("hold released"), facts, Some(desk))
}
