//! The files of the keys that a log signs with.

use std::path::{Path, PathBuf};

use custody_log::LogSecrets;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::key_file::{KeyKind, Seed, read_private};
use crate::passphrase::PassphraseSource;
use crate::remains::hint_of_missing_key;

/// Where a ledger's own key files lie.
pub struct LogKeyFiles {
    /// The Ed25519 key.
    pub ed25519: PathBuf,
    /// The ML-DSA-44 key.
    pub mldsa44: PathBuf,
}

impl LogKeyFiles {
    /// The key files of the ledger in `ledger`.
    pub fn of(ledger: &Path) -> Self {
        let keys = ledger.join("keys");
        Self { ed25519: keys.join("log-ed25519.key"), mldsa44: keys.join("log-mldsa44.key") }
    }

    /// Opens both files.
    ///
    /// # Errors
    /// A file cannot be read, or the passphrase is wrong.
    pub fn read(&self, source: &PassphraseSource) -> Result<LogSecrets, Failure> {
        let ask = || Ok::<_, Failure>(source.existing("the log's keys")?);
        let read = |path: &Path, kind| {
            read_private(path, kind, ask).map_err(|failure| of_log(failure, path))
        };
        let ed25519: Seed = read(&self.ed25519, KeyKind::Ed25519)?;
        let mldsa44: Seed = read(&self.mldsa44, KeyKind::MlDsa44)?;
        Ok(LogSecrets {
            ed25519: Zeroizing::new(*ed25519.as_bytes()),
            mldsa44: Zeroizing::new(*mldsa44.as_bytes()),
        })
    }
}

/// Why the log's keys do not open, and what to do about it.
fn of_log(failure: Failure, path: &Path) -> Failure {
    match failure.code() {
        "key-file/passphrase" => failure.about("a key of the log").hint(
            "the passphrase of the log's keys is named by `--log-passphrase-file FILE` or CUSTODY_LOG_PASSPHRASE_FILE; \
             without either it is the one of people's keys, `--passphrase-file FILE` or CUSTODY_PASSPHRASE_FILE",
        ),
        "file/io" if !path.exists() => failure.hint(hint_of_missing_key(path)),
        _ => failure,
    }
}
