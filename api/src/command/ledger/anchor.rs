use std::path::PathBuf;

use custody_core::record::body::{Anchor, AnchorKind};
use serde_json::json;

use crate::act::Act;
use crate::command::option::{Signing, signing_help};
use crate::failure::Failure;
use crate::file;
use crate::terminal::Answer;

/// Largest token of a time-stamping authority that a record holds.
const MAX_TOKEN: u64 = 16 * 1024;

pub const HELP: &str = concat!(
    "\
usage: custody ledger anchor --token FILE --key OPERATOR [options]

Keep a token of a time-stamping authority (RFC 3161) in the ledger, together with its newest checkpoint.
The token is kept as it is; what it says is not looked at here.

  --token FILE                the token

",
    signing_help!(),
    "
example:
  $ custody ledger anchor --token checkpoint.tsr --key operator.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "FILE")]
    token: PathBuf,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let token = file::read(&args.token, MAX_TOKEN)?;
    if token.is_empty() {
        let message = format!("`{}` is empty", args.token.display());
        return Err(Failure::could_not("usage", message));
    }
    let session = args.signing.session()?;
    let head = session.desk().head();
    let body = Anchor { kind: AnchorKind::Rfc3161, token };
    let done = session.finish(Act::operate(session.desk().origin(), body))?;
    let facts = json!({ "size": head.size.0, "root": head.root.to_string() });
    done.answer(done.verb("anchored"), facts, Some(session.desk()))
}
