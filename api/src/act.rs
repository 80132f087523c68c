//! Acts: what somebody does, made into the payload that they and others sign.
//!
//! An [`Act`] says what happens, to what and by whom. [`Act::propose`] puts it onto the chains as they
//! stand and seals what must not be readable; the [`Proposal`] then collects its signatures, on one
//! machine or, through an offer file, on several. The custody rules are the ledger's to judge.

mod handover;
mod item;
mod registry;
mod said;

pub use item::{Parties, Reply};

use custody_core::cbor::Value;
use custody_core::cose::{BodyHeader, ContentType, CoseError, Draft, Observed, Role, SignerParams};
use custody_core::hash::Hash;
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::index::ChainHead;
use custody_core::merkle::TreeHead;
use custody_core::record::body::Body;
use custody_core::record::{Attachment, Link, Occurred, Offer, Payload, Signer};
use custody_core::sealed::Opening;
use ed25519_dalek::SigningKey;
use thiserror::Error;

use crate::offer_file::OfferFile;

/// What somebody does.
#[derive(Clone, Debug)]
pub struct Act {
    body: Body,
    chains: Vec<SubjectId>,
    signers: Vec<Signer>,
    parties: Option<(Uuid, Uuid)>,
    sealed: Vec<(String, Value)>,
    documents: Vec<Document>,
}

/// A document or photograph that is kept outside the ledger. Its name and digest are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 digest.
    pub sha256: Hash,
}

/// The ledger as an act's signers know it.
pub trait Basis {
    /// Why a chain cannot be looked up.
    type Error: From<ActError>;

    /// The ledger's name.
    fn origin(&self) -> &Origin;

    /// SHA-256 of entry 0; absent while the ledger is being founded.
    fn genesis(&self) -> Option<Hash>;

    /// The newest checkpoint that the signers know.
    fn seen(&self) -> Option<TreeHead>;

    /// Says of which chains the heads are asked for next.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn foresee(&self, _subjects: &[SubjectId]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Length and newest record of a chain, or `None` where it has none.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn chain_head(&self, subject: &SubjectId) -> Result<Option<ChainHead>, Self::Error>;
}

/// A ledger that is only being founded: it has a name and nothing else.
pub struct Unfounded<'a>(pub &'a Origin);

impl Basis for Unfounded<'_> {
    type Error = ActError;

    fn origin(&self) -> &Origin {
        self.0
    }

    fn genesis(&self) -> Option<Hash> {
        None
    }

    fn seen(&self) -> Option<TreeHead> {
        None
    }

    fn chain_head(&self, _subject: &SubjectId) -> Result<Option<ChainHead>, ActError> {
        Ok(None)
    }
}

/// Why an act cannot be proposed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ActError {
    /// The system has no randomness.
    #[error("the system has no randomness")]
    Random(#[source] getrandom::Error),
    /// An item is named twice.
    #[error("{subject} is named twice")]
    Twice {
        /// The item.
        subject: SubjectId,
    },
}

impl ActError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Random(_) => "act/random",
            Self::Twice { .. } => "act/twice",
        }
    }
}

/// An act on its way to becoming a record: complete but for signatures.
#[derive(Clone, Debug)]
pub struct Proposal {
    draft: Draft,
    payload: Payload,
    openings: Vec<Opening>,
    signed: usize,
}

impl Act {
    fn new(body: impl Into<Body>, chains: Vec<SubjectId>, signers: Vec<Signer>) -> Self {
        let (sealed, documents) = (Vec::new(), Vec::new());
        Self { body: body.into(), chains, signers, parties: None, sealed, documents }
    }

    fn between(mut self, from: Uuid, to: Uuid) -> Self {
        self.parties = Some((from, to));
        self
    }

    /// The same act with a field that only its openings show.
    #[must_use]
    pub fn sealing(mut self, field: &str, value: Value) -> Self {
        self.sealed.push((field.to_owned(), value));
        self
    }

