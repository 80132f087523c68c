use std::path::PathBuf;

use serde_json::json;

use super::accept::read_complete;
use super::option::{LedgerOption, PassphraseOptions, ledger_help};
use crate::act::Proposal;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::session::record;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody submit OFFER --ledger DIR [options]

Record what everybody has signed. The same offer may be submitted again: it is recorded once.

",
    ledger_help!(),
    "  --log-passphrase-file FILE  passphrase of the log's keys (or CUSTODY_LOG_PASSPHRASE_FILE)
  --passphrase-file FILE      the same, if that is not given (or CUSTODY_PASSPHRASE_FILE)

example:
  $ custody submit handoff.offer --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "OFFER")]
    offer: PathBuf,
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOptions,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let proposal = Proposal::resume(&read_complete(&args.offer)?);
    let desk = Desk::write(&args.ledger.path()?, &args.passphrase.of_log())?;
    let facts = json!({ "type": proposal.payload().body.record_type().word() });
    record(&desk, &proposal)?.answer(Vec::new(), facts, Some(&desk))
}
