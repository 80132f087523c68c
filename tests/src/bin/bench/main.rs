//! The benchmark: what the ledger and the verifier do, beside the physical limit of this machine in this run.
//!
//! `cargo run --release -p custody-tests --bin bench -- --json [--entries N | --http | --soak SECONDS] [--dir DIR]`
//!
//! The limit is two strict Ed25519 checks for every handoff on all cores, measured here and now, so
//! that the ratios carry over from one machine to another. docs/TESTING.md says how to read the figures.

// Whatever goes wrong here is a mistake in the benchmark, and a benchmark may stop.
#![allow(clippy::expect_used, clippy::panic)]

mod append;
mod exhibit;
mod http;
mod limit;
mod manifest;
mod program;
mod replay;
mod stage;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use limit::Checks;
use serde_json::{Map, Value, json};

/// As in the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is added to each flush, in milliseconds: this disk's own flush, a good one's, an ordinary one's.
const ADDED_FLUSH_MS: [u64; 3] = [0, 1, 5];

struct Options {
    entries: u64,
    dir: PathBuf,
    is_json: bool,
    only: Option<Only>,
}

/// A part of the benchmark for itself.
#[derive(Clone, Copy)]
enum Only {
    /// What a server takes.
    Http,
    /// A steady load over HTTP, which the whole does not have.
    Soak(Duration),
}

fn main() -> ExitCode {
    let Some(options) = parse(std::env::args().skip(1)) else {
        eprintln!("error: unknown argument");
        eprintln!("hint: bench [--json] [--entries N | --http | --soak SECONDS] [--dir DIR]");
        return ExitCode::from(2);
    };
    program::build_verifier();
    let figures = measure(&options);
    let _ = std::fs::remove_dir_all(&options.dir);
    if options.is_json {
        println!("{}", Value::Object(figures));
    } else {
        figures.iter().for_each(|(name, value)| println!("{name:<28} {value}"));
    }
    ExitCode::SUCCESS
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let scratch = std::env::temp_dir().join(format!("custody-bench-{}", std::process::id()));
    let mut options = Options { entries: 200_000, dir: scratch, is_json: false, only: None };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => options.is_json = true,
            "--http" => options.only = Some(Only::Http),
            "--soak" => {
                let seconds = arguments.next()?.parse().ok()?;
                options.only = Some(Only::Soak(Duration::from_secs(seconds)));
            }
            "--entries" => options.entries = arguments.next()?.parse().ok()?,
            "--dir" => options.dir = PathBuf::from(arguments.next()?).join("custody-bench"),
            _ => return None,
        }
    }
    Some(options)
}

fn measure(options: &Options) -> Map<String, Value> {
    let sizes = stage::Sizes::for_entries(options.entries);
    if let Some(only) = options.only {
        return measure_http(options, only);
    }
    let sha256_per_s = limit::sha256_per_s();
    let mut figures = Map::new();
    let mut note = |name: &str, value: Value| {
        eprintln!("{name}: {value}");
        figures.insert(name.to_owned(), value);
    };
    note("entries", json!(sizes.entries()));
    note("items", json!(sizes.items));
    note("custodians", json!(sizes.custodians));
    note("cores", json!(std::thread::available_parallelism().map_or(1, usize::from)));
    note("backend", json!(limit::backend()));
    for added_ms in ADDED_FLUSH_MS {
        let dir = options.dir.join(format!("flush-{added_ms}"));
        let appended = append::run(&sizes, &dir, added_ms);
        let suffix = if added_ms == 0 { String::new() } else { format!("_flush_{added_ms}ms") };
        let Checks { strict_per_s, own_per_s } = appended.checks;
        note(&format!("strict_verify_per_s{suffix}"), json!(strict_per_s.round()));
        note(&format!("own_verify_per_s{suffix}"), json!(own_per_s.round()));
        note(&format!("append_per_s{suffix}"), json!(appended.per_s.round()));
        let signatures_per_s = appended.per_s * 2.0;
        note(&format!("append_ratio{suffix}"), json!(ratio(signatures_per_s, strict_per_s)));
        note(&format!("append_ratio_own{suffix}"), json!(ratio(signatures_per_s, own_per_s)));
        note(&format!("batch_mean{suffix}"), json!(appended.batch_mean.round()));
        note(&format!("append_p50_ms_half_load{suffix}"), json!(appended.p50_ms));
        note(&format!("append_p99_ms_half_load{suffix}"), json!(appended.p99_ms));
        if added_ms == 0 {
            note("record_bytes", json!(appended.record_bytes));
            note("bytes_per_subject", json!(appended.bytes_per_subject.round()));
            note("disk_ratio", json!(ratio(appended.disk_ratio, 1.0)));
            let replayed = replay::run(&sizes, &dir);
            note("replay_per_s", json!(replayed.per_s.round()));
            note("replay_ratio", json!(ratio(replayed.signatures_per_s, strict_per_s)));
            note("replay_ratio_own", json!(ratio(replayed.signatures_per_s, own_per_s)));
            let exhibited = exhibit::run(&sizes, &dir, sha256_per_s);
            note("exhibit_records", json!(exhibited.records));
            note("exhibit_bytes", json!(exhibited.bytes));
            note("exhibit_export_ms", json!(exhibited.export_ms));
            note("exhibit_verify_ms", json!(exhibited.verify_ms));
            note("sha256_ratio", json!(exhibited.sha256_ratio));
            note("sha256_ratio_one_a_core", json!(exhibited.sha256_ratio_one_a_core));
        }
        let _ = std::fs::remove_dir_all(&dir);
    }
    manifest::run(&options.dir.join("manifest"), &mut note);
    http::run(&options.dir.join("http"), &mut note);
    note("verifier_bytes", json!(exhibit::verifier_bytes()));
    figures
}

fn measure_http(options: &Options, only: Only) -> Map<String, Value> {
    let mut figures = Map::new();
    let mut note = |name: &str, value: Value| {
        eprintln!("{name}: {value}");
        figures.insert(name.to_owned(), value);
    };
    let dir = options.dir.join("http");
    match only {
        Only::Http => http::run(&dir, &mut note),
        Only::Soak(time) => http::soak(&dir, time, &mut note),
    }
    figures
}

/// A ratio to three places: more would be noise.
fn ratio(actual: f64, limit: f64) -> f64 {
    (actual / limit * 1000.0).round() / 1000.0
}
