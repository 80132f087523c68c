use custody_core::custody::Standing;
use custody_core::id::SubjectId;
use custody_log::SubjectKind;
use serde_json::json;

use crate::command::option::{LedgerOption, ledger_help};
use crate::command::show::name_json;
use crate::failure::Failure;
use crate::people::People;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody request list [options]

The requests of a ledger: the newest step of each, and between whom.

  --open                      only those that are not fulfilled, refused or withdrawn
",
    ledger_help!(),
    "
example:
  $ custody request list --open --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long)]
    open: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let people = People::of(&desk);
    let mut known = Vec::new();
    for subject in desk.subjects(SubjectKind::Request) {
        let (id, subject) = subject?;
        let Standing::Request(state) = subject.standing else { continue };
        if !(args.open && state.step.is_end()) {
            let first = desk.chain(&id)?.first().map(|logged| logged.index);
            known.push((first, id, state));
        }
    }
    // In the order in which they were drawn up.
    known.sort_by_key(|(first, ..)| *first);
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for (_, id, state) in known {
        let from = people.name(&SubjectId::Agency(state.from))?;
        let to = people.name(&SubjectId::Agency(state.to))?;
        lines.push(format!("{id}  {}  from {from} to {to}", state.step));
        list.push(json!({
            "request": id.to_string(),
            "step": state.step.word(),
            "from": name_json(&from),
            "to": name_json(&to),
        }));
    }
    let facts = json!({ "requests": list, "size": desk.head().size.0 });
    Ok(Answer::done(lines, facts))
}
