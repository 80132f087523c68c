use custody_core::id::SubjectId;
use custody_core::record::body::MovePurpose;
use serde_json::json;

use super::observed::{ObservedOption, observed_help};
use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::{Act, Parties};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody offer ITEM... --to CUSTODIAN --purpose PURPOSE --out FILE [options]

Hand items over from hand to hand. You sign first and give the offer file to the receiver, who
countersigns it with `custody accept`. Nothing is recorded before both have signed.

  --to CUSTODIAN              who takes over
  --purpose PURPOSE           examination, transport, storage, court, transfer or return
  --remark TEXT               (sealed)
  --witness CUSTODIAN         who was there and signs last; may be repeated
where the receiver is here and signs with --with-key, instead of --out:
",
    observed_help!(),
    "\n",
    signing_help!(),
    "
example:
  $ custody offer item:0f3c --to custodian:77ab --purpose transport --out handoff.offer --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    observed: ObservedOption,
    #[arg(long)]
    to: String,
    #[arg(long)]
    purpose: MovePurpose,
    #[arg(long, value_parser = sealed_text)]
    remark: Option<String>,
    #[arg(long)]
    witness: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    if !args.observed.is_empty() && args.signing.with_key.is_empty() {
        let message = "--checked and --outcome are the receiver's to say";
        return Err(Failure::could_not("usage", message).hint("they stand with `custody accept`"));
    }
    let session = args.signing.session()?;
    let desk = session.desk();
    let items = party::items(desk, &args.item)?;
    let from = session.custodian()?;
    let to = party::somebody_else(desk, from, "--to", &args.to)?;
    let parties = Parties { from, to };
    let act = Act::handoff(&items, parties, args.purpose)
        .sealing_text("remark", args.remark.as_deref())
        .witnessed_by(&party::custodians(desk, &args.witness)?);
    let observe =
        |proposal: &crate::act::Proposal| args.observed.of(proposal.payload(), Some(desk));
    let done = session.finish_observed(act, observe)?;
    let facts = json!({
        "items": party::items_json(&items),
        "to": SubjectId::Custodian(parties.to).to_string(),
    });
    done.answer(Vec::new(), facts, Some(desk))
}
