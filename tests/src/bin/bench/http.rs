//! Handoffs over HTTP: what a server takes for each, beside what the ledger takes for the same records in this process.
//!
//! Two copies of one ledger get the same records: one through `custody serve`, a process of its own, the other through the
//! library. Processor time is the server's alone; clients run on the same cores and are not counted.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crossbeam_channel::unbounded;
use custody_api::desk::LogKeyFiles;
use custody_api::key_file::{KeyKind, Seed};
use custody_api::passphrase::Passphrase;
use custody_log::{Ledger, LedgerOptions, LogKeys, Reply};
use custody_tests::http_load::{Outcome, body_of, drive};
use custody_tests::load::Load;
use custody_tests::process::{memory_bytes, processor_time};
use custody_tests::served::Served;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::append::{found_with, newest, percentile, submit_all};
use crate::ratio;
use crate::stage::{ORIGIN, Sizes, Stage};

/// Clients at a time, and how many handoffs they submit together.
const LEVELS: [(usize, usize); 4] = [(1, 2_000), (10, 10_000), (100, 50_000), (1_000, 50_000)];
/// The level that is held against the ledger in this process.
const COMPARED: usize = 100;
/// Handoffs at half load.
const TIMED: usize = 30_000;
/// Opens the log's keys.
const PASSPHRASE: &str = "of the benchmark";
/// Lets the load through: limits are for those who ask too often, and here everybody is one address.
const CONFIGURATION: &str = "[limits]\nper_second = 1000000\nburst = 1000000\n";

type Note<'a> = &'a mut dyn FnMut(&str, Value);

/// Records on their way at a time, and what each took.
struct Level {
    per_s: f64,
    cpu_us: f64,
    outcomes: Vec<Outcome>,
}

/// A founded ledger, twice, and what is to be handed over in it.
struct Ground {
    keys: LogKeys,
    records: Vec<Vec<u8>>,
    /// Entries before the first handoff.
    size: u64,
}

/// Measures in `dir`, and notes what came of it.
pub fn run(dir: &Path, note: Note<'_>) {
    let count: usize = LEVELS.iter().map(|(_, count)| count).sum();
    let ground = Ground::lay(dir, count + TIMED);
    let embedded = ground.embedded(dir, note);
    let served = serve(dir);
    let mut records = ground.records.iter().map(|record| body_of(record)).collect::<Vec<_>>().into_iter();
    let mut outcomes = Vec::new();
    let mut half = 0.0;
    for (clients, count) in LEVELS {
        let level = Level::over_http(&served, records.by_ref().take(count).collect(), clients, None);
        level.note(&format!("http_clients_{clients}"), note);
        if clients == COMPARED {
            half = level.per_s / 2.0;
            note("http_cpu_ratio", json!(ratio(level.cpu_us, embedded.0)));
            note("http_cpu_ratio_as_many_at_a_time", json!(ratio(level.cpu_us, embedded.1)));
        }
        outcomes.extend(level.outcomes);
        note(&format!("http_memory_mib_after_{clients}"), json!(memory_bytes(served.pid()) >> 20));
    }
    let level = Level::over_http(&served, records.collect(), COMPARED, Some(half));
    level.note("http_half_load", note);
    outcomes.extend(level.outcomes);
    hold_against(&served, &ground, &outcomes);
    served.stop();
}

impl Ground {
    fn lay(dir: &Path, handoffs: usize) -> Self {
        let origin = ORIGIN.parse().expect("the benchmark's origin is one");
        let (custodians, items) = (1000, 20_000);
        let sizes = Sizes { custodians, items, handoffs: handoffs as u64, timed: 0, of_one: 0 };
        let mut load = Load::new(origin, custodians).without_sealed();
        let at = dir.join("served");
        fs::create_dir_all(at.join("keys")).expect("the scratch directory can be made");
        let keys = write_keys(&at);
        let ledger = found_with(&load, &at, twin(&keys), 0);
        let (genesis, seen) = newest(&ledger);
        let stage = Stage::sign(&mut load, &sizes, genesis, seen);
        submit_all(&ledger, stage.ground);
        let size = newest(&ledger).1.size.0;
        drop(ledger);
        copy(&at, &dir.join("embedded"));
        Self { keys, records: stage.handoffs, size }
    }

    /// Processor time of a handoff in microseconds: all submitted together, and as many at a time as clients are compared.
    fn embedded(&self, dir: &Path, note: Note<'_>) -> (f64, f64) {
        let options = LedgerOptions::new(dir.join("embedded"));
        let ledger = Ledger::open(options, twin(&self.keys)).expect("the ledger opens");
        let half = self.records.len() / 2;
        let (together, some) = self.records.split_at(half);
        let cpu = |work: &dyn Fn()| {
            let (before, start) = (processor_time(std::process::id()), Instant::now());
            work();
            let used = processor_time(std::process::id()) - before;
            (used.as_secs_f64() * 1e6 / half as f64, half as f64 / start.elapsed().as_secs_f64())
        };
        let (whole_us, whole_per_s) = cpu(&|| drop(submit_all(&ledger, together.to_vec())));
        let (some_us, some_per_s) = cpu(&|| submit_some_at_a_time(&ledger, some, COMPARED));
        note("embedded_cpu_us", json!(whole_us.round()));
        note("embedded_per_s", json!(whole_per_s.round()));
        note(&format!("embedded_{COMPARED}_at_a_time_cpu_us"), json!(some_us.round()));
        note(&format!("embedded_{COMPARED}_at_a_time_per_s"), json!(some_per_s.round()));
        (whole_us, some_us)
    }
}

