//! What tiles and bundles hold: hashes end to end, and items behind their lengths.

use super::{BundleError, TileWidth};
use crate::hash::Hash;

/// Longest entry in bytes: its length is a u16.
pub const MAX_ENTRY_LEN: usize = u16::MAX as usize;

/// Longest record in bytes: a `late-entry`, which embeds another record.
pub const MAX_RECORD_LEN: usize = 128 * 1024;

/// How an item's length is written.
#[derive(Clone, Copy)]
struct Prefix {
    /// Bytes of the big-endian length.
    len: usize,
    /// Longest item in bytes.
    max_item: usize,
}

/// "Entry bundles are sequences of big-endian uint16 length-prefixed log entries."
const ENTRY: Prefix = Prefix { len: 2, max_item: MAX_ENTRY_LEN };

/// Records bundles have big-endian uint32 lengths.
const RECORD: Prefix = Prefix { len: 4, max_item: MAX_RECORD_LEN };

/// Writes an entry bundle.
///
/// # Errors
///
/// [`BundleError::Count`] unless there are 1 to 256 entries, [`BundleError::ItemTooLong`].
pub fn encode_entries<T: AsRef<[u8]>>(entries: &[T]) -> Result<Vec<u8>, BundleError> {
    encode(ENTRY, entries)
}

/// Takes an entry bundle apart: exactly `width` entries and nothing after them.
///
/// # Errors
///
/// [`BundleError::TooLong`], [`BundleError::Truncated`], [`BundleError::TrailingBytes`].
pub fn decode_entries(bundle: &[u8], width: TileWidth) -> Result<Vec<&[u8]>, BundleError> {
    decode(ENTRY, bundle, width)
}

/// Writes a records bundle.
///
/// # Errors
///
/// [`BundleError::Count`] unless there are 1 to 256 records, [`BundleError::ItemTooLong`].
pub fn encode_records<T: AsRef<[u8]>>(records: &[T]) -> Result<Vec<u8>, BundleError> {
    encode(RECORD, records)
}

/// Takes a records bundle apart: exactly `width` records and nothing after them.
///
/// # Errors
///
/// [`BundleError::TooLong`], [`BundleError::ItemTooLong`], [`BundleError::Truncated`],
/// [`BundleError::TrailingBytes`].
pub fn decode_records(bundle: &[u8], width: TileWidth) -> Result<Vec<&[u8]>, BundleError> {
    decode(RECORD, bundle, width)
}

/// Writes a tile: the hashes end to end.
///
/// # Errors
///
/// [`BundleError::Count`] unless there are 1 to 256 hashes.
pub fn encode_hashes(hashes: &[Hash]) -> Result<Vec<u8>, BundleError> {
    check_count(hashes.len())?;
    Ok(hashes.iter().flat_map(Hash::as_bytes).copied().collect())
}

/// Takes a tile apart: exactly `width` hashes.
///
/// # Errors
///
/// [`BundleError::Truncated`], [`BundleError::TrailingBytes`].
pub fn decode_hashes(tile: &[u8], width: TileWidth) -> Result<Vec<Hash>, BundleError> {
    let len = usize::from(width.items()) * Hash::LEN;
    if tile.len() < len {
        return Err(BundleError::Truncated { item: tile.len() / Hash::LEN });
    }
    if tile.len() > len {
        return Err(BundleError::TrailingBytes { len: tile.len() - len });
    }
    Ok(tile.chunks_exact(Hash::LEN).filter_map(Hash::from_slice).collect())
}

fn encode<T: AsRef<[u8]>>(prefix: Prefix, items: &[T]) -> Result<Vec<u8>, BundleError> {
    check_count(items.len())?;
    let mut bundle = Vec::new();
    for (position, item) in items.iter().map(AsRef::as_ref).enumerate() {
        prefix.check_item(position, item.len())?;
        // The limit is below 2^32, so the low bytes of the length are all of it.
        let len = (item.len() as u64).to_be_bytes();
        bundle.extend_from_slice(&len[len.len() - prefix.len..]);
        bundle.extend_from_slice(item);
    }
    Ok(bundle)
}

fn decode(prefix: Prefix, bundle: &[u8], width: TileWidth) -> Result<Vec<&[u8]>, BundleError> {
    let count = usize::from(width.items());
    if bundle.len() > count * (prefix.len + prefix.max_item) {
        return Err(BundleError::TooLong { len: bundle.len() });
    }
    let mut items = Vec::with_capacity(count);
    let mut rest = bundle;
    for position in 0..count {
        let item;
        (item, rest) = prefix.split_item(position, rest)?;
        items.push(item);
    }
    if !rest.is_empty() {
        return Err(BundleError::TrailingBytes { len: rest.len() });
    }
    Ok(items)
}

impl Prefix {
    fn split_item(self, position: usize, bytes: &[u8]) -> Result<(&[u8], &[u8]), BundleError> {
        let truncated = BundleError::Truncated { item: position };
        let (len, rest) = bytes.split_at_checked(self.len).ok_or(truncated.clone())?;
        // At most four bytes: fits.
        let len = len.iter().fold(0, |len, &byte| len << 8 | usize::from(byte));
        self.check_item(position, len)?;
        rest.split_at_checked(len).ok_or(truncated)
    }

    fn check_item(self, item: usize, len: usize) -> Result<(), BundleError> {
        if len > self.max_item {
            return Err(BundleError::ItemTooLong { item, len });
        }
        Ok(())
    }
}

fn check_count(count: usize) -> Result<(), BundleError> {
    match TileWidth::new(count as u64) {
        Some(_) => Ok(()),
        None => Err(BundleError::Count { count }),
    }
}
