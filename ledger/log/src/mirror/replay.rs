//! Following from one head to the next: bundles in parallel, their entries one after the other.

use std::ops::Range;

use custody_core::checkpoint::Checkpoint;
use custody_core::entry::Entry;
use custody_core::hash::hash_leaf;
use custody_core::merkle::TreeSize;
use custody_core::tile::{
    TILE_WIDTH, TileKind, TilePath, TileWidth, decode_entries, decode_records, encode_entries,
    encode_records,
};
use custody_core::verify::replay::{Claims, Prepared};
use custody_core::verify::{Line, LineId, Status};
use rayon::iter::{IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use super::nodes::TileNodes;
use super::{Mirror, MirrorError};
use crate::check::Finding;
use crate::publish::Progress;
use crate::published::{Bundle, Source, fetch};
use crate::tree::FullTile;

const WIDTH: u64 = TILE_WIDTH as u64;
/// Bundles that are fetched and verified at a time: 16 x 256 records.
const WINDOW: u64 = 16;

/// What is done with the files of the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// They are new, and written.
    Write,
    /// They are there, and must be what is computed again.
    Compare,
}

/// A bundle with everything that needs no entry before it.
struct Whole {
    place: Bundle,
    prepared: Vec<Prepared>,
    records: Vec<u8>,
}

impl Mirror {
    /// Replays everything from what was replayed to `next`, whose tree begins with ours.
    pub(super) fn take(
        &mut self,
        next: &Checkpoint,
        source: &dyn Source,
        keeping: Keeping,
        progress: &dyn Fn(Progress),
    ) -> Result<(), MirrorError> {
        // 1. The entries first, which are small: they lead to what the log signed, or nothing of them is looked at. So what
        //    comes then with another record is the server's lie, and what breaks a rule is the log's.
        self.take_entries(next, source, keeping)?;
        // 2. The records, as the entries name them.
        let last = next.size().0.div_ceil(WIDTH);
        while self.tree.size() < next.size() {
            let lo = self.tree.size().0 / WIDTH;
            let bundles = self.prepare(lo..last.min(lo + WINDOW), next.size(), source)?;
            for bundle in bundles {
                self.step(bundle, next, keeping)?;
                progress(Progress { done: self.tree.size().0, total: next.size().0 });
            }
        }
        // 3. What only a second look shows.
        self.look_back(next)?;
        // 4. The same judgement that the offline verifier ends with.
        self.conclude(next)
    }

    fn take_entries(
        &mut self,
        next: &Checkpoint,
        source: &dyn Source,
        keeping: Keeping,
    ) -> Result<(), MirrorError> {
        let (from, size) = (self.tree.size().0, next.size());
        let mut frontier = self.tree.frontier().clone();
        let (lo, hi) = (from / WIDTH, size.0.div_ceil(WIDTH));
        for window in (lo..hi).step_by(WINDOW as usize) {
            let numbers = (window..hi.min(window + WINDOW)).into_par_iter();
            let bundles = numbers.map(|number| {
                let place = bundle_of(number, size)?;
                Ok((place, fetch(source, &place.entries)?))
            });
            for (place, bytes) in bundles.collect::<Result<Vec<_>, MirrorError>>()? {
                let entries = decode_entries(&bytes, place.width).map_err(malformed)?;
                let known = from.saturating_sub(place.first) as usize;
                entries.iter().skip(known).for_each(|entry| frontier.push(hash_leaf(entry)));
                if keeping == Keeping::Write {
                    self.check_known(&entries, known)?;
                    self.write(&place.entries, &encode_entries(&entries).map_err(malformed)?)?;
                }
            }
        }
        match frontier.head() == *next.tree_head() {
            true => Ok(()),
            false => Err(MirrorError::served("the entries do not lead to the checkpoint")),
        }
    }

    /// The entries of a bundle that were there before are the same.
    fn check_known(&self, entries: &[&[u8]], known: usize) -> Result<(), MirrorError> {
        let same = entries.iter().zip(self.tree.edge().level(0)).take(known);
        match same.into_iter().all(|(entry, leaf)| hash_leaf(entry) == *leaf) {
            true => Ok(()),
            false => Err(MirrorError::served("an entry that was there before is another one")),
        }
    }

    /// Gets records, and checks of each what needs no other. Only records that their entries name come back.
    fn prepare(
        &mut self,
        numbers: Range<u64>,
        size: TreeSize,
        source: &dyn Source,
    ) -> Result<Vec<Whole>, MirrorError> {
        let copy = &self.copy;
        let bundles = numbers.into_par_iter().map(|number| {
            let place = bundle_of(number, size)?;
            let entries = fetch(copy, &place.entries)?;
            let records = fetch(source, &place.records)?;
            Whole::new(place, &entries, &records, size)
        });
        let mut bundles = bundles.collect::<Result<Vec<_>, MirrorError>>()?;
        // Keys first: one may be enrolled in this window and used in it.
        let enrolling = bundles.iter().flat_map(|bundle| &bundle.prepared);
        enrolling
            .filter(|prepared| prepared.enrols())
            .for_each(|prepared| self.ring.learn(prepared));
        let ring = &self.ring;
        bundles.par_iter_mut().for_each(|bundle| {
            bundle.prepared.iter_mut().for_each(|prepared| prepared.verify_signatures(ring));
        });
        Ok(bundles)
    }

