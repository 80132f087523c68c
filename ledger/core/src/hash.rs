//! SHA-256 digests and the two domain-separated hashes of an RFC 6962 tree.

use std::fmt;

use sha2::{Digest, Sha256};

const HEX_DIGITS: [u8; 16] = *b"0123456789abcdef";

/// A SHA-256 digest: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LEN]);

impl Hash {
    /// Length of a digest in bytes.
    pub const LEN: usize = 32;

    /// Wraps 32 bytes that are known to be a digest.
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The digest in `bytes`, or `None` unless there are exactly 32 of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The digest written as 64 lower-case hexadecimal digits, or `None` for any other text.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 2 * Self::LEN {
            return None;
        }
        let mut bytes = [0; Self::LEN];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// The digest as an array.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one piece: a formatter called for each byte took longer than many a proof.
        let mut digits = [0; 2 * Self::LEN];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(&self.0) {
            pair[0] = HEX_DIGITS[usize::from(byte >> 4)];
            pair[1] = HEX_DIGITS[usize::from(byte & 15)];
        }
        f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 of `data`.
pub fn sha256(data: &[u8]) -> Hash {
    Hash(Sha256::digest(data).into())
}

/// SHA-256 of the concatenation of `parts`.
pub fn sha256_parts(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// Hash of a tree's leaf: SHA-256(0x00 || entry), RFC 9162 section 2.1.1.
pub fn hash_leaf(entry: &[u8]) -> Hash {
    sha256_parts(&[&[0x00], entry])
}

/// Hash of a tree's inner node: SHA-256(0x01 || left || right), RFC 9162 section 2.1.1.
pub fn hash_children(left: &Hash, right: &Hash) -> Hash {
    let mut node = [0x01; 1 + 2 * Hash::LEN];
    node[1..=Hash::LEN].copy_from_slice(&left.0);
    node[1 + Hash::LEN..].copy_from_slice(&right.0);
    sha256(&node)
}

/// Root of the tree without leaves: SHA-256 of nothing, RFC 9162 section 2.1.1.
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The value of a lower-case hexadecimal digit.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
