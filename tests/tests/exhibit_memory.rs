//! How much memory an exhibit can make its reader take: a stated multiple of the file, whatever the file
//! says. A binary of its own, since it counts what all of it allocates.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use custody_core::cbor::Value;
use custody_core::exhibit::Exhibit;
use custody_core::policy::Policy;
use custody_core::verify::{Inputs, Verdict, refused_exhibit, verify_exhibit};
use custody_tests::paper::story::Story;
use custody_tests::paper::{At, edit, uuid};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One test at a time: they count the same bytes.
static TURN: Mutex<()> = Mutex::new(());

/// Reading and verifying take at most so many times the file's size, and what a verifier needs anyway.
const MULTIPLE: usize = 8;
const ANYWAY: usize = 256 * 1024;

/// The most that was allocated at once while the file was read and verified, beside the file itself.
fn peak(file: &[u8], policy: &Policy) -> (usize, Verdict) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let inputs = Inputs { policy, pins: None, checkpoints: &[], evidence: &[], at_s: None };
    let outcome = match Exhibit::parse(file) {
        Ok(exhibit) => verify_exhibit(&exhibit, &inputs),
        Err(error) => refused_exhibit(&error),
    };
    (MEMORY.peak_usage() - before, outcome.report.verdict())
}

#[track_caller]
fn check(name: &str, file: &[u8], policy: &Policy) {
    let (peak, verdict) = peak(file, policy);
    let most = MULTIPLE * file.len() + ANYWAY;
    println!(
        "{name}: {} bytes, {peak} bytes of memory ({:.1}), {verdict}",
        file.len(),
        peak as f64 / file.len() as f64
    );
    assert!(peak <= most, "{name}: {peak} bytes for a file of {}, at most {most}", file.len());
}

/// The story's exhibit with a list of its contents replaced, signed by the exporter.
fn with(key: &str, items: Vec<Value>) -> Vec<u8> {
    let exhibit = Story::whole().exhibit();
    let contents = edit(&exhibit.contents.encode(), &[At::Key(key)], |value| {
        *value = Value::Array(items);
    });
    exhibit.encode_contents(&contents)
}

#[test]
fn every_vector_takes_a_multiple_of_its_size() {
    let _turn = TURN.lock();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/exhibit/image");
    let policy = Policy::parse(&fs::read(folder.join("policy.txt")).unwrap()).unwrap();
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "exhibit") {
            check(&file.display().to_string(), &fs::read(&file).unwrap(), &policy);
        }
    }
}

/// Files made of the items that take the most memory for their size, as many as a megabyte or two holds.
#[test]
fn hostile_lists_take_a_multiple_of_their_size() {
    let _turn = TURN.lock();
    let story = Story::whole();
    let policy = story.policy();
    let hash = || Value::bytes([7; 32]);
    let opening = |n: u64| {
        Value::array([Value::Uint(n), Value::text("a"), Value::bytes([7; 16]), Value::bytes([0])])
    };
    let subject = |n: usize| {
        let id = format!("item:{}", uuid(&n.to_string()));
        Value::array([Value::text(id), Value::bytes([])])
    };
    let record = |n: u64, record: &[u8]| {
        let (time, root) = (Value::Uint(1 << 40), hash());
        Value::array([Value::Uint(n), time, root, Value::bytes(record)])
    };
    let earlier = |n: u64| Value::array([Value::Uint(n), Value::array(vec![hash(); 124])]);
    let mut subjects: Vec<_> = (0..40_000).map(subject).collect();
    subjects.sort_by_key(Value::encode);
    let items: Vec<_> = (0..500).map(|n| uuid(&n.to_string())).collect();
    let many = story.ledger.handoff(&story.cast.ana, &story.cast.ben, &items, &[]).sign();
    let seal = story.ledger.put_seal(&story.cast.ana, story.disk, "1").sign();
    check("openings", &with("openings", (0..60_000).map(opening).collect()), &policy);
    check("subjects", &with("subjects", subjects), &policy);
    check("proof", &with("proof", vec![hash(); 60_000]), &policy);
    check("consistency", &with("consistency", (0..256).map(earlier).collect()), &policy);
    check("records", &with("records", (0..3000).map(|n| record(n, &seal)).collect()), &policy);
    check("items", &with("records", (0..60).map(|n| record(n, &many)).collect()), &policy);
}

/// Heads that announce what is not there.
#[test]
fn announced_lengths_allocate_nothing() {
    let _turn = TURN.lock();
    let story = Story::enrolled();
    let (policy, exhibit) = (story.policy(), story.exhibit());
    let contents = exhibit.contents.encode();
    for key in ["records", "openings", "subjects", "proof", "consistency", "tail", "checkpoint"] {
        for major in [2, 3, 4, 5] {
            for length in [1u64 << 16, 1 << 32, 1 << 40, u64::MAX] {
                let head = [vec![major << 5 | 27], length.to_be_bytes().to_vec()].concat();
                let contents =
                    edit(&contents, &[At::Key(key)], |value| *value = Value::Encoded(head));
                check(key, &exhibit.encode_contents(&contents), &policy);
            }
        }
    }
}
