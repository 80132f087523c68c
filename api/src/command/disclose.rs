use std::path::{Path, PathBuf};

use custody_core::exhibit::{Exhibit, MAX_EXHIBIT};
use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Disclose, DiscloseBasis};
use serde_json::json;

use super::option::{Signing, sealed_text, signing_help};
use crate::act::Act;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody disclose ITEM --exhibit FILE --recipient TEXT --basis BASIS [options]

Record that an exhibit was given to somebody: its digest, and the size of the ledger that it stands on.
Later exhibits of the item prove that nothing changed since.

  --exhibit FILE              the exhibit
  --recipient TEXT            who got it (sealed)
  --basis BASIS               prosecution, defence, court-order, mutual-assistance, oversight,
                              data-subject or police
  --permission RECORD         the permission, where a handling code asked for one

",
    signing_help!(),
    "
example:
  $ custody disclose item:0f3c --exhibit laptop.exhibit --recipient 'defence counsel' --basis defence \\
      --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "FILE")]
    exhibit: PathBuf,
    #[arg(long, value_parser = sealed_text)]
    recipient: String,
    #[arg(long)]
    basis: DiscloseBasis,
    #[arg(long, value_name = "RECORD")]
    permission: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let bytes = file::read(&args.exhibit, MAX_EXHIBIT as u64)?;
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let size = size_of(desk, item, &args.exhibit, &bytes)?;
    let permission =
        args.permission.as_ref().map(|record| desk.record_digest(record)).transpose()?;
    let body = Disclose { size, basis: args.basis, exhibit: sha256(&bytes), permission };
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "exhibit": body.exhibit.to_string(),
        "size": size,
        "basis": args.basis.word(),
    });
    let act = Act::say(body, &[item], session.custodian()?)
        .sealing_text("recipient", Some(&args.recipient));
    let done = session.finish(act)?;
    done.answer(done.verb("disclosed"), facts, Some(desk))
}

/// The size of the tree that an exhibit stands on, which must be one of this ledger and about `item`.
fn size_of(desk: &Desk, item: Uuid, path: &Path, bytes: &[u8]) -> Result<u64, Failure> {
    let about = |failure: Failure| failure.about(format!("`{}`", path.display()));
    let exhibit = Exhibit::parse(bytes).map_err(|error| about(error.into()))?;
    let header = exhibit.signed_manifest().header();
    if header.origin != *desk.origin() || header.genesis != Some(desk.genesis()) {
        let message = format!("is of {}, this ledger is {}", header.origin, desk.origin());
        return Err(about(Failure::rejected("disclose/other-ledger", message)));
    }
    if exhibit.contents().item != item {
        let other = SubjectId::Item(exhibit.contents().item);
        let message = format!("is about {other}, not about {}", SubjectId::Item(item));
        return Err(about(Failure::rejected("disclose/other-item", message)));
    }
    let head = *exhibit.contents().checkpoint.tree_head();
    match desk.root_at(head.size)? {
        Some(root) if root == head.root => Ok(head.size.0),
        _ => {
            let message = format!("stands on {head}, which this ledger never signed");
            Err(about(Failure::rejected("disclose/other-ledger", message)))
        }
    }
}
