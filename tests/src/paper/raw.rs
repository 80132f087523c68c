//! Signed messages byte by byte, for what the core's own writer cannot be made to write.
//!
//! Every signature is good: an attack on the form of a message must not fail for its signature.

use custody_core::cbor::Value;
use custody_core::hash::sha256;
use ed25519_dalek::{Signer, SigningKey};

use super::cast::public;
use super::exhibit::PaperExhibit;
use super::page::Page;
use super::tree::{At, decode, get};

const COUNTERSIGNED: Value = Value::Int(-65538);

/// A message in parts.
#[derive(Clone, Debug)]
pub struct RawMessage {
    /// What comes before the array: tag 98.
    pub tag: Vec<u8>,
    /// The body's protected header.
    pub protected: Value,
    /// The body's unprotected header.
    pub unprotected: Value,
    /// The payload's bytes.
    pub payload: Vec<u8>,
    /// The signatures.
    pub signatures: Vec<RawSignature>,
}

/// A signature in parts.
#[derive(Clone, Debug)]
pub struct RawSignature {
    /// Its protected header. `countersigned` is filled in where it is null.
    pub protected: Value,
    /// Its unprotected header.
    pub unprotected: Value,
    /// The key that makes it.
    pub key: SigningKey,
}

impl RawMessage {
    /// The parts of a page as it would be signed.
    pub fn of(page: &Page) -> Self {
        let keys = page.hands.iter().map(|hand| hand.key.clone()).collect();
        Self::of_signed(&page.sign(), keys)
    }

    /// The parts of an exhibit's manifest as it would be signed.
    pub fn of_manifest(exhibit: &PaperExhibit) -> Self {
        let manifest = exhibit.sign_manifest(&exhibit.contents.encode());
        Self::of_signed(&manifest, vec![exhibit.key.clone()])
    }

    /// The name of a key as it stands in a header.
    pub fn kid(key: &SigningKey) -> Value {
        Value::bytes(public(key).kid().as_hash())
    }

    fn of_signed(bytes: &[u8], keys: Vec<SigningKey>) -> Self {
        let message = &bytes[2..];
        let Value::Bytes(payload) = get(message, &[At::Item(2)]) else { panic!("no payload") };
        let header = |path: &[At<'_>]| match get(message, path) {
            Value::Bytes(bytes) => decode(&bytes),
            other => panic!("no header but {other:?}"),
        };
        let signature = |(position, key): (usize, SigningKey)| {
            let path = [At::Item(3), At::Item(position), At::Item(0)];
            let mut protected = header(&path);
            set(&mut protected, COUNTERSIGNED, |digest| *digest = Value::Null);
            RawSignature { protected, unprotected: Value::Map(Vec::new()), key }
        };
        Self {
            tag: bytes[..2].to_vec(),
            protected: header(&[At::Item(0)]),
            unprotected: Value::Map(Vec::new()),
            payload,
            signatures: keys.into_iter().enumerate().map(signature).collect(),
        }
    }

    /// The same message with a change.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The message, with every signature made.
    pub fn sign(&self) -> Vec<u8> {
        let mut signed: Vec<Vec<u8>> = Vec::new();
        for signature in &self.signatures {
            let encoded = self.sign_one(signature, signed.last());
            signed.push(encoded);
        }
        let message = Value::array([
            Value::Bytes(self.protected.encode()),
            self.unprotected.clone(),
            Value::bytes(&self.payload),
            Value::array(signed.into_iter().map(Value::Encoded)),
        ]);
        [self.tag.clone(), message.encode()].concat()
    }

    fn sign_one(&self, signature: &RawSignature, last: Option<&Vec<u8>>) -> Vec<u8> {
        let mut protected = signature.protected.clone();
        set(&mut protected, COUNTERSIGNED, |digest| {
            if *digest == Value::Null {
                *digest = Value::bytes(sha256(last.map_or(&[], Vec::as_slice)));
            }
        });
        let protected = protected.encode();
        // RFC 9052 section 4.4.
        let signed = Value::array([
            Value::text("Signature"),
            Value::Bytes(self.protected.encode()),
            Value::bytes(&protected),
            Value::bytes([]),
            Value::bytes(&self.payload),
        ]);
        let made = signature.key.sign(&signed.encode()).to_bytes();
        let parts = [Value::Bytes(protected), signature.unprotected.clone(), Value::bytes(made)];
        Value::array(parts).encode()
    }
}

/// Changes the value of `label` in a header, if it has one.
fn set(header: &mut Value, label: Value, change: impl FnOnce(&mut Value)) {
    let Value::Map(pairs) = header else { return };
    if let Some((_, value)) = pairs.iter_mut().find(|(known, _)| *known == label) {
        change(value);
    }
}
