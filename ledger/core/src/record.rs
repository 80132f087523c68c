//! Records: what people sign. SPEC sections "Payload" and "Record types".
//!
//! A [`Record`] that parsed is well formed in itself: encoding, headers, the roles, parties and chains
//! that its type demands. Whether its signatures verify and whether it may follow what stands in the
//! ledger is for [`Record::verify_signatures`] and [`crate::custody`].

pub mod body;
mod error;
mod form;
mod payload;

pub use error::RecordError;
pub(crate) use payload::decode_subject;
pub use payload::{Attachment, Link, Occurred, Payload, Sides, Signer, TimeSource};

use crate::cose::{ContentType, Message};
use crate::hash::Hash;
use crate::id::Origin;
use crate::key::{CoseKey, Kid};
use body::RecordType;

/// Largest record: a manifest of 500 items has 500 x (41 + 9 + 34 + 4) bytes of subjects = 44 KiB,
/// half as much again for observations, and room for sealed fields.
pub const MAX_RECORD: usize = 96 * 1024;

/// Largest `late-entry`, which embeds another record whole.
pub const MAX_LATE_ENTRY: usize = 128 * 1024;

/// A well-formed record with all of its signatures.
#[derive(Clone, Debug)]
pub struct Record {
    message: Message,
    digest: Hash,
    payload: Payload,
}

impl Record {
    /// Parses a complete record.
    ///
    /// # Errors
    /// [`RecordError`] names the first deviation from SPEC.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        Offer::parse(bytes)?.into_record()
    }

    /// SHA-256 of the whole record: its name.
    pub fn digest(&self) -> Hash {
        self.digest
    }

    /// The record as it was received.
    pub fn as_bytes(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// What the people signed.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The signed envelope.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The record's type.
    pub fn record_type(&self) -> RecordType {
        self.payload.body.record_type()
    }

    /// Checks every signature strictly, with the keys that `key_of` knows by thumbprint.
    /// Keys that the record itself enrols need not be known.
    ///
    /// # Errors
    /// [`RecordError::UnknownKey`] and [`RecordError::Cose`].
    pub fn verify_signatures<'k>(
        &'k self,
        key_of: impl Fn(&Kid) -> Option<&'k CoseKey>,
    ) -> Result<(), RecordError> {
        let enrolled = self.payload.body.enrolled_keys();
        for (position, line) in self.message.signatures().iter().enumerate() {
            let kid = line.header.kid;
            let own = enrolled.iter().copied().find(|key| key.kid() == kid);
            let key = own.or_else(|| key_of(&kid)).ok_or(RecordError::UnknownKey { kid })?;
            self.message.verify_signature(position, key)?;
        }
        Ok(())
    }

    /// Checks that the record was made for the ledger `origin` with entry 0 of digest `genesis`.
    ///
    /// # Errors
    /// [`RecordError::OtherLedger`] and [`RecordError::OtherGenesis`].
    pub fn verify_ledger(&self, origin: &Origin, genesis: &Hash) -> Result<(), RecordError> {
        verify_ledger(&self.message, origin, genesis)
    }
}

/// A record that still lacks signatures: what travels between two people who do not share a machine.
#[derive(Clone, Debug)]
pub struct Offer {
    message: Message,
    payload: Payload,
}

impl Offer {
    /// Parses a record whose first signatures are there and whose last ones may be missing.
    ///
    /// # Errors
    /// As [`Record::parse`]; too many signatures are refused, too few are what an offer is.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let message = Message::parse(bytes, ContentType::Record, MAX_LATE_ENTRY)?;
        let payload = Payload::decode(message.payload())?;
        if payload.body.record_type() != RecordType::LateEntry && bytes.len() > MAX_RECORD {
            return Err(RecordError::Oversize { limit: MAX_RECORD, actual: bytes.len() });
        }
        form::check(&message, &payload)?;
        Ok(Self { message, payload })
    }

    /// The record, once everybody has signed.
    ///
    /// # Errors
    /// [`RecordError::SignatureCount`].
    pub fn into_record(self) -> Result<Record, RecordError> {
        let Self { message, payload } = self;
        let (expected, actual) = (payload.signers.len(), message.signatures().len());
        if expected != actual {
            return Err(RecordError::SignatureCount { expected, actual });
        }
        let digest = message.digest();
        Ok(Record { message, digest, payload })
    }

    /// What the people sign.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The signed envelope.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// SHA-256 of the offer as it stands: what a refusal of it names.
    pub fn digest(&self) -> Hash {
        self.message.digest()
    }

    /// Who has to sign next, if anybody.
    pub fn next_signer(&self) -> Option<&Signer> {
        self.payload.signers.get(self.message.signatures().len())
    }

    /// As [`Record::verify_ledger`].
    ///
    /// # Errors
    /// As there.
    pub fn verify_ledger(&self, origin: &Origin, genesis: &Hash) -> Result<(), RecordError> {
        verify_ledger(&self.message, origin, genesis)
    }
}

fn verify_ledger(message: &Message, origin: &Origin, genesis: &Hash) -> Result<(), RecordError> {
    let header = message.header();
    if header.origin != *origin {
        let (expected, actual) = (origin.clone(), header.origin.clone());
        return Err(RecordError::OtherLedger { expected, actual });
    }
    match header.genesis {
        Some(actual) if actual != *genesis => {
            Err(RecordError::OtherGenesis { expected: *genesis, actual })
        }
        _ => Ok(()),
    }
}
