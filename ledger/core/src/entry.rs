//! What the log stores for each record: SPEC section "Entry".

use thiserror::Error;

use crate::cbor::{CborError, Reader, check};
use crate::hash::{Hash, hash_leaf};

/// A log entry: 79 bytes that name nobody, so that entries and tiles can be public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When the log took the record in: milliseconds since 1970, never less than the entry before.
    pub accepted_ms: u64,
    /// Root of the custody index after this record.
    pub index_root: Hash,
    /// Digest of the record.
    pub record: Hash,
}

/// Why bytes are not an entry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Not 79 bytes.
    #[error("{actual} bytes, an entry has 79")]
    Length {
        /// How many there are.
        actual: usize,
    },
    /// Not the canonical encoding of an entry.
    #[error("malformed entry")]
    Cbor(#[from] CborError),
}

impl EntryError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "entry/length",
            Self::Cbor(error) => error.code(),
        }
    }
}

impl Entry {
    /// Length of an encoded entry: 1 + 1 + 9 + 34 + 34 bytes.
    pub const LEN: usize = 79;

    /// Earliest `accepted_ms`, in 1970: below it the number would take fewer bytes.
    const MIN_ACCEPTED_MS: u64 = 1 << 32;

    /// The encoding `[1, accepted_ms, index_root, record]`. A time below 2^32 gives bytes that no decoder takes.
    pub fn encode(&self) -> Vec<u8> {
        // 84 array of 4, 01 version, 1b u64, 58 20 byte string of 32.
        let time = self.accepted_ms.to_be_bytes();
        let digest = [0x58, 0x20];
        let head = [0x84, 0x01, 0x1b];
        [&head[..], &time, &digest, self.index_root.as_ref(), &digest, self.record.as_ref()]
            .concat()
    }

    /// Decodes an entry strictly.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() != Self::LEN {
            return Err(EntryError::Length { actual: bytes.len() });
        }
        check(bytes)?;
        let mut reader = Reader::new(bytes);
        reader.array(4, 4)?;
        reader.uint_exactly(1, "version 1")?;
        let accepted_ms = Self::decode_accepted_ms(&mut reader)?;
        let index_root = Hash::new(reader.array_of()?);
        Ok(Self { accepted_ms, index_root, record: Hash::new(reader.array_of()?) })
    }

    /// Reads a time with which an entry has its 79 bytes.
    pub(crate) fn decode_accepted_ms(reader: &mut Reader<'_>) -> Result<u64, CborError> {
        let offset = reader.offset();
        match reader.uint()? {
            accepted_ms if accepted_ms >= Self::MIN_ACCEPTED_MS => Ok(accepted_ms),
            _ => Err(reader.out_of_range(offset, "milliseconds of at least 2^32")),
        }
    }

    /// Hash of the entry as a leaf of the log's tree.
    pub fn leaf_hash(&self) -> Hash {
        hash_leaf(&self.encode())
    }
}
