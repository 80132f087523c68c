use serde_json::json;

use super::offer_source::OfferSource;
use super::option::{LedgerOption, PassphraseOptions, ledger_help};
use crate::act::Proposal;
use crate::desk::{Desk, Place};
use crate::failure::Failure;
use crate::session::record;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody submit OFFER|--scanned FILE --ledger DIR [options]

Record what everybody has signed. Either side may submit it, and both: it is recorded once.

  --scanned FILE              the text of the offer's QR codes instead of OFFER: a part on each line, in
                              any order
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
    #[command(flatten)]
    source: OfferSource,
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOptions,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let proposal = Proposal::resume(&args.source.read_complete()?);
    let desk = match args.ledger.place()? {
        Place::Here(path) => Desk::write(&path, &args.passphrase.of_log())?,
        // What everybody has signed says by itself who stands for it.
        Place::Server(url) => Desk::served(&url, None)?,
    };
    let facts = json!({ "type": proposal.payload().body.record_type().word() });
    record(&desk, &proposal)?.answer(Vec::new(), facts, Some(&desk))
}
