//! Keys and values under which a ledger lies in its store. Known to this module and nowhere else.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | entry, record | index, u64 | the entry, the record |
//! | tile | level, u8, and index, u64 | 256 hashes |
//! | signed-size | tree size, u64 | root |
//! | by-digest | first 16 bytes of the record's digest | index, u64 |
//! | chain | subject, sequence number, u64 | index, u64 |
//! | head | subject | its state, see [`encode_subject`] |
//! | checkpoint | tree size, u64 | note |
//! | meta | [`COSIGNED`] | tree size, u64 |
//!
//! Numbers are big-endian, so that rows lie in their order. A subject is the byte of its kind and the 16 bytes of
//! its UUID; the ledger itself the byte and its origin.

mod state;

use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};

use crate::store::{StoreError, Table};

pub use state::{decode_subject, encode_subject};

/// A kind of subject, as the first byte of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// Agencies.
    Agency,
    /// Custodians.
    Custodian,
    /// Items.
    Item,
    /// The ledger itself.
    Ledger,
    /// What is said about items.
    Notes,
    /// Requests for mutual legal assistance.
    Request,
}

impl SubjectKind {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Agency => b'a',
            Self::Custodian => b'c',
            Self::Item => b'i',
            Self::Ledger => b'l',
            Self::Notes => b'n',
            Self::Request => b'r',
        }
    }
}

/// Where the table meta has the size of the checkpoint that is kept besides the newest one: the newest that witnesses cosigned.
pub(crate) const COSIGNED: &[u8] = b"cosigned";

pub(crate) fn number_key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

pub(crate) fn tile_key(level: u8, index: u64) -> [u8; 9] {
    let mut key = [level; 9];
    key[1..].copy_from_slice(&index.to_be_bytes());
    key
}

/// Half of a digest tells records apart as long as nobody spends 2^64 hashes; whoever looks up compares the whole.
pub(crate) fn digest_key(digest: &Hash) -> &[u8] {
    &digest.as_bytes()[..16]
}

pub(crate) fn subject_key(id: &SubjectId) -> Vec<u8> {
    let mut key = Vec::with_capacity(25);
    let (kind, bytes): (_, &[u8]) = match id {
        SubjectId::Agency(id) => (SubjectKind::Agency, id.as_bytes()),
        SubjectId::Custodian(id) => (SubjectKind::Custodian, id.as_bytes()),
        SubjectId::Item(id) => (SubjectKind::Item, id.as_bytes()),
        SubjectId::Ledger(origin) => (SubjectKind::Ledger, origin.as_str().as_bytes()),
        SubjectId::Notes(id) => (SubjectKind::Notes, id.as_bytes()),
        SubjectId::Request(id) => (SubjectKind::Request, id.as_bytes()),
    };
    key.push(kind.byte());
    key.extend_from_slice(bytes);
    key
}

pub(crate) fn chain_key(id: &SubjectId, seq: u64) -> Vec<u8> {
    let mut key = subject_key(id);
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// The subject whose row has this key.
pub(crate) fn decode_subject_key(key: &[u8]) -> Result<SubjectId, StoreError> {
    let malformed = || corrupt(Table::Head, key, "a subject's key");
    let (&kind, bytes) = key.split_first().ok_or_else(malformed)?;
    let uuid = || {
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| malformed())?;
        Ok(Uuid::from_random(bytes))
    };
    Ok(match kind {
        b'a' => SubjectId::Agency(uuid()?),
        b'c' => SubjectId::Custodian(uuid()?),
        b'i' => SubjectId::Item(uuid()?),
        b'n' => SubjectId::Notes(uuid()?),
        b'r' => SubjectId::Request(uuid()?),
        b'l' => {
            let origin = std::str::from_utf8(bytes).map_err(|_| malformed())?;
            SubjectId::Ledger(origin.parse().map_err(|_| malformed())?)
        }
        _ => return Err(malformed()),
    })
}

/// The number in a row of `table`.
pub(crate) fn decode_number(table: Table, key: &[u8], value: &[u8]) -> Result<u64, StoreError> {
    let bytes = value.try_into().map_err(|_| corrupt(table, key, "a number of eight bytes"))?;
    Ok(u64::from_be_bytes(bytes))
}

/// The hash in a row of `table`.
pub(crate) fn decode_hash(table: Table, key: &[u8], value: &[u8]) -> Result<Hash, StoreError> {
    Hash::from_slice(value).ok_or_else(|| corrupt(table, key, "a hash"))
}

/// A row that is there and cannot be what was written.
pub(crate) fn corrupt(table: Table, key: &[u8], expected: &'static str) -> StoreError {
    StoreError::Corrupt { table, key: key.to_vec(), expected, source: None }
}
