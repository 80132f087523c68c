//! Handoffs over HTTP: what a server takes for each, beside what the ledger takes for the same records in this process.
//!
//! Two copies of one ledger get the same records: one through `custody serve`, a process of its own, the other through the
//! library. Processor time is the server's alone; clients run on the same cores and are not counted.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;
use custody_core::record::Record;
use custody_log::{Ledger, LedgerOptions, Reply};
use custody_tests::http_load::{Outcome, Sending, drive};
use custody_tests::load_site::{LEDGER, LoadSite, twin};
use custody_tests::process::{memory_bytes, processor_time};
use custody_tests::served::Served;
use serde_json::{Value, json};

use crate::append::{percentile, submit_all};
use crate::ratio;

/// Clients at a time, and how many handoffs they submit together.
const LEVELS: [(usize, usize); 4] = [(1, 2_000), (10, 10_000), (100, 50_000), (1_000, 50_000)];
/// The level that is held against the ledger in this process.
const COMPARED: usize = 100;
/// Handoffs that one request has, where it has several.
const SEVERAL: usize = 40;
/// Handoffs that are submitted in this process before the other way takes its turn.
const TURN: usize = 8_000;
/// Handoffs at half load.
const TIMED: usize = 30_000;
/// Handoffs that come several in a request.
const TOGETHER: usize = 50_000;

/// Handoffs a second of a steady load.
const SOAKED_PER_S: u64 = 2_000;
/// Time between two looks at the memory.
const SAMPLED: Duration = Duration::from_secs(30);

type Note<'a> = &'a mut dyn FnMut(&str, Value);

/// What came of a load. Processor time is that of a handoff.
struct Level {
    per_s: f64,
    cpu_us: f64,
    outcomes: Vec<Outcome>,
}

/// Measures in `dir`, and notes what came of it.
pub fn run(dir: &Path, note: Note<'_>) {
    let count: usize = LEVELS.iter().map(|(_, count)| count).sum();
    let site = LoadSite::lay(dir, 20_000, (count + TOGETHER + TIMED) as u64);
    copy(&dir.join(LEDGER), &dir.join("embedded"));
    let embedded = Embedded::measure(&site, dir, note);
    let served = site.serve(dir);
    let mut rest = site.handoffs.as_slice();
    let mut take = |count| rest.split_off(..count).unwrap_or_default();
    let mut outcomes = Vec::new();
    let mut half = 0.0;
    for (clients, count) in LEVELS {
        let requests = take(count).iter().map(|record| Sending::one(record)).collect();
        let level = Level::over_http(&served, requests, clients, None);
        level.note(&format!("http_clients_{clients}"), note);
        if clients == COMPARED {
            half = level.per_s / 2.0;
            embedded.compare("http_cpu_ratio", &level, note);
        }
        outcomes.extend(level.outcomes);
        note(&format!("http_memory_mib_after_{clients}"), json!(memory_bytes(served.pid()) >> 20));
    }
    let requests = take(TOGETHER).chunks(SEVERAL).map(Sending::several).collect();
    let level = Level::over_http(&served, requests, COMPARED, None);
    level.note("http_several", note);
    embedded.compare("http_several_cpu_ratio", &level, note);
    outcomes.extend(level.outcomes);
    let requests = take(TIMED).iter().map(|record| Sending::one(record)).collect();
    let level = Level::over_http(&served, requests, COMPARED, Some(half));
    level.note("http_half_load", note);
    outcomes.extend(level.outcomes);
    hold_against(&served, &site, &outcomes);
    served.stop();
}

