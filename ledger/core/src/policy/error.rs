//! What can be wrong with a policy file, and with a checkpoint under a policy.

use thiserror::Error;

use super::{QuorumStatus, Word};
use crate::checkpoint::{CheckpointError, SignatureFault};
use crate::note::{Algorithm, KeyName, VerifierKeyError};

/// Why a checkpoint fails a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The policy has no log of this origin.
    #[error("policy has no log `{origin}`")]
    UnknownLog {
        /// The checkpoint's origin.
        origin: KeyName,
    },
    /// The log's own lines do not verify.
    #[error("log's signatures")]
    Log(#[source] CheckpointError),
    /// A known witness's line does not verify.
    #[error("signature of witness {witness:?} with key `{key}`")]
    WitnessInvalid {
        /// The witness's name in the policy.
        witness: Word,
        /// Name and id of its key.
        key: String,
        /// What is wrong with the line.
        #[source]
        fault: SignatureFault,
    },
    /// A line made in the name of another log of the policy does not verify.
    #[error("signature of another log with key `{key}`")]
    OtherLogInvalid {
        /// Name and id of the key.
        key: String,
        /// What is wrong with the line.
        #[source]
        fault: SignatureFault,
    },
    /// Too few witnesses cosigned.
    #[error("{} of {} witnessed, needs {}", quorum.witnessed, quorum.members, quorum.threshold)]
    QuorumNotMet {
        /// How many did.
        quorum: QuorumStatus,
    },
}

/// Why bytes are not a policy. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// Longer than [`super::MAX_POLICY_LEN`].
    #[error("policy of {len} bytes is too long")]
    TooLong {
        /// Length in bytes.
        len: usize,
    },
    /// A control character other than tab and newline.
    #[error("control character at byte {offset}")]
    ControlCharacter {
        /// Where it stands.
        offset: usize,
    },
    /// The last line has no newline.
    #[error("policy does not end in a newline")]
    Truncated,
    /// One line breaks a rule.
    #[error("line {line}")]
    Line {
        /// Which line.
        line: usize,
        /// The rule.
        #[source]
        fault: PolicyLineFault,
    },
    /// No `log` line.
    #[error("policy has no log")]
    NoLog,
    /// A log without one of its two keys.
    #[error("log `{origin}` has no {algorithm:?} key")]
    LogKeyMissing {
        /// The log.
        origin: KeyName,
        /// The key it lacks.
        algorithm: Algorithm,
    },
    /// No `quorum` line.
    #[error("policy has no quorum")]
    QuorumMissing,
}

/// Which rule a line of a policy breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyLineFault {
    /// Not `log`, `witness`, `group` or `quorum`.
    #[error("unknown keyword")]
    Keyword,
    /// Too few or too many items.
    #[error("wrong number of items")]
    ItemCount {
        /// Items with the keyword.
        count: usize,
    },
    /// More than [`super::MAX_LINES_OF_A_KIND`] lines with this keyword.
    #[error("too many lines of this kind")]
    TooManyLines,
    /// The key cannot be read.
    #[error("verifier key")]
    VerifierKey(#[source] VerifierKeyError),
    /// A key that neither logs nor witnesses may have there.
    #[error("a {algorithm:?} key has no place here")]
    Algorithm {
        /// The key's algorithm.
        algorithm: Algorithm,
    },
    /// The origin has a key of this algorithm already.
    #[error("log has two keys {algorithm:?}")]
    LogKeyRepeated {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The public key stands on an earlier line.
    #[error("public key is on line {earlier} too")]
    DuplicateKey {
        /// The earlier line.
        earlier: usize,
    },
    /// Another key on an earlier line has the same name and key id: signatures could not be told apart.
    #[error("name and key id are those of line {earlier}")]
    DuplicateKeyId {
        /// The earlier line.
        earlier: usize,
    },
    /// A log's public key or name on a `witness` line, or the other way round.
    #[error("log and witness are the same, see line {earlier}")]
    LogAsWitness {
        /// The earlier line.
        earlier: usize,
    },
    /// A witness or group has this name already.
    #[error("name {name:?} is taken")]
    DuplicateName {
        /// The name.
        name: Word,
    },
    /// `none` as a name or as a member.
    #[error("`none` is reserved")]
    ReservedName,
    /// No witness or group of this name on an earlier line.
    #[error("name {name:?} is not defined before this line")]
    UndefinedName {
        /// The name.
        name: Word,
    },
    /// A name that is a member of a group already.
    #[error("{name:?} is a member of a group already")]
    MemberRepeated {
        /// The name.
        name: Word,
    },
    /// Not `all`, `any` or a number from 1 to the number of members.
    #[error("bad threshold for {members} members")]
    Threshold {
        /// How many members the group lists.
        members: usize,
    },
    /// A second `quorum` line.
    #[error("second quorum")]
    QuorumRepeated,
}

impl PolicyError {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownLog { .. } => "policy/unknown-log",
            Self::Log(cause) => cause.code(),
            Self::WitnessInvalid { .. } => "policy/witness-invalid",
            Self::OtherLogInvalid { .. } => "policy/other-log-invalid",
            Self::QuorumNotMet { .. } => "policy/quorum-not-met",
        }
    }
}

impl PolicyFileError {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "policy/too-long",
            Self::ControlCharacter { .. } => "policy/control-character",
            Self::Truncated => "policy/truncated",
            Self::Line { fault, .. } => fault.code(),
            Self::NoLog => "policy/no-log",
            Self::LogKeyMissing { .. } => "policy/log-key-missing",
            Self::QuorumMissing => "policy/quorum-missing",
        }
    }
}

impl PolicyLineFault {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Keyword => "policy/keyword",
            Self::ItemCount { .. } => "policy/item-count",
            Self::TooManyLines => "policy/too-many-lines",
            Self::VerifierKey(cause) => cause.code(),
            Self::Algorithm { .. } => "policy/algorithm",
            Self::LogKeyRepeated { .. } => "policy/log-key-repeated",
            Self::DuplicateKey { .. } => "policy/duplicate-key",
            Self::DuplicateKeyId { .. } => "policy/duplicate-key-id",
            Self::LogAsWitness { .. } => "policy/log-as-witness",
            Self::DuplicateName { .. } => "policy/duplicate-name",
            Self::ReservedName => "policy/reserved-name",
            Self::UndefinedName { .. } => "policy/undefined-name",
            Self::MemberRepeated { .. } => "policy/member-repeated",
            Self::Threshold { .. } => "policy/threshold",
            Self::QuorumRepeated => "policy/quorum-repeated",
        }
    }
}
