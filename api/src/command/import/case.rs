use std::path::{Path, PathBuf};

use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{LegacyFormat, RegisterLegacy};
use custody_core::sealed::MAX_OPENING;
use serde_json::{Value, json};

use crate::act::Act;
use crate::case::{self, CaseError, Document, LegacyItem, MAX_DOCUMENT, Reading};
use crate::command::option::{Signing, signing_help};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file;
use crate::session::{Done, Session};
use crate::terminal::{Answer, count_bar};

pub const HELP: &str = concat!(
    "\
usage: custody import case FILE [--dry-run] [options]

Take over items with the history that a CASE document (JSON-LD) asserts of them: one record for each item
that an InvestigativeAction or a ProvenanceRecord names. You become their holder. The ledger vouches for
nothing of that history but that this document said it: the record holds the document's digest, and the
events, sealed. Keep the document. An item that came from the same document before is not taken twice.

  --dry-run                   show what the document says; record nothing

",
    signing_help!(),
    "
example:
  $ custody import case case-123.jsonld --key lab.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    dry_run: bool,
}

/// A document, read.
struct Source {
    path: PathBuf,
    digest: Hash,
    reading: Reading,
}

/// What became of one item.
struct Taken<'s> {
    item: &'s LegacyItem,
    id: Uuid,
    entry: Option<u64>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    if args.signing.out.is_some() {
        let message = "`--out` makes one offer, an import is a record for each item";
        return Err(Failure::could_not("usage", message).hint("leave it out, and sign here"));
    }
    let source = Source::read(&args.file)?;
    if args.dry_run {
        let items = source.reading.items.iter();
        let lines =
            items.flat_map(|item| [item_line(&item.shown, item)].into_iter().chain(events(item)));
        let lines = source.head_lines().into_iter().chain(lines).collect();
        let items: Vec<_> = source.reading.items.iter().map(item_json).collect();
        return Ok(Answer::done(lines, source.facts(&items, true)));
    }
    let session = args.signing.session()?;
    let holder = session.custodian()?;
    let mut taken = Vec::new();
    let bar = count_bar("recording", source.reading.items.len() as u64);
    for item in &source.reading.items {
        let id = source.item_id(session.desk(), item);
        let is_known = session.desk().look_up(&SubjectId::Item(id))?.is_some();
        let entry = if is_known { None } else { Some(source.record(&session, holder, id, item)?) };
        taken.push(Taken { item, id, entry });
        bar.set(taken.len() as u64);
    }
    Ok(source.answer(&taken))
}

impl Source {
    /// Reads the document, and holds all of it against what a record can hold.
    fn read(path: &Path) -> Result<Self, Failure> {
        let about = |error: CaseError| Failure::from(error).about(format!("`{}`", path.display()));
        let bytes = file::read(path, MAX_DOCUMENT)?;
        let document = Document::parse(&bytes).map_err(about)?;
        let reading = case::read(&document).map_err(about)?;
        for item in &reading.items {
            check_sizes(item).map_err(about)?;
        }
        Ok(Self { path: path.to_owned(), digest: sha256(&bytes), reading })
    }

