//! `custody-verify`: checks exhibits, receipts and whole ledgers offline.
//!
//! It reads files, calls custody-core and prints a report. It opens no socket and no database, and knows
//! no time but the one it is given. What a verdict rests on is decided in custody-core.

mod arguments;
mod compare;
mod consistency;
mod evidence;
mod exhibit;
mod failure;
mod finding;
mod help;
mod input;
mod inspect;
mod output;
mod progress;
mod published;
mod receipt;
mod replay;
mod time;

use std::process::ExitCode;

use arguments::Command;
use failure::Failure;
use output::Answer;

fn main() -> ExitCode {
    let command = match arguments::parse() {
        Ok(command) => command,
        Err(code) => return code,
    };
    match run(&command).and_then(|answer| answer.print()) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Exhibit(options) => exhibit::run(options),
        Command::Receipt(options) => receipt::run(options),
        Command::Consistency(options) => consistency::run(options),
        Command::Compare(options) => compare::run(options),
        Command::Replay(options) => replay::run(options),
        Command::Inspect(options) => inspect::run(options),
    }
}
