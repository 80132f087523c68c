use thiserror::Error;

use crate::custody::RuleViolation;
use crate::entry::EntryError;
use crate::hash::Hash;
use crate::merkle::{LeafIndex, TreeSize};
use crate::record::RecordError;
use crate::verify::{LineId, error_text};

/// What is wrong, and at which entry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("entry {index}: {fault}")]
pub struct Violation {
    /// The entry.
    pub index: LeafIndex,
    /// What is wrong with it or its record.
    #[source]
    pub fault: ReplayFault,
}

/// What can be wrong with an entry or its record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReplayFault {
    /// The entry is malformed.
    #[error("the entry is refused")]
    Entry(#[source] EntryError),
    /// The record is malformed, or made for another ledger.
    #[error("the record is refused")]
    Record(#[source] RecordError),
    /// The record is not the one that the entry names.
    #[error("the record has digest {actual}, the entry names {expected}")]
    RecordDigest {
        /// The digest in the entry.
        expected: Hash,
        /// The digest of the record.
        actual: Hash,
    },
    /// A signature does not verify, or its key is not known.
    #[error("a signature is refused")]
    Signature(#[source] RecordError),
    /// A rule of custody is broken.
    #[error("a rule is broken")]
    Rule(#[source] RuleViolation),
    /// The signers saw a tree that was larger than the ledger when the record came in.
    #[error("`seen` names size {actual}, at most {limit} is possible")]
    SeenSize {
        /// Size of the tree before this entry.
        limit: TreeSize,
        /// The size in the record.
        actual: TreeSize,
    },
    /// The signers saw another tree: proof of a fork, or of a false statement.
    #[error("`seen` names root {actual} at size {size}, the ledger has {expected}")]
    SeenRoot {
        /// The size.
        size: TreeSize,
        /// The root recomputed.
        expected: Hash,
        /// The root in the record.
        actual: Hash,
    },
    /// The entry commits to another state of the chains.
    #[error("index root {actual}, recomputed {expected}")]
    IndexRoot {
        /// The root recomputed.
        expected: Hash,
        /// The root in the entry.
        actual: Hash,
    },
    /// The entry was accepted before the one before it.
    #[error("accepted at {actual_ms} ms, after an entry accepted at {previous_ms} ms")]
    Time {
        /// Largest time so far, milliseconds since 1970.
        previous_ms: u64,
        /// The time of this entry.
        actual_ms: u64,
    },
}

impl ReplayFault {
    /// The stable code; that of the cause where it has one of its own.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Entry(error) => error.code(),
            Self::Record(error) | Self::Signature(error) => error.code(),
            Self::RecordDigest { .. } => "entry/other-record",
            Self::Rule(violation) => violation.code(),
            Self::SeenSize { .. } => "seen/future",
            Self::SeenRoot { .. } => "seen/unknown-head",
            Self::IndexRoot { .. } => "entry/index-root",
            Self::Time { .. } => "entry/accepted-decreases",
        }
    }

    /// The line of a report that it belongs to.
    pub fn line(&self) -> LineId {
        match self {
            Self::Entry(_) | Self::Record(_) => LineId::Format,
            Self::RecordDigest { .. } | Self::Time { .. } => LineId::Inclusion,
            Self::Signature(_) => LineId::Signatures,
            Self::Rule(violation) if violation.is_key_standing() => LineId::KeyStanding,
            Self::Rule(_) => LineId::CustodyRules,
            Self::SeenSize { .. } | Self::SeenRoot { .. } => LineId::Consistency,
            Self::IndexRoot { .. } => LineId::Completeness,
        }
    }

    /// What an honest ledger would have there, as text.
    pub fn expected(&self) -> String {
        match self {
            Self::Entry(_) => "an entry".into(),
            Self::Record(RecordError::OtherLedger { expected, .. }) => expected.to_string(),
            Self::Record(RecordError::OtherGenesis { expected, .. }) => expected.to_string(),
            Self::Record(_) => "a record".into(),
            Self::Signature(_) => "a signature that verifies with an enrolled key".into(),
            Self::Rule(violation) => expected_by_rule(violation),
            Self::SeenSize { limit, .. } => format!("at most {limit}"),
            Self::RecordDigest { expected, .. }
            | Self::SeenRoot { expected, .. }
            | Self::IndexRoot { expected, .. } => expected.to_string(),
            Self::Time { previous_ms, .. } => format!("at least {previous_ms}"),
        }
    }

    /// What stands there, as text.
    pub fn found(&self) -> String {
        match self {
            Self::Entry(error) => error_text(error),
            Self::Record(RecordError::OtherLedger { actual, .. }) => actual.to_string(),
            Self::Record(RecordError::OtherGenesis { actual, .. }) => actual.to_string(),
            Self::Record(error) | Self::Signature(error) => error_text(error),
            Self::Rule(violation) => found_by_rule(violation),
            Self::SeenSize { actual, .. } => actual.to_string(),
            Self::RecordDigest { actual, .. }
            | Self::SeenRoot { actual, .. }
            | Self::IndexRoot { actual, .. } => actual.to_string(),
            Self::Time { actual_ms, .. } => actual_ms.to_string(),
        }
    }
}

fn expected_by_rule(violation: &RuleViolation) -> String {
    match violation {
        RuleViolation::Conflict { subject, length, head, .. } => {
            let head = head.map_or_else(String::new, |head| format!(" after {head}"));
            format!("place {length} of {subject}{head}")
        }
        RuleViolation::NotTheHolder { holder, .. } => holder.to_string(),
        RuleViolation::NotTheAddressee { addressee, .. } => addressee.to_string(),
        RuleViolation::Quorum { expected, .. } => format!("{expected} founding agencies"),
        RuleViolation::QuorumRange { founders, .. } => format!("1 to {founders}"),
        _ => "a record that keeps this rule".into(),
    }
}

fn found_by_rule(violation: &RuleViolation) -> String {
    match violation {
        RuleViolation::Conflict { subject, seq, .. } => format!("place {seq} of {subject}"),
        RuleViolation::NotTheHolder { actual, .. }
        | RuleViolation::NotTheAddressee { actual, .. } => actual.to_string(),
        RuleViolation::Quorum { actual, .. } => actual.to_string(),
        RuleViolation::QuorumRange { quorum, .. } => quorum.to_string(),
        other => error_text(other),
    }
}
