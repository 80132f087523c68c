use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::{Dispute, DisputeGround};
use serde_json::json;

use crate::act::Act;
use crate::command::measured;
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody dispute raise ITEM --record RECORD --ground GROUND --text TEXT [options]

Dispute what a record says. RECORD is an entry's number or a record's digest.

  --record RECORD             the record
  --ground GROUND             identity, time, condition, handling, authority or other
  --text TEXT                 what is wrong with it (sealed)
  --attach FILE               a document or photograph, kept by you; may be repeated

",
    signing_help!(),
    "
example:
  $ custody dispute raise item:0f3c --record 12 --ground time --text 'the lab was closed' --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    record: String,
    #[arg(long)]
    ground: DisputeGround,
    #[arg(long, value_parser = sealed_text)]
    text: String,
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let record = desk.record_digest(&args.record)?;
    let act = Act::say(Dispute { ground: args.ground, record }, &[item], session.custodian()?)
        .sealing_text("text", Some(&args.text))
        .attaching(measured::documents(&args.attach)?);
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "disputes": record.to_string(),
        "ground": args.ground.word(),
    });
    let done = session.finish(act)?;
    done.answer(done.verb("disputed"), facts, Some(desk))
}
