//! Exporting and verifying one exhibit, and hashing evidence beside it.

use std::fs;
use std::path::Path;
use std::time::Instant;

use custody_core::cose::{BodyHeader, ContentType, Draft, Observed, Role, SignerParams};
use custody_core::exhibit::{Exhibit, Manifest, WithholdReason};
use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::{Occurred, TimeSource};
use custody_log::exhibit::{ExhibitRequest, assemble};
use custody_log::{Ledger, LedgerOptions, Reader};
use custody_tests::load::{self, LOAD_TIME_S, Load};

use crate::append::log_keys;
use crate::program;
use crate::stage::{ORIGIN, Sizes};

/// What came of it.
pub struct Exhibited {
    /// Records in the exhibit, those of the people included.
    pub records: usize,
    /// Its size in bytes.
    pub bytes: usize,
    /// Median time to assemble, sign and encode it, in milliseconds.
    pub export_ms: f64,
    /// Median time from starting the verifier to its end, in milliseconds.
    pub verify_ms: f64,
    /// Evidence bytes a second on all cores, beside SHA-256 of memory: two files a core.
    pub sha256_ratio: f64,
    /// The same with one file a core, which leaves nothing to fill the waits of a single stream with.
    pub sha256_ratio_one_a_core: f64,
}

/// Exports and verifies the exhibit of the item with the longest history.
pub fn run(sizes: &Sizes, dir: &Path, sha256_per_s: f64) -> Exhibited {
    let origin = ORIGIN.parse().expect("the benchmark's origin is one");
    let load = Load::new(origin, sizes.custodians);
    let ledger = Ledger::open(LedgerOptions::new(dir), log_keys()).expect("the ledger opens");
    let reader = ledger.reader().expect("the ledger can be read");
    let item = uuid(load::item(sizes.items - 1));
    let mut exhibit = Vec::new();
    let export_ms = median_ms(101, || exhibit = export(&reader, &load, item));
    let file = dir.join("bench.exhibit");
    fs::write(&file, &exhibit).expect("the exhibit can be written");
    let verify = || program::expect_verified(program::run("exhibit", &file, dir));
    let verify_ms = median_ms(51, verify);
    let run = Verification { exhibit: &file, dir, alone_ms: verify_ms };
    let parsed = Exhibit::parse(&exhibit).expect("the exhibit is one");
    Exhibited {
        records: parsed.contents().records.len(),
        bytes: exhibit.len(),
        export_ms,
        verify_ms,
        sha256_ratio: sha256_ratio(&run, 2, sha256_per_s),
        sha256_ratio_one_a_core: sha256_ratio(&run, 1, sha256_per_s),
    }
}

/// A verification that was measured without evidence.
struct Verification<'a> {
    exhibit: &'a Path,
    dir: &'a Path,
    alone_ms: f64,
}

/// Size of the verifier's program.
pub fn verifier_bytes() -> u64 {
    fs::metadata(program::verifier()).expect("the verifier was built").len()
}

fn export(reader: &Reader<'_>, load: &Load, item: Uuid) -> Vec<u8> {
    let exporter = load::custodian(0);
    let request = ExhibitRequest {
        item,
        exporter: uuid(exporter),
        since: Vec::new(),
        handling: Vec::new(),
        withhold: &|_, _| Some(WithholdReason::NotHeld),
    };
    let assembled = assemble(reader, &request).expect("the exhibit can be assembled");
    let contents = assembled.contents.encode();
    let manifest = Manifest {
        recipient: "Benchmark".to_owned(),
        item,
        made: Occurred { utc_s: LOAD_TIME_S, offset_min: 0, source: TimeSource::Ntp },
        purpose: "measuring".to_owned(),
        contents: sha256(&contents),
        exporter: request.exporter,
        withheld: assembled.withheld,
    };
    let header = BodyHeader {
        content_type: ContentType::Manifest,
        origin: reader.origin().clone(),
        genesis: Some(reader.genesis()),
    };
    let mut draft = Draft::new(header, manifest.encode());
    let observed = Observed::default();
    let params = SignerParams { role: Role::Acting, iat_s: LOAD_TIME_S, observed };
    draft.sign(load.custodian_key(0), params).expect("the manifest signs");
    Exhibit::encode(&contents, &draft.to_bytes())
}

/// Hashes large files, `each` a core, through the verifier, and takes off what it needs for the exhibit itself.
fn sha256_ratio(run: &Verification<'_>, each: usize, sha256_per_s: f64) -> f64 {
    /// Bytes a core.
    const SHARE: usize = 512 << 20;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let block: Vec<u8> = (0..SHARE / each).map(|at| ((at * 31) >> 3) as u8).collect();
    let name = |number| run.dir.join(format!("evidence-{number}"));
    let files: Vec<_> = (0..cores * each).map(name).collect();
    files.iter().for_each(|file| fs::write(file, &block).expect("a scratch file can be written"));
    let hash = || {
        let mut command = program::run("exhibit", run.exhibit, run.dir);
        for file in &files {
            command.arg("--evidence").arg(file);
        }
        // No record names these files: the answer is no, after every byte was hashed.
        command.output().expect("the verifier runs");
    };
    let best_ms = (0..3).map(|_| median_ms(1, hash)).fold(f64::MAX, f64::min);
    files.iter().for_each(|file| drop(fs::remove_file(file)));
    let per_s = (SHARE * cores) as f64 / ((best_ms - run.alone_ms) / 1000.0);
    crate::ratio(per_s, sha256_per_s)
}

fn median_ms(times: usize, mut act: impl FnMut()) -> f64 {
    let mut measured: Vec<_> = (0..times)
        .map(|_| {
            let start = Instant::now();
            act();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    measured.sort_unstable_by(f64::total_cmp);
    (measured[times / 2] * 1000.0).round() / 1000.0
}

fn uuid(subject: SubjectId) -> Uuid {
    match subject {
        SubjectId::Item(id) | SubjectId::Custodian(id) => id,
        other => panic!("{other} is no item and no custodian"),
    }
}
