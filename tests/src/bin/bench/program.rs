//! The verifier as its users run it: a program, files, an exit code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use custody_core::note::KeyName;
use custody_core::policy::Policy;
use custody_log::signing::{LogSeeds, LogSigner};

use crate::append::log_keys;
use crate::stage::ORIGIN;

/// The verifier, beside the benchmark's own program.
pub fn verifier() -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    own.with_file_name("custody-verify")
}

/// Builds the verifier as it stands in the sources: `cargo run --bin bench` builds the benchmark alone.
pub fn build_verifier() {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--release", "--locked", "--package", "custody-verify"]);
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(build.status().is_ok_and(|status| status.success()), "the verifier can be built");
}

/// A run of the verifier's `command` on `file`, with what a reader of the benchmark's ledger trusts.
pub fn run(command: &str, file: &Path, dir: &Path) -> Command {
    let mut run = Command::new(verifier());
    run.arg(command).arg(file);
    run.arg("--policy").arg(dir.join("policy.txt"));
    run.arg("--agencies").arg(dir.join("agencies.txt"));
    run
}

/// Writes what a reader of the benchmark's ledger trusts: its log's keys, its genesis, its agency.
pub fn write_trust(dir: &Path, pins: &str) {
    let keys = log_keys();
    let name = KeyName::parse(ORIGIN).expect("the benchmark's origin is a key name");
    let seeds = LogSeeds { ed25519: &keys.ed25519, mldsa44: &keys.mldsa44 };
    let signer = LogSigner::from_seeds(&name, seeds).expect("the log's keys are usable");
    let policy =
        Policy::for_log(signer.keys().clone(), Vec::new(), None).expect("a policy of one log");
    fs::write(dir.join("policy.txt"), policy.format()).expect("the policy can be written");
    fs::write(dir.join("agencies.txt"), pins).expect("the pins can be written");
}

/// Runs the verifier; anything but `verified` ends the benchmark.
pub fn expect_verified(mut command: Command) {
    let output = command.output().expect("the verifier runs: build it with the benchmark");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "the verifier says: {text}");
}
