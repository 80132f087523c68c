//! What can be wrong with a note or with a verifier key.

use thiserror::Error;

use super::KeyId;
use crate::ed25519::Ed25519Error;

/// Why bytes are not a signed note. Lines are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than [`super::MAX_NOTE_LEN`].
    #[error("note of {len} bytes is too long")]
    TooLong {
        /// Length in bytes.
        len: usize,
    },
    /// Not UTF-8.
    #[error("note is not UTF-8")]
    NotUtf8,
    /// A character below U+0020 that is not a newline.
    #[error("control character at byte {offset}")]
    ControlCharacter {
        /// Where it stands.
        offset: usize,
    },
    /// No blank line, or nothing behind it.
    #[error("note has no signature lines")]
    NoSignatures,
    /// The last line has no newline.
    #[error("note does not end in a newline")]
    Truncated,
    /// More than [`super::MAX_SIGNATURES`] signature lines.
    #[error("note has {count} signature lines")]
    TooManySignatures {
        /// How many there are.
        count: usize,
    },
    /// Not em dash, space, name, space, base64.
    #[error("signature line {index} is malformed")]
    SignatureLine {
        /// The line.
        index: usize,
    },
    /// An empty name, or one with a space or `+`.
    #[error("signature line {index} has a bad key name")]
    KeyName {
        /// The line.
        index: usize,
    },
    /// Not base64 in any spelling.
    #[error("signature line {index} is not base64")]
    Base64 {
        /// The line.
        index: usize,
    },
    /// Nothing behind the key id, or not even that.
    #[error("signature line {index} has no signature")]
    EmptySignature {
        /// The line.
        index: usize,
    },
    /// A second line with the same name and key id.
    #[error("signature line {index} repeats a key")]
    DuplicateSignature {
        /// The later line.
        index: usize,
    },
    /// Written again, the note would be other bytes.
    #[error("note is not canonically written")]
    NotCanonical,
}

impl NoteError {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "note/too-long",
            Self::NotUtf8 => "note/not-utf8",
            Self::ControlCharacter { .. } => "note/control-character",
            Self::NoSignatures => "note/no-signatures",
            Self::Truncated => "note/truncated",
            Self::TooManySignatures { .. } => "note/too-many-signatures",
            Self::SignatureLine { .. } => "note/signature-line",
            Self::KeyName { .. } => "note/key-name",
            Self::Base64 { .. } => "note/base64",
            Self::EmptySignature { .. } => "note/empty-signature",
            Self::DuplicateSignature { .. } => "note/duplicate-signature",
            Self::NotCanonical => "note/not-canonical",
        }
    }
}

/// Why text is not a verifier key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifierKeyError {
    /// Longer than any key this module knows.
    #[error("verifier key of {len} bytes is too long")]
    TooLong {
        /// Length in bytes.
        len: usize,
    },
    /// Not three parts with `+` between them.
    #[error("verifier key is not name, key id and key")]
    Malformed,
    /// The name is empty, too long, or has a space, a control character or `+`.
    #[error("bad key name")]
    Name,
    /// The key id is not eight lower-case hexadecimal digits.
    #[error("key id is not eight lower-case hexadecimal digits")]
    KeyIdFormat,
    /// The key part is not canonical base64.
    #[error("key is not base64")]
    Base64,
    /// An algorithm byte other than 0x01, 0x04 and 0x06.
    #[error("unknown algorithm {algorithm:?}")]
    Algorithm {
        /// The byte, or `None` if the key part is empty.
        algorithm: Option<u8>,
    },
    /// The key has not the length that its algorithm asks for.
    #[error("key has {actual} bytes, not {expected}")]
    KeyLength {
        /// Bytes that the algorithm asks for.
        expected: usize,
        /// Bytes that are there.
        actual: usize,
    },
    /// The Ed25519 key cannot be used.
    #[error("unusable Ed25519 key")]
    Ed25519(#[source] Ed25519Error),
    /// The key id is not that of name, algorithm and key.
    #[error("key id is {expected}, not {actual}")]
    KeyIdMismatch {
        /// The id that name, algorithm and key have.
        expected: KeyId,
        /// The id that is written.
        actual: KeyId,
    },
}

impl VerifierKeyError {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "vkey/too-long",
            Self::Malformed => "vkey/malformed",
            Self::Name => "vkey/name",
            Self::KeyIdFormat => "vkey/key-id-format",
            Self::Base64 => "vkey/base64",
            Self::Algorithm { .. } => "vkey/algorithm",
            Self::KeyLength { .. } => "vkey/key-length",
            Self::Ed25519(cause) => cause.code(),
            Self::KeyIdMismatch { .. } => "vkey/key-id-mismatch",
        }
    }
}
