use custody_core::custody::Whereabouts;
use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{Body, ExternalParty, HandoffExternal, MovePurpose};
use serde_json::json;

use super::{Stand, stand_help};
use crate::act::Act;
use crate::command::doing::{Doing, doing_help};
use crate::command::option::sealed_text;
use crate::command::party;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody take-back ITEM... --stand-in STAND-IN [options]

Take items back from somebody who holds no key. Any custodian of the agency that gave them there may,
and becomes their holder.

  --name TEXT                 who had them (sealed); as recorded when they were given, if left out
  --purpose PURPOSE           examination, transport, storage, court, transfer or return; return
",
    stand_help!(),
    doing_help!(),
    "
example:
  $ custody take-back item:0f3c --stand-in signed-paper --attach slip.pdf --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[command(flatten)]
    stand: Stand,
    #[arg(long, value_parser = sealed_text)]
    name: Option<String>,
    #[arg(long, default_value = "return")]
    purpose: MovePurpose,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    args.stand.check(&args.doing)?;
    let session = args.doing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let party = party_of(desk, &items)?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => recorded_name(desk, &items)?,
    };
    let body = HandoffExternal { party, purpose: args.purpose, stand_in: args.stand.stand_in };
    let act = Act::take_back(&items, session.custodian()?, body).sealing_text("party", Some(&name));
    let facts = json!({ "items": party::items_json(&items), "party": party.word() });
    args.doing.answer(&session, args.stand.attach_to(act)?, "taken back", facts)
}

/// With whom all of the items are.
fn party_of(desk: &Desk, items: &[Uuid]) -> Result<ExternalParty, Failure> {
    let mut parties = Vec::new();
    for item in items {
        match desk.item_state(*item)?.place {
            Whereabouts::Outside { party, .. } => parties.push(party),
            _ => {
                let message = format!("{} is not with anybody outside", SubjectId::Item(*item));
                return Err(Failure::rejected("custody/not-outside", message)
                    .hint("`custody where` tells where it is"));
            }
        }
    }
    parties.dedup();
    match parties.as_slice() {
        [party] => Ok(*party),
        _ => Err(Failure::could_not("usage", "the items are with different parties")
            .hint("take back on its own what was given to each")),
    }
}

/// Who it was said to be when the items were given away, where that is at hand and the same for all.
fn recorded_name(desk: &Desk, items: &[Uuid]) -> Result<String, Failure> {
    let mut names = Vec::new();
    for item in items {
        names.extend(given_to(desk, *item)?);
    }
    let is_known = names.len() == items.len();
    names.dedup();
    match names.as_slice() {
        [name] if is_known => Ok(name.clone()),
        _ => Err(Failure::could_not("usage", "`--name` is missing: the ledger does not tell it")
            .hint("`--name TEXT` says who had the items")),
    }
}

fn given_to(desk: &Desk, item: Uuid) -> Result<Option<String>, Failure> {
    for logged in desk.chain(&SubjectId::Item(item))?.iter().rev() {
        let record = Record::parse(&logged.record)?;
        if let Body::HandoffExternal(_) = record.payload().body {
            let openings = desk.openings(&sha256(&logged.record))?;
            let name = openings.iter().find(|opening| opening.field == "party");
            return Ok(name.and_then(|opening| opening.as_text()).map(str::to_owned));
        }
    }
    Ok(None)
}
