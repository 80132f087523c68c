use thiserror::Error;

use crate::cbor::CborError;
use crate::hash::Hash;

/// Why bytes are not a signed message of ours.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CoseError {
    /// The message is larger than its kind may be.
    #[error("{actual} bytes, at most {limit} are allowed")]
    Oversize {
        /// The limit in bytes.
        limit: usize,
        /// The size in bytes.
        actual: usize,
    },
    /// The message does not begin with tag 98.
    #[error("does not begin with CBOR tag 98")]
    NotCoseSign,
    /// A part is not canonical CBOR of its form.
    #[error("malformed {part}")]
    Malformed {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        #[source]
        source: CborError,
    },
    /// An unprotected header map is not empty.
    #[error("an unprotected header is not empty")]
    Unprotected,
    /// `crit` is not exactly the list of our labels that the header holds, or names an unknown one.
    #[error("`crit` does not list exactly the header's own labels")]
    Critical,
    /// A header label or value that the format does not have.
    #[error("header label {label} is unknown or has a value it must not have")]
    Header {
        /// The label.
        label: i64,
    },
    /// The content type is not the one expected.
    #[error("content type is not `{expected}`")]
    ContentType {
        /// The one expected.
        expected: &'static str,
    },
    /// A signature after the first does not cover the signature before it.
    #[error("signature {position} does not countersign the signature before it")]
    Countersigned {
        /// Its position, from 0.
        position: usize,
        /// The digest of the signature before it.
        expected: Hash,
        /// The digest that it covers.
        actual: Hash,
    },
    /// Two signatures were made with one key.
    #[error("signature {position} repeats a key")]
    RepeatedKey {
        /// Position of the second, from 0.
        position: usize,
    },
    /// The signature itself is wrong.
    #[error("signature {position} does not verify")]
    Signature {
        /// Its position, from 0.
        position: usize,
    },
    /// A draft was asked for something its format does not allow.
    #[error("cannot sign: {reason}")]
    Draft {
        /// Why.
        reason: &'static str,
    },
}

impl CoseError {
    /// The stable code of this error; that of the encoding where the encoding is at fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Oversize { .. } => "cose/oversize",
            Self::NotCoseSign => "cose/not-cose-sign",
            Self::Malformed { source, .. } => source.code(),
            Self::Unprotected => "cose/unprotected-header",
            Self::Critical => "cose/critical-header",
            Self::Header { .. } => "cose/header",
            Self::ContentType { .. } => "cose/content-type",
            Self::Countersigned { .. } => "cose/countersigned",
            Self::RepeatedKey { .. } => "cose/repeated-key",
            Self::Signature { .. } => "cose/signature",
            Self::Draft { .. } => "cose/draft",
        }
    }

    pub(super) fn part(part: &'static str) -> impl Fn(CborError) -> Self {
        move |source| Self::Malformed { part, source }
    }
}
