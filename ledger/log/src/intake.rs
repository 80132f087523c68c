//! The verify stage: everything about a record that needs no state, on as many threads as there are.

use custody_core::hash::Hash;
use custody_core::id::Origin;
use custody_core::index::SubjectKey;
use custody_core::record::{Record, RecordError};
use custody_core::sealed::Opening;

use crate::error::SubmitError;
use crate::keyring::Keyring;
use crate::vault::{Pending, Vault};

/// What the verify stage needs to know of the ledger. None of it changes, but for keys being added.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) origin: Origin,
    pub(crate) genesis: Hash,
    pub(crate) keyring: Keyring,
    pub(crate) vault: Vault,
}

/// A record that is well formed, of this ledger, with openings that fit; its signatures verify.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) record: Record,
    /// Keys in the index of the chains that the record extends, in its order.
    pub(crate) index_keys: Vec<SubjectKey>,
    /// Openings, durable already.
    pub(crate) openings: Option<Pending>,
    /// A signature names a key that was not known: perhaps a record before this one enrols it, and the signatures
    /// are still to be checked.
    pub(crate) lacks_key: bool,
}

impl Intake {
    /// Checks a record and its openings. Cost: the signatures, and two flushes where there are openings.
    pub(crate) fn examine(
        &self,
        bytes: &[u8],
        mut openings: Vec<Opening>,
    ) -> Result<Candidate, SubmitError> {
        let record = Record::parse(bytes)?;
        record.verify_ledger(&self.origin, &self.genesis)?;
        let lacks_key = match self.keyring.verify(&record) {
            Ok(()) => false,
            Err(RecordError::UnknownKey { .. }) => true,
            Err(error) => return Err(error.into()),
        };
        openings.iter().try_for_each(|opening| opening.verify(record.payload()))?;
        // What opens the same commitment is the same opening: at most one for each field remains.
        openings.sort();
        openings.dedup();
        let openings = match openings.as_slice() {
            [] => None,
            some => Some(self.vault.prepare(record.digest(), some)?),
        };
        Ok(Candidate { index_keys: index_keys(&record), record, openings, lacks_key })
    }
}

/// The keys under which the index has the chains that `record` extends, in their order.
pub(crate) fn index_keys(record: &Record) -> Vec<SubjectKey> {
    let links = record.payload().subjects.iter();
    links.map(|link| link.subject.key()).collect()
}
