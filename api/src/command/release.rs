use custody_core::id::SubjectId;
use custody_core::record::body::MovePurpose;
use serde_json::json;

use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::{Act, Parties};
use crate::failure::Failure;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody release ITEM... --to CUSTODIAN --purpose PURPOSE [options]

Send items you hold on the way. You answer for them until the addressee receives them.

  --to CUSTODIAN              the addressee
  --purpose PURPOSE           examination, transport, storage, court, transfer or return
  --expected TIME             by when they should be there
  --remark TEXT               carrier, way bill and the like (sealed)
  --witness CUSTODIAN         who was there and signs too; may be repeated

",
    signing_help!(),
    "
example:
  $ custody release item:0f3c --to custodian:77ab --purpose examination --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    to: String,
    #[arg(long)]
    purpose: MovePurpose,
    #[arg(long, value_name = "TIME")]
    expected: Option<Moment>,
    #[arg(long, value_parser = sealed_text)]
    remark: Option<String>,
    #[arg(long)]
    witness: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let from = session.custodian()?;
    let to = party::somebody_else(desk, from, "--to", &args.to)?;
    let parties = Parties { from, to };
    let expected_s = args.expected.map(|moment| moment.utc_s);
    let act = Act::release(&items, parties, args.purpose, expected_s)
        .sealing_text("remark", args.remark.as_deref())
        .witnessed_by(&party::custodians(desk, &args.witness)?);
    let facts = json!({
        "items": party::items_json(&items),
        "to": SubjectId::Custodian(parties.to).to_string(),
    });
    let done = session.finish(act)?;
    done.answer(done.verb("released"), facts, Some(desk))
}
