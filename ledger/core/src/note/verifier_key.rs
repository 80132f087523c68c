//! Verifier keys: `name+hash8+base64(algorithm || key)`, C2SP signed-note, section Verifier keys.

use std::fmt;
use std::sync::Arc;

use ml_dsa::{EncodedVerifyingKey, MlDsa44, VerifyingKey as MlDsaKey};

use super::{KeyId, KeyName, VerifierKeyError, decode_canonical, encode};
use crate::ed25519::PublicKey;

/// Length of an encoded ML-DSA-44 public key in bytes: FIPS 204, table 2.
pub const ML_DSA_44_KEY_LEN: usize = 1312;

/// Longest verifier key in bytes: a name of 255, a key id of 8, two `+`, and 1,752 characters of base64
/// for 1 + 1,312 bytes.
const MAX_LEN: usize = KeyName::MAX_LEN + 8 + 2 + 1752;

/// Signature types of C2SP signed-note that this ledger uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// 0x01: Ed25519 over the note's text. Logs only.
    Ed25519,
    /// 0x04: `cosignature/v1`, Ed25519 with a time. Witnesses only.
    CosignatureV1,
    /// 0x06: ML-DSA-44 with a time. Logs and witnesses.
    MlDsa44,
}

/// A public key, decoded once. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PublicKeyMaterial {
    /// For [`Algorithm::Ed25519`] and [`Algorithm::CosignatureV1`].
    Ed25519(PublicKey),
    /// For [`Algorithm::MlDsa44`]; shared, since its expanded matrix takes 16 KiB.
    MlDsa44(Arc<MlDsaKey<MlDsa44>>),
}

/// A named public key for one signature type.
#[derive(Clone, PartialEq)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    algorithm: Algorithm,
    key: PublicKeyMaterial,
}

impl VerifierKey {
    /// Reads a verifier key and checks that its key id is the right one.
    ///
    /// # Errors
    ///
    /// [`VerifierKeyError`], one variant for each rule.
    pub fn parse(text: &str) -> Result<Self, VerifierKeyError> {
        if text.len() > MAX_LEN {
            return Err(VerifierKeyError::TooLong { len: text.len() });
        }
        // Base64 may hold a `+` itself: only the first two separate.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError::Malformed);
        };
        let name = KeyName::parse(name)?;
        let actual = parse_key_id(id)?;
        let key = decode_canonical(key).ok_or(VerifierKeyError::Base64)?;
        let key = Self::from_key(name, &key)?;
        if key.id != actual {
            let expected = key.id;
            return Err(VerifierKeyError::KeyIdMismatch { expected, actual });
        }
        Ok(key)
    }

    /// A verifier key of `algorithm` for the encoded public key `key`.
    ///
    /// # Errors
    ///
    /// [`VerifierKeyError::KeyLength`] or [`VerifierKeyError::Ed25519`].
    pub fn new(name: KeyName, algorithm: Algorithm, key: &[u8]) -> Result<Self, VerifierKeyError> {
        Ok(Self {
            id: KeyId::of(&name, algorithm, key),
            key: PublicKeyMaterial::decode(algorithm, key)?,
            name,
            algorithm,
        })
    }

    /// The key's name: a log's origin, or a witness's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's id, which signature lines carry.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What the key's signatures cover and look like.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The decoded key.
    pub fn key(&self) -> &PublicKeyMaterial {
        &self.key
    }

    /// Whether both wrap the same public key, whatever its name and signature type.
    pub fn same_public_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    fn from_key(name: KeyName, bytes: &[u8]) -> Result<Self, VerifierKeyError> {
        let first = bytes.first().copied();
        let algorithm = first.and_then(Algorithm::from_byte);
        let Some((algorithm, (_, key))) = algorithm.zip(bytes.split_first()) else {
            return Err(VerifierKeyError::Algorithm { algorithm: first });
        };
        Self::new(name, algorithm, key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.algorithm.byte()];
        key.extend_from_slice(&self.key.encode());
        write!(f, "{}+{}+{}", self.name, self.id, encode(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{} ({:?})", self.name, self.id, self.algorithm)
    }
}

impl PublicKeyMaterial {
    /// The encoded key: 32 bytes of RFC 8032 or 1,312 of FIPS 204.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.as_bytes().to_vec(),
            Self::MlDsa44(key) => key.encode().to_vec(),
        }
    }

    fn decode(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, VerifierKeyError> {
        let wrong_length =
            VerifierKeyError::KeyLength { expected: algorithm.key_len(), actual: bytes.len() };
        match algorithm {
            Algorithm::Ed25519 | Algorithm::CosignatureV1 => {
                let bytes = bytes.try_into().map_err(|_| wrong_length)?;
                let key = PublicKey::from_bytes(bytes).map_err(VerifierKeyError::Ed25519)?;
                Ok(Self::Ed25519(key))
            }
            Algorithm::MlDsa44 => {
                let encoded = EncodedVerifyingKey::<MlDsa44>::try_from(bytes);
                let encoded = encoded.map_err(|_| wrong_length)?;
                Ok(Self::MlDsa44(Arc::new(MlDsaKey::decode(&encoded))))
            }
        }
    }
}

impl Algorithm {
    /// The signature type's byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
            Self::MlDsa44 => 0x06,
        }
    }

    /// The signature type of `byte`, or `None` for one that is not used here.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Ed25519),
            0x04 => Some(Self::CosignatureV1),
            0x06 => Some(Self::MlDsa44),
            _ => None,
        }
    }

    const fn key_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::CosignatureV1 => PublicKey::LEN,
            Self::MlDsa44 => ML_DSA_44_KEY_LEN,
        }
    }
}

fn parse_key_id(text: &str) -> Result<KeyId, VerifierKeyError> {
    let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 2 * KeyId::LEN || !text.as_bytes().iter().all(digit) {
        return Err(VerifierKeyError::KeyIdFormat);
    }
    let id = u32::from_str_radix(text, 16).map_err(|_| VerifierKeyError::KeyIdFormat)?;
    Ok(KeyId(id.to_be_bytes()))
}
