use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::{KeyReason, KeyRotate, KeySlot};
use serde_json::json;

use crate::act::Act;
use crate::command::agency::authorities;
use crate::command::option::{Signing, signing_help};
use crate::failure::Failure;
use crate::key_file::read_public;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody key rotate SUBJECT --new FILE.pub --reason REASON --key AUTHORITY [options]

Replace the key of a custodian or of an agency. The agency signs with its authority key, or for its own
keys with its recovery key; the new key signs too, here with --with-key or elsewhere with `custody
accept`. An agency that has lost both is helped by a quorum of the founders.

  --new FILE                  the new public key
  --reason REASON             routine, left, lost or stolen
  --slot SLOT                 authority or recovery, for an agency's key; authority
  --approve AGENCY            another founder that signs; may be repeated

",
    signing_help!(),
    "
example:
  $ custody key rotate custodian:77ab --new anna2.pub --reason routine --key police.key \\
      --with-key anna2.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    subject: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "FILE")]
    new: PathBuf,
    #[arg(long)]
    reason: KeyReason,
    #[arg(long)]
    slot: Option<KeySlot>,
    #[arg(long, value_name = "AGENCY")]
    approve: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let key = read_public(&args.new)?;
    let session = args.signing.session()?;
    let desk = session.desk();
    let (owner, slot) = match args.subject.strip_prefix("agency:") {
        Some(_) => {
            let id = SubjectId::Agency(desk.agency(&args.subject)?);
            (id, args.slot.unwrap_or(KeySlot::Authority))
        }
        None => (SubjectId::Custodian(desk.custodian(&args.subject)?), KeySlot::Custodian),
    };
    let facts = json!({
        "subject": owner.to_string(),
        "thumbprint": key.kid().to_string(),
        "slot": slot.word(),
    });
    let body = KeyRotate { key, slot, reason: args.reason };
    let act = Act::rotate_key(owner, &authorities(&session, &args.approve)?, body);
    let done = session.finish(act)?;
    done.answer(done.verb("key replaced"), facts, Some(desk))
}
