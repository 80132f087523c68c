use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::NoteKind;
use serde_json::json;

use super::measured;
use super::option::{Signing, sealed_text, signing_help};
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody note ITEM --text TEXT [options]

Remark on an item. Anybody who is enrolled may; a note never touches the item's custody.

  --text TEXT                 the remark (sealed)
  --kind KIND                 condition, remark or document; remark
  --attach FILE               a photograph or document, kept by you; may be repeated

",
    signing_help!(),
    "
example:
  $ custody note item:0f3c --kind condition --text 'scratch on the lid' --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = sealed_text)]
    text: String,
    #[arg(long, default_value = "remark", value_parser = parse_kind)]
    kind: NoteKind,
    #[arg(long)]
    attach: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let item = session.desk().item(&args.item)?;
    let act = Act::note(item, session.custodian()?, args.kind, &args.text)
        .attaching(measured::documents(&args.attach)?);
    let facts = json!({ "item": SubjectId::Item(item).to_string(), "kind": args.kind.word() });
    let done = session.finish(act)?;
    done.answer(done.verb("noted"), facts, Some(session.desk()))
}

/// An alias has another field, and a command of its own.
fn parse_kind(text: &str) -> Result<NoteKind, String> {
    match text.parse() {
        Ok(NoteKind::Alias) => Err("`custody alias` says what an item is called".to_owned()),
        kind => kind.map_err(|_| "expected one of: condition, remark, document".to_owned()),
    }
}
