//! A record before it is signed: whatever is to be forged is changed here.

use custody_core::cbor::Value;
use custody_core::cose::{BodyHeader, Draft, Observed, Role, SignerParams};
use custody_core::id::SubjectId;
use custody_core::record::{Attachment, Payload, Signer};
use custody_core::sealed::Opening;
use ed25519_dalek::SigningKey;

use super::cast::{Agency, Person, salt};

/// A signature to be made.
#[derive(Clone, Debug)]
pub struct Hand {
    /// With this key.
    pub key: SigningKey,
    /// Under this name in the payload.
    pub id: SubjectId,
    /// In this role.
    pub role: Role,
    /// With these observations.
    pub observed: Observed,
}

impl Hand {
    /// A custodian's signature.
    pub fn of(person: &Person, role: Role) -> Self {
        Self::new(&person.key, person.subject(), role)
    }

    /// An agency's signature with its authority key.
    pub fn authority(agency: &Agency) -> Self {
        Self::new(&agency.key, agency.subject(), Role::Authority)
    }

    /// A signature of `id` with `key`.
    pub fn new(key: &SigningKey, id: SubjectId, role: Role) -> Self {
        Self { key: key.clone(), id, role, observed: Observed::default() }
    }

    /// The same signature with observations.
    pub fn observing(mut self, observed: Observed) -> Self {
        self.observed = observed;
        self
    }
}

/// An unsigned record with the openings of what it seals.
#[derive(Clone, Debug)]
pub struct Page {
    /// The body's header.
    pub header: BodyHeader,
    /// What is signed.
    pub payload: Payload,
    /// Who signs.
    pub hands: Vec<Hand>,
    /// What opens its sealed fields.
    pub openings: Vec<Opening>,
    /// Where salts come from; another name gives other salts.
    pub name: String,
}

impl Page {
    /// Seals `value` as `field`.
    pub fn seal(mut self, field: &str, value: &Value) -> Self {
        let opening = Opening::new(field, salt(&format!("{} {field}", self.name)), value);
        self.payload.sealed.push((field.to_owned(), opening.commitment()));
        self.openings.push(opening);
        self
    }

    /// Attaches a document of `size` bytes.
    pub fn attach(mut self, media_type: &str, size: u64, value: &Value) -> Self {
        let field = format!("attached/{}", self.payload.attached.len());
        let opening = Opening::new(&*field, salt(&format!("{} {field}", self.name)), value);
        let (media_type, commitment) = (media_type.to_owned(), opening.commitment());
        self.payload.attached.push(Attachment { media_type, size, commitment });
        self.openings.push(opening);
        self
    }

    /// The same page with a change to the payload.
    pub fn with(mut self, change: impl FnOnce(&mut Payload)) -> Self {
        change(&mut self.payload);
        self
    }

    /// The record, signed by everybody in turn. The payload names the hands.
    pub fn sign(&self) -> Vec<u8> {
        let mut payload = self.payload.clone();
        let signer = |hand: &Hand| Signer { role: hand.role, id: hand.id.clone() };
        payload.signers = self.hands.iter().map(signer).collect();
        self.sign_payload(payload.encode())
    }

    /// The record with this payload, whatever it says.
    pub fn sign_payload(&self, payload: Vec<u8>) -> Vec<u8> {
        let mut draft = Draft::new(self.header.clone(), payload);
        for hand in &self.hands {
            let iat_s = self.payload.occurred.utc_s;
            let observed = hand.observed.clone();
            draft.sign(&hand.key, SignerParams { role: hand.role, iat_s, observed }).unwrap();
        }
        draft.to_bytes()
    }
}
