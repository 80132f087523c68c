use std::path::PathBuf;

use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use serde_json::json;

use super::option::{LedgerOption, ledger_help};
use crate::check_words::format_check_words;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::ledger_keys::pins;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody trust-sheet [--pins FILE] [options]

What a reader must know from elsewhere before an exhibit proves anything: the ledger's genesis and the
agencies' authority keys, each in words to be compared over the phone. The last word of a row is a
checksum: a row that was misheard does not fit it. With --pins the same goes to a file for
`custody-verify`; it is to be trusted once its words were compared.

  --pins FILE                 write the genesis and the keys there
",
    ledger_help!(),
    "
example:
  $ custody trust-sheet --ledger ledger --pins agencies.txt
"
);

/// Words on a line of the sheet.
const WORDS_PER_LINE: usize = 6;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long, value_name = "FILE")]
    pins: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let pins = pins(&desk)?;
    let origin = desk.origin();
    let genesis = format!("genesis {}", pins.genesis);
    let mut lines = vec![format!("ledger {origin}"), String::new(), genesis];
    lines.extend(words(&pins.genesis));
    let mut agencies = Vec::new();
    let mut pinned = Vec::new();
    for (id, kid) in &pins.agencies {
        pinned.push((desk.agency_state(*id)?, id, kid));
    }
    pinned.sort_by(|left, right| left.0.name.cmp(&right.0.name));
    for (state, id, kid) in pinned {
        let id = SubjectId::Agency(*id);
        lines.extend([String::new(), format!("agency {}, {}", state.name, state.country)]);
        lines.extend([format!("  {id}"), format!("  authority key {kid}")]);
        lines.extend(words(kid.as_hash()));
        agencies.push(json!({
            "id": id.to_string(),
            "name": state.name,
            "country": state.country,
            "thumbprint": kid.to_string(),
            "words": format_check_words(kid.as_hash()),
        }));
    }
    if let Some(path) = &args.pins {
        file::create(path, pins.to_string().as_bytes(), Access::Shared)?;
        lines.extend([String::new(), format!("pins `{}`", path.display())]);
    }
    let facts = json!({
        "origin": origin.as_str(),
        "genesis": pins.genesis.to_string(),
        "words": format_check_words(&pins.genesis),
        "agencies": agencies,
    });
    Ok(Answer::done(lines, facts))
}

fn words(digest: &Hash) -> Vec<String> {
    let words = format_check_words(digest);
    let line = |words: &[String]| format!("    {}", words.join(" "));
    words.chunks(WORDS_PER_LINE).map(line).collect()
}
