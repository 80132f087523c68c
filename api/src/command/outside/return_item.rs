use custody_core::id::SubjectId;
use serde_json::json;

use super::{Stand, stand_help};
use crate::act::Act;
use crate::command::doing::{Doing, doing_help};
use crate::command::option::sealed_text;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody return ITEM --name TEXT --authority TEXT --stand-in STAND-IN [options]

Give an item you hold back to its owner. That ends it: after that only corrections and disputes are
taken, and what becomes of what is known of it.

  --name TEXT                 who the owner is (sealed)
  --authority TEXT            whose decision it was (sealed)
",
    stand_help!(),
    doing_help!(),
    "
example:
  $ custody return item:0f3c --name 'J. Jansen' --authority 'order 12/2026' --stand-in signed-paper \\
      --attach receipt.pdf --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    doing: Doing,
    #[command(flatten)]
    stand: Stand,
    #[arg(long, value_parser = sealed_text)]
    name: String,
    #[arg(long, value_parser = sealed_text)]
    authority: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    args.stand.check(&args.doing)?;
    let session = args.doing.session()?;
    let item = session.desk().item(&args.item)?;
    let act = Act::return_to_owner(item, session.custodian()?, args.stand.stand_in)
        .sealing_text("party", Some(&args.name))
        .sealing_text("authority", Some(&args.authority));
    let facts = json!({ "item": SubjectId::Item(item).to_string() });
    args.doing.answer(&session, args.stand.attach_to(act)?, "returned", facts)
}
