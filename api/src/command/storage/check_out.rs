use custody_core::id::SubjectId;
use custody_core::record::body::{CheckOut, MovePurpose};
use serde_json::json;

use crate::act::{Act, Parties};
use crate::command::doing::{Handing, handing_help};
use crate::command::party;
use crate::failure::Failure;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody check-out ITEM... --to CUSTODIAN --purpose PURPOSE [options]

Give items out of storage to somebody who brings them back. You sign first; they sign here with
--with-key, or countersign the offer with `custody accept`. They answer for the items until
`custody check-in`.

  --to CUSTODIAN              who gets them
  --purpose PURPOSE           examination, transport, storage, court, transfer or return
  --due TIME                  by when they are to be back
",
    handing_help!(),
    "
example:
  $ custody check-out item:0f3c --to custodian:77ab --purpose examination --due 2026-05-11T16:00:00Z \\
      --key room.key --out handing.offer
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
    #[arg(long)]
    purpose: MovePurpose,
    #[arg(long, value_name = "TIME")]
    due: Option<Moment>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.handing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let from = session.custodian()?;
    let to = party::somebody_else(desk, from, "--to", &args.to)?;
    let due_s = args.due.map(|due| due.utc_s);
    let body = CheckOut { due_s, purpose: args.purpose };
    let act = Act::hand_over(&items, Parties { from, to }, body);
    let facts = json!({
        "items": party::items_json(&items),
        "to": SubjectId::Custodian(to).to_string(),
        "due": args.due.map(|due| due.to_string()),
    });
    args.handing.answer(&session, act, "checked out", facts)
}
