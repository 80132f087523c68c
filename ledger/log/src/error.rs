//! How opening a ledger, appending to it and reading it fail.

use std::path::PathBuf;
use std::sync::Arc;

use custody_core::cbor::CborError;
use custody_core::checkpoint::CheckpointError;
use custody_core::custody::RuleViolation;
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::merkle::{LeafIndex, ProveError, TreeHead, TreeSize};
use custody_core::record::RecordError;
use custody_core::sealed::OpeningError;
use thiserror::Error;

use crate::clock::ClockError;
use crate::high_water::HighWaterError;
use crate::store::StoreError;
use crate::tree::NodesError;
use crate::vault::VaultError;

/// A ledger could not be made or opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The store.
    #[error("store")]
    Store(#[from] StoreError),
    /// The high-water mark.
    #[error("high-water mark")]
    HighWater(#[from] HighWaterError),
    /// The vault.
    #[error("vault")]
    Vault(#[from] VaultError),
    /// The clock.
    #[error("clock")]
    Clock(#[from] ClockError),
    /// The directory could not be made, or the sequencer's thread not started.
    #[error("{}", path.display())]
    Io {
        /// The ledger's directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The record that was to found the ledger is refused.
    #[error("founding record")]
    Genesis(#[source] GenesisError),
    /// The store and the mark do not fit together, or the store is damaged.
    #[error("recovery")]
    Recovery(#[from] Box<RecoveryError>),
    /// The log's keys make no signer.
    #[error("log keys")]
    LogKeys(#[source] CheckpointError),
    /// The directory is a copy for looking: it is behind what was acknowledged, and going on with it would be a fork.
    #[error("`{}` says that nothing is recorded here", path.display())]
    LookOnly {
        /// The file that says so.
        path: PathBuf,
    },
    /// The first commit or a control message failed.
    #[error("sequencer")]
    Fatal(#[from] Arc<FatalError>),
    /// Reading failed.
    #[error("reading")]
    Read(#[from] ReadError),
}

impl LedgerError {
    /// The stable code of this error; that of the cause where it has one of its own.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::HighWater(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Clock(error) => error.code(),
            Self::Io { .. } => "ledger/io",
            Self::Genesis(error) => error.code(),
            Self::Recovery(error) => error.code(),
            Self::LogKeys(error) => error.code(),
            Self::LookOnly { .. } => "ledger/look-only",
            Self::Fatal(error) => error.code(),
            Self::Read(error) => error.code(),
        }
    }
}

/// Why a record cannot found a ledger.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// The record is malformed or wrongly signed.
    #[error("the record is refused")]
    Record(#[from] RecordError),
    /// It is not a `ledger-open`, or breaks another rule.
    #[error("a rule is broken")]
    Rule(#[from] RuleViolation),
    /// It names other log keys than those given.
    #[error("the record names other log keys")]
    LogKeys,
    /// Its origin cannot be the name of a key.
    #[error("the origin is no key name")]
    Origin,
}

impl GenesisError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Record(error) => error.code(),
            Self::Rule(error) => error.code(),
            Self::LogKeys => "genesis/log-keys",
            Self::Origin => "genesis/origin",
        }
    }
}

/// The store is not what was acknowledged. Nothing was changed; both heads are evidence.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// The store holds no ledger: founding it was interrupted, and was never acknowledged.
    #[error("store holds no ledger")]
    NotFounded,
    /// There is no mark although the store holds a ledger.
    #[error("high-water mark is missing, the store stands at {store}")]
    MarkMissing {
        /// The store's newest head.
        store: TreeHead,
        /// Its checkpoint.
        checkpoint: Vec<u8>,
    },
    /// The mark is not a checkpoint that this log signed.
    #[error("high-water mark is refused")]
    MarkRefused {
        /// The mark's bytes.
        mark: Vec<u8>,
        /// Why.
        #[source]
        source: CheckpointError,
    },
    /// The mark names a larger tree: the store was restored from a backup, or lost its end.
    #[error("store stands at {store}, the high-water mark at {mark}")]
    MarkAhead {
        /// The mark's head.
        mark: TreeHead,
        /// The store's newest head.
        store: TreeHead,
        /// The mark's checkpoint.
        mark_checkpoint: Vec<u8>,
        /// The store's newest checkpoint.
        store_checkpoint: Vec<u8>,
    },
    /// The store's tree does not continue the one of the mark: this is a fork.
    #[error("at size {} the store has root {computed}, the high-water mark {}", mark.size, mark.root)]
    Diverged {
        /// The mark's head.
        mark: TreeHead,
        /// The store's root at the mark's size.
        computed: Hash,
        /// The mark's checkpoint.
        mark_checkpoint: Vec<u8>,
        /// The store's newest checkpoint.
        store_checkpoint: Vec<u8>,
    },
    /// The newest checkpoint in the store is not one that this log signed.
    #[error("stored checkpoint is refused")]
    CheckpointRefused {
        /// Its bytes.
        checkpoint: Vec<u8>,
        /// Why.
        #[source]
        source: CheckpointError,
    },
    /// Entries and tiles hash to another root than the stored checkpoint names.
    #[error("store's checkpoint is of {signed}, its entries and tiles hash to {computed}")]
    RightEdge {
        /// What the checkpoint names.
        signed: TreeHead,
        /// What the entries and tiles give.
        computed: TreeHead,
        /// The checkpoint.
        checkpoint: Vec<u8>,
    },
    /// The chain heads in the store are not those that the last entry commits to.
    #[error("chain heads hash to {computed}, entry {index} commits to {committed}")]
    IndexRoot {
        /// The last entry.
        index: LeafIndex,
        /// What it commits to.
        committed: Hash,
        /// What the chain heads give.
        computed: Hash,
    },
}

impl RecoveryError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFounded => "recovery/not-founded",
            Self::MarkMissing { .. } => "recovery/mark-missing",
            Self::MarkRefused { .. } => "recovery/mark-refused",
            Self::MarkAhead { .. } => "recovery/mark-ahead",
            Self::Diverged { .. } => "recovery/diverged",
            Self::CheckpointRefused { .. } => "recovery/checkpoint-refused",
            Self::RightEdge { .. } => "recovery/right-edge",
            Self::IndexRoot { .. } => "recovery/index-root",
        }
    }
}

/// The sequencer has ended. What it was doing may be stored or not; opening the ledger again tells, and asking
/// again for the same record gets the answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FatalError {
    /// The store failed, was taken over by another writer, or left a write in doubt.
    #[error("store")]
    Store(#[from] StoreError),
    /// The mark could not be moved.
    #[error("high-water mark")]
    HighWater(#[from] HighWaterError),
    /// The clock jumped.
    #[error("clock")]
    Clock(#[from] ClockError),
    /// The checkpoint could not be signed.
    #[error("signing")]
    Signing(#[from] CheckpointError),
    /// A state could not be encoded.
    #[error("encoding a subject's state")]
    Encoding(#[from] serde_cbor::Error),
    /// The ledger was closed, or its thread ended without a word.
    #[error("ledger is closed")]
    Closed,
}

impl FatalError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::HighWater(error) => error.code(),
            Self::Clock(error) => error.code(),
            Self::Signing(error) => error.code(),
            Self::Encoding(_) => "ledger/encoding",
            Self::Closed => "ledger/closed",
        }
    }
}

/// A record was not taken in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// It is malformed, wrongly signed, or made for another ledger.
    #[error("the record is refused")]
    Record(#[from] RecordError),
    /// An opening does not open what the record sealed.
    #[error("an opening is refused")]
    Opening(#[from] OpeningError),
    /// The opening of `digests` holds none that anybody could compare.
    #[error("the value of `digests` is no list of digests")]
    Digests(#[source] CborError),
    /// An `erase-opening` names a field that no record about its item seals.
    #[error("no record {record} of this ledger about the item seals a field `{field}`")]
    ErasedElsewhere {
        /// The record named.
        record: Hash,
        /// The field.
        field: String,
    },
    /// A rule of custody is broken.
    #[error("a rule is broken")]
    Rule(#[from] RuleViolation),
    /// The checkpoint that its signers saw is not one of this log.
    #[error("`seen` is refused")]
    Seen(#[from] SeenError),
    /// The record does not continue a chain where it stands: another one was faster.
    #[error("{subject} cannot be continued with place {seq}")]
    Conflict {
        /// The chain.
        subject: SubjectId,
        /// The place that the record claims.
        seq: u64,
        /// The record that has the place, or that stands where the record's `prev` should; `None` where the chain is
        /// too short for either.
        winner: Option<Hash>,
    },
    /// Its openings could not be kept.
    #[error("vault")]
    Vault(#[from] VaultError),
    /// The sequencer has ended, and it is not known whether the record is in the ledger.
    #[error("the ledger has stopped")]
    Fatal(#[source] Arc<FatalError>),
}

impl SubmitError {
    /// The stable code of this error; that of the cause where it has one of its own.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Record(error) => error.code(),
            Self::Opening(error) => error.code(),
            Self::Digests(_) => "opening/digests",
            Self::ErasedElsewhere { .. } => "erase/elsewhere",
            Self::Rule(error) => error.code(),
            Self::Seen(error) => error.code(),
            Self::Conflict { .. } => "custody/conflict",
            Self::Vault(error) => error.code(),
            Self::Fatal(error) => error.code(),
        }
    }
}

/// The checkpoint that a record's signers saw is not one of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SeenError {
    /// It is larger than the ledger.
    #[error("size {size} was seen, the ledger has {limit}")]
    Future {
        /// The size in the record.
        size: TreeSize,
        /// The record's own index, which is the size of the tree before it.
        limit: TreeSize,
    },
    /// The log signed no such head.
    #[error("{seen} was seen, the log signed {signed:?} there")]
    UnknownHead {
        /// The head in the record.
        seen: TreeHead,
        /// The root that the log signed at this size, if it signed the size.
        signed: Option<Hash>,
    },
}

impl SeenError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Future { .. } => "seen/future",
            Self::UnknownHead { .. } => "seen/unknown-head",
        }
    }
}

/// Reading the ledger failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store.
    #[error("store")]
    Store(#[from] StoreError),
    /// The vault.
    #[error("vault")]
    Vault(#[from] VaultError),
    /// There is no such entry at this checkpoint.
    #[error("entry {index} is not in a tree of {size}")]
    NoEntry {
        /// The entry asked for.
        index: LeafIndex,
        /// The size of the reader's checkpoint.
        size: TreeSize,
    },
    /// A proof could not be made.
    #[error("making a proof")]
    Prove(#[source] Box<ProveError<NodesError>>),
    /// The chain heads are not those that the checkpoint commits to.
    #[error("chain heads hash to {computed}, the checkpoint commits to {committed}")]
    IndexRoot {
        /// What the last entry commits to.
        committed: Hash,
        /// What the chain heads give.
        computed: Hash,
    },
    /// The stored checkpoint cannot be read.
    #[error("stored checkpoint")]
    Checkpoint(#[from] CheckpointError),
}

impl ReadError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::NoEntry { .. } => "read/no-entry",
            Self::Prove(_) => "read/prove",
            Self::IndexRoot { .. } => "read/index-root",
            Self::Checkpoint(error) => error.code(),
        }
    }
}

impl From<ProveError<NodesError>> for ReadError {
    fn from(error: ProveError<NodesError>) -> Self {
        Self::Prove(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No state of a subject is known that cannot be written.
    #[test]
    fn a_state_that_cannot_be_written_has_a_code() {
        let error = serde_cbor::from_slice::<u8>(b"").map(drop);
        assert_eq!(error.map_err(|e| FatalError::Encoding(e).code()), Err("ledger/encoding"));
    }
}
