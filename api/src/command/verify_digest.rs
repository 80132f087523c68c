use std::path::PathBuf;

use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{
    Body, DigestAlgorithm, DigestOutcome, DigestScope, EvidenceDigest, VerifyDigest,
};
use serde_json::json;

use super::measured;
use super::option::{Signing, signing_help};
use super::party;
use crate::act::Act;
use crate::desk::Desk;
use crate::failure::{Ending, Failure};
use crate::history::recorded_digests;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody verify-digest ITEM --file FILE [options]

Recompute the digest of an item you hold, compare it with what was recorded when the item began, and
record the outcome, whichever it is. Exit status 1 if it does not match.

  --file FILE                 the item's data
  --scope SCOPE               what the digest is over: container, media, logical or manifest; container
  --witness CUSTODIAN         who was there and signs too; may be repeated

",
    signing_help!(),
    "
example:
  $ custody verify-digest item:0f3c --file disk.E01 --key lab.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    file: PathBuf,
    #[arg(long, default_value = "container")]
    scope: DigestScope,
    #[arg(long)]
    witness: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let holder = session.custodian()?;
    let recorded = first_digests(desk, item, args.scope)?;
    let files = measured::hash(std::slice::from_ref(&args.file))?;
    let found = measured::digests(&files, args.scope);
    let is_match = found.iter().all(|digest| recorded.contains(digest));
    let outcome = if is_match { DigestOutcome::Match } else { DigestOutcome::Mismatch };
    let act = Act::alone(VerifyDigest { scope: args.scope, outcome }, &[item], holder)
        .sealing_digests(&found)
        .witnessed_by(&party::custodians(desk, &args.witness)?);
    let done = session.finish(act)?;
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "outcome": outcome.word(),
        "files": measured::to_json(&files),
    });
    let lines = std::iter::once(outcome.to_string()).chain(measured::lines(&files)).collect();
    let mut answer = done.answer(lines, facts, Some(desk))?;
    if !is_match {
        answer.ending = Ending::Rejected;
    }
    Ok(answer)
}

/// The SHA-256 digests with which the item was recorded first.
fn first_digests(
    desk: &Desk,
    item: Uuid,
    scope: DigestScope,
) -> Result<Vec<EvidenceDigest>, Failure> {
    let id = SubjectId::Item(item);
    let chain = desk.chain(&id)?;
    let missing = |reason: &str| {
        Failure::could_not("evidence/digests-withheld", format!("{id} has {reason}"))
    };
    let first = chain.first().ok_or_else(|| missing("no record"))?;
    let record = Record::parse(&first.record)?;
    let begins = record.payload().link(&id).is_some_and(|link| link.seq == 0);
    if !begins || !matches!(record.payload().body, Body::Collect(_) | Body::Derive(_)) {
        return Err(missing("no first record"));
    }
    // What somebody signs as found alike must not be a server's word: of it there is a proof.
    desk.receipt(first)?;
    let openings = desk.openings(&record.digest())?;
    openings.iter().try_for_each(|opening| opening.verify(record.payload()))?;
    let digests = recorded_digests(&record, &openings);
    let fits = |digest: &EvidenceDigest| {
        digest.scope == scope && digest.algorithm == DigestAlgorithm::Sha256
    };
    let digests: Vec<_> = digests.into_iter().filter(fits).collect();
    match digests.is_empty() {
        true => Err(missing(&format!("no SHA-256 digest over `{scope}` that is open here"))),
        false => Ok(digests),
    }
}
