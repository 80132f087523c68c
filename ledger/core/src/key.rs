//! Keys of people, agencies and operators as COSE writes them, and the names that signatures use for
//! them. SPEC section "Keys".

use std::fmt;

use thiserror::Error;

use crate::cbor::{CborError, Reader, Value};
use crate::ed25519::{Ed25519Error, PublicKey};
use crate::hash::{Hash, sha256};

/// COSE algorithm EdDSA (RFC 9053), the one we write.
pub const ALG_EDDSA: i64 = -8;
/// COSE algorithm Ed25519 (RFC 9864), accepted as well.
pub const ALG_ED25519: i64 = -19;

/// COSE key thumbprint of a key (RFC 9679, SHA-256, 32 bytes): the name that signatures carry as `kid`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(Hash);

impl Kid {
    /// Wraps a thumbprint read from a header or a list of pins.
    pub const fn new(thumbprint: Hash) -> Self {
        Self(thumbprint)
    }

    /// The thumbprint.
    pub const fn as_hash(&self) -> &Hash {
        &self.0
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An Ed25519 public key with its thumbprint, decoded once.
#[derive(Clone, PartialEq, Eq)]
pub struct CoseKey {
    key: PublicKey,
    kid: Kid,
}

impl CoseKey {
    /// Decodes a key.
    ///
    /// # Errors
    /// As [`PublicKey::from_bytes`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = PublicKey::from_bytes(bytes)?;
        Ok(Self { key, kid: Kid(thumbprint(bytes)) })
    }

    /// Reads a COSE_Key map `{1: 1, -1: 6, -2: x}` and nothing else.
    ///
    /// # Errors
    /// [`KeyError::Cbor`] for any other map, [`KeyError::Ed25519`] as [`CoseKey::from_bytes`].
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, KeyError> {
        let offset = reader.offset();
        let expected = "a COSE_Key map {1: 1, -1: 6, -2: x}";
        let other = |reader: &Reader<'_>| KeyError::Cbor(reader.out_of_range(offset, expected));
        if reader.map(3)? != 3 || [reader.int()?, reader.int()?] != [1, 1] {
            return Err(other(reader));
        }
        if [reader.int()?, reader.int()?, reader.int()?] != [-1, 6, -2] {
            return Err(other(reader));
        }
        Self::from_bytes(&reader.array_of()?)
    }

    /// The COSE_Key map of this key.
    pub fn to_value(&self) -> Value {
        cose_key(self.key.as_bytes())
    }

    /// The key's thumbprint.
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    /// The 32 bytes of the encoded point.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Checks a signature strictly. Cost: one double-base scalar multiplication, 20 to 30 microseconds.
    ///
    /// # Errors
    /// As [`PublicKey::verify_strict`].
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), KeyError> {
        Ok(self.key.verify_strict(message, signature)?)
    }
}

impl fmt::Debug for CoseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CoseKey({})", self.kid)
    }
}

/// Why a key or a signature is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The point or the signature is refused.
    #[error("refused as Ed25519")]
    Ed25519(#[from] Ed25519Error),
    /// The key's map is malformed.
    #[error("malformed key")]
    Cbor(#[from] CborError),
}

impl KeyError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ed25519(error) => error.code(),
            Self::Cbor(error) => error.code(),
        }
    }
}

fn cose_key(point: &[u8; 32]) -> Value {
    Value::labelled([(1, Value::Int(1)), (-1, Value::Int(6)), (-2, Value::bytes(point))])
}

/// RFC 9679 section 4: SHA-256 over the deterministic encoding of the key's required parameters,
/// which for an OKP key are kty, crv and x.
fn thumbprint(point: &[u8; 32]) -> Hash {
    sha256(&cose_key(point).encode())
}
