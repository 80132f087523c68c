//! Sealed fields: commitments in records, openings beside them. SPEC section "Sealed fields".

use thiserror::Error;

use crate::cbor::{CborError, Reader, Value, check};
use crate::hash::{Hash, sha256};
use crate::record::Payload;

/// Largest value of a sealed field in bytes, encoded.
pub const MAX_OPENING: usize = 16 * 1024;

/// What opens one commitment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// Name of the sealed field, or `attached/N`.
    pub field: String,
    /// 16 random bytes, fresh for every field of every record.
    pub salt: [u8; 16],
    /// The value, as deterministic CBOR.
    pub value: Vec<u8>,
}

impl Opening {
    /// Seals `value` under `field`. The caller brings 16 random bytes that are used nowhere else.
    pub fn new(field: impl Into<String>, salt: [u8; 16], value: &Value) -> Self {
        Self { field: field.into(), salt, value: value.encode() }
    }

    /// The commitment: SHA-256 of `[salt, field, value]`.
    pub fn commitment(&self) -> Hash {
        let parts = [
            Value::bytes(self.salt),
            Value::text(self.field.as_str()),
            Value::Encoded(self.value.clone()),
        ];
        sha256(&Value::array(parts).encode())
    }

    /// Checks that this opens a field of `payload`, and that the value is canonical and not too large.
    ///
    /// # Errors
    /// [`OpeningError`].
    pub fn verify(&self, payload: &Payload) -> Result<(), OpeningError> {
        let field = || self.field.clone();
        if self.value.len() > MAX_OPENING {
            return Err(OpeningError::Oversize { field: field(), actual: self.value.len() });
        }
        check(&self.value).map_err(|source| OpeningError::Value { field: field(), source })?;
        let expected = payload
            .commitment(&self.field)
            .ok_or_else(|| OpeningError::NoSuchField { field: field() })?;
        match self.commitment() {
            actual if actual == expected => Ok(()),
            actual => Err(OpeningError::Mismatch { field: field(), expected, actual }),
        }
    }

    /// The value where it is text.
    pub fn as_text(&self) -> Option<&str> {
        let mut reader = Reader::new(&self.value);
        reader.text().ok().filter(|_| reader.end().is_ok())
    }
}

/// A value may name a person: it never reaches a log by accident.
impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opening({}: {} bytes)", self.field, self.value.len())
    }
}

/// Why an opening is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// The record seals no such field.
    #[error("the record seals no field `{field}`")]
    NoSuchField {
        /// The field.
        field: String,
    },
    /// The value is not what was sealed.
    #[error("the opening of `{field}` gives {actual}, the record holds {expected}")]
    Mismatch {
        /// The field.
        field: String,
        /// The commitment in the record.
        expected: Hash,
        /// The commitment of the opening.
        actual: Hash,
    },
    /// The value is not canonical CBOR.
    #[error("the value of `{field}` is malformed")]
    Value {
        /// The field.
        field: String,
        /// What is wrong with it.
        #[source]
        source: CborError,
    },
    /// The value is larger than 16 KiB.
    #[error("the value of `{field}` has {actual} bytes, at most 16384 are allowed")]
    Oversize {
        /// The field.
        field: String,
        /// The size in bytes.
        actual: usize,
    },
}

impl OpeningError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchField { .. } => "opening/no-such-field",
            Self::Mismatch { .. } => "opening/mismatch",
            Self::Value { source, .. } => source.code(),
            Self::Oversize { .. } => "opening/oversize",
        }
    }
}
