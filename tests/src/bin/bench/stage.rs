//! What is signed before anything is measured.

use custody_core::hash::Hash;
use custody_core::merkle::TreeHead;
use custody_tests::load::{Load, Signed};

/// The name of the ledger that is measured.
pub const ORIGIN: &str = "bench.example/custody";

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// People.
    pub custodians: u64,
    /// Items, each collected once.
    pub items: u64,
    /// Handoffs appended as fast as they go.
    pub handoffs: u64,
    /// Handoffs appended at half that speed, for their latency.
    pub timed: u64,
    /// Handoffs of one item, so that an exhibit has 20 records of custody.
    pub of_one: u64,
}

impl Sizes {
    /// Half the entries collect items, the rest hand them over, among as many people as DESIGN 13 asks for.
    pub fn for_entries(entries: u64) -> Self {
        let (custodians, of_one) = (1000, 19);
        let items = (entries / 2).max(2);
        let moved = entries.saturating_sub(items + 1 + custodians + of_one).max(8);
        let timed = moved / 4;
        Self { custodians, items, handoffs: moved - timed, timed, of_one }
    }

    /// All entries, the founding among them.
    pub fn entries(&self) -> u64 {
        1 + self.custodians + self.items + self.handoffs + self.timed + self.of_one
    }

    /// All signatures: the founding has three, a collection one, everything else two.
    pub fn signatures(&self) -> u64 {
        3 + self.items + 2 * (self.custodians + self.handoffs + self.timed + self.of_one)
    }
}

/// Everything signed, in the order in which it is appended.
pub struct Stage {
    /// Enrolments and collections: what the handoffs stand on.
    pub ground: Vec<Vec<u8>>,
    /// Handoffs appended as fast as they go.
    pub handoffs: Vec<Vec<u8>>,
    /// Handoffs appended at half that speed.
    pub timed: Vec<Vec<u8>>,
    /// Handoffs of the last item, one after another.
    pub of_one: Vec<Vec<u8>>,
}

impl Stage {
    /// Signs everything for the ledger with this entry 0, whose log signed the tree `seen`.
    pub fn sign(load: &mut Load, sizes: &Sizes, genesis: Hash, seen: TreeHead) -> Self {
        load.bind(genesis, seen);
        let enrolments = load.enrolments();
        let collections = load.collections(sizes.items);
        let items = &collections[..collections.len() - 1];
        let mut handoffs = load.moves(items, sizes.handoffs + sizes.timed);
        let timed = handoffs.split_off(sizes.handoffs as usize);
        let of_one = rounds_of_last(load, &collections, sizes.of_one);
        let ground = enrolments.into_iter().chain(collections).map(|signed| signed.bytes);
        Self { ground: ground.collect(), handoffs, timed, of_one }
    }

    /// Bytes of all entries and records: what a ledger cannot do without.
    pub fn raw_bytes(&self) -> u64 {
        let records = [&self.ground, &self.handoffs, &self.timed, &self.of_one];
        records.into_iter().flatten().map(|record| 79 + record.len() as u64).sum()
    }
}

fn rounds_of_last(load: &Load, collections: &[Signed], rounds: u64) -> Vec<Vec<u8>> {
    let number = collections.len() as u64 - 1;
    let mut head = collections[number as usize].digest;
    let handoff = |round| {
        let [record] = <[_; 1]>::try_from(load.handoffs(&[(number, head)], round)).ok()?;
        head = record.digest;
        Some(record.bytes)
    };
    (1..=rounds).filter_map(handoff).collect()
}
