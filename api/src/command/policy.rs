use std::path::PathBuf;

use custody_core::policy::Policy;
use serde_json::json;

use super::option::{LedgerOption, ledger_help};
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::ledger_keys::log_keys;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody policy [--out FILE] [options]

The log's two keys as a trust policy (C2SP tlog-policy), for `custody-verify`. Witnesses are
added to it by whoever trusts them.

  --out FILE                  write it there instead of printing it
",
    ledger_help!(),
    "
example:
  $ custody policy --ledger ledger --out policy.txt
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let keys = log_keys(&desk)?;
    let facts = json!({
        "origin": keys.origin().as_str(),
        "ed25519": keys.ed25519().to_string(),
        "mldsa44": keys.mldsa44().to_string(),
    });
    let policy = Policy::for_log(keys, Vec::new(), None)?.format();
    match &args.out {
        Some(path) => {
            file::create(path, &policy, Access::Shared)?;
            Ok(Answer::done(vec![format!("policy `{}`", path.display())], facts))
        }
        None => {
            let policy = String::from_utf8_lossy(&policy);
            let lines = policy.lines().map(str::to_owned).collect();
            Ok(Answer { is_a_file: true, ..Answer::done(lines, facts) })
        }
    }
}
