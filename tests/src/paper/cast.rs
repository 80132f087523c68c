//! Who takes part. Names are all there is: keys and ids follow from them.

use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::key::CoseKey;
use custody_core::record::body::Enrolment;
use ed25519_dalek::SigningKey;

/// The origin of ledgers on paper.
pub const ORIGIN: &str = "ledger.example/paper";

/// When they begin: 2026-03-01T08:00:00Z, in seconds since 1970.
pub const START_S: u64 = 1_772_352_000;

/// 32 bytes that follow from `name`.
pub fn seed(name: &str) -> [u8; 32] {
    *sha256(format!("ledger on paper: {name}").as_bytes()).as_bytes()
}

/// A private key that follows from `name`.
pub fn signing_key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&seed(name))
}

/// A version 4 UUID that follows from `name`.
pub fn uuid(name: &str) -> Uuid {
    Uuid::from_random(salt(&format!("id {name}")))
}

/// 16 bytes that follow from `name`.
pub fn salt(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&seed(name)[..16]);
    bytes
}

/// The public half of a key.
pub fn public(key: &SigningKey) -> CoseKey {
    CoseKey::from_bytes(key.verifying_key().as_bytes()).unwrap()
}

/// An agency with its private keys.
#[derive(Clone, Debug)]
pub struct Agency {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: Uuid,
    /// Its country.
    pub country: String,
    /// Its authority key.
    pub key: SigningKey,
    /// Its recovery key.
    pub recovery: SigningKey,
}

impl Agency {
    /// The agency of this name.
    pub fn new(name: &str, country: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: uuid(name),
            country: country.to_owned(),
            key: signing_key(&format!("{name} authority")),
            recovery: signing_key(&format!("{name} recovery")),
        }
    }

    /// The agency as a subject.
    pub fn subject(&self) -> SubjectId {
        SubjectId::Agency(self.id)
    }

    /// The agency as it is enrolled.
    pub fn enrolment(&self) -> Enrolment {
        Enrolment {
            id: self.id,
            key: public(&self.key),
            name: self.name.clone(),
            country: self.country.clone(),
            recovery: public(&self.recovery),
        }
    }
}

/// A custodian with their private key.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their id.
    pub id: Uuid,
    /// The agency they work for.
    pub agency: Uuid,
    /// Their key.
    pub key: SigningKey,
}

impl Person {
    /// The custodian of this name who works for `agency`.
    pub fn new(name: &str, agency: &Agency) -> Self {
        Self { id: uuid(name), agency: agency.id, key: signing_key(&format!("{name} key")) }
    }

    /// The same person with another key.
    pub fn with_key(&self, key: &SigningKey) -> Self {
        Self { key: key.clone(), ..self.clone() }
    }

    /// The custodian as a subject.
    pub fn subject(&self) -> SubjectId {
        SubjectId::Custodian(self.id)
    }
}
