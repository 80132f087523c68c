//! Appending dual-signed handoffs: as fast as they go, then at half that speed for the latency.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, unbounded};
use custody_core::record::Record;
use custody_log::{Acknowledged, Ledger, LedgerOptions, LogSecrets, Reply};
use custody_tests::load::Load;
use custody_tests::load_site::newest;
use zeroize::Zeroizing;

use crate::limit::Checks;
use crate::program;
use crate::stage::{ORIGIN, Sizes, Stage};

/// What came of it.
pub struct Appended {
    /// Signature checks a second, measured just before.
    pub checks: Checks,
    /// Handoffs a second.
    pub per_s: f64,
    /// Records in a batch, on average.
    pub batch_mean: f64,
    /// Median latency at half load in milliseconds.
    pub p50_ms: f64,
    /// Latency at half load that one in a hundred exceeds, in milliseconds.
    pub p99_ms: f64,
    /// Length of a handoff's record.
    pub record_bytes: usize,
    /// Memory of the index for each subject.
    pub bytes_per_subject: f64,
    /// Bytes on disk after closing, beside entries and records.
    pub disk_ratio: f64,
}

/// The log's keys. Not for use.
pub fn log_keys() -> LogSecrets {
    LogSecrets { ed25519: Zeroizing::new([11; 32]), mldsa44: Zeroizing::new([12; 32]) }
}

/// Founds a ledger in `dir`, fills it, and measures.
pub fn run(sizes: &Sizes, dir: &Path, added_flush_ms: u64) -> Appended {
    let origin = ORIGIN.parse().expect("the benchmark's origin is one");
    let mut load = Load::new(origin, sizes.custodians);
    let ledger = found(&load, dir, added_flush_ms);
    let (genesis, seen) = newest(&ledger);
    let stage = Stage::sign(&mut load, sizes, genesis, seen);
    let ground = submit_all(&ledger, stage.ground.clone());
    assert_eq!(
        ground.len(),
        stage.ground.len(),
        "everything that handoffs stand on is in the ledger"
    );

    let checks = Checks::measure(&stage.handoffs[0]);
    let handoffs = stage.handoffs.clone();
    let start = Instant::now();
    let answers = submit_all(&ledger, handoffs);
    let per_s = answers.len() as f64 / start.elapsed().as_secs_f64();
    let batches: HashSet<_> = answers.iter().map(|answer| answer.checkpoint.as_ptr()).collect();
    let mut latencies = latencies_ms(&ledger, &stage.timed, per_s / 2.0);
    latencies.sort_unstable_by(f64::total_cmp);
    submit_all(&ledger, stage.of_one.clone());

    program::write_trust(dir, &load.pins(genesis).to_string());
    let (subjects, index_bytes) = ledger.index_usage();
    drop(ledger);
    Appended {
        checks,
        per_s,
        batch_mean: answers.len() as f64 / batches.len() as f64,
        p50_ms: percentile(&latencies, 50),
        p99_ms: percentile(&latencies, 99),
        record_bytes: stage.handoffs[0].len(),
        bytes_per_subject: index_bytes as f64 / subjects as f64,
        disk_ratio: disk_bytes(&dir.join("store")) as f64 / stage.raw_bytes() as f64,
    }
}

/// Founds the ledger of `load` in `dir`.
pub fn found(load: &Load, dir: &Path, added_flush_ms: u64) -> Ledger {
    let keys = log_keys();
    let origin = ORIGIN.parse().expect("the benchmark's origin is one");
    let (ed25519, mldsa44) = keys.public(&origin).expect("the log's keys are usable");
    let mut options = LedgerOptions::new(dir);
    options.store.added_flush = Duration::from_millis(added_flush_ms);
    fs::create_dir_all(dir).expect("the scratch directory can be made");
    Ledger::create(options, keys, load.opening(ed25519, mldsa44).bytes)
        .expect("a ledger is founded")
}

/// Submits everything and keeps the answers; a refusal ends the benchmark.
pub fn submit_all(ledger: &Ledger, records: Vec<Vec<u8>>) -> Vec<Acknowledged> {
    let records = records.into_iter().map(|record| (record, Vec::new())).collect();
    let answers = ledger.submit_all(records).into_iter();
    answers.map(|answer| answer.expect("a record of the load is accepted")).collect()
}

/// Latencies when records come in at `rate` a second whether answers are there or not: a record that had
/// to wait for its turn has waited, and that counts.
fn latencies_ms(ledger: &Ledger, records: &[Vec<u8>], rate: f64) -> Vec<f64> {
    let next = AtomicUsize::new(0);
    let (to, answers) = unbounded();
    let start = Instant::now();
    let due = |number| start + Duration::from_secs_f64(number as f64 / rate);
    let client = |to: Sender<_>| {
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(record) = records.get(position) else { return };
            std::thread::sleep(due(position).saturating_duration_since(Instant::now()));
            let to = to.clone();
            let reply = Reply::new(move |answer| drop(to.send((position, answer))));
            ledger.post(
                Record::parse(record).expect("a record of the load is well formed"),
                Vec::new(),
                reply,
            );
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        (0..cores).for_each(|_| {
            let to = to.clone();
            scope.spawn(move || client(to));
        });
        drop(to);
        let latency = |(position, answer): (usize, Result<_, _>)| {
            let _: Acknowledged = answer.expect("a record of the load is accepted");
            due(position).elapsed().as_secs_f64() * 1000.0
        };
        answers.into_iter().map(latency).collect()
    })
}

/// The value that `percent` of the sorted values do not exceed.
pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let value = sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)));
    (value.copied().unwrap_or(f64::NAN) * 1000.0).round() / 1000.0
}

/// Bytes of all files in `dir`.
pub fn disk_bytes(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).expect("the store's directory can be read");
    let size = |entry: std::io::Result<fs::DirEntry>| {
        let metadata = entry.and_then(|entry| entry.metadata()).expect("a file has a size");
        metadata.len()
    };
    entries.map(size).sum()
}
