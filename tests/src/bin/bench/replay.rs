//! Replaying a published ledger with the verifier as its users run it.

use std::path::Path;
use std::time::Instant;

use custody_log::{Ledger, LedgerOptions};

use crate::program;
use crate::stage::Sizes;

/// What came of it.
pub struct Replayed {
    /// Entries a second.
    pub per_s: f64,
    /// Signatures a second.
    pub signatures_per_s: f64,
}

/// Publishes the ledger in `dir` and replays it.
pub fn run(sizes: &Sizes, dir: &Path) -> Replayed {
    let tiles = dir.join("tiles");
    let reader = Ledger::open_read_only(LedgerOptions::new(dir)).expect("the ledger can be read");
    reader.publish(&tiles, &|_| ()).expect("the ledger can be published");
    let start = Instant::now();
    program::expect_verified(program::run("replay", &tiles, dir));
    let seconds = start.elapsed().as_secs_f64();
    Replayed {
        per_s: sizes.entries() as f64 / seconds,
        signatures_per_s: sizes.signatures() as f64 / seconds,
    }
}
