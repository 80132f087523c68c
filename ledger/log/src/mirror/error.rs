use std::io;
use std::path::PathBuf;

use custody_core::checkpoint::{Checkpoint, CheckpointError};
use custody_core::merkle::TreeSize;
use thiserror::Error;

use super::SourceError;
use crate::check::Finding;

/// Why a mirror did not go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// A file of the copy cannot be read or written. The mirror has to be opened again.
    #[error("cannot keep `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file cannot be had from the server. To be tried again.
    #[error("the ledger's files")]
    Source(#[from] SourceError),
    /// What the server gave does not lead to the checkpoint that the log signed: somebody on the way, or the server. It
    /// proves nothing against the log. To be tried again.
    #[error("what was served is not what the log signed: {what}")]
    Served {
        /// What.
        what: String,
    },
    /// Not a checkpoint of this log.
    #[error("checkpoint is refused")]
    Checkpoint(#[from] CheckpointError),
    /// The copy is not what was replayed and cosigned.
    #[error("the copy is damaged: {what}")]
    Copy {
        /// What.
        what: String,
    },
    /// The log signed two trees of which neither begins with the other.
    #[error("the log signed {}, and {}, which is another history", known.tree_head(), shown.tree_head())]
    Fork {
        /// The head that was known.
        known: Box<Checkpoint>,
        /// The other.
        shown: Box<Checkpoint>,
        /// What shows that they do not fit: docs/OPERATING.md "Running a mirror".
        proof: String,
    },
    /// An older head than the log has shown, and of the same history as far as can be told: from somebody who keeps what the
    /// log said, or of a log that lost something. It proves nothing. To be tried again.
    #[error("shown is {}, older than {}, which the log showed before", shown.tree_head(), known.tree_head())]
    Stale {
        /// The newest head that the log has shown.
        known: Box<Checkpoint>,
        /// The older one.
        shown: Box<Checkpoint>,
    },
    /// What the log signed breaks the rules.
    #[error("the log signed {}, and it does not hold: {}", shown.tree_head(), first(findings))]
    Broken {
        /// The head that was known, if any was.
        known: Option<Box<Checkpoint>>,
        /// The head that does not hold.
        shown: Box<Checkpoint>,
        /// What is wrong with it.
        findings: Vec<Finding>,
    },
    /// There is evidence against the log in the mirror's directory.
    #[error("there is evidence against the log in `{}`", path.display())]
    Evidence {
        /// Where.
        path: PathBuf,
    },
    /// An earlier attempt ended with an alarm, or with a file that could not be written. Nothing was tried.
    #[error("the mirror follows no more until it is opened again")]
    Halted,
}

impl MirrorError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "mirror/io",
            Self::Source(_) => "mirror/source",
            Self::Served { .. } => "mirror/served",
            Self::Checkpoint(error) => error.code(),
            Self::Copy { .. } => "mirror/copy",
            Self::Fork { .. } => "mirror/fork",
            Self::Stale { .. } => "mirror/stale",
            Self::Broken { .. } => "mirror/broken",
            Self::Evidence { .. } => "mirror/evidence",
            Self::Halted => "mirror/halted",
        }
    }

    /// Whether it is evidence against the log: two heads that it signed, or one that does not hold.
    pub fn is_alarm(&self) -> bool {
        matches!(self, Self::Fork { .. } | Self::Broken { .. })
    }

    /// Whether the mirror stops following after it: until it is opened again, or, after an alarm, for good.
    pub fn is_final(&self) -> bool {
        self.is_alarm() || matches!(self, Self::Io { .. } | Self::Halted)
    }

    /// The head that this is about, where it is about one.
    pub fn shown(&self) -> Option<&Checkpoint> {
        match self {
            Self::Fork { shown, .. } | Self::Stale { shown, .. } | Self::Broken { shown, .. } => {
                Some(shown)
            }
            _ => None,
        }
    }

    /// The head that was known before, if one was.
    pub fn known(&self) -> Option<&Checkpoint> {
        match self {
            Self::Fork { known, .. } | Self::Stale { known, .. } => Some(known),
            Self::Broken { known, .. } => known.as_deref(),
            _ => None,
        }
    }

    pub(super) fn served(what: impl Into<String>) -> Self {
        Self::Served { what: what.into() }
    }

    pub(super) fn served_entry(index: u64, size: TreeSize) -> Self {
        Self::served(format!("the record of entry {index} of {size} is another one"))
    }

    /// The same of files that are our own.
    pub(super) fn of_copy(self) -> Self {
        match self {
            Self::Source(error) => Self::Copy { what: error.to_string() },
            Self::Served { what } => Self::Copy { what },
            other => other,
        }
    }
}

fn first(findings: &[Finding]) -> String {
    findings.first().map_or_else(|| "no reason".to_owned(), Finding::to_string)
}
