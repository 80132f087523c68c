use custody_core::record::body::{AuthoriseOnward, OnwardUse};
use serde_json::json;

use super::option::{Signing, sealed_text, signing_help};
use super::party::{self, items, items_json};
use crate::act::Act;
use crate::failure::Failure;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody permit ITEM... --use transfer --to AGENCY --authority TEXT --supervisor CUSTODIAN [options]
       custody permit ITEM... --use USE --recipient TEXT --authority TEXT --supervisor CUSTODIAN [options]

Permit what needs the permission of the agency that an item came from, or that set its handling codes.
A supervisor signs too, here with --with-key or elsewhere with `custody accept`. Whoever offers,
releases or exports names the record of it as their permission.

  --use USE                   transfer: hand the item to an agency of a third state; evidence: use it in
                              court; dissemination: pass on what is known; publication: publish it
  --to AGENCY                 to which agency it may go, for transfer
  --recipient TEXT            who may have it, for every other use (sealed)
  --authority TEXT            whose decision it was (sealed)
  --until TIME                until when
  --supervisor CUSTODIAN      who answers for it

",
    signing_help!(),
    "
example:
  $ custody permit item:0f3c --use evidence --recipient 'Court of Example' --authority 'decision 7/2026' \\
      --supervisor custodian:77ab --key anna.key --out permission.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long = "use", value_name = "USE")]
    usage: OnwardUse,
    #[arg(long, conflicts_with = "recipient")]
    to: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    recipient: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    authority: String,
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    #[arg(long)]
    supervisor: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    check_addressee(args)?;
    let session = args.signing.session()?;
    let desk = session.desk();
    let ids = items(desk, &args.item)?;
    let to = args.to.as_ref().map(|to| desk.agency(to)).transpose()?;
    let me = session.custodian()?;
    let supervisor = party::somebody_else(desk, me, "--supervisor", &args.supervisor)?;
    let until_s = args.until.map(|moment| moment.utc_s);
    let act = Act::say(AuthoriseOnward { to, usage: args.usage, until_s }, &ids, me)
        .supervised_by(supervisor)
        .sealing_text("authority", Some(&args.authority))
        .sealing_text("recipient", args.recipient.as_deref());
    let facts = json!({ "items": items_json(&ids), "use": args.usage.word() });
    let done = session.finish(act)?;
    done.answer(done.verb("permitted"), facts, Some(desk))
}

/// A transfer is to an agency of the ledger, every other use is to somebody who is named.
fn check_addressee(args: &Args) -> Result<(), Failure> {
    let asked = match args.usage {
        OnwardUse::Transfer if args.to.is_none() => "--to",
        OnwardUse::Transfer => return Ok(()),
        _ if args.recipient.is_none() => "--recipient",
        _ => return Ok(()),
    };
    let message = format!("`--use {}` needs `{asked}`", args.usage);
    Err(Failure::could_not("usage", message).hint("`custody permit --help`"))
}
