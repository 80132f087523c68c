use custody_core::id::SubjectId;
use custody_core::record::body::{CourtExhibit, CourtStatus};
use serde_json::json;

use super::option::{Signing, sealed_text, signing_help};
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody court ITEM --status STATUS --mark TEXT [options]

Say what became of an item in court. Its mark there is kept as the court writes it.

  --status STATUS             offered, admitted, excluded or withdrawn
  --mark TEXT                 the court's mark (sealed)
  --court TEXT                which court (sealed)

",
    signing_help!(),
    "
example:
  $ custody court item:0f3c --status admitted --mark 'P-17' --court 'Court of Example' --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    status: CourtStatus,
    #[arg(long, value_parser = sealed_text)]
    mark: String,
    #[arg(long, value_parser = sealed_text)]
    court: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let item = session.desk().item(&args.item)?;
    let act = Act::say(CourtExhibit { status: args.status }, &[item], session.custodian()?)
        .sealing_text("mark", Some(&args.mark))
        .sealing_text("court", args.court.as_deref());
    let facts = json!({ "item": SubjectId::Item(item).to_string(), "status": args.status.word() });
    let done = session.finish(act)?;
    done.answer(done.verb(args.status.word()), facts, Some(session.desk()))
}
