use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::{Discrepancy, DiscrepancyKind};
use serde_json::json;

use super::measured;
use super::option::{Signing, sealed_text, signing_help};
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody discrepancy ITEM --kind KIND --text TEXT [options]

Say that something about an item is not as it should be. RECORD is an entry's number or a record's digest.

  --kind KIND                 missing, surplus, quantity, seal, description, digest, place or papers
  --text TEXT                 what was found (sealed)
  --record RECORD             the record that it differs from
  --attach FILE               a document or photograph, kept by you; may be repeated

",
    signing_help!(),
    "
example:
  $ custody discrepancy item:0f3c --kind papers --text 'no warrant in the file' --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    kind: DiscrepancyKind,
    #[arg(long, value_parser = sealed_text)]
    text: String,
    #[arg(long)]
    record: Option<String>,
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let record = args.record.as_ref().map(|record| desk.record_digest(record)).transpose()?;
    let act = Act::say(Discrepancy { kind: args.kind, record }, &[item], session.custodian()?)
        .sealing_text("text", Some(&args.text))
        .attaching(measured::documents(&args.attach)?);
    let facts = json!({ "item": SubjectId::Item(item).to_string(), "kind": args.kind.word() });
    let done = session.finish(act)?;
    done.answer(done.verb("noted"), facts, Some(desk))
}
