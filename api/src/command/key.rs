mod end;
mod new;
mod rotate;
mod show;

use clap::Subcommand;

pub use show::end_text;

use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody key new|show|rotate|revoke|compromised [options]

Keys of people, agencies and operators.

  new           make a key file
  show          a key's thumbprint, check words and standing
  rotate        replace a key
  revoke        end a key
  compromised   end a key that others may have used, and say since when

example:
  $ custody key new --out anna.key
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = new::HELP)]
    New(new::Args),
    #[command(override_help = show::HELP)]
    Show(show::Args),
    #[command(override_help = rotate::HELP)]
    Rotate(rotate::Args),
    #[command(override_help = end::REVOKE_HELP)]
    Revoke(end::RevokeArgs),
    #[command(override_help = end::COMPROMISED_HELP)]
    Compromised(end::CompromisedArgs),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::New(args) => new::run(args),
        Command::Show(args) => show::run(args),
        Command::Rotate(args) => rotate::run(args),
        Command::Revoke(args) => end::revoke(args),
        Command::Compromised(args) => end::compromised(args),
    }
}
