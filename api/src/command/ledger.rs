mod anchor;
mod policy;
mod renew;
mod succeed;

use clap::Subcommand;

use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody ledger policy|anchor|renew|succeed [options]

The ledger itself: what its founders decide, and what its operator writes into it.

  policy        how many founders must sign where founders decide
  anchor        keep a time-stamping authority's token over a checkpoint
  renew         keep a second root, of SHA-512, over all entries and records
  succeed       end the ledger: another one goes on from it

example:
  $ custody ledger policy --quorum 2 --key police.key --out policy.offer
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = policy::HELP)]
    Policy(policy::Args),
    #[command(override_help = anchor::HELP)]
    Anchor(anchor::Args),
    #[command(override_help = renew::HELP)]
    Renew(renew::Args),
    #[command(override_help = succeed::HELP)]
    Succeed(succeed::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::Policy(args) => policy::run(args),
        Command::Anchor(args) => anchor::run(args),
        Command::Renew(args) => renew::run(args),
        Command::Succeed(args) => succeed::run(args),
    }
}
