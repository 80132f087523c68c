//! What can be wrong with a checkpoint, and with one signature line of it.

use thiserror::Error;

use crate::hash::Hash;
use crate::note::{KeyId, KeyName, NoteError, VerifierKeyError};

/// Why a checkpoint is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not a signed note.
    #[error("checkpoint is not a signed note")]
    Note(#[from] NoteError),
    /// Fewer than three lines of text.
    #[error("checkpoint has fewer than three lines")]
    Truncated,
    /// The first line is no origin.
    #[error("bad origin line")]
    Origin(#[source] VerifierKeyError),
    /// The second line is not a decimal number below 2^64 without leading zeros.
    #[error("bad size line")]
    Size,
    /// The third line is not the base64 of 32 bytes.
    #[error("bad root line")]
    Root,
    /// Lines after the third: this ledger has none.
    #[error("checkpoint has {count} extension lines")]
    ExtensionLine {
        /// How many.
        count: usize,
    },
    /// The tree without leaves has another root than SHA-256 of nothing.
    #[error("empty tree has root {actual}")]
    EmptyTreeRoot {
        /// The root it is said to have.
        actual: Hash,
    },
    /// The checkpoint of another log.
    #[error("origin is `{actual}`, not `{expected}`")]
    OriginMismatch {
        /// The origin of the pinned keys.
        expected: KeyName,
        /// The origin in the checkpoint.
        actual: KeyName,
    },
    /// No line of the log's Ed25519 key.
    #[error("log's Ed25519 signature is missing")]
    LogEd25519Missing,
    /// The line of the log's Ed25519 key does not verify.
    #[error("log's Ed25519 signature is invalid")]
    LogEd25519Invalid(#[source] SignatureFault),
    /// No line of the log's ML-DSA-44 key.
    #[error("log's ML-DSA-44 signature is missing")]
    LogMlDsaMissing,
    /// The line of the log's ML-DSA-44 key does not verify.
    #[error("log's ML-DSA-44 signature is invalid")]
    LogMlDsaInvalid(#[source] SignatureFault),
    /// A log's two keys are not an Ed25519 key (0x01) and an ML-DSA-44 key (0x06).
    #[error("a log needs one key 0x01 and one key 0x06")]
    LogKeyAlgorithm,
    /// A log's two keys have different names.
    #[error("log keys are named `{ed25519}` and `{mldsa44}`")]
    LogKeyNames {
        /// Name of the Ed25519 key.
        ed25519: KeyName,
        /// Name of the ML-DSA-44 key.
        mldsa44: KeyName,
    },
    /// A log's two keys share a key id.
    #[error("both log keys have key id {id}")]
    LogKeyIds {
        /// The id.
        id: KeyId,
    },
    /// A seed gave an unusable public key.
    #[error("unusable key")]
    VerifierKey(#[source] VerifierKeyError),
    /// ML-DSA found no signature, or a line that was made does not verify.
    #[error("signing failed")]
    SigningFailed,
}

/// Why the line of a known key does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureFault {
    /// The blob has not the length of its algorithm.
    #[error("signature has {actual} bytes, not {expected}")]
    Length {
        /// Bytes that the algorithm asks for, the time included.
        expected: usize,
        /// Bytes that are there.
        actual: usize,
    },
    /// The time is above 2^63 - 1.
    #[error("time {seconds} is out of range")]
    Time {
        /// Seconds since 1970.
        seconds: u64,
    },
    /// The signature does not verify.
    #[error("signature does not verify")]
    Invalid,
}

impl CheckpointError {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Note(cause) => cause.code(),
            Self::Truncated => "checkpoint/truncated",
            Self::Origin(_) => "checkpoint/origin",
            Self::Size => "checkpoint/size",
            Self::Root => "checkpoint/root",
            Self::ExtensionLine { .. } => "checkpoint/extension-line",
            Self::EmptyTreeRoot { .. } => "checkpoint/empty-tree-root",
            Self::OriginMismatch { .. } => "checkpoint/origin-mismatch",
            Self::LogEd25519Missing => "checkpoint/log-ed25519-missing",
            Self::LogEd25519Invalid(_) => "checkpoint/log-ed25519-invalid",
            Self::LogMlDsaMissing => "checkpoint/log-mldsa-missing",
            Self::LogMlDsaInvalid(_) => "checkpoint/log-mldsa-invalid",
            Self::LogKeyAlgorithm => "checkpoint/log-key-algorithm",
            Self::LogKeyNames { .. } => "checkpoint/log-key-names",
            Self::LogKeyIds { .. } => "checkpoint/log-key-ids",
            Self::VerifierKey(cause) => cause.code(),
            Self::SigningFailed => "checkpoint/signing-failed",
        }
    }
}

impl SignatureFault {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "signature/length",
            Self::Time { .. } => "signature/time",
            Self::Invalid => "signature/invalid",
        }
    }
}