impl Level {
    fn over_http(
        served: &Served,
        bodies: Vec<hyper::body::Bytes>,
        clients: usize,
        rate: Option<f64>,
    ) -> Self {
        let count = bodies.len() as f64;
        let (before, start) = (processor_time(served.pid()), Instant::now());
        let outcomes = drive(served.address(), bodies, clients, rate);
        let (used, taken) = (processor_time(served.pid()) - before, start.elapsed());
        let refused: Vec<_> = outcomes.iter().filter(|outcome| outcome.status != 201).collect();
        assert!(refused.is_empty(), "{} were not taken: {:?}", refused.len(), refused.first());
        let (per_s, cpu_us) = (count / taken.as_secs_f64(), used.as_secs_f64() * 1e6 / count);
        Self { per_s, cpu_us, outcomes }
    }

    fn note(&self, name: &str, note: Note<'_>) {
        let ms = |outcome: &Outcome| outcome.latency.as_secs_f64() * 1000.0;
        let mut latencies: Vec<_> = self.outcomes.iter().map(ms).collect();
        latencies.sort_unstable_by(f64::total_cmp);
        note(&format!("{name}_per_s"), json!(self.per_s.round()));
        note(&format!("{name}_cpu_us"), json!(self.cpu_us.round()));
        note(&format!("{name}_p50_ms"), json!(percentile(&latencies, 50)));
        note(&format!("{name}_p99_ms"), json!(percentile(&latencies, 99)));
    }
}

/// Nothing is lost and nothing is there twice: as many entries as answers, each answer's its own.
fn hold_against(served: &Served, ground: &Ground, outcomes: &[Outcome]) {
    let entries: HashSet<_> = outcomes.iter().filter_map(|outcome| outcome.entry).collect();
    assert_eq!(entries.len(), ground.records.len(), "every record has an entry of its own");
    let checkpoint = served.get("/checkpoint").body;
    let size = ground.size + ground.records.len() as u64;
    let signed = checkpoint.lines().nth(1);
    assert_eq!(signed, Some(&*size.to_string()), "the ledger has these entries and no others");
}

/// `at_a_time` records are on their way until none is left: what that many clients do, without the way.
fn submit_some_at_a_time(ledger: &Ledger, records: &[Vec<u8>], at_a_time: usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let worker = || {
        let (to, answers) = unbounded();
        let post = || {
            let record = records.get(next.fetch_add(1, Ordering::Relaxed))?;
            let to = to.clone();
            let reply = Reply::new(move |answer| drop(to.send(answer)));
            ledger.post((record.clone(), Vec::new()), reply);
            Some(())
        };
        let mut waiting = (0..at_a_time / cores).filter_map(|_| post()).count();
        while waiting > 0 {
            let answer = answers.recv().expect("the ledger answers");
            let _ = answer.expect("a record of the load is accepted");
            waiting = waiting - 1 + usize::from(post().is_some());
        }
    };
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(worker))));
}

fn serve(dir: &Path) -> Served {
    fs::write(dir.join("passphrase.txt"), PASSPHRASE).expect("a passphrase can be written");
    fs::write(dir.join("serve.toml"), CONFIGURATION).expect("a configuration can be written");
    Served::start(dir, "served", &["--config", "serve.toml"])
}

/// Keys as `custody init` leaves them.
fn write_keys(ledger: &Path) -> LogKeys {
    let passphrase = Passphrase::new(Zeroizing::new(PASSPHRASE.to_owned()), "the log's keys");
    let passphrase = passphrase.expect("the benchmark's passphrase is one");
    let files = LogKeyFiles::of(ledger);
    let make = |kind, path: &Path| {
        let seed = Seed::random(kind).expect("a key can be made");
        let text = seed.encode_private(&passphrase).expect("a key can be encrypted");
        fs::write(path, text).expect("a key can be written");
        Zeroizing::new(*seed.as_bytes())
    };
    LogKeys {
        ed25519: make(KeyKind::Ed25519, &files.ed25519),
        mldsa44: make(KeyKind::MlDsa44, &files.mldsa44),
    }
}

fn twin(keys: &LogKeys) -> LogKeys {
    LogKeys { ed25519: keys.ed25519.clone(), mldsa44: keys.mldsa44.clone() }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory can be made");
    for entry in fs::read_dir(from).expect("a ledger can be read") {
        let entry = entry.expect("a ledger can be read");
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).expect("a file can be copied")),
        }
    }
}
