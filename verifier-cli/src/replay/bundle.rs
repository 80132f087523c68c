//! One bundle: 256 entries, their records and their leaf hashes, with everything that can be checked
//! without what came before.

use custody_core::hash::Hash;
use custody_core::merkle::NodeSource;
use custody_core::tile::{TileKind, TilePath, TileWidth, decode_hashes};
use custody_core::verify::LineId;
use custody_core::verify::replay::Prepared;

use super::listing::Listing;
use super::split::{Damage, Items, split_entries, split_records};
use crate::failure::Failure;
use crate::finding::Finding;
use crate::published::{Found, Published, TileError, complete_root};

const LEAVES: TileKind = TileKind::Hashes { level: 0 };

/// Which bundle.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// Its number: entries from `256 * number` on.
    pub number: u64,
    /// How many entries the checkpoint's tree has in it.
    pub width: TileWidth,
}

/// A bundle that was read and prepared.
#[derive(Debug)]
pub struct Bundle {
    /// The entries with their records.
    pub prepared: Vec<Prepared>,
    /// What is wrong with the files.
    pub findings: Vec<Finding>,
    /// Root over all leaves, where the bundle is full.
    pub root: Option<Hash>,
    /// Whether there is anything of it at all.
    pub is_present: bool,
}

/// Reads and prepares bundles of one directory.
#[derive(Clone, Copy, Debug)]
pub struct Preparer<'a> {
    /// The directory.
    pub published: &'a Published,
    /// What else is in it.
    pub listing: &'a Listing,
}

impl Preparer<'_> {
    /// Reads one bundle and prepares it but for the signatures.
    pub fn prepare(&self, job: Job) -> Result<Bundle, Failure> {
        let mut findings = Vec::new();
        let entries = self.read(job, TileKind::Entries, &mut findings)?;
        let records = self.read(job, TileKind::Records, &mut findings)?;
        let tile = self.read(job, LEAVES, &mut findings)?;
        let is_present = entries.is_some() || records.is_some() || tile.is_some();
        let entry_items = items(&entries, job, &mut findings);
        let record_items = items(&records, job, &mut findings);
        let pairs = entry_items.items.iter().zip(&record_items.items);
        let pairs = pairs.take(usize::from(job.width.items()));
        let mut prepared: Vec<_> = pairs
            .map(|(entry, record)| {
                Prepared::new(entry.unwrap_or_default(), record.unwrap_or_default())
            })
            .collect();
        if let Some(tile) = tile {
            self.compare_leaves(job, &tile, &mut prepared, &mut findings);
        }
        self.compare_older(job, &entry_items, &record_items, &prepared, &mut findings)?;
        let leaves: Vec<_> = prepared.iter().map(Prepared::leaf_hash).collect();
        let root = job.width.is_full().then(|| complete_root(&leaves));
        Ok(Bundle { prepared, findings, root, is_present })
    }

    fn read(
        &self,
        job: Job,
        kind: TileKind,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Found>, Failure> {
        let Some(path) = TilePath::new(kind, job.number, job.width) else { return Ok(None) };
        read_or_name(self.published, path, findings)
    }

    /// Every leaf hash in the tile is that of its entry.
    fn compare_leaves(
        &self,
        job: Job,
        tile: &Found,
        prepared: &mut [Prepared],
        findings: &mut Vec<Finding>,
    ) {
        let Some(hashes) = decode_tile(tile, findings) else { return };
        let mut is_different = false;
        for ((index, prepared), hash) in (job.first()..).zip(prepared.iter()).zip(&hashes) {
            if prepared.leaf_hash() != *hash {
                is_different = true;
                let finding = Finding::of_file(tile.path, LineId::Inclusion, "tile/hash");
                findings.push(finding.at(index).with(prepared.leaf_hash(), hash));
            }
        }
        if is_different {
            self.choose_leaves(job, &hashes, prepared);
        }
    }

    /// An entry and its leaf hash disagree: goes on with the one that the rest of the tree speaks for.
    /// Either way it is a finding already, and the checkpoint's root has the last word.
    fn choose_leaves(&self, job: Job, hashes: &[Hash], prepared: &mut [Prepared]) {
        let above = self.published.node(8, job.number).ok();
        let is_tile_right = job.width.is_full() && above == Some(complete_root(hashes));
        for (prepared, hash) in prepared.iter_mut().zip(hashes) {
            if is_tile_right || !prepared.is_consistent() {
                prepared.assume_leaf(*hash);
            }
        }
    }

    /// Partial files of earlier checkpoints are beginnings of what stands here now.
    fn compare_older(
        &self,
        job: Job,
        entries: &Items<'_>,
        records: &Items<'_>,
        prepared: &[Prepared],
        findings: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        for (kind, now) in [(TileKind::Entries, entries), (TileKind::Records, records)] {
            for width in self.listing.older(kind, job.number) {
                let path = TilePath::new(kind, job.number, *width);
                let found = path.map(|path| read_or_name(self.published, path, findings));
                let Some(found) = found.transpose()?.flatten() else { continue };
                let older = name_damages(split(&found), found.path, findings);
                for ((index, old), new) in (job.first()..).zip(&older.items).zip(&now.items) {
                    if let (Some(old), Some(new)) = (old, new)
                        && old != new
                    {
                        let code = "replay/older-partial";
                        let finding = Finding::of_file(found.path, LineId::Format, code);
                        let digest = custody_core::hash::sha256;
                        findings.push(finding.at(index).with(digest(new), digest(old)));
                    }
                }
            }
        }
        for width in self.listing.older(LEAVES, job.number) {
            let Some(path) = TilePath::new(LEAVES, job.number, *width) else { continue };
            let leaves: Vec<_> = prepared.iter().map(Prepared::leaf_hash).collect();
            compare_tile(self.published, path, &leaves, findings)?;
        }
        Ok(())
    }
}

