//! Key files: private keys as passphrase-encrypted PKCS#8 (RFC 5958, PBES2 of RFC 8018 with scrypt and
//! AES-256), public keys as SubjectPublicKeyInfo, both as PEM. OpenSSL and others read them.
//!
//! A private key is never written without a passphrase, never over another file, and never with more
//! rights than its owner's.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use custody_core::key::{CoseKey, KeyError};
use ed25519_dalek::SigningKey;
use pkcs8::der::asn1::{BitStringRef, OctetStringRef};
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use pkcs8::{
    Document, EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier, PrivateKeyInfoRef,
    SecretDocument,
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::file::{self, FileError};
use crate::passphrase::Passphrase;

/// Largest key file: a PKCS#8 of 200 bytes in base64 takes 400; the rest is room for other tools'.
const MAX_KEY_FILE: u64 = 16 * 1024;
/// Most memory that opening a key file may take: scrypt's 128 x N x r.
const MAX_SCRYPT_BYTES: u64 = 256 * 1024 * 1024;
/// Most rounds of PBKDF2, several times today's recommendation.
const MAX_PBKDF2_ROUNDS: u32 = 10_000_000;

const PRIVATE_LABEL: &str = "ENCRYPTED PRIVATE KEY";
const PUBLIC_LABEL: &str = "PUBLIC KEY";
/// What a file holds, where it should hold the other half.
pub(crate) const A_PUBLIC_KEY: &str = "a public key";
const A_PRIVATE_KEY: &str = "a private key";
/// RFC 8410.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 9881.
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");

/// What kind of key a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519: people, agencies, operators, and the first of a log's keys.
    Ed25519,
    /// ML-DSA-44: the second of a log's keys.
    MlDsa44,
}

/// The 32 bytes that a private key is made of. Overwritten when dropped.
pub struct Seed {
    kind: KeyKind,
    bytes: Zeroizing<[u8; 32]>,
}

/// Why a key file cannot be made or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not PEM of the kind that is needed.
    #[error("`{}` is not {expected}", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// The file holds the other half of a pair.
    #[error("`{}` is {actual}, expected {expected}", path.display())]
    OtherHalf {
        /// The file.
        path: PathBuf,
        /// What it holds.
        actual: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The passphrase is not the one that the file was encrypted with, or the file is damaged.
    #[error("`{}` does not open with {given}", path.display())]
    Passphrase {
        /// The file.
        path: PathBuf,
        /// Which passphrase it was.
        given: String,
    },
    /// Opening the file would take more memory or time than any sensible file does.
    #[error("`{}` demands more work to open than is allowed", path.display())]
    Work {
        /// The file.
        path: PathBuf,
    },
    /// The key is not usable.
    #[error("the key in `{}` is refused", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The system has no randomness, or the key cannot be encoded.
    #[error("the key cannot be made: {reason}")]
    Make {
        /// Why.
        reason: String,
    },
}

impl KeyFileError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::NotAKey { .. } | Self::OtherHalf { .. } => "key-file/not-a-key",
            Self::Passphrase { .. } => "key-file/passphrase",
            Self::Work { .. } => "key-file/work",
            Self::Key { source, .. } => source.code(),
            Self::Make { .. } => "key-file/make",
        }
    }
}

impl Seed {
    /// A key that others know: of a training ledger.
    pub(crate) fn known(kind: KeyKind, bytes: [u8; 32]) -> Self {
        Self { kind, bytes: Zeroizing::new(bytes) }
    }

    /// A new key from the system's randomness.
    ///
    /// # Errors
    /// [`KeyFileError::Make`].
    pub fn random(kind: KeyKind) -> Result<Self, KeyFileError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(cannot_make)?;
        Ok(Self { kind, bytes })
    }

    /// The Ed25519 key that this seed makes.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The key encrypted with `passphrase`, as PEM. Cost: one scrypt, 16 MiB and some 40 ms.
    ///
    /// # Errors
    /// [`KeyFileError::Make`].
    pub fn encode_private(&self, passphrase: &Passphrase) -> Result<String, KeyFileError> {
        // RFC 8410 section 7: an OCTET STRING; RFC 9881 section 6: the choice `[0] seed`.
        let (oid, tag) = match self.kind {
            KeyKind::Ed25519 => (ED25519, 0x04),
            KeyKind::MlDsa44 => (ML_DSA_44, 0x80),
        };
        let mut key = Zeroizing::new([0; 34]);
        key[..2].copy_from_slice(&[tag, 32]);
        key[2..].copy_from_slice(self.as_bytes());
        let key = OctetStringRef::new(key.as_ref()).map_err(cannot_make)?;
        let algorithm = AlgorithmIdentifierRef { oid, parameters: None };
        let plain = PrivateKeyInfoRef::new(algorithm, key);
        let encrypted = plain.encrypt(passphrase.as_bytes()).map_err(cannot_make)?;
        let pem = encrypted.to_pem(PRIVATE_LABEL, LineEnding::LF).map_err(cannot_make)?;
        Ok(pem.as_str().to_owned())
    }
}

