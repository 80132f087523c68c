use std::path::PathBuf;

use custody_core::custody::{ItemState, Whereabouts};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::Body;
use custody_core::verify::utc_text;
use serde_json::{Value, json};

use super::option::{LedgerOption, PassphraseOption, key_path, ledger_help};
use super::show::name_json;
use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::history::description;
use crate::holding::items_where;
use crate::key_file::{is_private, read_public};
use crate::moment::format_span;
use crate::pen::Pen;
use crate::people::{Name, People};
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody inbox [--holder CUSTODIAN] [options]

What waits for you: what is on the way to you, also as a substitute; what you sent and nobody has
received; what you have out of a storage and bring back. What is overdue comes first. Offers are files
that people give you: they cannot be seen here.

  --holder CUSTODIAN          for whom; else for whom your key is enrolled
",
    ledger_help!(),
    "  --key FILE                  your key, private or public (or CUSTODY_KEY)
  --passphrase-file FILE      passphrase of a private key (or CUSTODY_PASSPHRASE_FILE)

example:
  $ custody inbox --key anna.pub --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOption,
    #[arg(long)]
    holder: Option<String>,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Something that waits for somebody.
struct Waiting {
    item: Uuid,
    what: What,
    due_s: Option<u64>,
}

/// What they are to do, or wait for.
enum What {
    /// Receive what this custodian sent, in the place of another one or not.
    Receive { from: Uuid, instead_of: Option<Uuid> },
    /// Wait until this custodian receives.
    Sent { to: Uuid },
    /// Bring back into the storage of this agency.
    BringBack { agency: Uuid },
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let me = whose(args, &desk)?;
    let now_s = now_s();
    let mut waiting = Vec::new();
    for (item, state) in items_where(&desk, |state| Ok(state.end.is_none()))? {
        waiting.extend(waits_for(&desk, me, item, &state)?);
    }
    // What has no due time comes last; among equals, what began first.
    waiting.sort_by_key(|row| row.due_s.unwrap_or(u64::MAX));
    let people = People::of(&desk);
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for row in &waiting {
        let (line, facts) = row.answer(&desk, &people, now_s)?;
        lines.push(line);
        list.push(facts);
    }
    if lines.is_empty() {
        lines.push("nothing waits".to_owned());
    }
    let facts = json!({
        "holder": SubjectId::Custodian(me).to_string(),
        "waiting": list,
        "size": desk.head().size.0,
    });
    Ok(Answer::done(lines, facts))
}

fn whose(args: &Args, desk: &Desk) -> Result<Uuid, Failure> {
    if let Some(holder) = &args.holder {
        return desk.custodian(holder);
    }
    let path = key_path(args.key.as_ref())
        .map_err(|failure| failure.hint("`--holder CUSTODIAN` or `--key FILE` says for whom"))?;
    let key = match is_private(&path)? {
        true => Pen::open(&path, &args.passphrase.of_people())?.public().clone(),
        false => read_public(&path)?,
    };
    match desk.owner_of(key.kid())? {
        Some(SubjectId::Custodian(id)) => Ok(id),
        _ => {
            let message = format!("`{}` is no key of a custodian here", path.display());
            Err(Failure::rejected("record/unknown-key", message)
                .hint("`custody custodian list` tells who is enrolled"))
        }
    }
}

fn waits_for(
    desk: &Desk,
    me: Uuid,
    item: Uuid,
    state: &ItemState,
) -> Result<Option<Waiting>, Failure> {
    let what = match (&state.release, state.place) {
        (Some(open), _) if open.to == me => What::Receive { from: state.holder, instead_of: None },
        (Some(open), _) if open.substitutes.contains(&me) => {
            What::Receive { from: state.holder, instead_of: Some(open.to) }
        }
        (Some(open), _) if state.holder == me => What::Sent { to: open.to },
        (None, Whereabouts::CheckedOut { agency }) if state.holder == me => {
            What::BringBack { agency }
        }
        _ => return Ok(None),
    };
    let due_s = match what {
        What::BringBack { .. } => due_back(desk, item)?,
        _ => expected(desk, state)?,
    };
    Ok(Some(Waiting { item, what, due_s }))
}

/// By when the open release should be received.
fn expected(desk: &Desk, state: &ItemState) -> Result<Option<u64>, Failure> {
    let Some(open) = &state.release else { return Ok(None) };
    let Some(index) = desk.by_digest(&open.record)? else { return Ok(None) };
    Ok(match &desk.record(index)?.payload().body {
        Body::Release(body) => body.expected_s,
        _ => None,
    })
}

/// By when an item that is out of storage is to be back.
fn due_back(desk: &Desk, item: Uuid) -> Result<Option<u64>, Failure> {
    for logged in desk.chain(&SubjectId::Item(item))?.iter().rev() {
        if let Body::CheckOut(body) = &Record::parse(&logged.record)?.payload().body {
            return Ok(body.due_s);
        }
    }
    Ok(None)
}

impl Waiting {
    fn answer(
        &self,
        desk: &Desk,
        people: &People<'_>,
        now_s: u64,
    ) -> Result<(String, Value), Failure> {
        let id = SubjectId::Item(self.item);
        let description = description(desk, self.item)?;
        let overdue_s = self.due_s.and_then(|due_s| now_s.checked_sub(due_s)).filter(|s| *s > 0);
        let due = self.due_s.map(utc_text);
        let (word, text, with) = self.what.words(people)?;
        let by = due.as_ref().map(|due| format!(", by {due}")).unwrap_or_default();
        let late = overdue_s.map(|s| format!(", overdue by {}", format_span(s)));
        let late = late.unwrap_or_default();
        let shown = description.as_deref().unwrap_or("(sealed)");
        let facts = json!({
            "item": id.to_string(),
            "what": word,
            "with": name_json(&with),
            "due": due,
            "is_overdue": overdue_s.is_some(),
            "description": description,
        });
        Ok((format!("{id}  {text}{by}{late}  {shown}"), facts))
    }
}

impl What {
    /// In a word for programs, in words for people, and who the other side is.
    fn words(&self, people: &People<'_>) -> Result<(&'static str, String, Name), Failure> {
        Ok(match self {
            Self::Receive { from, instead_of } => {
                let from = people.custodian(*from)?;
                let instead = instead_of.map(|id| people.custodian(id)).transpose()?;
                let instead = instead.map(|name| format!(" in the place of {name}"));
                let text = format!("to receive from {from}{}", instead.unwrap_or_default());
                ("receive", text, from)
            }
            Self::Sent { to } => {
                let to = people.custodian(*to)?;
                ("sent", format!("sent to {to}, not received yet"), to)
            }
            Self::BringBack { agency } => {
                let agency = people.name(&SubjectId::Agency(*agency))?;
                ("bring-back", format!("to bring back to the storage of {agency}"), agency)
            }
        })
    }
}
