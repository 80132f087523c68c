//! Index proofs: strict parsing, and the way up to the root.
//!
//! - Present: `(varint bit || sibling hash)*` from leaf to root, bits strictly decreasing.
//! - Absent: `varint len || key' || varint len || value'` and the same steps, where `key'` is the leaf at
//!   which the lookup ends; nothing at all for the empty index.
//!
//! Nothing is allocated: all parts are slices of the proof, so a length is limited by what is there.

use crate::hash::{Hash, empty_root};
use crate::index::{IndexError, hash_branch, hash_entry, key_bit};

/// Checks that the index with this `root` maps `key` to `value`.
///
/// Cost: one hash for each step, of which there are at most as many as the key has bits.
///
/// # Errors
/// - [`IndexError::Truncated`], [`IndexError::Varint`]: the bytes are no such proof
/// - [`IndexError::BitRange`], [`IndexError::BitOrder`]: the steps are no way through a tree
/// - [`IndexError::Root`]: the way leads to another root
pub fn verify_present(
    root: &Hash,
    key: &[u8],
    value: &[u8],
    proof: &[u8],
) -> Result<(), IndexError> {
    let steps = Steps::new(Cursor { bytes: proof, at: 0 }, key);
    let computed = steps.climb(hash_entry(key, value), |_| Ok(()))?;
    check_root(root, computed)
}

/// Checks that the index with this `root` has no `key`.
///
/// Sound because the tree for a set of keys is unique: a key that agrees with `key'` in every bit of the
/// way would have to be at the way's end, and another key is there. Cost: as [`verify_present`].
///
/// # Errors
/// - those of [`verify_present`]
/// - [`IndexError::OtherKeyLength`], [`IndexError::Present`]: the leaf shown says nothing about the key
/// - [`IndexError::Diverges`]: the lookup would not have ended at the leaf shown
pub fn verify_absent(root: &Hash, key: &[u8], proof: &[u8]) -> Result<(), IndexError> {
    if proof.is_empty() {
        return check_root(root, empty_root());
    }
    let mut cursor = Cursor { bytes: proof, at: 0 };
    let actual = cursor.varint()?;
    if actual != key.len() as u64 {
        return Err(IndexError::OtherKeyLength { expected: key.len(), actual });
    }
    let other_key = cursor.take(actual)?;
    if other_key == key {
        return Err(IndexError::Present);
    }
    let value_len = cursor.varint()?;
    let other_value = cursor.take(value_len)?;
    let leaf = hash_entry(other_key, other_value);
    let computed = Steps::new(cursor, other_key).climb(leaf, |bit| {
        match key_bit(key, bit) == key_bit(other_key, bit) {
            true => Ok(()),
            false => Err(IndexError::Diverges { bit: bit as u64 }),
        }
    })?;
    check_root(root, computed)
}

fn check_root(root: &Hash, computed: Hash) -> Result<(), IndexError> {
    match computed == *root {
        true => Ok(()),
        false => Err(IndexError::Root { expected: *root, computed }),
    }
}

/// The steps from the leaf of `key` to the root, as far as they are still to be read.
struct Steps<'a> {
    cursor: Cursor<'a>,
    key: &'a [u8],
    previous: Option<u64>,
}

impl<'a> Steps<'a> {
    fn new(cursor: Cursor<'a>, key: &'a [u8]) -> Self {
        Self { cursor, key, previous: None }
    }

    /// The root to which `leaf` and all steps lead; `on_bit` may object to a step.
    fn climb(
        mut self,
        leaf: Hash,
        on_bit: impl Fn(usize) -> Result<(), IndexError>,
    ) -> Result<Hash, IndexError> {
        let mut node = leaf;
        while !self.cursor.is_at_end() {
            let bit = self.bit()?;
            let sibling = self.cursor.hash()?;
            // Below the key's length in bits, so it fits.
            on_bit(bit as usize)?;
            node = match key_bit(self.key, bit as usize) {
                false => hash_branch(bit, &node, &sibling),
                true => hash_branch(bit, &sibling, &node),
            };
        }
        Ok(node)
    }

    fn bit(&mut self) -> Result<u64, IndexError> {
        let (offset, key_bits) = (self.cursor.at, 8 * self.key.len() as u64);
        let bit = self.cursor.varint()?;
        if bit >= key_bits {
            return Err(IndexError::BitRange { offset, bit, key_bits });
        }
        if let Some(previous) = self.previous.filter(|previous| bit >= *previous) {
            return Err(IndexError::BitOrder { offset, bit, previous });
        }
        self.previous = Some(bit);
        Ok(bit)
    }
}

/// What is left of a proof.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], IndexError> {
        let rest = &self.bytes[self.at..];
        match usize::try_from(len).ok().and_then(|len| rest.get(..len)) {
            Some(part) => {
                self.at += part.len();
                Ok(part)
            }
            None => {
                let needed = len - rest.len() as u64;
                Err(IndexError::Truncated { offset: self.at, needed })
            }
        }
    }

    fn hash(&mut self) -> Result<Hash, IndexError> {
        let (offset, needed) = (self.at, Hash::LEN as u64);
        Hash::from_slice(self.take(needed)?).ok_or(IndexError::Truncated { offset, needed })
    }

    /// A minimal unsigned LEB128 number of at most 64 bits.
    fn varint(&mut self) -> Result<u64, IndexError> {
        let offset = self.at;
        let mut value = 0;
        // Ten groups of seven bits; of the tenth only the lowest is left within 64.
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let group = u64::from(byte & 0x7f);
            if group << shift >> shift != group {
                break;
            }
            value |= group << shift;
            if byte & 0x80 == 0 {
                // A last group of zero adds nothing, unless it is the only one.
                return if byte == 0 && shift != 0 { break } else { Ok(value) };
            }
        }
        Err(IndexError::Varint { offset })
    }
}
