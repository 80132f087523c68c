use custody_core::id::SubjectId;
use custody_core::record::body::AgencyUpdate;
use serde_json::json;

use super::card::{parse_country, parse_name};
use crate::act::Act;
use crate::command::option::{Signing, signing_help};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody agency update [--name NAME] [--country XX] --key AUTHORITY [options]

Say what the agency whose authority key you use is called from now on, or in which country it is.

  --name NAME                 its name, as the public knows it
  --country XX                its country, ISO 3166-1 alpha-2

",
    signing_help!(),
    "
example:
  $ custody agency update --name 'Example Police, North' --key police.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = parse_name, required_unless_present = "country")]
    name: Option<String>,
    #[arg(long, value_name = "XX", value_parser = parse_country)]
    country: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let agency = session.agency()?;
    let (name, country) = (args.name.clone(), args.country.clone());
    let body = AgencyUpdate { name, country, roles: None, absence: None };
    let id = SubjectId::Agency(agency);
    let facts = json!({ "agency": id.to_string(), "name": args.name, "country": args.country });
    let done = session.finish(Act::update(id, agency, body))?;
    done.answer(done.verb("updated"), facts, Some(session.desk()))
}
