mod found;
mod prepare;

use std::path::PathBuf;

use custody_core::id::Origin;
use custody_core::record::body::LedgerPurpose;

use super::option::{DirectoryOption, PassphraseOptions};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody init --prepare FILE --ledger DIR --origin ORIGIN --founder CARD... --key FILE [options]
       custody init --sign FILE --key FILE
       custody init --open FILE --ledger DIR

Found a ledger, in three steps, so that no machine ever sees everybody's keys:
1. The operator prepares the founding record from the agencies' cards and signs it. The log's own keys
   are made in DIR/keys.
2. Every founding agency signs the file, with its authority key and its recovery key, in the order that
   each step prints.
3. The operator opens the ledger.

  --prepare FILE              make the founding record
  --origin ORIGIN             the ledger's name for ever, like police.example/evidence
  --founder CARD              a founding agency's card; may be repeated
  --quorum N                  how many founders admit another agency; more than half
  --training                  a ledger to practise on: its name begins with training-not-evidence/, and
                              everything that is said about it with `TRAINING - NOT EVIDENCE`
  --purpose PURPOSE           evidence, or training; evidence
  --succeeds DIR              the ledger that this one goes on from, or a copy to look at: its name, its
                              founding record and its newest tree stand in the founding record
  --sign FILE                 add signatures to the founding record
  --key FILE                  your key (or CUSTODY_KEY)
  --with-key FILE             the key of the next signer, if it is here too; may be repeated
  --open FILE                 open the ledger with the founding record that all have signed
  --ledger DIR                where the ledger lies, on the operator's machine (or CUSTODY_LEDGER)
  --high-water FILE           with --open: where the high-water mark lies, on another disk best; in DIR if
                              left out, and `custody high-water` moves it later
  --passphrase-file FILE      passphrase of the keys (or CUSTODY_PASSPHRASE_FILE); else you are asked
  --log-passphrase-file FILE  passphrase of the log's keys, if another (or CUSTODY_LOG_PASSPHRASE_FILE)

example:
  $ custody init --prepare founding.offer --ledger ledger --origin police.example/evidence \\
      --founder police.card --founder lab.card --key operator.key
  $ custody init --sign founding.offer --key police-authority.key
  $ custody init --open founding.offer --ledger ledger
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sign", "open"])]
    prepare: Option<PathBuf>,
    #[arg(long, value_name = "FILE", conflicts_with = "open")]
    sign: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    open: Option<PathBuf>,
    #[arg(long)]
    origin: Option<Origin>,
    #[arg(long, value_name = "CARD")]
    founder: Vec<PathBuf>,
    #[arg(long, value_name = "N")]
    quorum: Option<u64>,
    #[arg(long, conflicts_with = "purpose")]
    training: bool,
    #[arg(long)]
    purpose: Option<LedgerPurpose>,
    #[arg(long, value_name = "DIR")]
    succeeds: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    with_key: Vec<PathBuf>,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prepare", "sign"])]
    high_water: Option<PathBuf>,
    #[command(flatten)]
    ledger: DirectoryOption,
    #[command(flatten)]
    passphrase: PassphraseOptions,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match (&args.prepare, &args.sign, &args.open) {
        (Some(path), _, _) => prepare::run(args, path),
        _ if args.describes_a_ledger() => {
            let message = "`--origin`, `--founder`, `--quorum`, `--purpose`, `--training` and `--succeeds` \
                 stand with `--prepare`";
            Err(Failure::could_not("usage", message).hint("`custody init --help`"))
        }
        (_, Some(path), _) => found::sign(args, path),
        (_, _, Some(path)) => found::open(args, path),
        _ => Err(Failure::could_not("usage", "one of `--prepare`, `--sign`, `--open` is missing")
            .hint("`custody init --help` tells of the three steps")),
    }
}

impl Args {
    fn describes_a_ledger(&self) -> bool {
        let has_purpose = self.purpose.is_some() || self.training;
        let is_described = self.origin.is_some() || self.quorum.is_some() || has_purpose;
        is_described || !self.founder.is_empty() || self.succeeds.is_some()
    }
}
