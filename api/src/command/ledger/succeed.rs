use custody_core::id::Origin;
use custody_core::record::body::OperatorSuccession;
use serde_json::json;

use crate::act::Act;
use crate::command::agency::authorities;
use crate::command::option::{Signing, signing_help};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody ledger succeed --to ORIGIN --key FOUNDER [--approve AGENCY]... [options]

End this ledger: another one goes on from it, and this one takes no record any more. A quorum of the
founding agencies signs, each with its authority key; where they are not all here, through an offer file.

  --to ORIGIN                 the other ledger's name
  --approve AGENCY            another founding agency that signs; may be repeated

",
    signing_help!(),
    "
example:
  $ custody ledger succeed --to police.example/evidence-2 --approve agency:5c0a --key police.key --out end.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "ORIGIN")]
    to: Origin,
    #[arg(long, value_name = "AGENCY")]
    approve: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    if args.to == *session.desk().origin() {
        let message = format!("`--to` names this ledger, {}", args.to);
        return Err(Failure::could_not("usage", message));
    }
    let founders = authorities(&session, &args.approve)?;
    let body = OperatorSuccession { origin: args.to.clone() };
    let act = Act::decide(session.desk().origin(), &founders, body);
    let done = session.finish(act)?;
    let facts = json!({ "successor": args.to.to_string() });
    done.answer(done.verb("ended"), facts, Some(session.desk()))
}