/// Reads the private key of `kind` in `path`. Asks for the passphrase only once the file is known to be
/// a key file.
///
/// # Errors
/// [`KeyFileError`], and `ask`'s own.
pub fn read_private<E: From<KeyFileError>>(
    path: &Path,
    kind: KeyKind,
    ask: impl FnOnce() -> Result<Passphrase, E>,
) -> Result<Seed, E> {
    let text = read_text(path)?;
    let expected = match kind {
        KeyKind::Ed25519 => "an encrypted Ed25519 private key",
        KeyKind::MlDsa44 => "an encrypted ML-DSA-44 private key",
    };
    let not_a_key = || KeyFileError::NotAKey { path: path.to_owned(), expected };
    let (label, der) = SecretDocument::from_pem(&text).map_err(|_| not_a_key())?;
    if label == PUBLIC_LABEL {
        return Err(other_half(path, A_PUBLIC_KEY, expected).into());
    }
    if label != PRIVATE_LABEL {
        return Err(not_a_key().into());
    }
    let encrypted =
        EncryptedPrivateKeyInfoRef::from_der(der.as_bytes()).map_err(|_| not_a_key())?;
    check_work(&encrypted.encryption_algorithm)
        .ok_or_else(|| KeyFileError::Work { path: path.to_owned() })?;
    let passphrase = ask()?;
    let plain = encrypted.decrypt(passphrase.as_bytes()).map_err(|_| {
        let given = passphrase.name().to_owned();
        KeyFileError::Passphrase { path: path.to_owned(), given }
    })?;
    let bytes = decode_seed(plain.as_bytes(), kind).ok_or_else(not_a_key)?;
    Ok(Seed { kind, bytes })
}

/// The public half of a key as PEM.
///
/// # Errors
/// [`KeyFileError::Make`].
pub fn encode_public(key: &CoseKey) -> Result<String, KeyFileError> {
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: ED25519, parameters: None },
        subject_public_key: BitStringRef::from_bytes(key.as_bytes()).map_err(cannot_make)?,
    };
    let der = info.to_der().map_err(cannot_make)?;
    let document = Document::try_from(der).map_err(cannot_make)?;
    document.to_pem(PUBLIC_LABEL, LineEnding::LF).map_err(cannot_make)
}

/// Reads the public key in `path`.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_public(path: &Path) -> Result<CoseKey, KeyFileError> {
    let expected = "an Ed25519 public key";
    let not_a_key = || KeyFileError::NotAKey { path: path.to_owned(), expected };
    let text = read_text(path)?;
    let (label, der) = Document::from_pem(&text).map_err(|_| not_a_key())?;
    if label == PRIVATE_LABEL {
        return Err(other_half(path, A_PRIVATE_KEY, expected));
    }
    if label != PUBLIC_LABEL {
        return Err(not_a_key());
    }
    let info = SubjectPublicKeyInfoRef::from_der(der.as_bytes()).map_err(|_| not_a_key())?;
    let has_parameters = info.algorithm.parameters.is_some();
    let point = info.subject_public_key.as_bytes().filter(|_| !has_parameters);
    let point = point.filter(|_| info.algorithm.oid == ED25519);
    let point: &[u8; 32] = point.and_then(|point| point.try_into().ok()).ok_or_else(not_a_key)?;
    CoseKey::from_bytes(point).map_err(|source| KeyFileError::Key { path: path.to_owned(), source })
}

/// Whether the file in `path` says that it holds a private key.
///
/// # Errors
/// [`KeyFileError::File`].
pub fn is_private(path: &Path) -> Result<bool, KeyFileError> {
    Ok(read_text(path)?.contains("PRIVATE KEY-----"))
}

fn read_text(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let read = || -> io::Result<Zeroizing<Vec<u8>>> {
        // Enough room from the start: a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_KEY_FILE as usize));
        File::open(path)?.take(MAX_KEY_FILE).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(file::cannot("read", path))?;
    // What is not text is no key file, as the caller will find.
    Ok(Zeroizing::new(std::str::from_utf8(&bytes).unwrap_or_default().to_owned()))
}

/// Limits before allocation: what the file demands of whoever opens it.
fn check_work(scheme: &EncryptionScheme) -> Option<()> {
    let fits = match &scheme.pbes2()?.kdf {
        Kdf::Scrypt(params) => {
            let bytes = params.cost_parameter.checked_mul(128 * u64::from(params.block_size));
            bytes.is_some_and(|bytes| bytes <= MAX_SCRYPT_BYTES) && params.parallelization <= 16
        }
        Kdf::Pbkdf2(params) => params.iteration_count <= MAX_PBKDF2_ROUNDS,
        _ => false,
    };
    fits.then_some(())
}

fn decode_seed(plain: &[u8], kind: KeyKind) -> Option<Zeroizing<[u8; 32]>> {
    let info = PrivateKeyInfoRef::try_from(plain).ok()?;
    let (oid, tag) = match kind {
        KeyKind::Ed25519 => (ED25519, 0x04),
        KeyKind::MlDsa44 => (ML_DSA_44, 0x80),
    };
    let seed = info.private_key.as_bytes().strip_prefix(&[tag, 32])?;
    let seed = seed.try_into().ok().filter(|_| info.algorithm.oid == oid)?;
    Some(Zeroizing::new(seed))
}

fn other_half(path: &Path, actual: &'static str, expected: &'static str) -> KeyFileError {
    KeyFileError::OtherHalf { path: path.to_owned(), actual, expected }
}

fn cannot_make(error: impl std::fmt::Display) -> KeyFileError {
    KeyFileError::Make { reason: error.to_string() }
}
