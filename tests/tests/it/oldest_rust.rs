//! The oldest Rust that we ask for compiles what we ship.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::page_verifier::skip;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The toolchain of version `oldest` that is installed, with whatever patch.
fn installed(oldest: &str) -> Option<String> {
    let output = Command::new("rustup").args(["toolchain", "list"]).output().ok()?;
    let list = String::from_utf8(output.stdout).ok()?;
    let mut names = list.lines().filter_map(|line| line.split_whitespace().next());
    let is_it =
        |name: &&str| name.strip_prefix(oldest).is_some_and(|rest| rest.starts_with(['.', '-']));
    names.find(is_it).map(str::to_owned)
}

/// Dependencies say themselves what they need, or do not: only compiling tells.
#[test]
fn both_programs_compile_with_the_oldest_rust_that_is_named() {
    let oldest = env!("CARGO_PKG_RUST_VERSION");
    let Some(toolchain) = installed(oldest) else {
        return skip("oldest_rust", &format!("rustup has no Rust {oldest}"));
    };
    let own = std::env::current_exe().expect("a running program has a path");
    let target = own.ancestors().find(|folder| folder.ends_with("release"));
    let target = target.and_then(Path::parent).expect("it lies in a target folder");
    let mut cargo = Command::new("rustup");
    // What cargo tells a test about its package, a build script may take for a change of its own.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_") {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .args(["run", &toolchain, "cargo", "check", "--quiet", "--locked"])
        .args(["-p", "custody-api", "-p", "custody-verify"])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target.join("oldest-rust"))
        // Nothing is linked, so that RocksDB need not be compiled another time.
        .env("ROCKSDB_LIB_DIR", target)
        .output()
        .expect("rustup starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