impl Job {
    /// The bundle's entries as a file, without what is beside them.
    pub fn entries(&self, published: &Published) -> Option<Found> {
        let path = TilePath::new(TileKind::Entries, self.number, self.width)?;
        published.find(path).ok()
    }

    /// Index of the first entry.
    pub fn first(&self) -> u64 {
        self.number.saturating_mul(u64::from(custody_core::tile::TILE_WIDTH))
    }
}

/// Compares a tile with the hashes that were recomputed, of which there may be more.
pub fn compare_tile(
    published: &Published,
    path: TilePath,
    recomputed: &[Hash],
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let Some(found) = read_or_name(published, path, findings)? else { return Ok(()) };
    let Some(hashes) = decode_tile(&found, findings) else { return Ok(()) };
    let pairs = recomputed.iter().zip(&hashes).enumerate();
    for (position, (expected, actual)) in pairs.filter(|(_, (a, b))| a != b) {
        let object = format!("{}, hash {position}", found.path);
        let finding = Finding::of_file(object, LineId::Inclusion, "tile/hash");
        findings.push(finding.with(expected, actual));
    }
    Ok(())
}

fn decode_tile(found: &Found, findings: &mut Vec<Finding>) -> Option<Vec<Hash>> {
    match decode_hashes(&found.bytes, found.path.width()) {
        Ok(hashes) => Some(hashes),
        Err(error) => {
            let finding = Finding::of_file(found.path, LineId::Format, error.code());
            let expected = format!("{} hashes", found.path.width().items());
            findings.push(finding.with(expected, error));
            None
        }
    }
}

/// Reads a file; that it is not there, or too long, is a finding. Anything else is a failure.
fn read_or_name(
    published: &Published,
    path: TilePath,
    findings: &mut Vec<Finding>,
) -> Result<Option<Found>, Failure> {
    let (code, found) = match published.find(path) {
        Ok(found) => return Ok(Some(found)),
        Err(TileError::Read { source, .. }) if source.kind() != std::io::ErrorKind::NotFound => {
            let path = published.root().join(path.to_string());
            return Err(Failure::Read { path, source });
        }
        Err(TileError::Oversize { .. }) => ("replay/file-oversize", "a longer file"),
        Err(_) => ("replay/file-missing", "no such file"),
    };
    let finding = Finding::of_file(path, LineId::Format, code);
    findings.push(finding.with("the file of this name", found));
    Ok(None)
}

/// The items of a bundle, as far as there are any.
fn items<'a>(found: &'a Option<Found>, job: Job, findings: &mut Vec<Finding>) -> Items<'a> {
    match found {
        None => Items::missing(job.width),
        Some(found) => name_damages(split(found), found.path, findings),
    }
}

fn split(found: &Found) -> Items<'_> {
    match found.path.kind() {
        TileKind::Records => split_records(&found.bytes, found.path.width()),
        _ => split_entries(&found.bytes, found.path.width()),
    }
}

fn name_damages<'a>(
    mut split: Items<'a>,
    path: TilePath,
    findings: &mut Vec<Finding>,
) -> Items<'a> {
    let first = path.start().map_or(0, |start| start.0);
    for Damage { item, code, expected, found } in split.damages.drain(..) {
        let finding = Finding::of_file(path, LineId::Format, code).with(expected, found);
        let index = item.map(|item| first.saturating_add(item as u64));
        findings.push(Finding { index, ..finding });
    }
    split
}
