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
/// Handoffs over HTTP before the ledger in this process takes its turn.
const TURN: usize = 10_000;
/// Handoffs of that turn in either way.
const EMBEDDED_TURN: usize = 8_000;
/// Handoffs at half load.
const TIMED: usize = 30_000;
/// Handoffs that come several in a request.
const TOGETHER: usize = 50_000;

/// Handoffs a second of a steady load.
const SOAKED_PER_S: u64 = 2_000;
/// Time between two looks at the memory.
const SAMPLED: Duration = Duration::from_secs(30);

type Note<'a> = &'a mut dyn FnMut(&str, Value);

/// What came of a load over HTTP.
#[derive(Default)]
struct Level {
    spent: Spent,
    outcomes: Vec<Outcome>,
}

/// Measures in `dir`, and notes what came of it.
pub fn run(dir: &Path, note: Note<'_>) {
    let count: usize = LEVELS.iter().map(|(_, count)| count).sum();
    let site = LoadSite::lay(dir, 20_000, (count + TOGETHER + TIMED) as u64);
    copy(&dir.join(LEDGER), &dir.join("embedded"));
    let mut embedded = Embedded::open(&site, dir);
    let served = site.serve(dir);
    let mut rest = site.handoffs.as_slice();
    let mut take = |count| rest.split_off(..count).unwrap_or_default();
    let mut outcomes = Vec::new();
    let mut half = 0.0;
    for (clients, count) in LEVELS {
        let requests = take(count).iter().map(|record| Sending::one(record)).collect();
        let level = match clients {
            COMPARED => embedded.in_turns(&served, requests, TURN),
            _ => Level::over_http(&served, requests, clients, None),
        };
        level.note(&format!("http_clients_{clients}"), note);
        if clients == COMPARED {
            half = level.spent.of_one().1 / 2.0;
            embedded.compare("http", &level, note);
        }
        outcomes.extend(level.outcomes);
        note(&format!("http_memory_mib_after_{clients}"), json!(memory_bytes(served.pid()) >> 20));
    }
    let requests = take(TOGETHER).chunks(SEVERAL).map(Sending::several).collect();
    let level = embedded.in_turns(&served, requests, TURN / SEVERAL);
    level.note("http_several", note);
    embedded.compare("http_several", &level, note);
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

/// What a number of handoffs took.
#[derive(Default)]
struct Spent {
    count: usize,
    processor: Duration,
    time: Duration,
}

impl Spent {
    /// Counts `work`, which is that of the process `pid` and returns how many handoffs it was.
    fn count(&mut self, pid: u32, work: impl FnOnce() -> usize) {
        let (before, start) = (processor_time(pid), Instant::now());
        self.count += work();
        self.processor += processor_time(pid) - before;
        self.time += start.elapsed();
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.processor += other.processor;
        self.time += other.time;
    }

    /// Processor time of each in microseconds, and how many a second.
    fn of_one(&self) -> (f64, f64) {
        let count = self.count as f64;
        (self.processor.as_secs_f64() * 1e6 / count, count / self.time.as_secs_f64())
    }

    fn note(&self, name: &str, note: Note<'_>) {
        let (cpu_us, per_s) = self.of_one();
        note(&format!("{name}_cpu_us"), json!(cpu_us.round()));
        note(&format!("{name}_per_s"), json!(per_s.round()));
    }
}

/// The ledger in this process, which gets the same handoffs.
struct Embedded<'s> {
    ledger: Ledger,
    rest: &'s [Vec<u8>],
    /// All of a turn submitted together.
    together: Spent,
    /// As many at a time as there are clients that are compared.
    some: Spent,
}

impl<'s> Embedded<'s> {
    fn open(site: &'s LoadSite, dir: &Path) -> Self {
        let options = LedgerOptions::new(dir.join("embedded"));
        let ledger = Ledger::open(options, twin(&site.keys)).expect("the ledger opens");
        let (together, some) = (Spent::default(), Spent::default());
        Self { ledger, rest: &site.handoffs, together, some }
    }

    /// Requests of the clients that are compared, by turns with the ledger in this process: what else the machine does from second
    /// to second then falls on all.
    fn in_turns(&mut self, served: &Served, mut requests: Vec<Sending>, turn: usize) -> Level {
        (self.together, self.some) = (Spent::default(), Spent::default());
        let mut level = Level::default();
        while !requests.is_empty() {
            let later = requests.split_off(turn.min(requests.len()));
            level.add(Level::over_http(served, requests, COMPARED, None));
            self.take_turn();
            requests = later;
        }
        level
    }

    fn take_turn(&mut self) {
        let (ledger, pid) = (&self.ledger, std::process::id());
        let mut take = || {
            let count = EMBEDDED_TURN.min(self.rest.len());
            self.rest.split_off(..count).unwrap_or_default()
        };
        let records = take();
        self.together.count(pid, || submit_all(ledger, records.to_vec()).len());
        let records = take();
        self.some.count(pid, || submit_some_at_a_time(ledger, records, COMPARED));
    }

    /// Notes what came of the turns beside `level`.
    fn compare(&self, name: &str, level: &Level, note: Note<'_>) {
        let cpu_us = level.spent.of_one().0;
        let some = format!("{COMPARED}_at_a_time");
        for (spent, how) in [(&self.together, "together"), (&self.some, some.as_str())] {
            spent.note(&format!("{name}_embedded_{how}"), note);
            note(&format!("{name}_cpu_ratio_{how}"), json!(ratio(cpu_us, spent.of_one().0)));
        }
    }
}

impl Level {
    fn over_http(
        served: &Served,
        requests: Vec<Sending>,
        clients: usize,
        rate: Option<f64>,
    ) -> Self {
        let mut level = Self::default();
        level.spent.count(served.pid(), || {
            level.outcomes = drive(served.address(), requests, clients, rate);
            level.outcomes.iter().map(|outcome| outcome.entries.len()).sum()
        });
        level
    }

    fn add(&mut self, other: Self) {
        self.spent.add(&other.spent);
        self.outcomes.extend(other.outcomes);
    }

    fn note(&self, name: &str, note: Note<'_>) {
        let ms = |outcome: &Outcome| outcome.latency.as_secs_f64() * 1000.0;
        let mut latencies: Vec<_> = self.outcomes.iter().map(ms).collect();
        latencies.sort_unstable_by(f64::total_cmp);
        self.spent.note(name, note);
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

/// `at_a_time` records are on their way until none is left: what that many clients do, without the way. Returns how many there
/// were.
fn submit_some_at_a_time(ledger: &Ledger, records: &[Vec<u8>], at_a_time: usize) -> usize {
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
    records.len()
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
