use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::record::body::EraseBasis;
use custody_core::verify::utc_text;
use serde_json::{Value, json};

use super::option::{LedgerOption, ledger_help};
use crate::alias::SaidAlias;
use crate::failure::Failure;
use crate::history::{Event, History};
use crate::moment::Moment;
use crate::people::Name;
use crate::place::state_word;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody show ITEM [options]

An item's history: its custody and what was said about it, in the order of the ledger. A line that
begins with `!` points at something unusual. Where things happened in another order, as claimed, by
more than five minutes, that order stands at the end. Sealed fields are shown where their openings are
at hand.

",
    ledger_help!(),
    "
example:
  $ custody show item:0f3c --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    ledger: LedgerOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let history = History::of(&desk, desk.item(&args.item)?)?;
    let head = desk.head();
    let mut lines = head_lines(&history);
    for event in &history.events {
        lines.push(String::new());
        lines.extend(event_lines(event));
    }
    if history.is_reordered() {
        let entries: Vec<_> =
            history.claimed_order().iter().map(|index| index.0.to_string()).collect();
        let order = format!("order as claimed: entries {}", entries.join(", "));
        lines.extend([String::new(), format!("{order}; above, as recorded")]);
    }
    lines.extend([String::new(), format!("as of a ledger of {} entries", head.size)]);
    let mut facts = to_json(&history);
    facts["size"] = head.size.0.into();
    Ok(Answer::done(lines, facts))
}

fn head_lines(history: &History) -> Vec<String> {
    let state = &history.state;
    let mut lines = vec![format!("{}, {}", SubjectId::Item(history.item), state.kind)];
    lines.push(history.place.clone());
    lines.extend(history.requested_by().map(|request| format!("on the way under {request}")));
    if let (Some(request), Some(origin)) = (history.request(), &history.origin) {
        lines.push(format!("came under {request} from {origin}"));
    }
    lines.extend(state.parent.map(|parent| format!("made from {}", SubjectId::Item(parent))));
    let children =
        history.children.iter().map(|child| format!("made into {}", SubjectId::Item(*child)));
    lines.extend(children);
    lines.extend(history.aliases.iter().map(|said| format!("also called {}", said.alias)));
    lines
}

/// An event for people.
pub fn event_lines(event: &Event) -> Vec<String> {
    let claimed = Moment::from(event.occurred);
    let accepted = utc_text(event.accepted_ms / 1000);
    let mut lines = vec![
        format!("entry {}: {}", event.index.0, event.headline),
        format!("  claimed for {claimed} ({}), recorded {accepted}", event.occurred.source),
    ];
    lines.extend(event.signers.iter().map(|(role, name)| format!("  {role}: {name}")));
    for (field, value) in &event.fields {
        match value.as_deref() {
            // Line breaks within an event stand escaped: each line is an event.
            Some(value) if field == "events" && event.record_type == "register-legacy" => {
                lines.push("  events: asserted, not witnessed by this ledger".to_owned());
                lines.extend(value.lines().map(|line| format!("    {line}")));
            }
            Some(value) => lines.push(format!("  {field}: {value}")),
            None => lines.push(format!("  {field}: {}", closed_text(event, field))),
        }
    }
    lines.extend(event.flags.iter().map(|flag| format!("  ! {flag}")));
    lines.push(format!("  record {}", event.digest));
    lines
}

/// Why a field is not shown.
fn closed_text(event: &Event, field: &str) -> String {
    match event.erased.iter().find(|(name, ..)| name == field) {
        Some((_, index, basis)) => format!("(erased by entry {}: {basis})", index.0),
        None => "(sealed)".to_owned(),
    }
}

fn alias_json(said: &SaidAlias) -> Value {
    json!({
        "issuer": said.alias.issuer,
        "kind": said.alias.kind,
        "value": said.alias.value,
        "agency": SubjectId::Agency(said.agency).to_string(),
        "entry": said.index.0,
    })
}

fn to_json(history: &History) -> Value {
    json!({
        "item": SubjectId::Item(history.item).to_string(),
        "kind": history.state.kind.word(),
        "state": state_word(&history.state),
        "holder": name_json(&history.holder),
        "addressee": history.addressee.as_ref().map(name_json),
        "on_the_way_under": history.requested_by().map(|request| request.to_string()),
        "came_under": history.request().map(|request| request.to_string()),
        "came_from": history.origin.as_ref().map(name_json),
        "parent": history.state.parent.map(|id| SubjectId::Item(id).to_string()),
        "children": history.children.iter().map(|id| SubjectId::Item(*id).to_string()).collect::<Vec<_>>(),
        "claimed_order": history.claimed_order().iter().map(|index| index.0).collect::<Vec<_>>(),
        "aliases": history.aliases.iter().map(alias_json).collect::<Vec<_>>(),
        "records": history.events.iter().map(event_json).collect::<Vec<_>>(),
    })
}

/// An event for programs.
pub fn event_json(event: &Event) -> Value {
    let signer = |(role, name): &(&str, Name)| json!({ "role": role, "who": name_json(name) });
    let erased = |(field, index, basis): &(String, LeafIndex, EraseBasis)| json!({ "field": field, "by_entry": index.0, "basis": basis.word() });
    let fields: serde_json::Map<_, _> =
        event.fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "entry": event.index.0,
        "record": event.digest.to_string(),
        "type": event.record_type,
        "headline": event.headline,
        "is_note": event.is_note,
        "occurred": Moment::from(event.occurred).to_string(),
        "time_source": event.occurred.source.word(),
        "accepted": utc_text(event.accepted_ms / 1000),
        "signers": event.signers.iter().map(signer).collect::<Vec<_>>(),
        "fields": fields,
        "erased": event.erased.iter().map(erased).collect::<Vec<_>>(),
        "flags": event.flags,
    })
}

/// Somebody for programs.
pub fn name_json(name: &Name) -> Value {
    json!({ "id": name.id.to_string(), "name": name.name, "agency": name.agency })
}
