use serde_json::json;

use super::observed::{ObservedOption, observed_help};
use super::on_the_way;
use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::{Act, Proposal};
use crate::failure::Failure;
use crate::rehearsal::rehearsed;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody receive ITEM...|RELEASE [options]

Take over items that were released to you. You become their holder, except of those you find missing.
RELEASE is the digest of the record that released them, and means all of its items.

",
    observed_help!(),
    "  --remark TEXT               (sealed)
  --witness CUSTODIAN         who was there and signs too; may be repeated
  --dry-run                   check everything, say what would be recorded, record nothing

",
    signing_help!(),
    "
example:
  $ custody receive item:0f3c --checked seal,count --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true, value_name = "ITEM")]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    observed: ObservedOption,
    #[arg(long, value_parser = sealed_text)]
    remark: Option<String>,
    #[arg(long)]
    witness: Vec<String>,
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session_or_rehearsal(args.dry_run)?;
    let desk = session.desk();
    let items = on_the_way::named(desk, &args.item)?;
    let reply = on_the_way::addressed_to(desk, &items, session.custodian()?)?;
    let act = Act::receive(&items, reply)
        .sealing_text("remark", args.remark.as_deref())
        .witnessed_by(&party::custodians(desk, &args.witness)?);
    let observe = |proposal: &Proposal| args.observed.of(proposal.payload(), Some(desk));
    let facts = json!({ "items": party::items_json(&items), "release": reply.to.to_string() });
    if args.dry_run {
        return rehearsed(desk, &session.sign(act, None, observe)?, facts);
    }
    let done = session.finish_observed(act, observe)?;
    done.answer(done.verb("received"), facts, Some(desk))
}
