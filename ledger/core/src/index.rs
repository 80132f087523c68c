//! The custody index: which chains there are, how long each is, and what it ends with.
//!
//! A Merkle Patricia tree, wire-compatible with `filippo.io/torchwood/mpt`. Every log entry commits to the
//! root after its record, so that the last entry of a tree commits to the head of every chain.
//!
//! - Leaf: SHA-256(0x00 || varint len(key) || key || varint len(value) || value).
//! - Inner node: SHA-256(0x01 || varint bit || left || right). `bit` is the first bit in which the keys below
//!   differ, bit 0 being the most significant of byte 0; keys with a 0 there are on the left.
//! - The empty tree: SHA-256 of nothing. A tree of one key is its leaf.
//! - Varints are unsigned LEB128 of minimal length.
//!
//! There is exactly one tree for a set of keys and values, whatever the order they came in.
//! [`verify_present`] and [`verify_absent`] know nothing of custody; on top of them stand chains, whose key
//! is SHA-256 of the subject id and whose value is 40 bytes. All keys of a tree are of one length: the
//! padding by which torchwood orders keys of different lengths is not taken over.

mod arena;
mod build;
mod error;
mod proof;
mod tree;

pub use error::IndexError;
pub use proof::{verify_absent, verify_present};
pub use tree::{IndexProof, IndexTree};

use crate::hash::{Hash, sha256, sha256_parts};

/// Key of a chain in the index: SHA-256 of the subject id's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey(Hash);

impl SubjectKey {
    /// The key of the subject with this id, such as `item:` and a UUID.
    pub fn of(subject_id: &str) -> Self {
        Self(sha256(subject_id.as_bytes()))
    }

    /// Wraps a digest that is known to be one of a subject id.
    pub const fn new(digest: Hash) -> Self {
        Self(digest)
    }

    /// The 32 bytes of the key.
    pub const fn as_bytes(&self) -> &[u8; Hash::LEN] {
        self.0.as_bytes()
    }
}

/// Where a chain ends: how many records it has, and the digest of the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of records; 1 after the first.
    pub length: u64,
    /// Digest of the newest record.
    pub digest: Hash,
}

impl ChainHead {
    /// Length of the encoded value in bytes.
    pub const LEN: usize = 8 + Hash::LEN;

    /// The index value: u64 big-endian length || digest.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut value = [0; Self::LEN];
        value[..8].copy_from_slice(&self.length.to_be_bytes());
        value[8..].copy_from_slice(self.digest.as_bytes());
        value
    }

    /// The chain head in an index value, or `None` unless it has exactly 40 bytes.
    pub fn from_bytes(value: &[u8]) -> Option<Self> {
        let (length, digest) = value.split_first_chunk()?;
        Some(Self { length: u64::from_be_bytes(*length), digest: Hash::from_slice(digest)? })
    }
}

/// Checks that the index with this `root` has a chain at `key` that ends in `head`.
///
/// # Errors
/// As [`verify_present`].
pub fn verify_chain_head(
    root: &Hash,
    key: &SubjectKey,
    head: &ChainHead,
    proof: &[u8],
) -> Result<(), IndexError> {
    verify_present(root, key.as_bytes(), &head.to_bytes(), proof)
}

/// Checks that the index with this `root` has no chain at `key`.
///
/// # Errors
/// As [`verify_absent`].
pub fn verify_no_chain(root: &Hash, key: &SubjectKey, proof: &[u8]) -> Result<(), IndexError> {
    verify_absent(root, key.as_bytes(), proof)
}

/// Hash of a leaf. The only place where these bytes are made.
fn hash_entry(key: &[u8], value: &[u8]) -> Hash {
    let key_len = Varint::new(key.len() as u64);
    let value_len = Varint::new(value.len() as u64);
    sha256_parts(&[&[0x00], key_len.as_bytes(), key, value_len.as_bytes(), value])
}

/// Hash of an inner node. The only place where these bytes are made.
fn hash_branch(bit: u64, left: &Hash, right: &Hash) -> Hash {
    // One buffer and one call: a set() spends nearly all of its time here.
    let mut node = [0x01; 1 + Varint::MAX_LEN + 2 * Hash::LEN];
    let bit = Varint::new(bit);
    let (lo, mid) = (1 + bit.len, 1 + bit.len + Hash::LEN);
    node[1..lo].copy_from_slice(bit.as_bytes());
    node[lo..mid].copy_from_slice(left.as_bytes());
    node[mid..mid + Hash::LEN].copy_from_slice(right.as_bytes());
    sha256(&node[..mid + Hash::LEN])
}

/// Whether the bit is set; bit 0 is the most significant of byte 0, and `bit` lies inside the key.
fn key_bit(key: &[u8], bit: usize) -> bool {
    key[bit / 8] >> (7 - bit % 8) & 1 == 1
}

/// An encoded unsigned LEB128 number.
struct Varint {
    bytes: [u8; Self::MAX_LEN],
    len: usize,
}

impl Varint {
    /// 64 bits, 7 to a byte, rounded up.
    const MAX_LEN: usize = 10;

    fn new(mut value: u64) -> Self {
        let mut varint = Self { bytes: [0; Self::MAX_LEN], len: 1 };
        while value >= 0x80 {
            varint.bytes[varint.len - 1] = value as u8 | 0x80;
            value >>= 7;
            varint.len += 1;
        }
        varint.bytes[varint.len - 1] = value as u8;
        varint
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
