mod new;
mod run;

use clap::Subcommand;

use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody mirror COMMAND [options]

Keep a full copy of a ledger that somebody else serves. A mirror believes nothing: it replays every rule,
signature and root, and cosigns the checkpoints of what it has replayed. If the log shows two histories,
the mirror keeps both heads as evidence and cosigns nothing more. Shown an older head than before, it
waits for a newer one.

  new     make a mirror's directory, with its keys
  run     follow, serve the copy, and cosign

example:
  $ custody mirror run --from https://ledger.example --to mirror --key auditor.key
";

#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = new::HELP)]
    New(new::Args),
    #[command(override_help = run::HELP)]
    Run(run::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::New(args) => new::run(args),
        Command::Run(args) => run::run(args),
    }
}
