use custody_core::id::SubjectId;
use custody_core::record::body::Unpack;
use serde_json::json;

use crate::act::Act;
use crate::command::doing::{Doing, doing_help};
use crate::command::party;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody unpack ITEM... --from CONTAINER [options]

Take items out of the bag or box that they were packed in. You hold the container, and then the items.

  --from CONTAINER            the item that they are in
",
    doing_help!(),
    "
example:
  $ custody unpack item:0f3c --from item:c0de --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[arg(long, value_name = "CONTAINER")]
    from: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let container = desk.item(&args.from)?;
    let act = Act::packing(&items, container, session.custodian()?, Unpack { container });
    let facts = json!({
        "items": party::items_json(&items),
        "container": SubjectId::Item(container).to_string(),
    });
    args.doing.answer(&session, act, "unpacked", facts)
}
