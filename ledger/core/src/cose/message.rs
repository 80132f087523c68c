use std::ops::Range;

use crate::cbor::{Reader, Value, encode_bytes};
use crate::cose::draft::encode_signature;
use crate::cose::error::CoseError;
use crate::cose::header::{BodyHeader, ContentType, SignerHeader};
use crate::hash::{Hash, sha256};
use crate::key::CoseKey;

/// CBOR tag 98, COSE_Sign: the only tag that occurs in any of our formats.
const TAG_COSE_SIGN: [u8; 2] = [0xd8, 98];

/// Signatures a message may carry: a record of 64 founders is the largest foreseen, with two keys
/// each and the operator's.
const MAX_SIGNATURES: usize = 129;

/// A signed message that is well formed; its signatures are still to be checked.
#[derive(Clone, Debug)]
pub struct Message {
    bytes: Vec<u8>,
    header: BodyHeader,
    body_protected: Range<usize>,
    payload: Range<usize>,
    signatures: Vec<SignatureLine>,
}

/// One of the message's signatures.
#[derive(Clone, Debug)]
pub struct SignatureLine {
    /// Its protected header.
    pub header: SignerHeader,
    protected: Range<usize>,
    signature: [u8; 64],
    digest: Hash,
}

impl Message {
    /// Parses a message of `content_type` and at most `limit` bytes.
    ///
    /// # Errors
    /// Every deviation from SPEC section "Signed messages", by its code.
    pub fn parse(bytes: &[u8], content_type: ContentType, limit: usize) -> Result<Self, CoseError> {
        let part = CoseError::part("message");
        if bytes.len() > limit {
            return Err(CoseError::Oversize { limit, actual: bytes.len() });
        }
        let untagged = bytes.strip_prefix(&TAG_COSE_SIGN).ok_or(CoseError::NotCoseSign)?;
        crate::cbor::check(untagged).map_err(&part)?;
        // Ranges below are offsets into `bytes`, so the reader starts behind the tag.
        let mut reader = Reader::new(bytes);
        reader.skip_tag();
        reader.array(4, 4).map_err(&part)?;
        let body_protected = byte_range(&mut reader)?;
        let header = BodyHeader::decode(&bytes[body_protected.clone()], content_type)?;
        empty_map(&mut reader)?;
        let payload = byte_range(&mut reader)?;
        let count = reader.array(0, MAX_SIGNATURES).map_err(&part)?;
        let mut signatures = Vec::with_capacity(count);
        for _ in 0..count {
            signatures.push(decode_signature(bytes, &mut reader, &signatures)?);
        }
        reader.end().map_err(&part)?;
        Ok(Self { bytes: bytes.to_vec(), header, body_protected, payload, signatures })
    }

    /// The message as it was received.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the whole tagged message: its name.
    pub fn digest(&self) -> Hash {
        sha256(&self.bytes)
    }

    /// The body's protected header.
    pub fn header(&self) -> &BodyHeader {
        &self.header
    }

    /// The bytes of the payload.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.payload.clone()]
    }

    /// The signatures in order.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Checks the signature at `position` with `key`, strictly.
    ///
    /// # Errors
    /// [`CoseError::Signature`] where it does not verify, or `key` is not the one its header names.
    pub fn verify_signature(&self, position: usize, key: &CoseKey) -> Result<(), CoseError> {
        let wrong = CoseError::Signature { position };
        let Some(line) = self.signatures.get(position) else { return Err(wrong) };
        let protected = &self.bytes[line.protected.clone()];
        let body = &self.bytes[self.body_protected.clone()];
        let signed = sig_structure(body, protected, self.payload());
        if line.header.kid != key.kid() {
            return Err(wrong);
        }
        key.verify(&signed, &line.signature).map_err(|_| wrong)
    }
}

/// RFC 9052 section 4.4: `["Signature", body_protected, sign_protected, external_aad, payload]`,
/// with an empty external_aad so that any COSE library can check our signatures.
pub(super) fn sig_structure(body: &[u8], protected: &[u8], payload: &[u8]) -> Vec<u8> {
    const CONTEXT: &[u8] = b"\x85\x69Signature";
    // Five heads of at most five bytes each besides the parts.
    let length = CONTEXT.len() + body.len() + protected.len() + payload.len() + 25;
    let mut signed = Vec::with_capacity(length);
    signed.extend_from_slice(CONTEXT);
    for part in [body, protected, &[], payload] {
        encode_bytes(&mut signed, part);
    }
    signed
}

/// `98([protected, {}, payload, signatures])`.
pub(super) fn assemble(body: &[u8], payload: &[u8], signatures: &[Vec<u8>]) -> Vec<u8> {
    let signatures = signatures.iter().map(|signature| Value::Encoded(signature.clone()));
    let message = Value::array([
        Value::bytes(body),
        Value::Map(Vec::new()),
        Value::bytes(payload),
        Value::array(signatures),
    ]);
    [&TAG_COSE_SIGN[..], &message.encode()].concat()
}

fn decode_signature(
    bytes: &[u8],
    reader: &mut Reader<'_>,
    before: &[SignatureLine],
) -> Result<SignatureLine, CoseError> {
    let part = CoseError::part("signature");
    let position = before.len();
    let start = reader.offset();
    reader.array(3, 3).map_err(&part)?;
    let protected = byte_range(reader)?;
    let header = SignerHeader::decode(&bytes[protected.clone()])?;
    empty_map(reader)?;
    let signature = reader.array_of().map_err(&part)?;
    let digest = sha256(reader.since(start));
    match (before.last().map(|line| line.digest), header.countersigned) {
        (None, None) => {}
        (Some(expected), Some(actual)) if expected == actual => {}
        (Some(expected), Some(actual)) => {
            return Err(CoseError::Countersigned { position, expected, actual });
        }
        _ => return Err(CoseError::Critical),
    }
    if before.iter().any(|line| line.header.kid == header.kid) {
        return Err(CoseError::RepeatedKey { position });
    }
    Ok(SignatureLine { header, protected, signature, digest })
}

fn byte_range(reader: &mut Reader<'_>) -> Result<Range<usize>, CoseError> {
    let length = reader.bytes().map_err(CoseError::part("message"))?.len();
    Ok(reader.offset() - length..reader.offset())
}

fn empty_map(reader: &mut Reader<'_>) -> Result<(), CoseError> {
    match reader.map(0) {
        Ok(_) => Ok(()),
        Err(_) => Err(CoseError::Unprotected),
    }
}

impl SignatureLine {
    pub(super) fn encode(&self, message: &Message) -> Vec<u8> {
        encode_signature(&message.bytes[self.protected.clone()], &self.signature)
    }

    /// SHA-256 of the encoded COSE_Signature: what the next signer covers.
    pub fn digest(&self) -> Hash {
        self.digest
    }
}
