mod card;
mod enrol;
mod list;
mod update;

use clap::Subcommand;
use custody_core::id::Uuid;

use crate::failure::Failure;
use crate::session::Session;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody agency card|enrol|update|list [options]

Agencies: their keys, and how they come into a ledger.

  card          put an agency's name and keys on a card
  enrol         admit an agency to a ledger
  update        an agency's new name or country
  list          the agencies of a ledger

example:
  $ custody agency list --ledger ledger
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = card::HELP)]
    Card(card::Args),
    #[command(override_help = enrol::HELP)]
    Enrol(enrol::Args),
    #[command(override_help = update::HELP)]
    Update(update::Args),
    #[command(override_help = list::HELP)]
    List(list::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::Card(args) => card::run(args),
        Command::Enrol(args) => enrol::run(args),
        Command::Update(args) => update::run(args),
        Command::List(args) => list::run(args),
    }
}

/// The agency whose key is used, and the others that sign with it.
///
/// # Errors
/// The key is no agency's, or another names none.
pub fn authorities(session: &Session, others: &[String]) -> Result<Vec<Uuid>, Failure> {
    let mut agencies = vec![session.agency()?];
    for other in others {
        agencies.push(session.desk().agency(other)?);
    }
    agencies.sort();
    agencies.dedup();
    Ok(agencies)
}