    fn step(
        &mut self,
        bundle: Whole,
        next: &Checkpoint,
        keeping: Keeping,
    ) -> Result<(), MirrorError> {
        let known = self.tree.size().0.saturating_sub(bundle.place.first) as usize;
        let (mut findings, mut full) = (Vec::new(), Vec::new());
        for prepared in bundle.prepared.iter().skip(known) {
            let nodes = TileNodes::new(&self.copy, self.tree.size(), Some(self.tree.edge()));
            let violations = self.replayer.step(prepared, &nodes);
            findings.extend(violations.into_iter().map(Finding::from));
            full.extend(self.tree.append(prepared.leaf_hash()));
        }
        if !findings.is_empty() {
            return Err(self.broken(next, findings));
        }
        for FullTile { level, index, bytes } in full {
            let path = TilePath::new(TileKind::Hashes { level }, index, TileWidth::FULL);
            let path = path.ok_or_else(|| MirrorError::served("more entries than a tree has"))?;
            self.keep_file(&path, &bytes, keeping)?;
        }
        match keeping {
            Keeping::Write => self.write(&bundle.place.records, &bundle.records),
            Keeping::Compare => Ok(()),
        }
    }

    /// Goes once more through the entries before the last late entry.
    fn look_back(&mut self, next: &Checkpoint) -> Result<(), MirrorError> {
        let size = self.replayer.look_back_size();
        let mut findings = Vec::new();
        for number in 0..size.0.div_ceil(WIDTH) {
            let place = bundle_of(number, next.size())?;
            let bytes = fetch(&self.copy, &place.entries)?;
            for entry in decode_entries(&bytes, place.width).map_err(malformed)? {
                findings.extend(self.replayer.look_back(entry).into_iter().map(Finding::from));
            }
        }
        match findings.is_empty() {
            true => Ok(()),
            false => Err(self.broken(next, findings)),
        }
    }

    fn conclude(&self, next: &Checkpoint) -> Result<(), MirrorError> {
        let pins = self.trust.pins.as_ref();
        let claims = Claims { checkpoint: next, policy: &self.policy, pins, at_s: None };
        let report = self.replayer.conclude(&claims).report;
        // An agency that was admitted since the pins were made is for people to look at, and nothing against the log.
        let is_wrong = |line: &&Line| match line.status {
            Status::Fail => true,
            Status::NotChecked => line.is_required && line.id != LineId::AgenciesPinned,
            _ => false,
        };
        let findings: Vec<_> = report.lines().iter().filter(is_wrong).map(of_line).collect();
        match findings.is_empty() {
            true => Ok(()),
            false => Err(self.broken(next, findings)),
        }
    }

    fn broken(&self, next: &Checkpoint, findings: Vec<Finding>) -> MirrorError {
        let known = self.settled.checkpoint().cloned().map(Box::new);
        MirrorError::Broken { known, shown: Box::new(next.clone()), findings }
    }
}

/// Bundle `number` of the tree of `size`.
fn bundle_of(number: u64, size: TreeSize) -> Result<Bundle, MirrorError> {
    Bundle::of(number, size).ok_or_else(|| MirrorError::served("a bundle outside of the tree"))
}

impl Whole {
    fn new(
        place: Bundle,
        entries: &[u8],
        records: &[u8],
        size: TreeSize,
    ) -> Result<Self, MirrorError> {
        let entries = decode_entries(entries, place.width).map_err(malformed)?;
        let records = decode_records(records, place.width).map_err(malformed)?;
        let pairs = entries.iter().zip(&records);
        let prepared: Vec<_> = pairs.map(|(entry, record)| Prepared::new(entry, record)).collect();
        // An entry that cannot be read names nothing: the log signed it, and replaying says so.
        let is_other = |(entry, prepared): (&&[u8], &Prepared)| {
            Entry::decode(entry).is_ok() && !prepared.is_consistent()
        };
        if let Some(position) = entries.iter().zip(&prepared).position(is_other) {
            return Err(MirrorError::served_entry(place.first + position as u64, size));
        }
        let records = encode_records(&records).map_err(malformed)?;
        Ok(Self { place, prepared, records })
    }
}

fn malformed(error: custody_core::tile::BundleError) -> MirrorError {
    MirrorError::served(error.to_string())
}

fn of_line(line: &Line) -> Finding {
    let found = format!("{}: {}", line.code, line.text);
    Finding { index: None, code: line.id.word(), expected: "a check that passes".to_owned(), found }
}
