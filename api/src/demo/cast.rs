//! Who plays: two agencies in two countries, a carrier, and their people. None of them exists.

use std::fs;
use std::path::Path;

use custody_core::cose::Role;
use custody_core::id::Uuid;
use custody_core::key::CoseKey;
use custody_core::record::body::Enrolment;
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::PASSPHRASE;
use crate::act::random_id;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::key_file::{KeyKind, Seed, encode_public};
use crate::passphrase::Passphrase;

/// A key with the half that everybody may know.
pub struct Pair {
    pub key: SigningKey,
    pub public: CoseKey,
}

/// An agency and both of its keys.
pub struct Agency {
    pub enrolment: Enrolment,
    pub authority: Pair,
    pub recovery: Pair,
}

/// A person with a key.
pub struct Person {
    pub id: Uuid,
    pub name: &'static str,
    pub agency: Uuid,
    pub roles: Vec<Role>,
    pub pair: Pair,
}

/// Everybody.
pub struct Cast {
    pub operator: Pair,
    /// Collects the evidence; a founder.
    pub police: Agency,
    /// Examines it, in another country; a founder.
    pub laboratory: Agency,
    /// Carries it; admitted later.
    pub carrier: Agency,
    /// Collects.
    pub officer: Person,
    /// Keeps the police's store.
    pub keeper: Person,
    /// Supervises both.
    pub supervisor: Person,
    /// Drives.
    pub courier: Person,
    /// Takes in at the laboratory.
    pub clerk: Person,
    /// Makes the image.
    pub analyst: Person,
}

impl Cast {
    /// Makes everybody's keys and leaves them in `dir`, with their passphrase beside them.
    pub fn gather(dir: &Path) -> Result<Self, Failure> {
        use Role::{Acting, Receiving, Releasing, Supervisor, Witness};
        fs::create_dir_all(dir).map_err(file::cannot("make", dir))?;
        let line = format!("{PASSPHRASE}\n");
        file::create(&dir.join("passphrase.txt"), line.as_bytes(), Access::Owner)?;
        let agency =
            |file: &str, name: &str, country: &str| Agency::new(dir, [file, name, country]);
        let police = agency("police", "Example National Police", "NL")?;
        let laboratory = agency("laboratory", "Example Forensic Laboratory", "FR")?;
        let carrier = agency("carrier", "Example Secure Transport", "BE")?;
        let hands = [Releasing, Receiving, Witness, Acting];
        let person = |file: &str, name: &'static str, agency: &Agency, roles: &[Role]| {
            let pair = Pair::new(dir, file)?;
            let (agency, roles) = (agency.enrolment.id, roles.to_vec());
            Ok::<_, Failure>(Person { id: random_id()?, name, agency, roles, pair })
        };
        Ok(Self {
            operator: Pair::new(dir, "operator")?,
            officer: person("officer", "Mila Janssen", &police, &hands)?,
            keeper: person("keeper", "Daan Visser", &police, &hands)?,
            supervisor: person("supervisor", "Noor Bakker", &police, &[Witness, Supervisor])?,
            courier: person("courier", "Lotte Peeters", &carrier, &hands)?,
            clerk: person("clerk", "Claire Moreau", &laboratory, &hands)?,
            analyst: person("analyst", "Hugo Lefevre", &laboratory, &hands)?,
            police,
            laboratory,
            carrier,
        })
    }

    /// Everybody who handles evidence, with the agency that enrols them.
    pub fn people(&self) -> [(&Person, &Agency); 6] {
        [
            (&self.officer, &self.police),
            (&self.keeper, &self.police),
            (&self.supervisor, &self.police),
            (&self.courier, &self.carrier),
            (&self.clerk, &self.laboratory),
            (&self.analyst, &self.laboratory),
        ]
    }
}

impl Agency {
    fn new(dir: &Path, [file, name, country]: [&str; 3]) -> Result<Self, Failure> {
        let authority = Pair::new(dir, &format!("{file}-authority"))?;
        let recovery = Pair::new(dir, &format!("{file}-recovery"))?;
        let (key, other) = (authority.public.clone(), recovery.public.clone());
        let (id, name, country) = (random_id()?, name.to_owned(), country.to_owned());
        let enrolment = Enrolment { id, key, name, country, recovery: other };
        Ok(Self { enrolment, authority, recovery })
    }
}

impl Pair {
    fn new(dir: &Path, file: &str) -> Result<Self, Failure> {
        let seed = Seed::random(KeyKind::Ed25519)?;
        let key = seed.signing_key();
        let public = CoseKey::from_bytes(key.verifying_key().as_bytes())?;
        let pem = seed.encode_private(&passphrase()?)?;
        file::create(&dir.join(format!("{file}.key")), pem.as_bytes(), Access::Owner)?;
        let pem = encode_public(&public)?;
        file::create(&dir.join(format!("{file}.pub")), pem.as_bytes(), Access::Shared)?;
        Ok(Self { key, public })
    }
}

/// The demo's passphrase.
pub fn passphrase() -> Result<Passphrase, Failure> {
    Ok(Passphrase::new(Zeroizing::new(PASSPHRASE.to_owned()), "the demo's keys")?)
}
