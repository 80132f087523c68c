//! Taking damaged bundles apart as far as possible, so that one damaged length is one finding.

use custody_core::cbor::Reader;
use custody_core::entry::Entry;
use custody_core::tile::{BundleError, MAX_RECORD_LEN, TileWidth, decode_entries, decode_records};

/// The items of a bundle: `None` where one cannot be told from the rest.
#[derive(Debug)]
pub struct Items<'a> {
    /// As many as the bundle's width.
    pub items: Vec<Option<&'a [u8]>>,
    /// What is wrong with the bundle itself.
    pub damages: Vec<Damage>,
}

/// Something wrong with a bundle.
#[derive(Debug)]
pub struct Damage {
    /// The item, where it is about one.
    pub item: Option<usize>,
    /// The stable code.
    pub code: &'static str,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

/// Takes an entry bundle apart. All entries have one length, so the others survive a damaged one.
pub fn split_entries(bundle: &[u8], width: TileWidth) -> Items<'_> {
    let error = match decode_entries(bundle, width) {
        Ok(items) => return Items::whole(items),
        Err(error) => error,
    };
    let count = usize::from(width.items());
    let mut split = Items { items: Vec::with_capacity(count), damages: Vec::new() };
    if bundle.len() != count * (2 + Entry::LEN) {
        split.damages.push(Damage::of_bundle(&error));
    }
    for (item, chunk) in bundle.chunks_exact(2 + Entry::LEN).take(count).enumerate() {
        let length = usize::from(chunk[0]) << 8 | usize::from(chunk[1]);
        if length != Entry::LEN {
            split.damages.push(Damage::of_length(item, Entry::LEN, length));
        }
        split.items.push(Some(&chunk[2..]));
    }
    split.items.resize(count, None);
    split
}

/// Takes a records bundle apart. A record is one CBOR item, which says itself where it ends.
pub fn split_records(bundle: &[u8], width: TileWidth) -> Items<'_> {
    let error = match decode_records(bundle, width) {
        Ok(items) => return Items::whole(items),
        Err(error) => error,
    };
    let count = usize::from(width.items());
    let mut split = Items { items: Vec::with_capacity(count), damages: Vec::new() };
    let mut rest = bundle;
    for item in 0..count {
        let Some((record, damage, after)) = split_record(item, rest) else { break };
        split.items.push(Some(record));
        split.damages.extend(damage);
        rest = after;
    }
    if split.items.len() < count || !rest.is_empty() {
        split.damages.push(Damage::of_bundle(&error));
    }
    split.items.resize(count, None);
    split
}

/// The next record, what is wrong with its length, and what follows it.
fn split_record(item: usize, bytes: &[u8]) -> Option<(&[u8], Option<Damage>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let stated = u32::from_be_bytes(*length) as usize;
    let own = Reader::new(rest).skip().ok().map(<[u8]>::len);
    match own {
        Some(own) if own != stated && own <= MAX_RECORD_LEN => {
            let (record, after) = rest.split_at_checked(own)?;
            Some((record, Some(Damage::of_length(item, own, stated)), after))
        }
        _ => {
            let (record, after) = rest.split_at_checked(stated)?;
            Some((record, None, after))
        }
    }
}

impl<'a> Items<'a> {
    fn whole(items: Vec<&'a [u8]>) -> Self {
        Self { items: items.into_iter().map(Some).collect(), damages: Vec::new() }
    }

    /// All items of a bundle that is not there.
    pub fn missing(width: TileWidth) -> Self {
        Self { items: vec![None; usize::from(width.items())], damages: Vec::new() }
    }
}

impl Damage {
    fn of_bundle(error: &BundleError) -> Self {
        Self {
            item: None,
            code: error.code(),
            expected: "as many items as its name says".to_owned(),
            found: error.to_string(),
        }
    }

    fn of_length(item: usize, expected: usize, found: usize) -> Self {
        Self {
            item: Some(item),
            code: "tile/item-length",
            expected: format!("{expected} bytes"),
            found: format!("a length of {found}"),
        }
    }
}
