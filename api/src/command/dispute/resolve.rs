use custody_core::id::SubjectId;
use custody_core::record::body::{DisputeOutcome, DisputeResolution};
use serde_json::json;

use crate::act::Act;
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::command::party;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody dispute resolve ITEM --dispute RECORD --outcome OUTCOME --text TEXT
                               --supervisor CUSTODIAN [options]

Say how a dispute ended. A supervisor signs too, here with --with-key or elsewhere with
`custody accept`. RECORD is an entry's number or a record's digest.

  --dispute RECORD            the dispute
  --outcome OUTCOME           upheld, partly-upheld, rejected or withdrawn
  --text TEXT                 why so (sealed)
  --supervisor CUSTODIAN      who answers for it

",
    signing_help!(),
    "
example:
  $ custody dispute resolve item:0f3c --dispute 15 --outcome rejected --text 'see the log of the door' \\
      --supervisor custodian:77ab --key anna.key --out resolution.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "RECORD")]
    dispute: String,
    #[arg(long)]
    outcome: DisputeOutcome,
    #[arg(long, value_parser = sealed_text)]
    text: String,
    #[arg(long)]
    supervisor: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let dispute = desk.record_digest(&args.dispute)?;
    let me = session.custodian()?;
    let supervisor = party::somebody_else(desk, me, "--supervisor", &args.supervisor)?;
    let act = Act::say(DisputeResolution { dispute, outcome: args.outcome }, &[item], me)
        .supervised_by(supervisor)
        .sealing_text("text", Some(&args.text));
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "dispute": dispute.to_string(),
        "outcome": args.outcome.word(),
    });
    let done = session.finish(act)?;
    done.answer(done.verb("resolved"), facts, Some(desk))
}
