//! Why something could not be checked at all.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use custody_core::checkpoint::CheckpointError;
use custody_core::pins::PinsError;
use custody_core::policy::PolicyFileError;
use custody_core::verify::error_text;
use thiserror::Error;

use crate::output;

/// Exit status where nothing could be checked.
pub const COULD_NOT_CHECK: u8 = 2;

/// What kept the program from checking anything.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The command line makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong with it.
        message: String,
        /// The command, where it was understood.
        command: Option<String>,
    },
    /// A file or directory cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is larger than its kind may be.
    #[error("`{}` has {actual} bytes, at most {limit} are allowed", path.display())]
    Oversize {
        /// Which.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
        /// Its size in bytes.
        actual: u64,
    },
    /// The policy file is not one.
    #[error("`{}` is not a trust policy", path.display())]
    Policy {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: PolicyFileError,
    },
    /// The list of pins is not one.
    #[error("`{}` is not a list of pinned keys", path.display())]
    Pins {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: PinsError,
    },
    /// A checkpoint that the reader brought is not one.
    #[error("`{}` is not a checkpoint", path.display())]
    Checkpoint {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: CheckpointError,
    },
    /// The checkpoints are given in the wrong order.
    #[error("the old checkpoint has size {old}, the new one {new}")]
    Order {
        /// Size of the first.
        old: u64,
        /// Size of the second.
        new: u64,
    },
    /// A file to be shown is nothing that this program knows.
    #[error("`{}` is none of the files of a ledger: {reason}", path.display())]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// What comes closest.
        reason: String,
    },
    /// The result cannot be written.
    #[error("cannot write the result")]
    Write(#[source] io::Error),
}

impl Failure {
    /// Prints `error:` and `hint:` and gives the exit status.
    pub fn report(self) -> ExitCode {
        output::talk(&format!("error: {}", error_text(&self)));
        if let Some(hint) = self.hint() {
            output::talk(&format!("hint: {hint}"));
        }
        ExitCode::from(COULD_NOT_CHECK)
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Usage { command: Some(command), .. } => {
                format!("`custody-verify {command} --help`")
            }
            Self::Usage { command: None, .. } => "`custody-verify --help`".to_owned(),
            Self::Policy { .. } => {
                "a policy has two `log` lines and a `quorum` line: `custody policy` prints one"
                    .to_owned()
            }
            Self::Pins { .. } => "`custody trust-sheet` prints such a list".to_owned(),
            Self::Read { path, .. } if path.ends_with("checkpoint") => {
                "`custody publish` writes such a directory, its checkpoint last".to_owned()
            }
            Self::Order { .. } => "give the older checkpoint first".to_owned(),
            Self::Checkpoint { path, .. } => {
                format!("`custody-verify inspect {}`", path.display())
            }
            _ => return None,
        })
    }
}
