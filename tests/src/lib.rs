//! What the tests that span packages have in common. The tests themselves are one binary,
//! `tests/it/main.rs`, with a module per subject.

pub mod fault;
#[allow(clippy::expect_used)]
pub mod http_load;
#[allow(clippy::expect_used)]
pub mod image;
pub mod load;
#[allow(clippy::expect_used)]
pub mod load_site;
#[allow(clippy::expect_used)]
pub mod machine;
pub mod memory;
pub mod model;
#[allow(clippy::expect_used)]
pub mod office;
pub mod paper;
#[allow(clippy::expect_used)]
pub mod process;
#[allow(clippy::expect_used)]
pub mod program;
pub mod published;
#[allow(clippy::expect_used)]
pub mod served;
#[allow(clippy::expect_used)]
pub mod transcript;
pub mod world;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Path of a vector or data file that lies beside the repository, or `None` where it is absent.
///
/// In that case a line `SKIPPED <test name>: <path> is absent` goes to stderr, past the test harness's
/// capture: a skipped test must not look like a passed one. The name is that of the test's thread.
pub fn shared(path: &str) -> Option<PathBuf> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path);
    if full.exists() {
        return Some(full);
    }
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed test");
    // With stderr gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {} is absent", full.display());
    None
}
