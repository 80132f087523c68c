//! Every way a write can fail, at every write: reopen, check everything, continue.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use custody_core::merkle::TreeSize;
use custody_log::high_water::{HighWater, LocalDisk};
use custody_log::store::{RocksConfig, RocksStore};
use custody_log::{
    BatchLimits, Clock, Ledger, LedgerError, LedgerOptions, Parts, SubmitError, check,
};
use custody_tests::fault::{Fault, FaultStore, Faults, Plan, Step};
use custody_tests::world::{HandClock, Made, Scene, digest_of};

type FaultyLedger = Ledger<FaultStore<RocksStore>>;

/// Opens the ledger of `scene` with its store and mark under `faults`.
fn open_faulty(scene: &Scene, dir: &Path, faults: &Faults) -> Result<FaultyLedger, LedgerError> {
    open_limited(scene, dir, faults, BatchLimits::default())
}

fn open_limited(
    scene: &Scene,
    dir: &Path,
    faults: &Faults,
    batch: BatchLimits,
) -> Result<FaultyLedger, LedgerError> {
    let store = RocksStore::open(&dir.join("store"), &RocksConfig::default())?;
    let disk = Box::new(faults.disk(LocalDisk::default()));
    let parts = Parts {
        store: Arc::new(faults.store(store)),
        mark: HighWater::new(&dir.join("high-water"), disk),
        vault: dir.join("vault"),
        clock: scene.clock.clone(),
        batch,
    };
    Ledger::start(parts, &scene.world.log_keys())
}

/// Opens without faults, checks the whole ledger, hands everything in again and checks again.
fn assert_recovers(scene: &Scene, records: &[Made], acknowledged: usize) {
    let ledger = scene.open().unwrap();
    let before = check(&ledger.reader().unwrap(), &|_| ()).unwrap().head.size.0;
    for made in &records[..acknowledged] {
        let known = ledger.reader().unwrap().by_digest(&digest_of(made)).unwrap();
        assert!(known.is_some(), "acknowledged and lost");
    }
    let answers = scene.submit_all(&ledger, records.to_vec());
    let known = answers.iter().filter(|answer| answer.was_known).count();
    assert!(known >= acknowledged);
    let summary = check(&ledger.reader().unwrap(), &|_| ()).unwrap();
    assert_eq!(summary.head.size, TreeSize(before + (records.len() - known) as u64), "none twice");
}

/// Submits one after the other until the ledger stops, and returns how many were acknowledged and why it stopped.
fn submit_until_stopped(ledger: &FaultyLedger, records: &[Made]) -> (usize, Option<&'static str>) {
    for (position, (record, openings)) in records.iter().cloned().enumerate() {
        match ledger.submit(record, openings) {
            Ok(_) => {}
            Err(SubmitError::Fatal(error)) => return (position, Some(error.code())),
            Err(other) => panic!("{other:?}"),
        }
    }
    (records.len(), None)
}

/// What a fault at a step of appending does to the ledger.
fn expected_stop(step: Step, fault: Fault) -> Option<&'static str> {
    match (step, fault) {
        // Certainly not written: written again.
        (Step::Commit, Fault::NotStored) | (Step::MarkWrite, _) => None,
        (Step::Commit, _) => Some("store-in-doubt"),
        (_, _) => Some("high-water-in-doubt"),
    }
}

#[test]
fn while_appending() {
    for step in [Step::Commit, Step::MarkWrite, Step::MarkRename, Step::MarkFlush] {
        for fault in [Fault::NotStored, Fault::LostInDoubt, Fault::StoredInDoubt] {
            for nth in [1, 3] {
                let dir = tempfile::tempdir().unwrap();
                let (mut scene, ledger) = Scene::new(dir.path(), 4);
                drop(ledger);
                let faults = Faults::none();
                let ledger = open_faulty(&scene, dir.path(), &faults).unwrap();
                faults.plan(Plan { step, nth, fault });
                let records: Vec<_> =
                    (0..4)
                        .map(|n| {
                            if n % 2 == 0 { scene.world.note(0, n) } else { scene.world.pass_on(n) }
                        })
                        .collect();
                let (acknowledged, stop) = submit_until_stopped(&ledger, &records[..]);
                assert_eq!(stop, expected_stop(step, fault), "{step:?} {fault:?} {nth}");
                assert_eq!(acknowledged, if stop.is_none() { 4 } else { nth as usize - 1 });
                if let Some(code) = stop {
                    let (record, openings) = records[0].clone();
                    let error = ledger.submit(record, openings).unwrap_err();
                    assert_eq!(error.code(), code, "stopped for good");
                }
                drop(ledger);
                assert_recovers(&scene, &records, acknowledged);
            }
        }
    }
}

