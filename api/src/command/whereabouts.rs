use custody_core::custody::{ItemState, OpenRelease, Whereabouts};
use custody_core::id::{SubjectId, Uuid};
use serde_json::{Value, json};

use super::amount::quantity_text;
use super::option::{LedgerOption, ledger_help};
use super::show::name_json;
use crate::alias::{SaidAlias, aliases_of};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::history::description;
use crate::holding::{answers_for, items_where};
use crate::people::People;
use crate::place::{place_text, state_word};
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody where [ITEM...] [options]

Where items are: who answers for each, and to whom it is on the way. Without ITEM, all of them.

  --holder CUSTODIAN          only items held by, or on the way to, this custodian
  --alias TEXT                only items that somebody calls so; what matches may be others' number too
  --disposed                  also items that have ended, however
",
    ledger_help!(),
    "
example:
  $ custody where --holder custodian:77ab --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: Vec<String>,
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long)]
    holder: Option<String>,
    #[arg(long, value_name = "TEXT")]
    alias: Option<String>,
    #[arg(long)]
    disposed: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let people = People::of(&desk);
    let holder = args.holder.as_ref().map(|holder| desk.custodian(holder)).transpose()?;
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for item in items(args, &desk)? {
        let state = desk.item_state(item)?;
        let is_asked_for =
            args.disposed || args.alias.is_some() || !args.item.is_empty() || state.end.is_none();
        let concerns = |holder| concerns(&desk, &state, holder);
        let is_asked_for = is_asked_for && holder.map(concerns).transpose()?.unwrap_or(true);
        let said = called(&desk, item, args.alias.as_ref())?;
        if is_asked_for && (args.alias.is_none() || !said.is_empty()) {
            let (line, mut facts) = row(&desk, &people, item, &state)?;
            lines.push(line);
            lines.extend(said.iter().map(|said| format!("  called {}", said.alias)));
            if args.alias.is_some() {
                let issuers = said.iter().map(|said| said.alias.issuer.as_str());
                facts["called_so_by"] = issuers.collect::<Vec<_>>().into();
            }
            list.push(facts);
        }
    }
    Ok(Answer::done(lines, json!({ "items": list, "size": desk.head().size.0 })))
}

/// The aliases of an item that are the one that is looked for.
fn called(desk: &Desk, item: Uuid, alias: Option<&String>) -> Result<Vec<SaidAlias>, Failure> {
    let Some(alias) = alias else { return Ok(Vec::new()) };
    let mut said = aliases_of(desk, item)?;
    said.retain(|said| said.alias.value == *alias);
    Ok(said)
}

fn items(args: &Args, desk: &Desk) -> Result<Vec<Uuid>, Failure> {
    if !args.item.is_empty() {
        return args.item.iter().map(|text| desk.item(text)).collect();
    }
    let all = items_where(desk, |_| Ok(true))?;
    Ok(all.into_iter().map(|(item, _)| item).collect())
}

/// Whether the custodian answers for the item, or is to receive it, or may in somebody's place.
fn concerns(desk: &Desk, state: &ItemState, custodian: Uuid) -> Result<bool, Failure> {
    let is_awaited =
        |open: &OpenRelease| open.to == custodian || open.substitutes.contains(&custodian);
    Ok(state.release.as_ref().is_some_and(is_awaited) || answers_for(desk, state)? == custodian)
}

fn container(state: &ItemState) -> Option<Uuid> {
    match state.place {
        Whereabouts::Packed { container } => Some(container),
        _ => None,
    }
}

fn row(
    desk: &Desk,
    people: &People<'_>,
    item: Uuid,
    state: &ItemState,
) -> Result<(String, Value), Failure> {
    let id = SubjectId::Item(item);
    let description = description(desk, item)?;
    let holder = people.custodian(state.holder)?;
    let to = state.release.as_ref().map(|open| people.custodian(open.to)).transpose()?;
    let place = place_text(desk, people, state)?;
    let line = format!("{id}  {place}  {}", description.as_deref().unwrap_or("(sealed)"));
    let facts = json!({
        "item": id.to_string(),
        "kind": state.kind.word(),
        "state": state_word(state),
        "holder": name_json(&holder),
        "addressee": to.as_ref().map(name_json),
        "container": container(state).map(|id| SubjectId::Item(id).to_string()),
        "contents": state.contents,
        "quantity": state.quantity.map(quantity_text),
        "description": description,
    });
    Ok((line, facts))
}
