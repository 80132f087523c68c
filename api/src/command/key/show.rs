use std::path::PathBuf;

use custody_core::custody::{KeyEnd, KeyState, Standing};
use custody_core::key::{CoseKey, Kid};
use serde_json::{Value, json};

use crate::check_words::format_check_words;
use crate::command::option::{LedgerOption, PassphraseOption};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::key_file::{is_private, read_public};
use crate::moment::Moment;
use crate::pen::Pen;
use crate::people::People;
use crate::session::merge;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody key show FILE [options]

A key's thumbprint, the same in words to be read over the phone, and with --ledger whose it is. FILE is a
public key, or a private one, for which the passphrase is needed.

  --ledger DIR                the ledger (or CUSTODY_LEDGER)
  --server URL                the ledger at a server (or CUSTODY_SERVER)
  --passphrase-file FILE      passphrase of the key (or CUSTODY_PASSPHRASE_FILE)

example:
  $ custody key show anna.pub
";

#[derive(Debug, clap::Args)]
pub struct Args {
    file: PathBuf,
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let key: CoseKey = match is_private(&args.file)? {
        true => Pen::open(&args.file, &args.passphrase.of_people())?.public().clone(),
        false => read_public(&args.file)?,
    };
    let words = format_check_words(key.kid().as_hash());
    let mut lines =
        vec![format!("thumbprint  {}", key.kid()), format!("words       {}", words.join(" "))];
    let mut facts = json!({ "thumbprint": key.kid().to_string(), "words": words });
    if args.ledger.get().is_some() {
        let (own, more) = standing(&args.ledger.read()?, key.kid())?;
        lines.extend(own);
        facts = merge(facts, more);
    }
    Ok(Answer::done(lines, facts))
}

fn standing(desk: &Desk, kid: Kid) -> Result<(Vec<String>, Value), Failure> {
    let Some(owner) = desk.owner_of(kid)? else {
        let line = "enrolled    for nobody in this ledger".to_owned();
        return Ok((vec![line], json!({ "owner": null })));
    };
    let keys: Vec<KeyState> = match desk.subject(&owner)?.standing {
        Standing::Custodian(person) => person.keys,
        Standing::Agency(agency) => agency.keys,
        _ => Vec::new(),
    };
    let state = keys.iter().find(|state| state.key.kid() == kid);
    let end = state.map_or("in use".to_owned(), |state| end_text(state.end));
    let slot = state.map_or("", |state| state.slot.word());
    let name = People::of(desk).name(&owner)?;
    let lines = vec![format!("enrolled    for {name}, {slot}"), format!("standing    {end}")];
    Ok((lines, json!({ "owner": owner.to_string(), "slot": slot, "standing": end })))
}

/// How a key ended, in words.
pub fn end_text(end: Option<KeyEnd>) -> String {
    match end {
        None => "in use".to_owned(),
        Some(KeyEnd::Replaced) => "replaced".to_owned(),
        Some(KeyEnd::Revoked) => "revoked".to_owned(),
        Some(KeyEnd::Compromised { since_s }) => {
            format!("compromised since {}", Moment::utc(since_s))
        }
    }
}
