//! A ledger that dies under load, by `kill -9` at any moment or at a named step: whatever was acknowledged is
//! there, provable, and there once.
//!
//! The writer is this very test binary, started again to run [`child`] alone. It hands in a script of
//! records from the start each time; what the ledger has already gets the same answer again.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use custody_core::hash::Hash;
use custody_core::merkle::LeafIndex;
use custody_core::tile::{decode_records, encode_records};
use custody_log::high_water::{HighWater, LocalDisk};
use custody_log::store::{RocksConfig, RocksStore};
use custody_log::{Ledger, LedgerOptions, Parts, check};
use custody_tests::fault::{Fault, Faults, Plan, Step};
use custody_tests::world::World;

const DIR_VARIABLE: &str = "CUSTODY_KILL_DIR";
const PLAN_VARIABLE: &str = "CUSTODY_KILL_PLAN";

/// Records of the script: people, things, and handoffs of them.
const SCRIPT: usize = 2000;

/// Records that the writer hands in at once.
const BATCH: usize = 40;

/// The world's ledger name, from which all of its keys follow.
const ORIGIN: &str = "ledger.example/kill";

/// The writer. Does nothing where it was not started by a test.
#[test]
fn child() {
    let Some(dir) = env::var_os(DIR_VARIABLE).map(PathBuf::from) else {
        return;
    };
    let faults = Faults::none();
    let options = LedgerOptions::new(&dir);
    let store = RocksStore::open(&dir.join("store"), &RocksConfig::default()).unwrap();
    let parts = Parts {
        store: Arc::new(faults.store(store)),
        mark: HighWater::new(&dir.join("high-water"), Box::new(faults.disk(LocalDisk::default()))),
        vault: dir.join("vault"),
        clock: options.clock,
        batch: options.batch,
    };
    let ledger = Ledger::start(parts, &World::new(ORIGIN, 1).log_keys()).unwrap();
    if let Ok(plan) = env::var(PLAN_VARIABLE) {
        faults.plan(plan.parse().unwrap());
    }
    for records in read_script(&dir).chunks(BATCH) {
        let records = records.iter().map(|record| (record.clone(), Vec::new())).collect();
        let mut lines = String::from("\n");
        for answer in ledger.submit_all(records) {
            let answer = answer.unwrap();
            lines.push_str(&format!("acknowledged {} {}\n", answer.index, answer.digest));
        }
        io::stdout().write_all(lines.as_bytes()).unwrap();
    }
}

/// The script is kept as bundles of records.
fn write_script(dir: &Path, records: &[Vec<u8>]) {
    for (number, records) in records.chunks(256).enumerate() {
        let bundle = encode_records(records).unwrap();
        fs::write(dir.join(format!("script-{number:03}")), bundle).unwrap();
    }
}

fn read_script(dir: &Path) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    for (number, start) in (0..SCRIPT).step_by(256).enumerate() {
        let bundle = fs::read(dir.join(format!("script-{number:03}"))).unwrap();
        let width = custody_core::tile::TileWidth::new((SCRIPT - start).min(256) as u64).unwrap();
        records.extend(decode_records(&bundle, width).unwrap().into_iter().map(<[u8]>::to_vec));
    }
    records
}

/// A founded ledger in `dir` and the script beside it.
fn prepare(dir: &Path) -> World {
    let mut world = World::new(ORIGIN, 1);
    let founding = world.founding();
    let ledger = Ledger::create(LedgerOptions::new(dir), world.log_keys(), founding).unwrap();
    world.begin(ledger.genesis());
    let records: Vec<_> = (0..SCRIPT)
        .map(|n| match n {
            0..20 => world.enrol().0,
            20..120 => world.collect_plain(n % 20).0,
            _ => world.pass_on(n % 100).0,
        })
        .collect();
    write_script(dir, &records);
    world
}

/// A writer that ends with the test at the latest.
struct Writer(Child);

impl Writer {
    fn start(dir: &Path, plan: Option<Plan>) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "recovery_kill::child", "--nocapture"]);
        command.env(DIR_VARIABLE, dir).stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(plan) = plan {
            command.env(PLAN_VARIABLE, plan.to_string());
        }
        Self(command.spawn().unwrap())
    }

    /// Reads acknowledgements, `most` of them or until the writer ends.
    fn read_acknowledged(&mut self, most: usize) -> Vec<(LeafIndex, Hash)> {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let parse = |line: String| {
            let (index, digest) = line.strip_prefix("acknowledged ")?.split_once(' ')?;
            Some((LeafIndex(index.parse().ok()?), Hash::from_hex(digest)?))
        };
        lines.filter_map(parse).take(most).collect()
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It has ended already, except after a failed assertion.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Opens what a dead writer left: everything acknowledged is there once and provable. Returns the size.
fn assert_whole(dir: &Path, world: &World, acknowledged: &HashMap<Hash, LeafIndex>) -> usize {
    let ledger = Ledger::open(LedgerOptions::new(dir), world.log_keys()).unwrap();
    let reader = ledger.reader().unwrap();
    let summary = check(&reader, &|_| ()).unwrap();
    assert_eq!(summary.head, reader.head());
    for (digest, index) in acknowledged {
        assert_eq!(reader.by_digest(digest).unwrap(), Some(*index));
        let entry = reader.entry(*index).unwrap();
        assert_eq!(entry.record, *digest);
        let proof = reader.inclusion_proof(*index).unwrap();
        proof.verify(&entry.leaf_hash(), &reader.head()).unwrap();
    }
    let size = reader.head().size.0;
    let digests = (0..size).map(|index| reader.entry(LeafIndex(index)).unwrap().record);
    let once: std::collections::HashSet<_> = digests.collect();
    assert_eq!(once.len() as u64, size, "none twice");
    size as usize
}

fn learn(acknowledged: &mut HashMap<Hash, LeafIndex>, answers: Vec<(LeafIndex, Hash)>) {
    for (index, digest) in answers {
        let before = acknowledged.insert(digest, index);
        assert!(before.is_none_or(|before| before == index), "the same answer again");
    }
}

#[test]
fn killed_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let world = prepare(dir.path());
    let mut acknowledged = HashMap::new();
    for round in 1.. {
        let mut writer = Writer::start(dir.path(), None);
        // Later each time: every batch of the script is being written at some kill.
        learn(&mut acknowledged, writer.read_acknowledged(round * 170));
        writer.kill();
        let size = assert_whole(dir.path(), &world, &acknowledged);
        if size == SCRIPT + 1 {
            assert!(round > 5, "killed at {round} moments only");
            return;
        }
    }
}

#[test]
fn aborted_at_each_step() {
    let dir = tempfile::tempdir().unwrap();
    let world = prepare(dir.path());
    let mut acknowledged = HashMap::new();
    for step in [Step::Commit, Step::MarkWrite, Step::MarkRename, Step::MarkFlush] {
        for fault in [Fault::AbortBefore, Fault::AbortAfter] {
            let plan = Plan { step, nth: 2, fault };
            let mut writer = Writer::start(dir.path(), Some(plan));
            let answers = writer.read_acknowledged(usize::MAX);
            assert!(!writer.0.wait().unwrap().success(), "{plan}: it was to die");
            learn(&mut acknowledged, answers);
            assert_whole(dir.path(), &world, &acknowledged);
        }
    }
}
