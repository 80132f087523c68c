//! What was recorded, as it happens: for pages that are looked at meanwhile.

use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;

/// A record that was acknowledged.
#[derive(Clone, Debug)]
pub struct Change {
    /// Index of its entry.
    pub index: LeafIndex,
    /// Its digest.
    pub digest: Hash,
    /// Its type.
    pub record_type: &'static str,
    /// What it is about.
    pub subjects: Vec<SubjectId>,
}

impl Change {
    /// The change that `record` is.
    pub fn of(record: &Record, index: LeafIndex) -> Self {
        let payload = record.payload();
        Self {
            index,
            digest: record.digest(),
            record_type: record.record_type().word(),
            subjects: payload.subjects.iter().map(|link| link.subject.clone()).collect(),
        }
    }
}
