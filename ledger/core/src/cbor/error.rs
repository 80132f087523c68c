use thiserror::Error;

/// Why bytes are not the CBOR that was expected, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {offset}: {fault}")]
pub struct CborError {
    /// Offset of the offending item in the bytes that were read.
    pub offset: usize,
    /// What is wrong with it.
    pub fault: CborFault,
}

/// What can be wrong with an encoding. SPEC lists the codes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CborFault {
    /// The bytes end inside an item.
    #[error("the item ends early")]
    Truncated,
    /// Bytes follow the item.
    #[error("{count} bytes follow the item")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A length or integer is not in its shortest form.
    #[error("not the shortest form")]
    NotShortest,
    /// An indefinite length.
    #[error("indefinite length")]
    IndefiniteLength,
    /// A reserved additional information value (28 to 30).
    #[error("reserved additional information")]
    Reserved,
    /// Map keys are not in bytewise order of their encodings.
    #[error("map keys are not sorted")]
    UnsortedKeys,
    /// A map key occurs twice.
    #[error("a map key occurs twice")]
    DuplicateKey,
    /// A tag.
    #[error("a tag")]
    Tag,
    /// A floating-point number.
    #[error("a floating-point number")]
    Float,
    /// A simple value other than false, true and null.
    #[error("a simple value other than false, true, null")]
    SimpleValue,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// Text that is not NFC, or holds a control or bidirectional control character, or one that Unicode
    /// 14.0.0 does not have.
    #[error("text is not NFC, or holds a control character or one that Unicode 14 does not have")]
    Text,
    /// Arrays and maps nested deeper than [`super::MAX_DEPTH`].
    #[error("nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// An item of another type.
    #[error("expected {expected}")]
    UnexpectedType {
        /// What should stand there.
        expected: &'static str,
    },
    /// A number, length or text outside its range.
    #[error("expected {expected}")]
    OutOfRange {
        /// The range or form.
        expected: &'static str,
    },
    /// A required map key is missing.
    #[error("key `{key}` is missing")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// A map key that the type does not have.
    #[error("unknown key")]
    UnknownKey,
}

impl CborFault {
    /// The stable code of this fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Truncated => "cbor/truncated",
            Self::TrailingBytes { .. } => "cbor/trailing-bytes",
            Self::NotShortest => "cbor/not-shortest",
            Self::IndefiniteLength => "cbor/indefinite-length",
            Self::Reserved => "cbor/reserved",
            Self::UnsortedKeys => "cbor/unsorted-keys",
            Self::DuplicateKey => "cbor/duplicate-key",
            Self::Tag => "cbor/tag",
            Self::Float => "cbor/float",
            Self::SimpleValue => "cbor/simple-value",
            Self::NotUtf8 => "cbor/not-utf8",
            Self::Text => "cbor/text",
            Self::TooDeep { .. } => "cbor/too-deep",
            Self::UnexpectedType { .. } => "cbor/unexpected-type",
            Self::OutOfRange { .. } => "cbor/out-of-range",
            Self::MissingKey { .. } => "cbor/missing-key",
            Self::UnknownKey => "cbor/unknown-key",
        }
    }

    pub(super) fn at(self, offset: usize) -> CborError {
        CborError { offset, fault: self }
    }
}

impl CborError {
    /// The stable code of the fault.
    pub fn code(&self) -> &'static str {
        self.fault.code()
    }
}
