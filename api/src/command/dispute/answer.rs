use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::DisputeResponse;
use serde_json::json;

use crate::act::Act;
use crate::command::measured;
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody dispute answer ITEM --dispute RECORD --text TEXT [options]

Answer a dispute that is open. RECORD is an entry's number or a record's digest.

  --dispute RECORD            the dispute
  --text TEXT                 the answer (sealed)
  --attach FILE               a document or photograph, kept by you; may be repeated

",
    signing_help!(),
    "
example:
  $ custody dispute answer item:0f3c --dispute 15 --text 'the log of the door says otherwise' --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "RECORD")]
    dispute: String,
    #[arg(long, value_parser = sealed_text)]
    text: String,
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let dispute = desk.record_digest(&args.dispute)?;
    let act = Act::say(DisputeResponse { dispute }, &[item], session.custodian()?)
        .sealing_text("text", Some(&args.text))
        .attaching(measured::documents(&args.attach)?);
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "dispute": dispute.to_string(),
    });
    let done = session.finish(act)?;
    done.answer(done.verb("answered"), facts, Some(desk))
}
