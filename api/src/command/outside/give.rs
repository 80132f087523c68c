use custody_core::record::body::{ExternalParty, HandoffExternal, MovePurpose};
use serde_json::json;

use super::{Stand, stand_help};
use crate::act::Act;
use crate::command::doing::{Doing, doing_help};
use crate::command::option::sealed_text;
use crate::command::party;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody give ITEM... --party PARTY --name TEXT --stand-in STAND-IN [options]

Give items you hold to somebody who holds no key: only your side signs, and reports say so. You answer
for them until a custodian of your agency has them back with `custody take-back`. To give an item back
to its owner for good is `custody return`.

  --party PARTY               court, owner, carrier, public or other
  --name TEXT                 who it is (sealed)
  --purpose PURPOSE           examination, transport, storage, court, transfer or return; court for a
                              court, transport for a carrier, return for an owner
",
    stand_help!(),
    doing_help!(),
    "
example:
  $ custody give item:0f3c --party court --name 'District Court, registry' --stand-in signed-paper \\
      --attach slip.pdf --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[command(flatten)]
    stand: Stand,
    #[arg(long)]
    party: ExternalParty,
    #[arg(long, value_parser = sealed_text)]
    name: String,
    #[arg(long)]
    purpose: Option<MovePurpose>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    args.stand.check(&args.doing)?;
    let purpose = args.purpose.or_else(|| usual_purpose(args.party)).ok_or_else(|| {
        Failure::could_not("usage", "`--purpose` is missing")
            .hint("examination, transport, storage, court, transfer or return")
    })?;
    let session = args.doing.session()?;
    let items = party::items(session.desk(), &args.item)?;
    let body = HandoffExternal { party: args.party, purpose, stand_in: args.stand.stand_in };
    let act = Act::give(&items, session.custodian()?, body).sealing_text("party", Some(&args.name));
    let facts = json!({ "items": party::items_json(&items), "party": args.party.word() });
    args.doing.answer(&session, args.stand.attach_to(act)?, "given", facts)
}

fn usual_purpose(party: ExternalParty) -> Option<MovePurpose> {
    match party {
        ExternalParty::Court => Some(MovePurpose::Court),
        ExternalParty::Carrier => Some(MovePurpose::Transport),
        ExternalParty::Owner => Some(MovePurpose::Return),
        _ => None,
    }
}
