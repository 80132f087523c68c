use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::Record;
use custody_core::record::body::{LateEntry, LateReason};
use serde_json::json;

use super::correct::item_of;
use super::offer_source::read_complete;
use super::option::{Signing, signing_help};
use crate::act::Act;
use crate::answering::Answering;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody late-entry OFFER --reason REASON [options]

Keep a record that everybody signed and that can no longer take its place, whole, in the item's notes.

  --reason REASON             conflict (another record came first) or key-ended (a key that signed it
                              was ended before it arrived)
  --item ITEM                 which item, where the record is about several

",
    signing_help!(),
    "
example:
  $ custody late-entry handoff.offer --reason conflict --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "OFFER")]
    offer: PathBuf,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    reason: LateReason,
    #[arg(long)]
    item: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let offer = read_complete(&args.offer)?;
    let record = Record::parse(offer.offer().message().as_bytes())?;
    let session = args.signing.session()?;
    let item = item_of(session.desk(), &record, args.item.as_ref())?;
    let basis = Answering::of(session.desk(), &offer)?;
    let body = LateEntry { reason: args.reason, record: record.as_bytes().to_vec() };
    let act = Act::late_entry(item, session.custodian()?, body);
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "embedded": record.digest().to_string(),
    });
    let done = session.finish_on(act, &basis)?;
    done.answer(done.verb("kept as a late entry"), facts, Some(session.desk()))
}
