//! A ledger with a load for it, founded so that `custody serve` opens it.

use std::fs;
use std::path::Path;

use custody_api::key_file::{KeyKind, Seed};
use custody_api::log_key_files::LogKeyFiles;
use custody_api::passphrase::Passphrase;
use custody_core::checkpoint::Checkpoint;
use custody_log::{Ledger, LedgerOptions, LogSecrets};
use zeroize::Zeroizing;

use crate::load::Load;
use crate::served::Served;

/// The ledger's directory in the folder of the site.
pub const LEDGER: &str = "served";
/// Its name.
const ORIGIN: &str = "load.example/custody";
/// Opens the log's keys.
const PASSPHRASE: &str = "of a load";
/// Lets the load through: limits are for those who ask too often, and here everybody is one address.
const CONFIGURATION: &str = "[limits]\nper_second = 1000000\nburst = 1000000\n";
/// People of a load.
const CUSTODIANS: u64 = 1000;

/// What has been laid.
pub struct LoadSite {
    /// The log's keys.
    pub keys: LogSecrets,
    /// Signed handoffs that seal nothing: those of one item are as many apart as there are items.
    pub handoffs: Vec<Vec<u8>>,
    /// Entries before the first of them.
    pub size: u64,
}

impl LoadSite {
    /// Founds the ledger in `folder`, with people and items in it, and signs handoffs.
    pub fn lay(folder: &Path, items: u64, handoffs: u64) -> Self {
        let origin = ORIGIN.parse().expect("the load's origin is one");
        let mut load = Load::new(origin, CUSTODIANS).without_sealed();
        let at = folder.join(LEDGER);
        fs::create_dir_all(at.join("keys")).expect("the folder can be made");
        fs::write(folder.join("passphrase.txt"), PASSPHRASE).expect("a passphrase can be written");
        fs::write(folder.join("serve.toml"), CONFIGURATION).expect("a file can be written");
        let keys = write_keys(&at);
        let origin = ORIGIN.parse().expect("the load's origin is one");
        let (ed25519, mldsa44) = keys.public(&origin).expect("the log's keys are usable");
        let opening = load.opening(ed25519, mldsa44).bytes;
        let ledger = Ledger::create(LedgerOptions::new(&at), twin(&keys), opening);
        let ledger = ledger.expect("a ledger is founded");
        let (genesis, seen) = newest(&ledger);
        load.bind(genesis, seen);
        let collections = load.collections(items);
        let handoffs = load.moves(&collections, handoffs);
        let ground = load.enrolments().into_iter().chain(collections);
        let ground = ground.map(|signed| (signed.bytes, Vec::new())).collect();
        for answer in ledger.submit_all(ground) {
            let _ = answer.expect("what the load stands on is accepted");
        }
        let size = newest(&ledger).1.size.0;
        Self { keys, handoffs, size }
    }

    /// Serves it.
    pub fn serve(&self, folder: &Path) -> Served {
        Served::start(folder, LEDGER, &["--config", "serve.toml"])
    }
}

/// The same keys once more.
pub fn twin(keys: &LogSecrets) -> LogSecrets {
    LogSecrets { ed25519: keys.ed25519.clone(), mldsa44: keys.mldsa44.clone() }
}

/// Entry 0, and the tree that the log signed last.
pub fn newest(ledger: &Ledger) -> (custody_core::hash::Hash, custody_core::merkle::TreeHead) {
    let reader = ledger.reader().expect("a ledger can be read");
    let checkpoint = Checkpoint::parse(reader.checkpoint()).expect("its checkpoint is one");
    (reader.genesis(), *checkpoint.tree_head())
}

/// Keys as `custody init` leaves them.
fn write_keys(ledger: &Path) -> LogSecrets {
    let passphrase = Passphrase::new(Zeroizing::new(PASSPHRASE.to_owned()), "the log's keys");
    let passphrase = passphrase.expect("the benchmark's passphrase is one");
    let files = LogKeyFiles::of(ledger);
    let make = |kind, path: &Path| {
        let seed = Seed::random(kind).expect("a key can be made");
        let text = seed.encode_private(&passphrase).expect("a key can be encrypted");
        fs::write(path, text).expect("a key can be written");
        Zeroizing::new(*seed.as_bytes())
    };
    LogSecrets {
        ed25519: make(KeyKind::Ed25519, &files.ed25519),
        mldsa44: make(KeyKind::MlDsa44, &files.mldsa44),
    }
}
