use thiserror::Error;

use crate::cbor::CborError;
use crate::cose::{CoseError, Role};
use crate::hash::Hash;
use crate::id::{Origin, TRAINING_ORIGIN};
use crate::key::{KeyError, Kid};
use crate::record::body::{LedgerPurpose, RecordType};

/// Why bytes are not a record, or not one of this ledger.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The envelope is wrong.
    #[error("the record's envelope is refused")]
    Cose(#[from] CoseError),
    /// The payload is not canonical CBOR of its form.
    #[error("the record's payload is malformed")]
    Payload(#[from] CborError),
    /// A key in the body is not usable.
    #[error("a key in the record's body is refused")]
    Key(#[from] KeyError),
    /// The record is larger than its type may be.
    #[error("{actual} bytes, at most {limit} are allowed")]
    Oversize {
        /// The limit in bytes.
        limit: usize,
        /// The size in bytes.
        actual: usize,
    },
    /// A signature is missing, or there is one too many.
    #[error("{actual} signatures, the payload names {expected} signers")]
    SignatureCount {
        /// How many the payload names.
        expected: usize,
        /// How many there are.
        actual: usize,
    },
    /// A signature's role is not the one that the payload names at its place.
    #[error("signature {position} has role {actual:?}, the payload names {expected:?}")]
    SignatureRole {
        /// Its position, from 0.
        position: usize,
        /// The role in the payload.
        expected: Role,
        /// The role in the header.
        actual: Role,
    },
    /// The type demands other roles, or other people in them.
    #[error("the signers of `{record_type}` are not those it demands")]
    Signers {
        /// The record's type.
        record_type: RecordType,
    },
    /// The type extends other chains, or another number of them.
    #[error("the subjects of `{record_type}` are not those it extends")]
    Subjects {
        /// The record's type.
        record_type: RecordType,
    },
    /// `from` and `to` are not those that the type and its signers demand.
    #[error("`from` and `to` of `{record_type}` are not those it demands")]
    Parties {
        /// The record's type.
        record_type: RecordType,
    },
    /// Sealed or attached fields that the type must have are missing.
    #[error("`{record_type}` needs the field `{field}`, sealed or open")]
    MissingField {
        /// The record's type.
        record_type: RecordType,
        /// The field.
        field: &'static str,
    },
    /// An outcome names a position that `subjects` does not have.
    #[error("an outcome names item {position}, there are {count}")]
    Outcome {
        /// The position named.
        position: usize,
        /// How many items there are.
        count: usize,
    },
    /// Only the record that makes entry 0 has no genesis, and it must not have one.
    #[error("`genesis` is missing, or stands in a `ledger-open`")]
    Genesis,
    /// A training ledger is not named as one, or another is.
    #[error(
        "a ledger for {purpose} is named `{origin}`: `{TRAINING_ORIGIN}` begins the name of \
             every training ledger, and of no other"
    )]
    TrainingOrigin {
        /// What the ledger is for.
        purpose: LedgerPurpose,
        /// Its name.
        origin: Origin,
    },
    /// The record was made for a ledger of another name.
    #[error("made for the ledger `{actual}`, not for `{expected}`")]
    OtherLedger {
        /// This ledger.
        expected: Origin,
        /// The ledger it was made for.
        actual: Origin,
    },
    /// The record was made for another ledger of the same name.
    #[error("made for the ledger with genesis {actual}, not {expected}")]
    OtherGenesis {
        /// This ledger's.
        expected: Hash,
        /// The record's.
        actual: Hash,
    },
    /// A signature names a key that nobody here enrolled.
    #[error("no key with thumbprint {kid} is enrolled")]
    UnknownKey {
        /// The thumbprint.
        kid: Kid,
    },
}

impl RecordError {
    /// The stable code of this error; that of the cause where it has one of its own.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cose(error) => error.code(),
            Self::Payload(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Oversize { .. } => "record/oversize",
            Self::SignatureCount { .. } => "record/signature-count",
            Self::SignatureRole { .. } => "record/signature-role",
            Self::Signers { .. } => "record/signers",
            Self::Subjects { .. } => "record/subjects",
            Self::Parties { .. } => "record/parties",
            Self::MissingField { .. } => "record/missing-field",
            Self::Outcome { .. } => "record/outcome",
            Self::Genesis => "record/genesis",
            Self::TrainingOrigin { .. } => "record/training-origin",
            Self::OtherLedger { .. } => "record/other-ledger",
            Self::OtherGenesis { .. } => "record/other-genesis",
            Self::UnknownKey { .. } => "record/unknown-key",
        }
    }
}
