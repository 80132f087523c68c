//! `custody-verify inspect`: what is in a file, verified or not.

mod cbor;
mod exhibit;
mod message;
mod node;
mod note;

use std::path::Path;

use custody_core::checkpoint::Checkpoint;
use custody_core::cose::Message;
use custody_core::entry::Entry;
use custody_core::exhibit::{Exhibit, MAX_EXHIBIT};
use custody_core::id::names_training;
use custody_core::pins::Pins;
use custody_core::policy::Policy;
use custody_core::receipt::Receipt;
use custody_core::record::{Offer, Record};
use custody_core::verify::error_text;

use crate::arguments::InspectOptions;
use crate::failure::Failure;
use crate::input;
use crate::output::{Answer, mark};
use node::Node;

/// What a file turned out to be.
struct View {
    kind: &'static str,
    content: Node,
    is_training: bool,
}

/// Shows what is in a file.
pub fn run(options: &InspectOptions) -> Result<Answer, Failure> {
    let bytes = input::read_file(&options.file, MAX_EXHIBIT)?;
    let view = recognise(&bytes, &options.file)?;
    if options.json {
        let mark = view.is_training.then_some(("training", Node::Bool(true)));
        let rest = [
            ("kind", Node::text(view.kind)),
            ("verified", Node::Bool(false)),
            ("content", view.content),
        ];
        return Ok(Answer::of_json(&Node::map(mark.into_iter().chain(rest))));
    }
    let title = "NOT VERIFIED: this is what somebody wrote";
    let mut lines = mark(view.is_training);
    lines.extend([title, "", view.kind].map(str::to_owned));
    lines.extend(view.content.lines());
    Ok(Answer::of_lines(lines))
}

/// The first form that fits. They exclude each other: each begins in its own way.
fn recognise(bytes: &[u8], path: &Path) -> Result<View, Failure> {
    let unknown = |reason| Failure::Unknown { path: path.to_owned(), reason };
    let of = |kind, content, origin: &str| {
        let is_training = names_training(origin);
        Ok(View { kind, content, is_training })
    };
    let view = |kind, content| of(kind, content, "");
    if message::is_tagged(bytes) {
        let parsed = Record::parse(bytes);
        return match (&parsed, Offer::parse(bytes)) {
            (Ok(record), _) => of("record", message::record(record), made_for(record.message())),
            (Err(_), Ok(offer)) => of("offer", message::offer(&offer), made_for(offer.message())),
            (Err(error), Err(_)) => Err(unknown(format!("as a record, {}", error_text(error)))),
        };
    }
    if let Ok(entry) = Entry::decode(bytes) {
        return view("entry", exhibit::entry(&entry));
    }
    if custody_core::cbor::check(bytes).is_ok() {
        return match Exhibit::parse(bytes) {
            Ok(parsed) => {
                let origin = parsed.contents().checkpoint.origin().as_str();
                of("exhibit", exhibit::exhibit(&parsed), origin)
            }
            Err(_) => view("cbor", cbor::item(bytes)),
        };
    }
    if let Ok(receipt) = Receipt::parse(bytes) {
        return of("receipt", note::receipt(&receipt), receipt.checkpoint().origin().as_str());
    }
    if let Ok(checkpoint) = Checkpoint::parse(bytes) {
        return of("checkpoint", note::checkpoint(&checkpoint), checkpoint.origin().as_str());
    }
    if let Ok(pins) = Pins::parse(bytes) {
        return view("pins", note::pins(&pins));
    }
    match Policy::parse(bytes) {
        Ok(policy) => view("policy", note::policy(&policy)),
        Err(_) => Err(unknown(nearest(bytes))),
    }
}

/// The name of the ledger that a message was made for.
fn made_for(message: &Message) -> &str {
    message.header().origin.as_str()
}

/// What a file that is nothing looks most like, and why it is not that.
fn nearest(bytes: &[u8]) -> String {
    let begins = |text: &str| bytes.starts_with(text.as_bytes());
    if begins("c2sp.org/") {
        return as_a("receipt", Receipt::parse(bytes).err());
    }
    if begins("genesis ") {
        return as_a("list of pins", Pins::parse(bytes).err());
    }
    if begins("log ") || begins("witness ") || begins("#") {
        return as_a("policy", Policy::parse(bytes).err());
    }
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| text.contains("\n\n"));
    match is_text {
        true => as_a("checkpoint", Checkpoint::parse(bytes).err()),
        false => as_a("CBOR file", custody_core::cbor::check(bytes).err()),
    }
}

fn as_a<E: std::error::Error>(kind: &str, error: Option<E>) -> String {
    let reason = error.map_or_else(|| "of another kind".to_owned(), |error| error_text(&error));
    format!("as a {kind}, {reason}")
}
