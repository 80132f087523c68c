use custody_core::record::body::Policy;
use serde_json::json;

use crate::act::Act;
use crate::command::agency::authorities;
use crate::command::option::{Signing, signing_help};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody ledger policy --quorum N --key FOUNDER [--approve AGENCY]... [options]

Change how many founding agencies must sign where founders decide. As many as now must sign this, each
with its authority key; where they are not all here, through an offer file.

  --quorum N                  how many, from now on
  --approve AGENCY            another founding agency that signs; may be repeated

",
    signing_help!(),
    "
example:
  $ custody ledger policy --quorum 2 --approve agency:5c0a --key police.key --out policy.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "N")]
    quorum: u64,
    #[arg(long, value_name = "AGENCY")]
    approve: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let founders = authorities(&session, &args.approve)?;
    let body = Policy { quorum: args.quorum };
    let act = Act::decide(session.desk().origin(), &founders, body);
    let done = session.finish(act)?;
    let facts = json!({ "quorum": args.quorum });
    done.answer(done.verb("decided"), facts, Some(session.desk()))
}
