//! The command line. What it looks like to people is in [`crate::help`].

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand};

use crate::failure::Failure;
use crate::help;
use crate::output::Answer;
use crate::time::AtTime;

#[derive(Debug, Parser)]
#[command(name = "custody-verify", version, override_help = help::PROGRAM)]
#[command(disable_help_subcommand = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verifies an exhibit.
    #[command(override_help = help::EXHIBIT)]
    Exhibit(ExhibitOptions),
    /// Verifies a receipt.
    #[command(override_help = help::RECEIPT)]
    Receipt(ReceiptOptions),
    /// Verifies that one checkpoint continues another.
    #[command(override_help = help::CONSISTENCY)]
    Consistency(ConsistencyOptions),
    /// Verifies two exhibits of one item against each other.
    #[command(override_help = help::COMPARE)]
    Compare(CompareOptions),
    /// Replays a published ledger.
    #[command(override_help = help::REPLAY)]
    Replay(ReplayOptions),
    /// Shows what is in a file.
    #[command(override_help = help::INSPECT)]
    Inspect(InspectOptions),
}

/// What every verification needs.
#[derive(Debug, Args)]
pub struct Trust {
    /// The trust policy.
    #[arg(long)]
    pub policy: PathBuf,
    /// The pinned genesis and agency keys.
    #[arg(long)]
    pub agencies: Option<PathBuf>,
    /// Whether to print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `exhibit`.
#[derive(Debug, Args)]
pub struct ExhibitOptions {
    /// The exhibit.
    pub file: PathBuf,
    #[command(flatten)]
    pub trust: Trust,
    /// Evidence files to hash and compare.
    #[arg(long)]
    pub evidence: Vec<PathBuf>,
    /// Other checkpoints of the ledger.
    #[arg(long)]
    pub checkpoint: Vec<PathBuf>,
    /// The time at which the answer is asked for.
    #[arg(long)]
    pub at: Option<AtTime>,
}

/// Options of `receipt`.
#[derive(Debug, Args)]
pub struct ReceiptOptions {
    /// The tlog-proof.
    pub proof: PathBuf,
    /// The entry it is about.
    #[arg(long)]
    pub entry: PathBuf,
    /// The record that the entry names.
    #[arg(long)]
    pub record: PathBuf,
    #[command(flatten)]
    pub trust: Trust,
}

/// Options of `consistency`.
#[derive(Debug, Args)]
pub struct ConsistencyOptions {
    /// The older checkpoint.
    pub old: PathBuf,
    /// The newer checkpoint.
    pub new: PathBuf,
    /// A published directory that has the newer tree.
    #[arg(long)]
    pub tiles: PathBuf,
    /// The trust policy.
    #[arg(long)]
    pub policy: PathBuf,
    /// The time at which the answer is asked for.
    #[arg(long)]
    pub at: Option<AtTime>,
    /// Whether to print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct CompareOptions {
    /// One exhibit.
    pub older: PathBuf,
    /// Another of the same item.
    pub newer: PathBuf,
    #[command(flatten)]
    pub trust: Trust,
    /// Other checkpoints of the ledger.
    #[arg(long)]
    pub checkpoint: Vec<PathBuf>,
    /// The time at which the answer is asked for.
    #[arg(long)]
    pub at: Option<AtTime>,
}

/// Options of `replay`.
#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// The published directory.
    pub directory: PathBuf,
    #[command(flatten)]
    pub trust: Trust,
    /// The time at which the answer is asked for.
    #[arg(long)]
    pub at: Option<AtTime>,
}

/// Options of `inspect`.
#[derive(Debug, Args)]
pub struct InspectOptions {
    /// Any file of a ledger.
    pub file: PathBuf,
    /// Whether to print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Reads the command line; what is only help or version is printed here.
pub fn parse() -> Result<Command, ExitCode> {
    Program::try_parse().map(|program| program.command).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = error.render().to_string();
            let lines = text.trim_end().lines().map(str::to_owned).collect();
            Answer::of_lines(lines).print().unwrap_or_else(Failure::report)
        }
        _ => usage(&error).report(),
    })
}

/// clap's finding as one line with object, and the help that is one step away.
fn usage(error: &clap::Error) -> Failure {
    // The option without the name of its value.
    let bare = |text: &String| text.split(" <").next().unwrap_or_default().to_owned();
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => bare(text),
        Some(ContextValue::Strings(texts)) => {
            texts.iter().map(bare).collect::<Vec<_>>().join("`, `")
        }
        _ => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    let message = match error.kind() {
        ErrorKind::UnknownArgument => format!("unknown option `{argument}`"),
        ErrorKind::InvalidSubcommand => {
            format!("unknown command `{}`", context(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument if argument.contains("`, `") => {
            format!("`{argument}` are missing")
        }
        ErrorKind::MissingRequiredArgument => format!("`{argument}` is missing"),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "a command is missing".to_owned()
        }
        ErrorKind::ArgumentConflict => format!("`{argument}` is given twice"),
        ErrorKind::InvalidValue => format!("`{argument}` needs a value"),
        ErrorKind::ValueValidation => {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
            let value = context(ContextKind::InvalidValue);
            format!("`{value}` does not fit `{argument}`{}", cause.unwrap_or_default())
        }
        _ => error.kind().to_string(),
    };
    let command = std::env::args().nth(1).filter(|name| help::COMMANDS.contains(&name.as_str()));
    Failure::Usage { message, command }
}
