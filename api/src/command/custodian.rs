mod enrol;
mod list;
mod update;

pub(crate) use enrol::{ROLES, ordered as ordered_roles, parse_role};

use clap::Subcommand;

use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody custodian enrol|update|list [options]

The people who handle evidence.

  enrol         enrol somebody with their key
  update        somebody's new roles, or when they are away and who stands in
  list          who is enrolled

example:
  $ custody custodian list --ledger ledger
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = enrol::HELP)]
    Enrol(Box<enrol::Args>),
    #[command(override_help = update::HELP)]
    Update(Box<update::Args>),
    #[command(override_help = list::HELP)]
    List(list::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::Enrol(args) => enrol::run(args),
        Command::Update(args) => update::run(args),
        Command::List(args) => list::run(args),
    }
}
