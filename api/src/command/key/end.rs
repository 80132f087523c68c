use std::path::Path;

use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::key::Kid;
use custody_core::record::body::{KeyCompromised, KeyReason, KeyRevoke};
use serde_json::json;

use crate::act::Act;
use crate::command::agency::authorities;
use crate::command::option::{Signing, signing_help};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::key_file::read_public;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const REVOKE_HELP: &str = concat!(
    "\
usage: custody key revoke KEY --reason REASON --key AUTHORITY [options]

End a key from now on. What it signed before stands. KEY is a thumbprint or a public key file.

  --reason REASON             routine, left, lost or stolen
  --approve AGENCY            another founder that signs, for an agency's key; may be repeated

",
    signing_help!(),
    "
example:
  $ custody key revoke anna.pub --reason left --key police.key
"
);

pub const COMPROMISED_HELP: &str = concat!(
    "\
usage: custody key compromised KEY --since TIME --key AUTHORITY [options]

End a key that others may have used. What it signed since then proves nothing by itself any more.
KEY is a thumbprint or a public key file.

  --since TIME                since when others may have had it
  --approve AGENCY            another founder that signs, for an agency's key; may be repeated

",
    signing_help!(),
    "
example:
  $ custody key compromised anna.pub --since 2026-05-01T00:00:00Z --key police.key
"
);

#[derive(Debug, clap::Args)]
pub struct RevokeArgs {
    #[arg(value_name = "KEY")]
    ended: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    reason: KeyReason,
    #[arg(long, value_name = "AGENCY")]
    approve: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct CompromisedArgs {
    #[arg(value_name = "KEY")]
    ended: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "TIME")]
    since: Moment,
    #[arg(long, value_name = "AGENCY")]
    approve: Vec<String>,
}

pub fn revoke(args: &RevokeArgs) -> Result<Answer, Failure> {
    let kid = kid(&args.ended)?;
    let session = args.signing.session()?;
    let owner = owner(session.desk(), kid)?;
    let facts = json!({ "subject": owner.to_string(), "thumbprint": kid.to_string() });
    let body = KeyRevoke { kid, reason: args.reason };
    let act = Act::revoke_key(owner, &authorities(&session, &args.approve)?, body);
    let done = session.finish(act)?;
    done.answer(done.verb("key revoked"), facts, Some(session.desk()))
}

pub fn compromised(args: &CompromisedArgs) -> Result<Answer, Failure> {
    let kid = kid(&args.ended)?;
    let session = args.signing.session()?;
    let owner = owner(session.desk(), kid)?;
    let facts = json!({ "subject": owner.to_string(), "thumbprint": kid.to_string() });
    let body = KeyCompromised { kid, since_s: args.since.utc_s };
    let act = Act::compromise_key(owner, &authorities(&session, &args.approve)?, body);
    let done = session.finish(act)?;
    done.answer(done.verb("key declared compromised"), facts, Some(session.desk()))
}

fn kid(text: &str) -> Result<Kid, Failure> {
    match Hash::from_hex(text) {
        Some(thumbprint) => Ok(Kid::new(thumbprint)),
        None => Ok(read_public(Path::new(text))?.kid()),
    }
}

fn owner(desk: &Desk, kid: Kid) -> Result<SubjectId, Failure> {
    let unknown =
        || Failure::rejected("record/unknown-key", format!("no key {kid} is enrolled here"));
    desk.owner_of(kid)?.ok_or_else(unknown)
}
