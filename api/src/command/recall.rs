use serde_json::json;

use super::on_the_way;
use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody recall ITEM...|RELEASE [options]

Take back items that you released and nobody has received yet. RELEASE is the digest of the record that
released them, and means all of its items.

  --remark TEXT               why (sealed)

",
    signing_help!(),
    "
example:
  $ custody recall item:0f3c --remark 'van broke down' --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true, value_name = "ITEM")]
    item: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = sealed_text)]
    remark: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let items = on_the_way::named(desk, &args.item)?;
    let reply = on_the_way::sent_by(desk, &items, session.custodian()?)?;
    let act = Act::recall(&items, reply).sealing_text("remark", args.remark.as_deref());
    let facts = json!({ "items": party::items_json(&items), "release": reply.to.to_string() });
    let done = session.finish(act)?;
    done.answer(done.verb("recalled"), facts, Some(desk))
}
