use std::path::PathBuf;

use serde_json::json;

use super::offer_source::{named_digest, read_offer};
use super::option::{LedgerOption, PassphraseOption, key_path, ledger_help};
use crate::desk::{Desk, Place};
use crate::failure::Failure;
use crate::pen::Pen;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody withdraw OFFER [options]

Take an offer out of the server's mailbox: one that you sent and nobody has signed yet, or one that you
are asked to sign and will not. OFFER is its digest, which `custody inbox` lists, or its file. Nothing
is recorded. Whoever has looked at it meanwhile may have kept it, and can sign it until something else is
recorded about its items; what you will not take over is refused on the record with `custody refuse`.

",
    ledger_help!(),
    "  --key FILE                  your key (or CUSTODY_KEY)
  --passphrase-file FILE      passphrase of the key (or CUSTODY_PASSPHRASE_FILE); else you are asked

example:
  $ custody withdraw handoff.offer --server https://ledger.example --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    offer: PathBuf,
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOption,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let digest = match named_digest(&args.offer) {
        Some(digest) => digest,
        None => read_offer(&args.offer)?.digest(),
    };
    let desk = match args.ledger.place()? {
        Place::Here(path) => Desk::read(&path)?,
        Place::Server(url) => {
            let key = key_path(args.key.as_ref())?;
            Desk::served(&url, Some(Pen::open(&key, &args.passphrase.of_people())?))?
        }
    };
    desk.mail()?.withdraw(&digest)?;
    let lines = vec!["withdrawn".to_owned(), format!("offer {digest}")];
    Ok(Answer::done(lines, json!({ "offer_digest": digest.to_string() })))
}