    /// As [`Act::sealing`], for text that may be absent.
    #[must_use]
    pub fn sealing_text(self, field: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.sealing(field, Value::text(text)),
            None => self,
        }
    }

    /// The same act with documents kept outside.
    #[must_use]
    pub fn attaching(mut self, documents: Vec<Document>) -> Self {
        self.documents.extend(documents);
        self
    }

    /// The same act before witnesses, who sign last.
    #[must_use]
    pub fn witnessed_by(mut self, witnesses: &[Uuid]) -> Self {
        self.signers.extend(witnesses.iter().map(|id| person(Role::Witness, *id)));
        self
    }

    /// Puts the act onto the chains as `basis` has them and seals its fields with fresh salts.
    ///
    /// # Errors
    /// [`ActError`], or the basis' own.
    pub fn propose<B: Basis>(self, basis: &B, occurred: Occurred) -> Result<Proposal, B::Error> {
        self.propose_salted(basis, occurred, &mut random)
    }

    /// As [`Act::propose`], with salts from `salt`. Whoever can guess a salt can guess the field: only for training
    /// ledgers may they come from anything but the system's randomness.
    ///
    /// # Errors
    /// As there, and what `salt` says.
    pub(crate) fn propose_salted<B: Basis>(
        self,
        basis: &B,
        occurred: Occurred,
        salt: &mut dyn FnMut() -> Result<[u8; 16], ActError>,
    ) -> Result<Proposal, B::Error> {
        let subjects = links(&self.chains, basis)?;
        let (mut sealed, mut attached, mut openings) = (Vec::new(), Vec::new(), Vec::new());
        for (field, value) in self.sealed {
            let opening = Opening::new(field.as_str(), salt()?, &value);
            sealed.push((field, opening.commitment()));
            openings.push(opening);
        }
        sealed.sort_by(|(left, _), (right, _)| (left.len(), left).cmp(&(right.len(), right)));
        for (position, document) in self.documents.into_iter().enumerate() {
            let name = format!("attached/{position}");
            let opening = Opening::new(name, salt()?, &document.to_value());
            let (media_type, size) = (document.media_type, document.size);
            attached.push(Attachment { media_type, size, commitment: opening.commitment() });
            openings.push(opening);
        }
        let (from, to) = self.parties.unzip();
        let (signers, body, seen) = (self.signers, self.body, basis.seen());
        let payload =
            Payload { subjects, signers, from, to, occurred, seen, body, sealed, attached };
        let content_type = ContentType::Record;
        let (origin, genesis) = (basis.origin().clone(), basis.genesis());
        let draft = Draft::new(BodyHeader { content_type, origin, genesis }, payload.encode());
        Ok(Proposal { draft, payload, openings, signed: 0 })
    }
}

impl Document {
    /// The sealed value: `[name, [-16, digest]]`.
    fn to_value(&self) -> Value {
        let digest = Value::array([Value::Int(-16), Value::bytes(self.sha256)]);
        Value::array([Value::text(self.name.as_str()), digest])
    }
}

impl Proposal {
    /// Takes up what others have signed so far.
    pub fn resume(file: &OfferFile) -> Self {
        let offer = file.offer();
        Self {
            draft: Draft::resume(offer.message()),
            payload: offer.payload().clone(),
            openings: file.openings().to_vec(),
            signed: offer.message().signatures().len(),
        }
    }

    /// The message's protected header, which is signed with the payload.
    pub fn protected(&self) -> Vec<u8> {
        self.draft.protected()
    }

    /// What is signed.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The openings of its sealed fields.
    pub fn openings(&self) -> &[Opening] {
        &self.openings
    }

    /// How many have signed.
    pub fn signed(&self) -> usize {
        self.signed
    }

    /// Who signs next, if anybody is missing.
    pub fn next_signer(&self) -> Option<&Signer> {
        self.payload.signers.get(self.signed)
    }

    /// Adds the signature of [`Proposal::next_signer`].
    ///
    /// # Errors
    /// [`CoseError::Draft`] where nobody is missing, or as [`Draft::sign`].
    pub fn sign(
        &mut self,
        key: &SigningKey,
        iat_s: u64,
        observed: Observed,
    ) -> Result<(), CoseError> {
        let complete = CoseError::Draft { reason: "everybody has signed already" };
        let role = self.next_signer().ok_or(complete)?.role;
        self.draft.sign(key, SignerParams { role, iat_s, observed })?;
        self.signed += 1;
        Ok(())
    }

    /// The record, or as much of it as is signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.draft.to_bytes()
    }

    /// The record in the form in which it becomes an offer file.
    ///
    /// # Errors
    /// The act has parts that its type does not allow.
    pub fn to_offer(&self) -> Result<Offer, custody_core::record::RecordError> {
        Offer::parse(&self.to_bytes())
    }
}

fn links<B: Basis>(chains: &[SubjectId], basis: &B) -> Result<Vec<Link>, B::Error> {
    let mut chains = chains.to_vec();
    chains.sort();
    if let Some(pair) = chains.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(ActError::Twice { subject: pair[0].clone() }.into());
    }
    basis.foresee(&chains)?;
    let link = |subject: SubjectId| {
        let head = basis.chain_head(&subject)?;
        let (seq, prev) = head.map_or((0, None), |head| (head.length, Some(head.digest)));
        Ok(Link { subject, seq, prev })
    };
    chains.into_iter().map(link).collect()
}

/// A fresh id.
///
/// # Errors
/// [`ActError::Random`].
pub fn random_id() -> Result<Uuid, ActError> {
    random().map(Uuid::from_random)
}

fn random() -> Result<[u8; 16], ActError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(ActError::Random)?;
    Ok(bytes)
}

fn person(role: Role, id: Uuid) -> Signer {
    Signer { role, id: SubjectId::Custodian(id) }
}

fn agency(role: Role, id: Uuid) -> Signer {
    Signer { role, id: SubjectId::Agency(id) }
}

fn items(ids: &[Uuid]) -> Vec<SubjectId> {
    ids.iter().copied().map(SubjectId::Item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No machine that runs tests lacks randomness.
    #[test]
    fn a_machine_without_randomness_has_a_code() {
        assert_eq!(ActError::Random(getrandom::Error::UNSUPPORTED).code(), "act/random");
    }
}
