use std::collections::HashMap;

use super::index_keys;
use crate::entry::{Entry, EntryError};
use crate::hash::{Hash, hash_leaf, sha256};
use crate::index::SubjectKey;
use crate::key::{CoseKey, Kid};
use crate::record::{Record, RecordError};

/// An entry and its record with everything that needs no other entry: parsed, hashed, signatures
/// checked. Made in any order and on any thread; nearly all of a replay's time is spent here.
#[derive(Debug)]
pub struct Prepared {
    pub(super) entry_bytes: Vec<u8>,
    pub(super) entry: Result<Entry, EntryError>,
    pub(super) leaf: Hash,
    pub(super) record: Result<Record, RecordError>,
    pub(super) record_digest: Hash,
    pub(super) index_keys: Vec<SubjectKey>,
    pub(super) signatures: Result<(), RecordError>,
}

/// Public keys by thumbprint, decoded once.
///
/// A thumbprint determines its key, so it does not matter where a key was learned: a ring may know keys
/// that were enrolled later or never, and whether a key was entitled to sign is for the rules.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: HashMap<Kid, CoseKey>,
}

impl Prepared {
    /// Parses and hashes the bytes of an entry and of its record. Whatever is wrong is kept for
    /// [`super::Replayer::step`]; [`Prepared::verify_signatures`] is still to be called.
    pub fn new(entry: &[u8], record: &[u8]) -> Self {
        let parsed = Record::parse(record);
        Self {
            entry_bytes: entry.to_vec(),
            entry: Entry::decode(entry),
            leaf: hash_leaf(entry),
            record_digest: parsed.as_ref().map_or_else(|_| sha256(record), Record::digest),
            index_keys: parsed.as_ref().map(index_keys).unwrap_or_default(),
            signatures: parsed.as_ref().map_or(Ok(()), unverified),
            record: parsed,
        }
    }

    /// Whether the record brings keys, which [`KeyRing::learn`] should see before signatures are checked.
    pub fn enrols(&self) -> bool {
        self.record().is_some_and(|record| !record.payload().body.enrolled_keys().is_empty())
    }

    /// Whether signatures were not checked yet, or one names a key that was not at hand. Then
    /// [`Prepared::verify_signatures`] is to be called once [`KeyRing::learn`] has seen the records before.
    pub fn lacks_key(&self) -> bool {
        matches!(self.signatures, Err(RecordError::UnknownKey { .. }))
    }

    /// Checks the signatures of a record that is the one its entry names.
    pub fn verify_signatures(&mut self, ring: &KeyRing) {
        let named = self.entry.as_ref().map(|entry| entry.record);
        if let (Ok(record), Ok(named)) = (&self.record, named)
            && named == self.record_digest
        {
            self.signatures = record.verify_signatures(|kid| ring.keys.get(kid));
        }
    }

    /// Hash of the entry as a leaf of the tree.
    pub fn leaf_hash(&self) -> Hash {
        self.leaf
    }

    /// Whether the entry is one and names the record beside it.
    pub fn is_consistent(&self) -> bool {
        self.entry.as_ref().is_ok_and(|entry| entry.record == self.record_digest)
    }

    /// Puts another leaf into the tree than the entry's own, which the caller has found to be damaged: so
    /// that one damaged entry does not make every later root look wrong.
    pub fn assume_leaf(&mut self, leaf: Hash) {
        self.leaf = leaf;
    }

    /// The record, if it is one.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref().ok()
    }
}

impl KeyRing {
    /// A ring without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the keys that a record enrols.
    pub fn learn(&mut self, prepared: &Prepared) {
        let bodies = prepared.record().map(|record| &record.payload().body);
        for key in bodies.into_iter().flat_map(|body| body.enrolled_keys()) {
            self.keys.entry(key.kid()).or_insert_with(|| key.clone());
        }
    }
}

/// Nothing passes unchecked: as long as no ring was brought, no key is known.
fn unverified(record: &Record) -> Result<(), RecordError> {
    match record.message().signatures().first() {
        Some(line) => Err(RecordError::UnknownKey { kid: line.header.kid }),
        None => Ok(()),
    }
}
