use custody_core::cose::Role;
use custody_core::id::SubjectId;
use custody_core::record::body::{Absence, AgencyUpdate};
use custody_core::verify::utc_text;
use serde_json::json;

use super::enrol::{ordered, parse_role};
use crate::act::Act;
use crate::command::option::{Signing, signing_help};
use crate::failure::Failure;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody custodian update CUSTODIAN [--roles ROLES] [--away-from TIME --away-until TIME]
                                --key AUTHORITY [options]

Say in which roles somebody of your agency may sign from now on, or when they are away and who stands in.

  --roles ROLES               with commas: releasing, receiving, witness, supervisor, other-party, acting
  --away-from TIME            away from then on
  --away-until TIME           until then
  --alternate CUSTODIAN       who stands in meanwhile

",
    signing_help!(),
    "
example:
  $ custody custodian update custodian:77ab --away-from 2026-07-01T00:00:00Z \\
      --away-until 2026-07-15T00:00:00Z --alternate custodian:3c90 --key police.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    custodian: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_delimiter = ',', value_parser = parse_role, required_unless_present = "away_from")]
    roles: Vec<Role>,
    #[arg(long, value_name = "TIME", requires = "away_until")]
    away_from: Option<Moment>,
    #[arg(long, value_name = "TIME", requires = "away_from")]
    away_until: Option<Moment>,
    #[arg(long, value_name = "CUSTODIAN", requires = "away_from")]
    alternate: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let away = args.away_from.zip(args.away_until).map(|(from, until)| (from.utc_s, until.utc_s));
    if away.is_some_and(|(from_s, until_s)| from_s >= until_s) {
        let message = "`--away-until` is not after `--away-from`";
        return Err(Failure::could_not("usage", message));
    }
    let session = args.signing.session()?;
    let desk = session.desk();
    let id = SubjectId::Custodian(desk.custodian(&args.custodian)?);
    let alternate = args.alternate.as_ref().map(|text| desk.custodian(text)).transpose()?;
    let absence = away.map(|(from_s, until_s)| Absence { from_s, until_s, alternate });
    let roles = Some(ordered(args.roles.clone())).filter(|roles| !roles.is_empty());
    let facts = json!({
        "custodian": id.to_string(),
        "away_from": away.map(|(from_s, _)| utc_text(from_s)),
        "away_until": away.map(|(_, until_s)| utc_text(until_s)),
        "alternate": alternate.map(|id| SubjectId::Custodian(id).to_string()),
    });
    let body = AgencyUpdate { name: None, country: None, roles, absence };
    let done = session.finish(Act::update(id, session.agency()?, body))?;
    done.answer(done.verb("updated"), facts, Some(desk))
}
