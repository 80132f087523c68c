mod case;
mod ewf;

use clap::Subcommand;

use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody import case|ewf FILE [options]

Take over what other programs wrote about items.

  case          a CASE document (JSON-LD): a history of items that others assert
  ewf           an image (.E01), with what its header says of the acquisition

example:
  $ custody import ewf disk.E01 --key anna.key
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = case::HELP)]
    Case(case::Args),
    #[command(override_help = ewf::HELP)]
    Ewf(ewf::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::Case(args) => case::run(args),
        Command::Ewf(args) => ewf::run(args),
    }
}
