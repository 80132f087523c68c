use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{MovePurpose, Release};
use serde_json::json;

use super::doing::{Doing, doing_help};
use super::option::{check_count, sealed_text};
use super::party;
use super::under::{Under, under_help};
use crate::act::{Act, Parties};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody release ITEM... --to CUSTODIAN --purpose PURPOSE [options]

Send items you hold on the way. You answer for them until the addressee receives them, or somebody whom
you name as a substitute.

  --to CUSTODIAN              the addressee
  --substitute CUSTODIAN      who may receive in the addressee's place; may be repeated
  --purpose PURPOSE           examination, transport, storage, court, transfer or return
  --expected TIME             by when they should be there
  --carrier TEXT              who carries them (sealed)
  --waybill TEXT              under what number (sealed)
",
    under_help!(),
    doing_help!(),
    "
example:
  $ custody release item:0f3c --to custodian:77ab --purpose examination --key anna.key
"
);

/// Most substitutes of one release.
const MAX_SUBSTITUTES: usize = 8;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[command(flatten)]
    under: Under,
    #[arg(long)]
    to: String,
    #[arg(long, value_name = "CUSTODIAN")]
    substitute: Vec<String>,
    #[arg(long)]
    purpose: MovePurpose,
    #[arg(long, value_name = "TIME")]
    expected: Option<Moment>,
    #[arg(long, value_parser = sealed_text)]
    carrier: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    waybill: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let from = session.custodian()?;
    let to = party::somebody_else(desk, from, "--to", &args.to)?;
    let body = Release {
        onward: args.under.permission(desk)?,
        purpose: args.purpose,
        request: args.under.request(desk)?,
        expected_s: args.expected.map(|moment| moment.utc_s),
        substitutes: substitutes(desk, &args.substitute, Parties { from, to })?,
    };
    let act = Act::send(&items, Parties { from, to }, body)
        .sealing_text("carrier", args.carrier.as_deref())
        .sealing_text("waybill", args.waybill.as_deref());
    let facts = json!({
        "items": party::items_json(&items),
        "to": SubjectId::Custodian(to).to_string(),
    });
    args.doing.answer(&session, act, "released", facts)
}

/// Those who may receive in the addressee's place, in the order of their ids: neither side is one of them.
fn substitutes(desk: &Desk, texts: &[String], parties: Parties) -> Result<Vec<Uuid>, Failure> {
    check_count("--substitute", texts.len(), MAX_SUBSTITUTES)?;
    let mut ids = party::custodians(desk, texts)?;
    ids.sort();
    ids.dedup();
    match ids.iter().find(|id| [parties.from, parties.to].contains(id)) {
        Some(id) => {
            let who = SubjectId::Custodian(*id);
            let message = format!("`--substitute` names {who}, who is one of the two sides");
            Err(Failure::could_not("usage", message).hint("a substitute is somebody else"))
        }
        None => Ok(ids),
    }
}
