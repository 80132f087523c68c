use custody_core::merkle::{LeafIndex, RenewalTree};
use custody_core::record::body::{DigestAlgorithm, Renewal};
use serde_json::json;

use crate::act::Act;
use crate::command::option::{Signing, signing_help};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody ledger renew --key OPERATOR [options]

Hash every entry and every record once more, with SHA-512, and keep the root of that second tree in the
ledger together with its newest checkpoint. Should SHA-256 ever fail, this root still says what there was.

",
    signing_help!(),
    "
example:
  $ custody ledger renew --key operator.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    signing: Signing,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let (size, root) = (desk.head().size, second_root(desk)?);
    let hex: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
    let body = Renewal { root, algorithm: DigestAlgorithm::Sha512 };
    let done = session.finish(Act::operate(desk.origin(), body))?;
    let line = format!("sha-512 {hex} over {size} entries");
    let facts = json!({ "size": size.0, "root": hex, "algorithm": "sha-512" });
    done.answer(vec![line], facts, Some(desk))
}

/// The root over the entries and records of the newest checkpoint: the one that the record will have seen.
fn second_root(desk: &Desk) -> Result<[u8; 64], Failure> {
    let mut tree = RenewalTree::new();
    for index in 0..desk.head().size.0 {
        let logged = desk.logged(LeafIndex(index))?;
        tree.append(&logged.entry.encode(), &logged.record);
    }
    Ok(tree.root())
}
