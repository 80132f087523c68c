//! What is in a published directory besides the files that its checkpoint needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use custody_core::merkle::TreeSize;
use custody_core::tile::{TileKind, TilePath, TileWidth};

use crate::failure::Failure;

/// Names of strays that are kept.
const MAX_STRAY: usize = 10_000;

/// Files that a replay would not come across by itself.
#[derive(Debug, Default)]
pub struct Listing {
    /// Partial tiles and bundles of earlier checkpoints.
    pub older: BTreeMap<(TileKind, u64), Vec<TileWidth>>,
    /// Files that are no part of the checkpoint's tree, by name.
    pub stray: Vec<String>,
}

impl Listing {
    /// Lists the directory `root` of a tree of `size`. Links to directories are not followed.
    pub fn walk(root: &Path, size: TreeSize) -> Result<Self, Failure> {
        let mut listing = Self::default();
        let mut pending = vec![(root.to_owned(), String::new())];
        while let Some((folder, prefix)) = pending.pop() {
            let failed = |source| Failure::Read { path: folder.clone(), source };
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                match entry.file_type().map_err(failed)?.is_dir() {
                    true => pending.push((entry.path(), format!("{name}/"))),
                    false => listing.add(name, size),
                }
            }
        }
        listing.stray.sort_unstable();
        Ok(listing)
    }

    /// The widths of older partial files of this kind and index.
    pub fn older(&self, kind: TileKind, index: u64) -> &[TileWidth] {
        self.older.get(&(kind, index)).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, name: String, size: TreeSize) {
        let path = TilePath::parse(&name).ok().filter(|path| path.is_within(size));
        match path {
            _ if name == "checkpoint" => {}
            Some(path) if path.width().is_full() || is_last(path, size) => {}
            Some(path) => {
                self.older.entry((path.kind(), path.index())).or_default().push(path.width());
            }
            None if self.stray.len() < MAX_STRAY => self.stray.push(name),
            None => {}
        }
    }
}

/// Whether this is the partial tile of the tree of exactly `size`: no wider one is within.
fn is_last(path: TilePath, size: TreeSize) -> bool {
    let wider = TileWidth::new(u64::from(path.width().items()) + 1);
    let wider = wider.and_then(|width| TilePath::new(path.kind(), path.index(), width));
    wider.is_none_or(|wider| !wider.is_within(size))
}
