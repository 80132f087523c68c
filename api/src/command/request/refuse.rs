use custody_core::record::body::{Request, RequestGround, RequestStep};

use super::{bare, step};
use crate::command::option::signing_help;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody request refuse REQUEST --ground GROUND [options]

Refuse a request that was addressed to your agency. That ends it.

  --ground GROUND             dual-criminality, political-offence, double-jeopardy, public-order,
                              human-rights, proportionality, immunity, form or impossible
  --reference TEXT            your number for it (sealed)
  --text TEXT                 what is to be said about it (sealed)
  --attach FILE               a document of the step, kept by you; may be repeated

",
    signing_help!(),
    "
example:
  $ custody request refuse request:4d1e --ground form --text 'the order lacks a signature' --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    said: step::Said,
    #[arg(long)]
    ground: RequestGround,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let ground = Some(args.ground);
    step::take(&args.said, Request { ground, ..bare(RequestStep::Refused) })
}
