//! The keys and ids of a training ledger: all of them follow from its seed, and so are worthless.

use custody_core::id::{Origin, Uuid};
use custody_core::key::{CoseKey, KeyError};
use custody_core::note::KeyName;
use custody_core::record::body::{Enrolment, LedgerOpen, LedgerPurpose};
use custody_log::LogSecrets;
use custody_log::signing::{LogSeeds, LogSigner};
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::cast::Cast;
use super::seed::Seed;
use crate::failure::Failure;

/// Everybody's keys.
pub struct Keys {
    seed: Seed,
    cast: Cast,
    operator: SigningKey,
    /// By agency: authority and recovery.
    agencies: Vec<(SigningKey, SigningKey)>,
    people: Vec<SigningKey>,
}

impl Keys {
    /// The keys of a cast.
    pub fn new(seed: Seed, cast: Cast) -> Self {
        let agency = |number| (seed.key("authority", number), seed.key("recovery", number));
        Self {
            operator: seed.key("operator", 0),
            agencies: (0..cast.agencies.len() as u64).map(agency).collect(),
            people: (0..cast.people.len() as u64).map(|n| seed.key("person", n)).collect(),
            seed,
            cast,
        }
    }

    /// The seed that they follow from.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Whose keys they are.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// The seeds of the log's keys: Ed25519 and ML-DSA-44.
    pub fn log_seeds(&self) -> [[u8; 32]; 2] {
        [self.seed.bytes("log ed25519", 0), self.seed.bytes("log mldsa44", 0)]
    }

    /// The log's keys.
    pub fn log(&self) -> LogSecrets {
        let [ed25519, mldsa44] = self.log_seeds().map(Zeroizing::new);
        LogSecrets { ed25519, mldsa44 }
    }

    /// The log as a signer: for the exercise in which it signs what it must not.
    pub fn log_signer(&self, origin: &Origin) -> Result<LogSigner, Failure> {
        let [ed25519, mldsa44] = self.log_seeds();
        let seeds = LogSeeds { ed25519: &ed25519, mldsa44: &mldsa44 };
        Ok(LogSigner::from_seeds(&KeyName::parse(origin.as_str())?, seeds)?)
    }

    /// The operator's key.
    pub fn operator(&self) -> &SigningKey {
        &self.operator
    }

    /// An agency's authority key.
    pub fn authority(&self, agency: usize) -> &SigningKey {
        &self.agencies[agency].0
    }

    /// An agency's recovery key.
    pub fn recovery(&self, agency: usize) -> &SigningKey {
        &self.agencies[agency].1
    }

    /// A person's key.
    pub fn person(&self, person: usize) -> &SigningKey {
        &self.people[person]
    }

    /// The public half of a person's key.
    pub fn person_public(&self, person: usize) -> Result<CoseKey, KeyError> {
        public(self.person(person))
    }

    /// A person's id.
    pub fn person_id(&self, person: usize) -> Uuid {
        self.seed.id("person", person as u64)
    }

    /// An agency's id.
    pub fn agency_id(&self, agency: usize) -> Uuid {
        self.seed.id("agency", agency as u64)
    }

    /// An item's id.
    pub fn item(&self, item: u64) -> Uuid {
        self.seed.id("item", item)
    }

    /// The id of the image that is made of an item.
    pub fn image(&self, item: u64) -> Uuid {
        self.seed.id("image", item)
    }

    /// The id of the box that an item is put into.
    pub fn carried_in(&self, item: u64) -> Uuid {
        self.seed.id("box", item)
    }

    /// The id of the request under which an item goes abroad.
    pub fn request(&self, item: u64) -> Uuid {
        self.seed.id("request", item)
    }

    /// The agencies by number, in the order of their ids, in which they sign.
    pub fn founders(&self) -> Vec<usize> {
        let mut founders: Vec<_> = (0..self.agencies.len()).collect();
        founders.sort_by_key(|agency| self.agency_id(*agency));
        founders
    }

    /// What founds the ledger.
    pub fn founding(&self, origin: &Origin) -> Result<LedgerOpen, Failure> {
        let (log_ed25519, log_mldsa44) = self.log().public(origin)?;
        let founders = self.founders();
        Ok(LedgerOpen {
            log_ed25519,
            log_mldsa44,
            quorum: (founders.len() / 2 + 1) as u64,
            purpose: LedgerPurpose::Training,
            succeeds: None,
            agencies: founders
                .iter()
                .map(|agency| self.enrolment(*agency))
                .collect::<Result<_, _>>()?,
            operator: public(&self.operator)?,
        })
    }

    fn enrolment(&self, number: usize) -> Result<Enrolment, KeyError> {
        let agency = &self.cast.agencies[number];
        Ok(Enrolment {
            id: self.agency_id(number),
            key: public(self.authority(number))?,
            name: agency.name.clone(),
            country: agency.country.to_owned(),
            recovery: public(self.recovery(number))?,
        })
    }
}

fn public(key: &SigningKey) -> Result<CoseKey, KeyError> {
    CoseKey::from_bytes(key.verifying_key().as_bytes())
}
