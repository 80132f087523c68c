//! Published directories of ledgers on paper: what `custody publish` would write, without its code.

// Whatever goes wrong here is a mistake in a test, and a test may stop.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io;
use std::path::Path;

use custody_core::checkpoint::Checkpoint;
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::merkle::{NodeSource, TreeSize};
use custody_core::pins::Pins;
use custody_core::policy::Policy;
use custody_core::tile::{
    TILE_WIDTH, TileKind, TilePath, encode_entries, encode_hashes, encode_records,
    entry_bundles_of_tree, record_bundles_of_tree, tiles_of_tree,
};

use crate::paper::{Agency, PaperLedger, Person, public, uuid};

/// A ledger in which items go round among people, with what a reader brings along.
pub struct Busy {
    /// The ledger.
    pub ledger: PaperLedger,
    /// Trusts its log and asks for no witness.
    pub policy: Policy,
    /// Both of its agencies.
    pub pins: Pins,
    /// Whose keys sign.
    pub people: Vec<Person>,
    /// Who holds each item, by position.
    pub items: Vec<(Uuid, usize)>,
}

impl Busy {
    /// A ledger of `size` entries, in which `people` hand `items` on from one to the next.
    pub fn new(size: usize, people: usize, items: usize) -> Self {
        let agencies =
            [Agency::new("Left Bank Police", "HU"), Agency::new("Right Bank Police", "HU")];
        let mut ledger = PaperLedger::found(&[&agencies[0], &agencies[1]]);
        let people: Vec<_> =
            (0..people).map(|n| Person::new(&format!("person {n}"), &agencies[n % 2])).collect();
        for (n, person) in people.iter().enumerate() {
            ledger.write(&ledger.custodian_enrol(&agencies[n % 2], person));
        }
        let policy = Policy::for_log(ledger.signer.keys().clone(), Vec::new(), None).unwrap();
        let pin = |agency: &Agency| (agency.id, public(&agency.key).kid());
        let pins = Pins {
            genesis: ledger.genesis().unwrap(),
            agencies: agencies.iter().map(pin).collect(),
        };
        let mut busy = Self { ledger, policy, pins, people, items: Vec::new() };
        while busy.ledger.entries.len() < size {
            match busy.items.len() < items {
                true => busy.collect(),
                false => busy.hand_on(busy.ledger.entries.len() % items),
            }
        }
        busy
    }

    /// Takes another item into custody.
    pub fn collect(&mut self) {
        let (item, holder) =
            (uuid(&format!("item {}", self.items.len())), self.items.len() % self.people.len());
        self.ledger.write(&self.ledger.collect(&self.people[holder], item));
        self.items.push((item, holder));
    }

    /// Hands an item on to the next person.
    pub fn hand_on(&mut self, item: usize) {
        let (id, holder) = self.items[item];
        let next = (holder + 1) % self.people.len();
        let (from, to) = (&self.people[holder], &self.people[next]);
        self.ledger.write(&self.ledger.handoff(from, to, &[id], &[]));
        self.items[item].1 = next;
    }
}

/// Writes the static directory of a ledger, with the checkpoint of its present size.
pub fn publish(ledger: &PaperLedger, root: &Path) -> io::Result<()> {
    publish_as(ledger, &ledger.checkpoint(), root)
}

/// Writes the static directory of a ledger with another checkpoint, whose size says which tiles.
pub fn publish_as(ledger: &PaperLedger, checkpoint: &Checkpoint, root: &Path) -> io::Result<()> {
    let size = checkpoint.size();
    for path in files_of_tree(size) {
        let file = root.join(path.to_string());
        fs::create_dir_all(file.parent().unwrap_or(root))?;
        fs::write(file, bytes_of(ledger, path))?;
    }
    fs::write(root.join("checkpoint"), checkpoint.as_bytes())
}

/// Every tile and bundle of a tree.
pub fn files_of_tree(size: TreeSize) -> impl Iterator<Item = TilePath> {
    tiles_of_tree(size).chain(entry_bundles_of_tree(size)).chain(record_bundles_of_tree(size))
}

/// What stands in one file.
pub fn bytes_of(ledger: &PaperLedger, path: TilePath) -> Vec<u8> {
    let first = path.index() * u64::from(TILE_WIDTH);
    let range = first..first + u64::from(path.width().items());
    let items = range.start as usize..range.end as usize;
    match path.kind() {
        TileKind::Hashes { level } => {
            let hash = |index| ledger.node(8 * level, index).unwrap_or_else(|never| match never {});
            encode_hashes(&range.map(hash).collect::<Vec<Hash>>())
        }
        TileKind::Entries => {
            let entries = ledger.entries[items].iter().map(|entry| entry.encode());
            encode_entries(&entries.collect::<Vec<_>>())
        }
        TileKind::Records => encode_records(&ledger.records[items]),
    }
    .unwrap()
}
