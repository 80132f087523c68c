use custody_core::record::body::{Handling, HandlingCode};
use serde_json::json;

use super::option::{Signing, check_count, signing_help};
use super::party::{items, items_json};
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

/// Codes of one item, at most.
pub const MAX_CODES: usize = 8;

pub const HELP: &str = concat!(
    "\
usage: custody handling ITEM... --code CODE [options]
       custody handling ITEM... --lift [options]

Say how items and what is known of them may be used, in place of what was said before. Exports that a
code forbids stop. Only the agency that set codes changes them.

  --code CODE                 H0, H1, H2, H3 (Europol), TLP:CLEAR, TLP:GREEN, TLP:AMBER,
                              TLP:AMBER+STRICT, TLP:RED, or a national marking as XX:TEXT;
                              may be repeated
  --lift                      no code from now on

",
    signing_help!(),
    "
example:
  $ custody handling item:0f3c --code H1 --code TLP:AMBER --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, required_unless_present = "lift", conflicts_with = "lift")]
    code: Vec<HandlingCode>,
    #[arg(long)]
    lift: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    check_count("--code", args.code.len(), MAX_CODES)?;
    let session = args.signing.session()?;
    let ids = items(session.desk(), &args.item)?;
    let mut codes = args.code.clone();
    codes.sort();
    codes.dedup();
    let words: Vec<_> = codes.iter().map(HandlingCode::to_string).collect();
    let facts = json!({ "items": items_json(&ids), "codes": words });
    let done = session.finish(Act::say(Handling { codes }, &ids, session.custodian()?))?;
    let verb = if args.lift { "lifted" } else { "marked" };
    done.answer(done.verb(verb), facts, Some(session.desk()))
}
