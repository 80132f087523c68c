//! How witnesses stand, in a real browser: mirrors as processes, one that follows, one that is ended, one that was never
//! there, and one that has replayed another history of the same log. `tests/browser/witness.test.mjs` looks at them.

use std::fs;
use std::path::Path;

use custody_tests::office::copy;
use custody_tests::served::Served as Process;

use crate::browser_stage::{Stage, reserve};
use crate::page_browser::has_browser;

/// Has a mirror replay another history: of a copy of the ledger in which something else was recorded. Nobody is there
/// any more when it is done, but the mirror knows.
fn mislead(stage: &Stage, name: &str) {
    let other = stage.out().join("other");
    copy(&stage.out().join("ledger"), &other);
    let said = ["collect", "--description", "of the other history", "--key", "keys/keeper.key"];
    let entry = stage.custody_on("other", &said)["entry"].as_u64().unwrap();
    let overseers = format!("overseers = [\"{}\"]\n", stage.officer());
    fs::write(stage.out().join("other.toml"), overseers).unwrap();
    let served = Process::start(&stage.out(), "other", &["--config", "other.toml"]);
    let mirror = stage.mirror(name, &served.url(), "127.0.0.1:0");
    mirror.wait_for_size("replayed and cosigned", entry + 1);
    assert_eq!(mirror.stop(), Some(0));
}

#[test]
fn an_overseer_sees_each_state_of_a_witness() {
    if !has_browser("browser_witness::an_overseer_sees_each_state_of_a_witness") {
        return;
    }
    let stage = Stage::plain();
    let [address, laboratory, archive, court, ministry] = [0; 5].map(|_| reserve());
    let url = format!("http://{address}");
    let at = |name: &str, address: &str| stage.make_witness(name, &format!("http://{address}"));
    let witnesses = [
        at("laboratory", &laboratory),
        at("archive", &archive),
        at("court", &court),
        at("ministry", &ministry),
    ];
    mislead(&stage, "ministry");
    let _laboratory = stage.mirror("laboratory", &url, &laboratory);
    let archive = stage.mirror("archive", &url, &archive);
    // A server that hears of another history before it starts does not start.
    let served = stage.serve(&address, &witnesses.concat());
    let _ministry = stage.mirror("ministry", &url, &ministry);
    let archive = archive.pid().to_string();
    stage.play(&served, ("witness.test.mjs", 1), &[("CUSTODY_ARCHIVE", Path::new(&archive))]);
}
