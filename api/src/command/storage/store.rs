use custody_core::record::body::{Store, StoreCondition};
use serde_json::json;

use crate::act::Act;
use crate::command::doing::{Doing, doing_help};
use crate::command::option::sealed_text;
use crate::command::party;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody store ITEM... --place TEXT [options]

Record that you put items you hold into storage, and where. You stay their holder.

  --place TEXT                room, shelf, box (sealed)
  --condition CONDITION       ambient, cool, frozen, locked or shielded; ambient
",
    doing_help!(),
    "
example:
  $ custody store item:0f3c --place 'room 2, shelf 14' --condition locked --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[arg(long, value_parser = sealed_text)]
    place: String,
    #[arg(long, default_value = "ambient")]
    condition: StoreCondition,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let items = party::items(session.desk(), &args.item)?;
    let act = Act::alone(Store { condition: args.condition }, &items, session.custodian()?)
        .sealing_text("place", Some(&args.place));
    let facts = json!({ "items": party::items_json(&items), "condition": args.condition.word() });
    args.doing.answer(&session, act, "stored", facts)
}
