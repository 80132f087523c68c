use std::path::PathBuf;

use custody_core::exhibit::WithholdReason;
use custody_core::id::SubjectId;
use serde_json::json;

use super::export::parse_withhold;
use super::option::{LedgerOption, ledger_help};
use crate::case;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody case ITEM --out FILE [options]

An item's history as a CASE document (JSON-LD), for programs that know this standard. It is an extract:
CASE carries no signatures and no proofs, and nothing in it can be verified. `custody export` makes what
can. Each act says at which entry of which ledger it stands. Sealed fields that are open here are in it,
names of people too, unless you withhold them.

  --out FILE                  where it goes; never over another file
  --withhold FIELD=REASON     leave this sealed field out: investigation, order, personal-data or
                              privilege; `attached` means all attachments, `name` the names of people;
                              may be repeated
",
    ledger_help!(),
    "
example:
  $ custody case item:0f3c --out laptop.jsonld --withhold name=personal-data
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[arg(long, value_name = "FIELD=REASON", value_parser = parse_withhold)]
    withhold: Vec<(String, WithholdReason)>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    file::check_absent(&args.out)?;
    let desk = args.ledger.read()?;
    let item = desk.item(&args.item)?;
    let made = case::export(&desk, item, &args.withhold)?;
    file::create(&args.out, made.text.as_bytes(), Access::Shared)?;
    let size = desk.head().size;
    let out = args.out.display().to_string();
    let line = format!(
        "CASE document `{out}`, {} acts, {} fields withheld, as of a ledger of {size} entries",
        made.acts, made.withheld
    );
    let facts = json!({
        "document": out,
        "item": SubjectId::Item(item).to_string(),
        "acts": made.acts,
        "withheld": made.withheld,
        "size": size.0,
    });
    Ok(Answer::done(vec![line], facts))
}
