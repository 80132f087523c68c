//! The two public keys of a log.

use super::CheckpointError;
use crate::note::{Algorithm, KeyName, VerifierKey};

/// A log's Ed25519 key and ML-DSA-44 key, both named exactly its origin. They never change.
#[derive(Clone, Debug, PartialEq)]
pub struct LogKeys {
    ed25519: VerifierKey,
    mldsa44: VerifierKey,
}

impl LogKeys {
    /// Pairs the two keys.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::LogKeyAlgorithm`] if one is not of its algorithm,
    /// [`CheckpointError::LogKeyNames`] if they have different names, and
    /// [`CheckpointError::LogKeyIds`] in the one case in 2^32 where their key ids are equal: signature
    /// lines could not be told apart then.
    pub fn new(ed25519: VerifierKey, mldsa44: VerifierKey) -> Result<Self, CheckpointError> {
        let algorithms = (ed25519.algorithm(), mldsa44.algorithm());
        if algorithms != (Algorithm::Ed25519, Algorithm::MlDsa44) {
            return Err(CheckpointError::LogKeyAlgorithm);
        }
        if ed25519.name() != mldsa44.name() {
            return Err(CheckpointError::LogKeyNames {
                ed25519: ed25519.name().clone(),
                mldsa44: mldsa44.name().clone(),
            });
        }
        if ed25519.id() == mldsa44.id() {
            return Err(CheckpointError::LogKeyIds { id: ed25519.id() });
        }
        Ok(Self { ed25519, mldsa44 })
    }

    /// The log's origin, which is the name of both keys.
    pub fn origin(&self) -> &KeyName {
        self.ed25519.name()
    }

    /// The key of the first line.
    pub fn ed25519(&self) -> &VerifierKey {
        &self.ed25519
    }

    /// The key of the second line.
    pub fn mldsa44(&self) -> &VerifierKey {
        &self.mldsa44
    }
}