/// Serves a steady load for a time, and notes what memory the server holds minute by minute.
pub fn soak(dir: &Path, time: Duration, note: Note<'_>) {
    let count = SOAKED_PER_S * time.as_secs();
    let site = LoadSite::lay(dir, 20_000, count);
    let served = site.serve(dir);
    let requests = site.handoffs.iter().map(|record| Sending::one(record)).collect();
    let rate = Some(SOAKED_PER_S as f64);
    let (level, memory) = std::thread::scope(|scope| {
        let load = scope.spawn(|| Level::over_http(&served, requests, COMPARED, rate));
        let mut memory = Vec::new();
        while !load.is_finished() {
            memory.push(memory_bytes(served.pid()) >> 20);
            eprintln!("memory in MiB: {memory:?}");
            std::thread::park_timeout(SAMPLED);
        }
        (load.join().expect("a load ends"), memory)
    });
    level.note("http_soak", note);
    note("http_soak_memory_mib", json!(memory));
    hold_against(&served, &site, &level.outcomes);
    served.stop();
}

/// Processor time of a handoff in this process, in microseconds.
struct Embedded {
    /// All submitted together.
    together_us: f64,
    /// As many at a time as there are clients that are compared.
    some_us: f64,
}

impl Embedded {
    fn compare(&self, name: &str, level: &Level, note: Note<'_>) {
        note(name, json!(ratio(level.cpu_us, self.together_us)));
        let name = format!("{name}_as_many_at_a_time");
        note(&name, json!(ratio(level.cpu_us, self.some_us)));
    }
}

/// What a number of handoffs took in this process.
#[derive(Default)]
struct Spent {
    count: usize,
    processor: Duration,
    time: Duration,
}

impl Spent {
    fn count(&mut self, count: usize, work: impl FnOnce()) {
        let (before, start) = (processor_time(std::process::id()), Instant::now());
        work();
        self.processor += processor_time(std::process::id()) - before;
        self.time += start.elapsed();
        self.count += count;
    }

    /// Processor time of each in microseconds, and how many a second.
    fn of_one(&self) -> (f64, f64) {
        let count = self.count as f64;
        (self.processor.as_secs_f64() * 1e6 / count, count / self.time.as_secs_f64())
    }
}

impl Embedded {
    /// The same handoffs, half of them together and half some at a time.
    fn measure(site: &LoadSite, dir: &Path, note: Note<'_>) -> Self {
        let options = LedgerOptions::new(dir.join("embedded"));
        let ledger = Ledger::open(options, twin(&site.keys)).expect("the ledger opens");
        let (mut together, mut some) = (Spent::default(), Spent::default());
        // By turns: a ledger that has grown has more to do in the background.
        for (turn, records) in site.handoffs.chunks(TURN).enumerate() {
            match turn % 2 {
                0 => together.count(records.len(), || drop(submit_all(&ledger, records.to_vec()))),
                _ => {
                    some.count(records.len(), || submit_some_at_a_time(&ledger, records, COMPARED))
                }
            }
        }
        let (together_us, together_per_s) = together.of_one();
        let (some_us, some_per_s) = some.of_one();
        note("embedded_cpu_us", json!(together_us.round()));
        note("embedded_per_s", json!(together_per_s.round()));
        note(&format!("embedded_{COMPARED}_at_a_time_cpu_us"), json!(some_us.round()));
        note(&format!("embedded_{COMPARED}_at_a_time_per_s"), json!(some_per_s.round()));
        Self { together_us, some_us }
    }
}

impl Level {
    fn over_http(
        served: &Served,
        requests: Vec<Sending>,
        clients: usize,
        rate: Option<f64>,
    ) -> Self {
        let (before, start) = (processor_time(served.pid()), Instant::now());
        let outcomes = drive(served.address(), requests, clients, rate);
        let (used, taken) = (processor_time(served.pid()) - before, start.elapsed());
        let count = outcomes.iter().map(|outcome| outcome.entries.len()).sum::<usize>() as f64;
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
fn hold_against(served: &Served, site: &LoadSite, outcomes: &[Outcome]) {
    let entries: HashSet<_> = outcomes.iter().flat_map(|outcome| &outcome.entries).collect();
    assert_eq!(entries.len(), site.handoffs.len(), "every record has an entry of its own");
    let checkpoint = served.get("/checkpoint").body;
    let size = site.size + site.handoffs.len() as u64;
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
            ledger.post(
                Record::parse(record).expect("a record of the load is well formed"),
                Vec::new(),
                reply,
            );
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
