//! Tiles above the leaves, recomputed as bundles fill up.

use custody_core::hash::Hash;
use custody_core::tile::{TILE_WIDTH, TileKind, TilePath, TileWidth};

use super::bundle::compare_tile;
use super::listing::Listing;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::published::{Published, complete_root};

/// The tile of each level that is being filled, from level 1 on.
#[derive(Debug)]
pub struct Levels<'a> {
    published: &'a Published,
    listing: &'a Listing,
    tiles: Vec<Filling>,
}

#[derive(Debug, Default)]
struct Filling {
    index: u64,
    hashes: Vec<Hash>,
}

impl<'a> Levels<'a> {
    /// Nothing is filled yet.
    pub fn new(published: &'a Published, listing: &'a Listing) -> Self {
        Self { published, listing, tiles: Vec::new() }
    }

    /// Takes the root of the next full bundle, and compares every tile that it completes.
    pub fn push(&mut self, root: Hash, findings: &mut Vec<Finding>) -> Result<(), Failure> {
        let mut carry = Some(root);
        for level in 1.. {
            let Some(hash) = carry.take() else { break };
            if self.tiles.len() < usize::from(level) {
                self.tiles.push(Filling::default());
            }
            let filling = &mut self.tiles[usize::from(level) - 1];
            filling.hashes.push(hash);
            if filling.hashes.len() == usize::from(TILE_WIDTH) {
                let full = std::mem::take(&mut filling.hashes);
                let index = filling.index;
                filling.index += 1;
                self.compare(level, index, &full, findings)?;
                carry = Some(complete_root(&full));
            }
        }
        Ok(())
    }

    /// Compares the tiles that stay partial.
    pub fn finish(&mut self, findings: &mut Vec<Finding>) -> Result<(), Failure> {
        let rest: Vec<_> = self.tiles.drain(..).collect();
        for (level, filling) in (1..).zip(rest) {
            if !filling.hashes.is_empty() {
                self.compare(level, filling.index, &filling.hashes, findings)?;
            }
        }
        Ok(())
    }

    fn compare(
        &self,
        level: u8,
        index: u64,
        hashes: &[Hash],
        findings: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        let kind = TileKind::Hashes { level };
        let now = TileWidth::new(hashes.len() as u64);
        for width in now.iter().chain(self.listing.older(kind, index)) {
            if let Some(path) = TilePath::new(kind, index, *width) {
                compare_tile(self.published, path, hashes, findings)?;
            }
        }
        Ok(())
    }
}
