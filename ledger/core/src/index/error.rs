//! Why an index proof was refused.

use crate::hash::Hash;

/// An index proof that does not prove its claim, or keys that make no index. Offsets are in bytes from
/// the start of the proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The proof ends inside a number, a key, a value or a hash.
    #[error("index proof ends at offset {offset}, needs {needed} more bytes")]
    Truncated {
        /// Where the unfinished part begins.
        offset: usize,
        /// How many bytes it lacks, at the least.
        needed: u64,
    },
    /// A number has more bytes than it needs, or more than 64 bits.
    #[error("number at offset {offset} is not a minimal varint of 64 bits")]
    Varint {
        /// Where the number begins.
        offset: usize,
    },
    /// A step's bit lies outside the key.
    #[error("step at offset {offset} has bit {bit}, the key has {key_bits}")]
    BitRange {
        /// Where the step begins.
        offset: usize,
        /// Its bit.
        bit: u64,
        /// Length of the key in bits.
        key_bits: u64,
    },
    /// The bits do not strictly decrease from leaf to root.
    #[error("step at offset {offset} has bit {bit} after {previous}")]
    BitOrder {
        /// Where the step begins.
        offset: usize,
        /// Its bit.
        bit: u64,
        /// The bit of the step below.
        previous: u64,
    },
    /// The leaf shown as where the lookup ends has a key of another length.
    #[error("leaf shown has a key of {actual} bytes, not {expected}")]
    OtherKeyLength {
        /// Length of the key looked up.
        expected: usize,
        /// Length of the key shown.
        actual: u64,
    },
    /// The leaf shown as where the lookup ends is the key itself: it is present.
    #[error("key is present")]
    Present,
    /// The lookup of the key would have turned elsewhere at this bit.
    #[error("lookup of the key leaves the path shown at bit {bit}")]
    Diverges {
        /// The bit in which the key and the one shown differ.
        bit: u64,
    },
    /// The proof leads to another root.
    #[error("index proof leads to root {computed}, the index has {expected}")]
    Root {
        /// The root that the proof was to lead to.
        expected: Hash,
        /// The one it leads to.
        computed: Hash,
    },
    /// The same key twice where an index is built.
    #[error("key {key} occurs twice")]
    Duplicate {
        /// The key.
        key: Hash,
    },
}

impl IndexError {
    /// The stable code that SPEC lists.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "index-proof-truncated",
            Self::Varint { .. } => "index-proof-varint",
            Self::BitRange { .. } => "index-proof-bit-out-of-range",
            Self::BitOrder { .. } => "index-proof-bit-order",
            Self::OtherKeyLength { .. } => "index-proof-key-length",
            Self::Present => "index-key-present",
            Self::Diverges { .. } => "index-lookup-diverges",
            Self::Root { .. } => "index-root-mismatch",
            Self::Duplicate { .. } => "index-duplicate-key",
        }
    }
}
