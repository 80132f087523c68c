//! Every key that was ever enrolled, decoded once, for the threads that check signatures.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use custody_core::key::{CoseKey, Kid};
use custody_core::record::{Record, RecordError};

/// Keys by thumbprint. A thumbprint determines its key, so that knowing one says nothing about who may use it:
/// that is for the rules, which the sequencer applies.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    keys: RwLock<HashMap<Kid, Arc<CoseKey>>>,
}

impl Keyring {
    /// Takes in a key.
    pub(crate) fn learn(&self, key: &CoseKey) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.entry(key.kid()).or_insert_with(|| Arc::new(key.clone()));
    }

    /// The key with this thumbprint, if it was ever enrolled.
    pub(crate) fn get(&self, kid: &Kid) -> Option<Arc<CoseKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(kid).cloned()
    }

    /// Checks every signature of `record` with the keys at hand. Where one is missing, nothing is checked: a
    /// stranger's key must not make the log work twice.
    ///
    /// # Errors
    /// As [`Record::verify_signatures`].
    pub(crate) fn verify(&self, record: &Record) -> Result<(), RecordError> {
        let keys = self.keys_of(record)?;
        record.verify_signatures(|kid| keys.iter().find(|key| key.kid() == *kid).map(|key| &**key))
    }

    /// The keys that `record` was signed with and does not bring itself.
    fn keys_of(&self, record: &Record) -> Result<Vec<Arc<CoseKey>>, RecordError> {
        let brought = record.payload().body.enrolled_keys();
        let kids = record.message().signatures().iter().map(|line| line.header.kid);
        let kids = kids.filter(|kid| !brought.iter().any(|key| key.kid() == *kid));
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let known = kids.map(|kid| keys.get(&kid).cloned().ok_or(RecordError::UnknownKey { kid }));
        known.collect()
    }
}