#[test]
fn while_opening() {
    for (step, fault) in [
        (Step::Epoch, Fault::NotStored),
        (Step::Epoch, Fault::LostInDoubt),
        (Step::Epoch, Fault::StoredInDoubt),
        (Step::MarkRename, Fault::LostInDoubt),
        (Step::MarkFlush, Fault::StoredInDoubt),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (mut scene, ledger) = Scene::new(dir.path(), 3);
        let path = dir.path().join("high-water");
        let old = std::fs::read(&path).unwrap();
        let records = [scene.world.note(0, 1)];
        scene.submit_all(&ledger, records.to_vec());
        drop(ledger);
        // The mark lags behind, so that opening has to move it.
        std::fs::write(&path, old).unwrap();
        let faults = Faults::none();
        faults.plan(Plan { step, nth: 1, fault });
        let error = open_faulty(&scene, dir.path(), &faults).err().unwrap();
        let expected = match (step, fault) {
            (Step::Epoch, Fault::NotStored) => "store-not-stored",
            (Step::Epoch, _) => "store-in-doubt",
            _ => "high-water-in-doubt",
        };
        assert_eq!(error.code(), expected);
        assert_recovers(&scene, &records, 1);
    }
}

#[test]
fn many_answers_hang_on_one_commit() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 3);
    drop(ledger);
    let faults = Faults::none();
    let ledger = open_faulty(&scene, dir.path(), &faults).unwrap();
    faults.plan(Plan { step: Step::MarkFlush, nth: 1, fault: Fault::StoredInDoubt });
    let records: Vec<_> = (0..600).map(|n| scene.world.pass_on(n % 3)).collect();
    for answer in ledger.submit_all(records.clone()) {
        assert_eq!(answer.unwrap_err().code(), "high-water-in-doubt");
    }
    drop(ledger);
    assert_recovers(&scene, &records, 0);
}

/// What came together and did not fit into one commit: what is durable by then is acknowledged, the rest is in doubt.
#[test]
fn answers_hang_on_their_own_commit() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 3);
    drop(ledger);
    let faults = Faults::none();
    let one_each = BatchLimits { row_bytes: 1, ..BatchLimits::default() };
    let ledger = open_limited(&scene, dir.path(), &faults, one_each).unwrap();
    faults.plan(Plan { step: Step::Commit, nth: 4, fault: Fault::LostInDoubt });
    let records: Vec<_> = (0..20).map(|n| scene.world.pass_on(n % 3)).collect();
    let answers = ledger.submit_all(records.clone());
    let codes: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().map_err(SubmitError::code).err()).collect();
    assert_eq!(codes[..3], [None; 3]);
    assert_eq!(codes[3..], [Some("store-in-doubt"); 17]);
    drop(ledger);
    assert_recovers(&scene, &records, 3);
}

/// A clock that is broken on demand: it stands for whatever may panic in the sequencer's thread.
#[derive(Debug)]
struct BrokenClock {
    clock: Arc<HandClock>,
    is_broken: AtomicBool,
}

impl Clock for BrokenClock {
    fn now_ms(&self) -> u64 {
        assert!(!self.is_broken.load(Ordering::SeqCst), "broken, for a test");
        self.clock.now_ms()
    }

    fn monotonic_ms(&self) -> u64 {
        self.clock.monotonic_ms()
    }
}

#[test]
fn a_sequencer_that_breaks_down_is_no_ledger_that_takes_records() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 3);
    drop(ledger);
    let clock = BrokenClock { clock: scene.clock.clone(), is_broken: AtomicBool::new(false) };
    let clock = Arc::new(clock);
    let options = LedgerOptions { clock: clock.clone(), ..scene.options.clone() };
    let ledger = Ledger::open(options, scene.world.log_keys()).unwrap();
    let records: Vec<_> = (0..3).map(|item| scene.world.pass_on(item)).collect();
    let submit = |n: usize| {
        let (record, openings) = records[n].clone();
        ledger.submit(record, openings).map(drop).map_err(|error| error.code())
    };
    assert_eq!(submit(0), Ok(()));
    assert!(ledger.stopped().is_none());
    clock.is_broken.store(true, Ordering::SeqCst);
    assert_eq!(submit(1), Err("ledger/closed"));
    // The first answer may come while the thread is still going down; the second comes of its being gone.
    assert_eq!(submit(2), Err("ledger/closed"));
    assert_eq!(ledger.stopped().map(|error| error.code()), Some("ledger/closed"));
    drop(ledger);
    assert_recovers(&scene, &records, 1);
}
