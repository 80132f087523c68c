mod list;
mod release;
mod set;

use clap::Subcommand;

use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody hold set|release|list [options]

Holds: while one is open on an item, the item cannot be disposed of, returned, used up or split.

  set           items must be kept
  release       they need not any more
  list          the holds that are open

example:
  $ custody hold list --ledger ledger
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = set::HELP)]
    Set(set::Args),
    #[command(override_help = release::HELP)]
    Release(release::Args),
    #[command(override_help = list::HELP)]
    List(list::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::Set(args) => set::run(args),
        Command::Release(args) => release::run(args),
        Command::List(args) => list::run(args),
    }
}
