use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Bound, Pack};
use serde_json::json;

use crate::act::Act;
use crate::command::doing::{Doing, doing_help};
use crate::command::party;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody pack ITEM... --in CONTAINER [options]

Put items you hold into another one that you hold: a bag, a box. From then on they move with it, until
`custody unpack`. The container is collected first, as any item.

  --in CONTAINER              the item that they go into
",
    doing_help!(),
    "
example:
  $ custody pack item:0f3c item:81d0 --in item:c0de --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[arg(long = "in", value_name = "CONTAINER")]
    container: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let container = desk.item(&args.container)?;
    let bound = bound(desk, &[items.as_slice(), &[container]].concat())?;
    let body = Pack { bound, container };
    let act = Act::packing(&items, container, session.custodian()?, body);
    let facts = json!({
        "items": party::items_json(&items),
        "container": SubjectId::Item(container).to_string(),
    });
    args.doing.answer(&session, act, "packed", facts)
}

/// Where any of the items came from under a request. Where they came from several agencies, the ledger refuses.
fn bound(desk: &Desk, items: &[Uuid]) -> Result<Option<Bound>, Failure> {
    for item in items {
        if let Some(bound) = desk.item_state(*item)?.bound {
            return Ok(Some(bound));
        }
    }
    Ok(None)
}
