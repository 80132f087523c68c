use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::AgencyEnrol;
use serde_json::json;

use super::authorities;
use crate::act::Act;
use crate::agency_card::{MAX_CARD, parse_card};
use crate::command::option::{Signing, signing_help};
use crate::failure::Failure;
use crate::file;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody agency enrol CARD --key FOUNDER --out FILE [--approve AGENCY]... [options]

Admit an agency to a ledger. A quorum of the founding agencies signs, each with its authority key, then
the agency with both keys on its card; where they are not all here, through an offer file.

  --approve AGENCY            another founding agency that signs; may be repeated

",
    signing_help!(),
    "
example:
  $ custody agency enrol lab.card --key police.key --with-key lab-authority.key --with-key lab-recovery.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    card: PathBuf,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "AGENCY")]
    approve: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let card = file::read(&args.card, MAX_CARD)?;
    let agency = parse_card(&String::from_utf8_lossy(&card))
        .map_err(|error| Failure::from(error).about(format!("`{}`", args.card.display())))?;
    let id = SubjectId::Agency(agency.id);
    let session = args.signing.session()?;
    if session.desk().look_up(&id)?.is_some() {
        let message = format!("{id} is an agency of this ledger already");
        return Err(Failure::rejected("custody/conflict", message).hint("`custody agency list`"));
    }
    let founders = authorities(&session, &args.approve)?;
    let act = Act::enrol_agency(session.desk().origin(), &founders, AgencyEnrol { agency });
    let facts = json!({ "agency": id.to_string() });
    session.finish(act)?.answer(vec![id.to_string()], facts, Some(session.desk()))
}
