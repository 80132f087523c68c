//! The ledger's log: what is stored, in which order it becomes durable, and the marks kept beside it.
//!
//! [`Ledger`] appends and [`Reader`] reads; both speak records, subjects and proofs. [`store`] is the contract
//! below them, which knows bytes only. Nothing here decides whether a record is authentic or allowed: custody-core
//! does, for the log as for everybody else. No key file is read and no clock looked at but the ones handed in.

mod check;
mod clock;
mod error;
pub mod exhibit;
mod file;
mod follow;
pub mod high_water;
mod intake;
mod keyring;
mod ledger;
pub mod mirror;
mod publish;
mod published;
mod reader;
mod row;
mod sequencer;
pub mod signing;
mod standing;
pub mod store;
mod tree;
mod vault;
mod writer;

pub use check::{CheckSummary, Checked, Finding, OpeningCounts, Suspect, check};
pub use clock::{Clock, ClockError, SystemClock};
pub use error::{
    FatalError, GenesisError, LedgerError, ReadError, RecoveryError, SeenError, SubmitError,
};
pub use follow::{FollowError, Followed, follow};
pub use ledger::{Incoming, Ledger, LedgerOptions, Parts, Receipts};
pub use publish::{Progress, PublishError, PublishSummary};
pub use reader::{Logged, Reader, Subjects};
pub use row::{SubjectKind, decode_subject, encode_subject};
pub use sequencer::{Acknowledged, BatchLimits, Reply};
pub use standing::{Pinned, Standing, give_mark, pin};
pub use tree::NodesError;
pub use vault::VaultError;
pub use writer::LogSecrets;
