use custody_core::custody::Standing;
use custody_core::id::SubjectId;
use custody_log::SubjectKind;
use serde_json::json;

use crate::command::key::end_text;
use crate::command::option::{LedgerOption, ledger_help};
use crate::failure::Failure;
use crate::people::People;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody custodian list [--agency AGENCY] [options]

Who is enrolled, with the standing of their newest key.

  --agency AGENCY             only people of this agency
",
    ledger_help!(),
    "
example:
  $ custody custodian list --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long)]
    agency: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let people = People::of(&desk);
    let only = args.agency.as_ref().map(|agency| desk.agency(agency)).transpose()?;
    let mut rows = Vec::new();
    for subject in desk.subjects(SubjectKind::Custodian) {
        let (id, subject) = subject?;
        let Standing::Custodian(state) = subject.standing else { continue };
        if only.is_some_and(|only| only != state.agency) {
            continue;
        }
        rows.push((people.name(&id)?, state));
    }
    rows.sort_by_key(|(name, _)| (name.agency.clone(), name.name.clone()));
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for (name, state) in rows {
        let key = state.keys.last();
        let standing = key.map_or("no key".to_owned(), |key| end_text(key.end));
        lines.push(format!("{}  {name}, key {standing}", name.id));
        list.push(json!({
            "id": name.id.to_string(),
            "name": name.name,
            "agency": SubjectId::Agency(state.agency).to_string(),
            "thumbprint": key.map(|key| key.key.kid().to_string()),
            "standing": standing,
        }));
    }
    Ok(Answer::done(lines, json!({ "custodians": list })))
}
