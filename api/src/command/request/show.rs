use custody_core::custody::{RequestState, Standing};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{Body, RequestStep};
use custody_core::verify::utc_text;
use custody_log::{Logged, SubjectKind};
use serde_json::{Value, json};

use super::state;
use crate::command::option::{LedgerOption, ledger_help};
use crate::command::show::{event_json, event_lines, name_json};
use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::headline::headline;
use crate::history::{Event, description};
use crate::people::People;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody request show REQUEST [options]

A request's steps in the order of the ledger, the deadlines that passed, and the items that were
collected, moved or packed under it.

",
    ledger_help!(),
    "
example:
  $ custody request show request:4d1e --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    request: String,
    #[command(flatten)]
    ledger: LedgerOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let people = People::of(&desk);
    let id = desk.request(&args.request)?;
    let known = state(&desk, id)?;
    let chain = desk.chain(&SubjectId::Request(id))?;
    let overdue = overdue(&chain, known)?;
    let moved = moved_under(&desk, id)?;
    let (from, to) =
        (people.name(&SubjectId::Agency(known.from))?, people.name(&SubjectId::Agency(known.to))?);
    let mut lines = vec![format!("{}, {}", SubjectId::Request(id), known.step)];
    lines.push(format!("from {from} to {to}"));
    lines.extend(overdue.iter().map(|due| format!("! {}", due.text())));
    let mut steps = Vec::new();
    for logged in &chain {
        let event = Event::of_request(&desk, &people, logged, id)?;
        lines.push(String::new());
        lines.extend(event_lines(&event));
        steps.push(event_json(&event));
    }
    lines.extend(moved_lines(&desk, &people, &moved)?);
    let size = desk.head().size;
    lines.extend([String::new(), format!("as of a ledger of {size} entries")]);
    let facts = json!({
        "request": SubjectId::Request(id).to_string(),
        "step": known.step.word(),
        "from": name_json(&from),
        "to": name_json(&to),
        "overdue": overdue.iter().map(Due::to_json).collect::<Vec<_>>(),
        "steps": steps,
        "items": moved.iter().map(Moved::to_json).collect::<Vec<_>>(),
        "size": size.0,
    });
    Ok(Answer::done(lines, facts))
}

/// A deadline that passed.
struct Due {
    deadline_s: u64,
    /// When the answer was recorded, if it was.
    answered_s: Option<u64>,
}

impl Due {
    fn text(&self) -> String {
        let due = utc_text(self.deadline_s);
        match self.answered_s {
            Some(answered_s) => {
                format!("an answer was due {due} and was recorded {}", utc_text(answered_s))
            }
            None => format!("an answer was due {due} and is not recorded"),
        }
    }

    fn to_json(&self) -> Value {
        json!({ "deadline": utc_text(self.deadline_s), "answered": self.answered_s.map(utc_text) })
    }
}

/// The deadline that counts is the last one stated; the answer to it is the requested agency's last step. A
/// request that was taken back needs no answer.
fn overdue(chain: &[Logged], known: RequestState) -> Result<Option<Due>, Failure> {
    let mut deadline_s = None;
    for logged in chain {
        if let Body::Request(body) = &Record::parse(&logged.record)?.payload().body {
            deadline_s = body.deadline_s.or(deadline_s);
        }
    }
    let is_answered = matches!(known.step, RequestStep::Fulfilled | RequestStep::Refused);
    let last_s = chain.last().map(|logged| logged.entry.accepted_ms / 1000);
    let answered_s = last_s.filter(|_| is_answered);
    let passed = |deadline_s: &u64| {
        known.step != RequestStep::Withdrawn && answered_s.unwrap_or_else(now_s) > *deadline_s
    };
    Ok(deadline_s.filter(passed).map(|deadline_s| Due { deadline_s, answered_s }))
}

/// An item, and the records about it that stand under the request.
struct Moved {
    item: Uuid,
    /// Whether it may not be passed to a third agency without permission.
    is_bound: bool,
    records: Vec<Logged>,
}

impl Moved {
    fn to_json(&self) -> Value {
        json!({
            "item": SubjectId::Item(self.item).to_string(),
            "is_bound": self.is_bound,
            "entries": self.records.iter().map(|logged| logged.index.0).collect::<Vec<_>>(),
        })
    }
}

/// What moved under a request. Cost: reads the custody of every item.
fn moved_under(desk: &Desk, request: Uuid) -> Result<Vec<Moved>, Failure> {
    let mut moved = Vec::new();
    for subject in desk.subjects(SubjectKind::Item) {
        let (id, subject) = subject?;
        let (SubjectId::Item(item), Standing::Item(state)) = (&id, &subject.standing) else {
            continue;
        };
        let mut records = Vec::new();
        for logged in desk.chain(&id)? {
            if Record::parse(&logged.record)?.payload().body.request() == Some(request) {
                records.push(logged);
            }
        }
        let is_bound = state.bound.is_some_and(|bound| bound.request == request);
        if is_bound || !records.is_empty() {
            moved.push(Moved { item: *item, is_bound, records });
        }
    }
    // In the order in which they came under it.
    moved.sort_by_key(|moved| (moved.records.first().map(|logged| logged.index), moved.item));
    Ok(moved)
}

fn moved_lines(desk: &Desk, people: &People<'_>, moved: &[Moved]) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for moved in moved {
        let known = description(desk, moved.item)?;
        let known = known.as_deref().unwrap_or("(sealed)");
        lines.push(String::new());
        lines.push(format!("{}  {known}", SubjectId::Item(moved.item)));
        for logged in &moved.records {
            let text = headline(desk, people, &Record::parse(&logged.record)?)?;
            lines.push(format!("  entry {}: {text}", logged.index.0));
        }
        if moved.is_bound {
            lines.push("  goes to a third agency only with permission".to_owned());
        }
    }
    Ok(lines)
}
