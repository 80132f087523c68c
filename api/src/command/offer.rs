use custody_core::id::SubjectId;
use custody_core::record::body::{Handoff, MovePurpose};
use serde_json::json;

use super::doing::{Handing, handing_help};
use super::party;
use super::under::{Under, under_help};
use crate::act::{Act, Parties};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody offer ITEM... --to CUSTODIAN --purpose PURPOSE [--out FILE] [options]

Hand items over from hand to hand. You sign first, the receiver countersigns with `custody accept`. At a
server the offer waits in the receiver's inbox; with --out it is a file that you give to them. Nothing is
recorded before both have signed. While it waits, the receiver may look at the items.

  --to CUSTODIAN              who takes over
  --purpose PURPOSE           examination, transport, storage, court, transfer or return
",
    under_help!(),
    handing_help!(),
    "
example:
  $ custody offer item:0f3c --to custodian:77ab --purpose transport --out handoff.offer --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    handing: Handing,
    #[command(flatten)]
    under: Under,
    #[arg(long)]
    to: String,
    #[arg(long)]
    purpose: MovePurpose,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.handing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let from = session.custodian()?;
    let to = party::somebody_else(desk, from, "--to", &args.to)?;
    let (request, onward) = (args.under.request(desk)?, args.under.permission(desk)?);
    let act = Act::hand_over(
        &items,
        Parties { from, to },
        Handoff { onward, purpose: args.purpose, request },
    );
    let facts = json!({
        "items": party::items_json(&items),
        "to": SubjectId::Custodian(to).to_string(),
    });
    let done = args.handing.finish(&session, act)?;
    done.answer(Vec::new(), facts, Some(desk))
}
