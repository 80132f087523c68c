mod answer;
mod list;
mod raise;
mod resolve;

use clap::Subcommand;

use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody dispute raise|answer|resolve|list [options]

Disputes about what a record says. The record stays as it is; reports name the dispute.

  raise         say what is wrong with a record
  answer        answer a dispute
  resolve       say how it ended
  list          the disputes that are open

example:
  $ custody dispute list --ledger ledger
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = raise::HELP)]
    Raise(raise::Args),
    #[command(override_help = answer::HELP)]
    Answer(answer::Args),
    #[command(override_help = resolve::HELP)]
    Resolve(resolve::Args),
    #[command(override_help = list::HELP)]
    List(list::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::Raise(args) => raise::run(args),
        Command::Answer(args) => answer::run(args),
        Command::Resolve(args) => resolve::run(args),
        Command::List(args) => list::run(args),
    }
}
