use custody_core::id::SubjectId;
use custody_core::record::body::{Note, NoteKind};
use serde_json::json;

use super::option::{Signing, plain_text, signing_help};
use crate::act::Act;
use crate::alias::{Alias, KINDS};
use crate::failure::Failure;
use crate::terminal::Answer;

/// Longest name, and longest issuer, in bytes.
const MAX_TEXT: usize = 1000;

pub const HELP: &str = concat!(
    "\
usage: custody alias ITEM --value TEXT --kind KIND [options]

Say what an item is called elsewhere. The name is kept as it is, in the scope of who uses it: the same
number may mean something else to another agency. `custody where` finds items by it.

  --value TEXT                the name (sealed)
  --kind KIND                 exhibit-mark, case-number, court-number, lab-number or other
  --issuer TEXT               who uses it (sealed); your agency if left out

",
    signing_help!(),
    "
example:
  $ custody alias item:0f3c --value 'AB/3' --kind exhibit-mark --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = parse_text)]
    value: String,
    #[arg(long, value_parser = parse_kind)]
    kind: &'static str,
    #[arg(long, value_parser = parse_text)]
    issuer: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let me = session.custodian()?;
    let issuer = match &args.issuer {
        Some(issuer) => issuer.clone(),
        None => desk.agency_state(desk.custodian_state(me)?.agency)?.name,
    };
    let alias = Alias { issuer, kind: args.kind.to_owned(), value: args.value.clone() };
    let act =
        Act::say(Note { kind: NoteKind::Alias }, &[item], me).sealing("alias", alias.to_value());
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "issuer": alias.issuer,
        "kind": alias.kind,
        "value": alias.value,
    });
    let done = session.finish(act)?;
    done.answer(done.verb("noted"), facts, Some(desk))
}

fn parse_text(text: &str) -> Result<String, String> {
    plain_text(text, MAX_TEXT)
}

fn parse_kind(text: &str) -> Result<&'static str, String> {
    let known = KINDS.iter().find(|kind| **kind == text);
    known.copied().ok_or_else(|| format!("expected one of: {}", KINDS.join(", ")))
}
