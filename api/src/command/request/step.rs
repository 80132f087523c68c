use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::{Request, RequestStep};
use serde_json::json;

use super::bare;
use crate::act::Act;
use crate::command::measured;
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::failure::Failure;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody request approve|transmit|receive|accept|execute|fulfil|withdraw REQUEST [options]

Take a step of a request. The requesting agency approves, transmits and withdraws; the requested one
receives, accepts, executes and fulfils. Steps may be left out, and none goes back.

  --reference TEXT            your number for it (sealed)
  --text TEXT                 what is to be said about the step (sealed)
  --deadline TIME             by when an answer is due from now on
  --attach FILE               a document of the step, kept by you; may be repeated

",
    signing_help!(),
    "
example:
  $ custody request receive request:4d1e --reference 'AR 77/26' --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    said: Said,
    #[arg(long, value_name = "TIME")]
    deadline: Option<Moment>,
}

/// What every step says besides which one it is.
#[derive(Debug, clap::Args)]
pub struct Said {
    request: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = sealed_text)]
    reference: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    text: Option<String>,
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

pub fn run(args: &Args, step: RequestStep) -> Result<Answer, Failure> {
    let deadline_s = args.deadline.map(|moment| moment.utc_s);
    take(&args.said, Request { deadline_s, ..bare(step) })
}

/// Takes the step that `body` says.
pub fn take(args: &Said, body: Request) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let request = session.desk().request(&args.request)?;
    let step = body.step;
    let act = Act::step_of_request(request, session.custodian()?, body)
        .sealing_text("reference", args.reference.as_deref())
        .sealing_text("text", args.text.as_deref())
        .attaching(measured::documents(&args.attach)?);
    let facts = json!({ "request": SubjectId::Request(request).to_string(), "step": step.word() });
    let done = session.finish(act)?;
    done.answer(done.verb(step.word()), facts, Some(session.desk()))
}