    /// The same for the same item of the same document in the same ledger: so it is known again.
    fn item_id(&self, desk: &Desk, item: &LegacyItem) -> Uuid {
        let genesis = desk.genesis();
        let id = [genesis.as_ref(), self.digest.as_ref(), item.id.as_bytes()].concat();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha256(&id).as_ref()[..16]);
        Uuid::from_random(bytes)
    }

    fn record(
        &self,
        session: &Session,
        holder: Uuid,
        id: Uuid,
        item: &LegacyItem,
    ) -> Result<u64, Failure> {
        let body = RegisterLegacy {
            kind: item.kind,
            format: LegacyFormat::Case,
            digests: Vec::new(),
            document: self.digest,
        };
        let act = Act::alone(body, &[id], holder)
            .sealing("events", item.events_value())
            .sealing_digests(&item.digests())
            .sealing_text("description", item.description.as_deref())
            .sealing_text("reference", reference(item).as_deref())
            .sealing_text("hashes", hashes(item).as_deref());
        match session.finish(act)? {
            Done::Recorded(known) => Ok(known.index.0),
            Done::Offered { .. } | Done::Waiting(_) => {
                Err(Failure::could_not("internal", "an import is not offered"))
            }
        }
    }

    fn head_lines(&self) -> Vec<String> {
        let count = self.reading.items.len();
        let mut lines = vec![
            format!("document {} {}", self.digest, self.path.display()),
            format!("{count} items, asserted by it and not witnessed by this ledger"),
        ];
        let left_out = self.reading.left_out.iter();
        lines.extend(left_out.map(|id| format!("left out: {id}, a relationship and no item")));
        lines
    }

    fn facts(&self, items: &[Value], is_dry: bool) -> Value {
        json!({
            "document": self.digest.to_string(),
            "file": self.path.display().to_string(),
            "dry_run": is_dry,
            "items": items,
            "left_out": self.reading.left_out,
        })
    }

    fn answer(&self, taken: &[Taken<'_>]) -> Answer {
        let mut lines = self.head_lines();
        for done in taken {
            lines.push(item_line(&SubjectId::Item(done.id).to_string(), done.item));
        }
        let new: Vec<_> = taken.iter().filter_map(|done| done.entry).collect();
        let known = taken.len() - new.len();
        lines.push(match (new.first(), new.last()) {
            (Some(first), Some(last)) => {
                format!("{} recorded, entries {first} to {last}, {known} known already", new.len())
            }
            _ => format!("nothing recorded, {known} known already"),
        });
        let fact = |done: &Taken<'_>| {
            let mut fact = item_json(done.item);
            fact["item"] = json!(SubjectId::Item(done.id).to_string());
            fact["entry"] = json!(done.entry);
            fact["was_known"] = json!(done.entry.is_none());
            fact
        };
        let items: Vec<_> = taken.iter().map(fact).collect();
        Answer::done(lines, self.facts(&items, false))
    }
}

/// Nothing may turn out too large when a part is recorded already.
fn check_sizes(item: &LegacyItem) -> Result<(), CaseError> {
    let sizes = [
        Some(item.events_value().encode().len()),
        item.description.as_ref().map(String::len),
        reference(item).map(|text| text.len()),
        hashes(item).map(|text| text.len()),
    ];
    // A text takes three bytes more, which say how long it is.
    match sizes.into_iter().flatten().find(|size| size + 3 > MAX_OPENING) {
        None => Ok(()),
        Some(size) => Err(CaseError::Limit {
            node: item.shown.clone(),
            what: format!("{size} bytes in one field, at most {MAX_OPENING} are recorded"),
        }),
    }
}

fn reference(item: &LegacyItem) -> Option<String> {
    (!item.exhibits.is_empty()).then(|| item.exhibits.join(", "))
}

/// As the document states them, whatever the method.
fn hashes(item: &LegacyItem) -> Option<String> {
    let lines: Vec<_> =
        item.hashes.iter().map(|(method, value)| format!("{method} {value}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn item_line(id: &str, item: &LegacyItem) -> String {
    let description = item.description.as_deref().unwrap_or("no description");
    let exhibits = reference(item).map(|text| format!(", exhibit {text}")).unwrap_or_default();
    format!("{id}: {description}, {} events{exhibits}", item.events.len())
}

fn events(item: &LegacyItem) -> impl Iterator<Item = String> {
    item.events.iter().map(|event| format!("  {event}"))
}

fn item_json(item: &LegacyItem) -> Value {
    let events = item.events.iter().map(|event| {
        json!({
            "start_s": event.start_s,
            "end_s": event.end_s,
            "action": event.action,
            "actor": event.actor,
            "place": event.place,
            "exhibit": event.exhibit,
        })
    });
    json!({
        "node": item.id,
        "kind": item.kind.word(),
        "description": item.description,
        "exhibits": item.exhibits,
        "events": events.collect::<Vec<_>>(),
        "hashes": item.hashes,
    })
}
