use custody_core::custody::{AgencyState, KeyState, Standing};
use custody_core::id::SubjectId;
use custody_log::SubjectKind;
use serde_json::{Value, json};

use crate::command::key::end_text;
use crate::command::option::{LedgerOption, ledger_help};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody agency list [options]

The agencies of a ledger with their keys, ended keys included.

",
    ledger_help!(),
    "
example:
  $ custody agency list --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let mut agencies = Vec::new();
    for subject in desk.subjects(SubjectKind::Agency) {
        let (id, subject) = subject?;
        if let Standing::Agency(state) = subject.standing {
            agencies.push((id, state));
        }
    }
    agencies.sort_by(|left, right| left.1.name.cmp(&right.1.name));
    let text = agencies.iter().flat_map(|(id, state)| lines(id, state)).collect();
    let list: Vec<_> = agencies.iter().map(|(id, state)| to_json(id, state)).collect();
    Ok(Answer::done(text, json!({ "agencies": list })))
}

fn lines(id: &SubjectId, state: &AgencyState) -> Vec<String> {
    let key = |key: &KeyState| {
        format!("  {:<10} {} {}", key.slot.word(), key.key.kid(), end_text(key.end))
    };
    let name = format!("{id}  {}, {}", state.name, state.country);
    std::iter::once(name).chain(state.keys.iter().map(key)).collect()
}

fn to_json(id: &SubjectId, state: &AgencyState) -> Value {
    let key = |key: &KeyState| {
        json!({
            "slot": key.slot.word(),
            "thumbprint": key.key.kid().to_string(),
            "standing": end_text(key.end),
        })
    };
    let keys: Vec<_> = state.keys.iter().map(key).collect();
    json!({ "id": id.to_string(), "name": state.name, "country": state.country, "keys": keys })
}
