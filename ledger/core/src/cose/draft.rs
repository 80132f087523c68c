use ed25519_dalek::{Signer as _, SigningKey};

use crate::cbor::Value;
use crate::cose::error::CoseError;
use crate::cose::header::{BodyHeader, Observed, Role, SignerHeader};
use crate::cose::message::{Message, assemble, sig_structure};
use crate::key::{ALG_EDDSA, CoseKey};

/// A message in the making: complete but for some of its signatures.
///
/// Its bytes are a well-formed [`Message`] at every step, so a half-signed offer travels in the same
/// form as the record that it becomes.
#[derive(Clone, Debug)]
pub struct Draft {
    header: BodyHeader,
    payload: Vec<u8>,
    signatures: Vec<Vec<u8>>,
    last: Option<crate::hash::Hash>,
}

/// What a signer adds to their signature.
#[derive(Clone, Debug)]
pub struct SignerParams {
    /// In what capacity they sign.
    pub role: Role,
    /// What their clock says, in seconds since 1970.
    pub iat_s: u64,
    /// What they checked and found; receivers only.
    pub observed: Observed,
}

impl Draft {
    /// A message without signatures. `payload` is deterministic CBOR.
    pub fn new(header: BodyHeader, payload: Vec<u8>) -> Self {
        Self { header, payload, signatures: Vec::new(), last: None }
    }

    /// Takes up a message that others have signed so far.
    pub fn resume(message: &Message) -> Self {
        let lines = message.signatures();
        Self {
            header: message.header().clone(),
            payload: message.payload().to_vec(),
            signatures: lines.iter().map(|line| line.encode(message)).collect(),
            last: lines.last().map(|line| line.digest()),
        }
    }

    /// Adds the next signature, over the body and the signature before it.
    ///
    /// # Errors
    /// [`CoseError::Draft`] where observations stand with another role than receiving.
    pub fn sign(&mut self, key: &SigningKey, params: SignerParams) -> Result<(), CoseError> {
        let observed = Some(params.observed).filter(|observed| !observed.is_empty());
        if observed.is_some() && params.role != Role::Receiving {
            return Err(CoseError::Draft { reason: "only a receiver writes observations" });
        }
        let public = CoseKey::from_bytes(key.verifying_key().as_bytes())
            .map_err(|_| CoseError::Draft { reason: "the key is not usable" })?;
        let header = SignerHeader {
            alg: ALG_EDDSA,
            kid: public.kid(),
            iat_s: params.iat_s,
            role: params.role,
            countersigned: self.last,
            observed,
        };
        let protected = header.encode();
        let signed = sig_structure(&self.header.encode(), &protected, &self.payload);
        let signature = key.sign(&signed).to_bytes();
        let encoded = encode_signature(&protected, &signature);
        self.last = Some(crate::hash::sha256(&encoded));
        self.signatures.push(encoded);
        Ok(())
    }

    /// The message's protected header, encoded: what is signed besides the payload.
    pub fn protected(&self) -> Vec<u8> {
        self.header.encode()
    }

    /// The message with the signatures it has so far.
    pub fn to_bytes(&self) -> Vec<u8> {
        assemble(&self.header.encode(), &self.payload, &self.signatures)
    }
}

/// `[protected, {}, signature]`.
pub(super) fn encode_signature(protected: &[u8], signature: &[u8; 64]) -> Vec<u8> {
    Value::array([Value::bytes(protected), Value::Map(Vec::new()), Value::bytes(signature)])
        .encode()
}
