//! The verify stage: everything about a record that needs no state, on as many threads as there are.

use crossbeam_channel::{Receiver, Sender, bounded};
use custody_core::cbor::Reader;
use custody_core::hash::Hash;
use custody_core::id::Origin;
use custody_core::index::SubjectKey;
use custody_core::record::body::{Body, ErasedField, decode_digests};
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
    pub(crate) gate: Gate,
}

/// A record that is well formed, of this ledger, with openings that fit; its signatures verify.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) record: Record,
    /// Keys in the index of the chains that the record extends, in its order.
    pub(crate) index_keys: Vec<SubjectKey>,
    /// Openings, and that those of others are to be erased: durable already.
    pub(crate) pending: Option<Pending>,
    /// A signature names a key that was not known: perhaps a record before this one enrols it, and the signatures
    /// are still to be checked.
    pub(crate) lacks_key: bool,
}

impl Intake {
    /// Parses a record, and does what [`Intake::examine`] does.
    pub(crate) fn examine_bytes(
        &self,
        bytes: &[u8],
        openings: Vec<Opening>,
    ) -> Result<Candidate, SubmitError> {
        self.examine(Record::parse(bytes)?, openings)
    }

    /// Checks a record and its openings. Cost: the signatures, and two flushes where there are openings, or where
    /// openings are to be erased.
    pub(crate) fn examine(
        &self,
        record: Record,
        mut openings: Vec<Opening>,
    ) -> Result<Candidate, SubmitError> {
        let lacks_key = self.gate.pass(|| self.verify(&record, &openings))?;
        // What opens the same commitment is the same opening: at most one for each field remains.
        openings.sort();
        openings.dedup();
        let pending = self.vault.prepare(record.digest(), &openings, erases(&record))?;
        Ok(Candidate { index_keys: index_keys(&record), record, pending, lacks_key })
    }

    /// What takes the processor and nothing else. Returns whether a key was not known.
    fn verify(&self, record: &Record, openings: &[Opening]) -> Result<bool, SubmitError> {
        record.verify_ledger(&self.origin, &self.genesis)?;
        let lacks_key = match self.keyring.verify(record) {
            Ok(()) => false,
            Err(RecordError::UnknownKey { .. }) => true,
            Err(error) => return Err(error.into()),
        };
        openings.iter().try_for_each(|opening| opening.verify(record.payload()))?;
        openings.iter().try_for_each(check_digests)?;
        Ok(lacks_key)
    }
}

/// Digests are for programs to compare: what none of them can decode must not lie there as if they were some.
fn check_digests(opening: &Opening) -> Result<(), SubmitError> {
    if opening.field != "digests" {
        return Ok(());
    }
    let mut reader = Reader::new(&opening.value);
    match decode_digests(&mut reader).and_then(|_| reader.end()) {
        Ok(()) => Ok(()),
        Err(source) => Err(SubmitError::Digests(source)),
    }
}

/// What a record says that openings were erased of.
pub(crate) fn erases(record: &Record) -> &[ErasedField] {
    match &record.payload().body {
        Body::EraseOpening(body) => &body.fields,
        _ => &[],
    }
}

/// Lets as many threads verify at a time as there are cores. With hundreds of them at it, the one thread that
/// sequences would get the processor as seldom as any of them, and everybody waits for it.
#[derive(Debug)]
pub(crate) struct Gate {
    free: Receiver<()>,
    give_back: Sender<()>,
}

/// A place at the gate, given back when it is dropped.
struct Place<'a>(&'a Gate);

impl Gate {
    pub(crate) fn new() -> Self {
        let places = std::thread::available_parallelism().map_or(1, usize::from);
        let (give_back, free) = bounded(places);
        let gate = Self { free, give_back };
        (0..places).for_each(|_| drop(Place(&gate)));
        gate
    }

    /// Does `work` as soon as there is a place.
    fn pass<T>(&self, work: impl FnOnce() -> T) -> T {
        // Both ends are here, so that the channel never closes.
        let _ = self.free.recv();
        let _place = Place(self);
        work()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let _ = self.0.give_back.try_send(());
    }
}

/// The keys under which the index has the chains that `record` extends, in their order.
pub(crate) fn index_keys(record: &Record) -> Vec<SubjectKey> {
    let links = record.payload().subjects.iter();
    links.map(|link| link.subject.key()).collect()
}
