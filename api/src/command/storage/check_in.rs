use custody_core::id::SubjectId;
use custody_core::record::body::{CheckIn, StoreCondition};
use serde_json::json;

use crate::act::{Act, Parties};
use crate::command::doing::{Handing, handing_help};
use crate::command::party;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody check-in ITEM... --to CUSTODIAN [options]

Bring items back into the storage that they were checked out of. You sign first; a custodian of that
agency signs here with --with-key, or countersigns the offer with `custody accept`.

  --to CUSTODIAN              who takes them back
  --condition CONDITION       how they are kept: ambient, cool, frozen, locked or shielded; ambient
",
    handing_help!(),
    "
example:
  $ custody check-in item:0f3c --to custodian:0b21 --condition locked --key ben.key --with-key room.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    handing: Handing,
    #[arg(long)]
    to: String,
    #[arg(long, default_value = "ambient")]
    condition: StoreCondition,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.handing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let from = session.custodian()?;
    let to = party::somebody_else(desk, from, "--to", &args.to)?;
    let body = CheckIn { condition: args.condition };
    let act = Act::hand_over(&items, Parties { from, to }, body);
    let facts = json!({
        "items": party::items_json(&items),
        "to": SubjectId::Custodian(to).to_string(),
        "condition": args.condition.word(),
    });
    args.handing.answer(&session, act, "checked in", facts)
}
