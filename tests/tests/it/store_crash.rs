//! A writer that dies, by `kill -9` at any moment or at a named step: nothing acknowledged is lost,
//! nothing is halved.
//!
//! The writer is this very test binary, started again to run [`child`] alone.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use custody_log::high_water::{HighWater, LocalDisk};
use custody_log::store::{RocksConfig, RocksStore, Store};
use custody_tests::fault::{Fault, Faults, Plan, Step};

use crate::store_ledger::{batch, check_whole, commits, new_store, open};

const DIR_VARIABLE: &str = "CUSTODY_CRASH_DIR";
const PLAN_VARIABLE: &str = "CUSTODY_CRASH_PLAN";

/// The writer: commits without end, moves the mark after each commit, and then says so. Does
/// nothing where it was not started by a test.
#[test]
fn child() {
    let Some(dir) = env::var_os(DIR_VARIABLE).map(PathBuf::from) else {
        return;
    };
    let faults = Faults::none();
    let store = RocksStore::open(&dir.join("store"), &RocksConfig::default()).unwrap();
    let store = faults.store(store);
    let mut mark = HighWater::new(&mark_path(&dir), Box::new(faults.disk(LocalDisk::default())));
    if let Ok(plan) = env::var(PLAN_VARIABLE) {
        faults.plan(plan.parse().unwrap());
    }
    let epoch = store.acquire_epoch().unwrap();
    for n in commits(&store) + 1.. {
        store.commit(&batch(epoch, n)).unwrap();
        mark.advance(n, n.to_string().as_bytes()).unwrap();
        writeln!(io::stdout(), "\nacknowledged {n}").unwrap();
    }
}

fn mark_path(dir: &Path) -> PathBuf {
    dir.join("mark")
}

/// A writer that ends with the test at the latest.
struct Writer(Child);

impl Writer {
    fn start(dir: &Path, plan: Option<Plan>) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "store_crash::child", "--nocapture"]);
        command.env(DIR_VARIABLE, dir).stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(plan) = plan {
            command.env(PLAN_VARIABLE, plan.to_string());
        }
        Self(command.spawn().unwrap())
    }

    /// Reads acknowledgements, `most` of them or until the writer ends, and returns the last.
    fn read_acknowledged(&mut self, most: usize) -> Option<u64> {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let numbers = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
        numbers.take(most).last()
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

/// The size at the mark.
fn marked(dir: &Path) -> u64 {
    let mark = HighWater::new(&mark_path(dir), Box::new(LocalDisk::default()));
    let note = mark.load().unwrap();
    note.map_or(0, |note| String::from_utf8(note).unwrap().parse().unwrap())
}

#[test]
fn loses_nothing_acknowledged_to_kill_9() {
    let (dir, store) = new_store();
    drop(store);
    let mut acknowledged = 0;
    for round in 0..20 {
        let mut writer = Writer::start(dir.path(), None);
        acknowledged = writer.read_acknowledged(1 + 7 * round).unwrap_or(acknowledged);
        writer.kill();
        let store = open(&dir);
        let stored = check_whole(&store);
        assert!(acknowledged > 0 && acknowledged <= marked(dir.path()), "round {round}");
        assert!(marked(dir.path()) <= stored, "round {round}");
    }
}

#[test]
fn loses_nothing_acknowledged_at_any_step() {
    for step in Step::ALL {
        for fault in [Fault::AbortBefore, Fault::AbortAfter] {
            die_at(Plan { step, nth: 1, fault });
            if step != Step::Epoch {
                die_at(Plan { step, nth: 3, fault });
            }
        }
    }
}

fn die_at(plan: Plan) {
    let (dir, store) = new_store();
    drop(store);
    let mut writer = Writer::start(dir.path(), Some(plan));
    let acknowledged = writer.read_acknowledged(usize::MAX).unwrap_or(0);
    assert!(!writer.0.wait().unwrap().success());
    assert_eq!(acknowledged, plan.nth - 1, "{plan}");

    // The store is one ahead of the answer from the moment of the commit, the mark from the moment
    // of its rename.
    let at = |fault| Plan { fault, ..plan } == plan;
    let is_stored = match plan.step {
        Step::Epoch => false,
        Step::Commit => at(Fault::AbortAfter),
        _ => true,
    };
    let is_marked = match plan.step {
        Step::MarkRename => at(Fault::AbortAfter),
        step => step == Step::MarkFlush,
    };
    let store = open(&dir);
    assert_eq!(check_whole(&store), acknowledged + u64::from(is_stored), "{plan}");
    assert_eq!(marked(dir.path()), acknowledged + u64::from(is_marked), "{plan}");
    let epochs = if plan.step == Step::Epoch && plan.fault == Fault::AbortBefore { 1 } else { 2 };
    assert_eq!(store.acquire_epoch().unwrap().number(), epochs, "{plan}");
}
