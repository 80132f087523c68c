//! A manifest of 500 items beside 500 single handoffs: the same items move between the same two people, in one record
//! or in as many as there are items.

use std::path::Path;
use std::time::Instant;

use custody_core::hash::Hash;
use custody_core::record::Record;
use custody_log::{Ledger, LedgerOptions};
use custody_tests::load::{Load, Signed};
use custody_tests::load_site::newest;
use serde_json::{Value, json};

use crate::append::{disk_bytes, found, log_keys, percentile, submit_all};
use crate::ratio;
use crate::stage::ORIGIN;

/// Items of a manifest: as many as a record takes.
const ITEMS: u64 = 500;

/// How often the items go from one hand to the other. The first time warms up.
const ROUNDS: u64 = 21;

/// Records of one way of handing over.
struct Way {
    /// What is appended in each round.
    rounds: Vec<Vec<Vec<u8>>>,
    /// From the first record of a round to the answer to its last, in milliseconds.
    append_ms: f64,
    /// What the store grew by in a round.
    disk: f64,
}

/// Measures both in a ledger of its own in `dir`, and notes figures and ratios.
pub fn run(dir: &Path, note: &mut dyn FnMut(&str, Value)) {
    let origin = ORIGIN.parse().expect("the benchmark's origin is one");
    let mut load = Load::new(origin, 2);
    let ledger = found(&load, dir, 0);
    let (genesis, seen) = newest(&ledger);
    load.bind(genesis, seen);
    let collected = load.collections_by(0, 0..2 * ITEMS);
    let (first, second) = collected.split_at(ITEMS as usize);
    let heads = |signed: &[Signed], from| signed.iter().map(|one| one.digest).zip(from..).collect();
    let mut manifest = Way::of(together(&load, heads(first, 0)));
    let mut singles = Way::of(apart(&load, heads(second, ITEMS)));
    let ground = load.enrolments().into_iter().chain(collected).map(|signed| signed.bytes);
    submit_all(&ledger, ground.collect());
    drop(ledger);
    manifest.measure(dir);
    singles.measure(dir);
    let mut both = |name: &str, manifest: f64, singles: f64| {
        note(&format!("manifest_{name}"), json!(manifest));
        note(&format!("singles_{name}"), json!(singles));
        note(&format!("manifest_{name}_ratio"), json!(ratio(manifest, singles)));
    };
    both("records", manifest.records() as f64, singles.records() as f64);
    both("record_bytes", manifest.record_bytes() as f64, singles.record_bytes() as f64);
    both("index_updates", manifest.index_updates() as f64, singles.index_updates() as f64);
    both("append_ms", manifest.append_ms, singles.append_ms);
    both("disk_bytes", manifest.disk.round(), singles.disk.round());
}

impl Way {
    fn of(rounds: Vec<Vec<Vec<u8>>>) -> Self {
        Self { rounds, append_ms: 0.0, disk: 0.0 }
    }

    /// Appends all rounds and closes the ledger, so that what it wrote is where it stays.
    fn measure(&mut self, dir: &Path) {
        let store = dir.join("store");
        let before = disk_bytes(&store);
        let ledger = Ledger::open(LedgerOptions::new(dir), log_keys()).expect("the ledger opens");
        let mut times_ms: Vec<_> =
            self.rounds.iter().map(|round| time_ms(&ledger, round)).collect();
        drop(ledger);
        times_ms.remove(0);
        times_ms.sort_unstable_by(f64::total_cmp);
        self.append_ms = percentile(&times_ms, 50);
        self.disk = (disk_bytes(&store) as f64 - before as f64) / ROUNDS as f64;
    }

    /// Records of a round.
    fn records(&self) -> usize {
        self.rounds[0].len()
    }

    /// Bytes of a round's records.
    fn record_bytes(&self) -> usize {
        self.rounds[0].iter().map(Vec::len).sum()
    }

    /// Chains that a round sets in the custody index.
    fn index_updates(&self) -> usize {
        let chains = |record: &Vec<u8>| {
            let record = Record::parse(record).expect("a record of the load is one");
            record.payload().subjects.len()
        };
        self.rounds[0].iter().map(chains).sum()
    }
}

fn time_ms(ledger: &Ledger, records: &[Vec<u8>]) -> f64 {
    let records = records.to_vec();
    let start = Instant::now();
    submit_all(ledger, records);
    start.elapsed().as_secs_f64() * 1000.0
}

/// All items in one record, in every round.
fn together(load: &Load, mut heads: Vec<(Hash, u64)>) -> Vec<Vec<Vec<u8>>> {
    let round = |round| {
        let signed = load.handoff(&numbered(&heads), round, hands(round));
        heads.iter_mut().for_each(|head| head.0 = signed.digest);
        vec![signed.bytes]
    };
    (1..=ROUNDS).map(round).collect()
}

/// Each item in a record of its own.
fn apart(load: &Load, mut heads: Vec<(Hash, u64)>) -> Vec<Vec<Vec<u8>>> {
    let round = |round| {
        let one = |head: &(u64, Hash)| load.handoff(&[*head], round, hands(round));
        let signed: Vec<_> = numbered(&heads).iter().map(one).collect();
        heads.iter_mut().zip(&signed).for_each(|(head, signed)| head.0 = signed.digest);
        signed.into_iter().map(|signed| signed.bytes).collect()
    };
    (1..=ROUNDS).map(round).collect()
}

fn numbered(heads: &[(Hash, u64)]) -> Vec<(u64, Hash)> {
    heads.iter().map(|&(digest, number)| (number, digest)).collect()
}

/// Who gives to whom: there and back.
fn hands(round: u64) -> (u64, u64) {
    ((round + 1) % 2, round % 2)
}
