use custody_core::cose::Finding;
use custody_core::custody::{ItemState, Whereabouts};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::InventoryMethod;
use serde_json::json;

use super::doing::{Doing, doing_help};
use super::observed::parse_outcome;
use super::party;
use super::several::in_records;
use crate::act::Act;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::holding::{answers_for, items_where};
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody inventory [ITEM...] --method METHOD [options]

Record that you looked whether items are there. Without ITEM, all that you hold, packed ones too; what
is on the way or outside is not looked for. 500 items go into one record, more into several.

  --method METHOD             sight, scan, seal or count
  --missing ITEM              it is not there; may be repeated
  --outcome ITEM=FINDING      another finding: discrepancy, not-inventoried or seal-mismatch; may be
                              repeated
",
    doing_help!(),
    "
example:
  $ custody inventory --method sight --missing item:0f3c --key room.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[arg(long)]
    method: InventoryMethod,
    #[arg(long, value_name = "ITEM")]
    missing: Vec<String>,
    #[arg(long, value_name = "ITEM=FINDING", value_parser = parse_outcome)]
    outcome: Vec<(String, Finding)>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let desk = session.desk();
    let me = session.custodian()?;
    let items = items(args, desk, me)?;
    let found = found(args, desk, &items)?;
    let facts = json!({
        "method": args.method.word(),
        "found": found.iter().map(found_json).collect::<Vec<_>>(),
    });
    in_records(desk, (&items, args.doing.is_offered()), ("looked for", facts), |items| {
        args.doing.finish(&session, Act::inventory(items, me, args.method, &found))
    })
}

fn items(args: &Args, desk: &Desk, me: Uuid) -> Result<Vec<Uuid>, Failure> {
    if !args.item.is_empty() {
        return party::items(desk, &args.item);
    }
    let is_mine = |state: &ItemState| {
        let is_elsewhere =
            state.release.is_some() || matches!(state.place, Whereabouts::Outside { .. });
        Ok(state.end.is_none() && !is_elsewhere && answers_for(desk, state)? == me)
    };
    let mine: Vec<_> = items_where(desk, is_mine)?.into_iter().map(|(item, _)| item).collect();
    match mine.is_empty() {
        true => {
            let message = format!("{} holds nothing", SubjectId::Custodian(me));
            Err(Failure::could_not("usage", message).hint("name the items that you looked for"))
        }
        false => Ok(mine),
    }
}

fn found(args: &Args, desk: &Desk, items: &[Uuid]) -> Result<Vec<(Uuid, Finding)>, Failure> {
    let missing = args.missing.iter().map(|item| (item, Finding::Missing));
    let others = args.outcome.iter().map(|(item, finding)| (item, *finding));
    let mut found: Vec<(Uuid, Finding)> = Vec::new();
    for (text, finding) in missing.chain(others) {
        let item = desk.item(text)?;
        let id = SubjectId::Item(item);
        if !items.contains(&item) {
            let message = format!("{id} is not one of the items that were looked for");
            return Err(Failure::could_not("record/outcome", message));
        }
        if found.iter().any(|(known, _)| *known == item) {
            return Err(Failure::could_not("record/outcome", format!("{id} has two outcomes")));
        }
        found.push((item, finding));
    }
    Ok(found)
}

fn found_json((item, finding): &(Uuid, Finding)) -> serde_json::Value {
    json!({ "item": SubjectId::Item(*item).to_string(), "finding": finding.word() })
}
