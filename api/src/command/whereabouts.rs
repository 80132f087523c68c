use custody_core::custody::ItemState;
use custody_core::id::{SubjectId, Uuid};
use custody_log::SubjectKind;
use serde_json::{Value, json};

use super::option::{LedgerOption, ledger_help};
use super::show::name_json;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::history::description;
use crate::people::People;
use crate::place::{place_text, state_word};
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody where [ITEM...] [options]

Where items are: who answers for each, and to whom it is on the way. Without ITEM, all of them.

  --holder CUSTODIAN          only items held by, or on the way to, this custodian
  --disposed                  also items that have ended
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
        let is_asked_for = (args.disposed || !args.item.is_empty() || state.end.is_none())
            && holder.is_none_or(|holder| concerns(&state, holder));
        if is_asked_for {
            let (line, facts) = row(&desk, &people, item, &state)?;
            lines.push(line);
            list.push(facts);
        }
    }
    Ok(Answer::done(lines, json!({ "items": list, "size": desk.reader().head().size.0 })))
}

fn items(args: &Args, desk: &Desk) -> Result<Vec<Uuid>, Failure> {
    if !args.item.is_empty() {
        return args.item.iter().map(|text| desk.item(text)).collect();
    }
    let mut items = Vec::new();
    for subject in desk.reader().subjects(SubjectKind::Item) {
        if let (SubjectId::Item(id), _) = subject? {
            let first = desk.chain(&SubjectId::Item(id))?.first().map(|logged| logged.index);
            items.push((first, id));
        }
    }
    // In the order in which they were collected or made.
    items.sort();
    Ok(items.into_iter().map(|(_, id)| id).collect())
}

fn concerns(state: &ItemState, custodian: Uuid) -> bool {
    state.holder == custodian || state.release.as_ref().is_some_and(|open| open.to == custodian)
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
        "description": description,
    });
    Ok((line, facts))
}
