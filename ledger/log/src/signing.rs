//! Making signatures: the log's two lines, and witnesses' cosignatures.
//!
//! Signers are made from seeds, expand them once and wipe them when dropped. All signatures are
//! deterministic: nothing here has randomness, and signing the same head at the same time twice gives the
//! same bytes. ML-DSA is signed by one implementation and verified by another, the one that every verifier of
//! ours has: a line that it would refuse does not leave.

use std::fmt;

use custody_core::checkpoint::{
    Checkpoint, CheckpointError, LineStatus, LogKeys, PosixTime, checkpoint_text,
    cosignature_v1_message, cosigned_message, timestamped,
};
use custody_core::merkle::TreeHead;
use custody_core::note::{Algorithm, KeyName, SignatureLine, VerifierKey};
use ed25519_dalek::{Signer, SigningKey};
use libcrux_ml_dsa::ml_dsa_44::{self, MLDSA44SigningKey};
use zeroize::Zeroize;

/// What FIPS 204 mixes into a signature in its deterministic variant, in place of randomness.
const NO_RANDOMNESS: [u8; 32] = [0; 32];

/// The two private seeds of a log.
#[derive(Clone, Copy)]
pub struct LogSeeds<'a> {
    /// The Ed25519 seed: RFC 8032 section 5.1.5.
    pub ed25519: &'a [u8; 32],
    /// The ML-DSA-44 seed: xi of FIPS 204, algorithm 1.
    pub mldsa44: &'a [u8; 32],
}

/// What a log signs its checkpoints with. Both keys are expanded once.
pub struct LogSigner {
    keys: LogKeys,
    ed25519: SigningKey,
    mldsa44: MlDsaCosigner,
}

/// What a witness makes 0x04 lines with.
pub struct Ed25519Cosigner {
    verifier: VerifierKey,
    key: SigningKey,
}

/// What a witness, or a log, makes 0x06 lines with. The key is expanded once.
pub struct MlDsaCosigner {
    verifier: VerifierKey,
    key: MlDsaKey,
}

/// A private ML-DSA-44 key, 2,560 bytes: sk of FIPS 204, algorithm 24. Wiped when dropped.
struct MlDsaKey(Box<MLDSA44SigningKey>);

impl Drop for MlDsaKey {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl LogSigner {
    /// Expands a log's seeds.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::LogKeyIds`]: the two public keys have one key id, other seeds are needed.
    pub fn from_seeds(origin: &KeyName, seeds: LogSeeds<'_>) -> Result<Self, CheckpointError> {
        let ed25519 = SigningKey::from_bytes(seeds.ed25519);
        let mldsa44 = MlDsaCosigner::from_seed(origin, seeds.mldsa44)?;
        let verifier = verifier_key(origin, Algorithm::Ed25519, &ed25519)?;
        Ok(Self { keys: LogKeys::new(verifier, mldsa44.verifier.clone())?, ed25519, mldsa44 })
    }

    /// The public keys.
    pub fn keys(&self) -> &LogKeys {
        &self.keys
    }
}

impl Ed25519Cosigner {
    /// Expands a witness's seed: RFC 8032 section 5.1.5.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::VerifierKey`] if the public key is unusable, which no seed is known to give.
    pub fn from_seed(name: &KeyName, seed: &[u8; 32]) -> Result<Self, CheckpointError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = verifier_key(name, Algorithm::CosignatureV1, &key)?;
        Ok(Self { verifier, key })
    }

    /// The public key.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }
}

impl MlDsaCosigner {
    /// Expands a seed: xi of FIPS 204, algorithm 1.
    ///
    /// # Errors
    ///
    /// None in practice: the public key has the right length.
    pub fn from_seed(name: &KeyName, seed: &[u8; 32]) -> Result<Self, CheckpointError> {
        let pair = ml_dsa_44::generate_key_pair(*seed);
        let key = MlDsaKey(Box::new(pair.signing_key));
        let public = pair.verification_key.as_slice();
        let verifier = VerifierKey::new(name.clone(), Algorithm::MlDsa44, public)
            .map_err(CheckpointError::VerifierKey)?;
        Ok(Self { verifier, key })
    }

    /// The public key.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    fn sign(
        &self,
        origin: &KeyName,
        head: &TreeHead,
        time: PosixTime,
    ) -> Result<SignatureLine, CheckpointError> {
        let message = cosigned_message(self.verifier.name(), time, origin, head);
        let signature = ml_dsa_44::sign(&self.key.0, &message, &[], NO_RANDOMNESS)
            .map_err(|_| CheckpointError::SigningFailed)?;
        let blob = timestamped(time, signature.as_slice());
        Ok(SignatureLine::new(&self.verifier, blob))
    }
}

/// Signs `head` as the log: the Ed25519 line first, then the ML-DSA-44 line with `time`.
///
/// A size is signed once. The caller makes sure of that: the time says 'the largest as of now'.
/// Cost: 0.2 to 0.3 ms: an ML-DSA signature, and the verification of both lines.
///
/// # Errors
///
/// [`CheckpointError::EmptyTreeRoot`] for a head that no tree has, and
/// [`CheckpointError::SigningFailed`] if ML-DSA's rejection loop finds no signature, which has a
/// negligible probability, or if a line does not verify: the machine or a library is broken.
pub fn sign_checkpoint(
    signer: &LogSigner,
    head: &TreeHead,
    time: PosixTime,
) -> Result<Checkpoint, CheckpointError> {
    let origin = signer.keys.origin();
    let text = checkpoint_text(origin, head);
    let ed25519 = signer.ed25519.sign(text.as_bytes()).to_bytes();
    let lines = vec![
        SignatureLine::new(signer.keys.ed25519(), ed25519.to_vec()),
        signer.mldsa44.sign(origin, head, time)?,
    ];
    let checkpoint = Checkpoint::new(origin, head, lines)?;
    checkpoint.verify_log(&signer.keys).map_err(|_| CheckpointError::SigningFailed)?;
    Ok(checkpoint)
}

/// A witness's 0x04 line over `checkpoint`, to be added with [`Checkpoint::with_signature`].
///
/// It says that the signer verified the tree to be consistent with all it saw of this log: the caller
/// has done so, after verifying the log's own lines.
pub fn cosign_ed25519(
    cosigner: &Ed25519Cosigner,
    checkpoint: &Checkpoint,
    time: PosixTime,
) -> SignatureLine {
    let message = cosignature_v1_message(time, checkpoint.text());
    let signature = cosigner.key.sign(&message).to_bytes();
    SignatureLine::new(&cosigner.verifier, timestamped(time, &signature))
}

/// A witness's 0x06 line over `checkpoint`, to be added with [`Checkpoint::with_signature`].
///
/// Says the same as [`cosign_ed25519`].
///
/// # Errors
///
/// [`CheckpointError::SigningFailed`] as in [`sign_checkpoint`].
pub fn cosign_mldsa44(
    cosigner: &MlDsaCosigner,
    checkpoint: &Checkpoint,
    time: PosixTime,
) -> Result<SignatureLine, CheckpointError> {
    let line = cosigner.sign(checkpoint.origin(), checkpoint.tree_head(), time)?;
    let signed = Checkpoint::new(checkpoint.origin(), checkpoint.tree_head(), vec![line.clone()])?;
    match signed.verify_line(&cosigner.verifier) {
        Ok(LineStatus::VerifiedAt(_)) => Ok(line),
        _ => Err(CheckpointError::SigningFailed),
    }
}

fn verifier_key(
    name: &KeyName,
    algorithm: Algorithm,
    key: &SigningKey,
) -> Result<VerifierKey, CheckpointError> {
    let public = key.verifying_key().to_bytes();
    VerifierKey::new(name.clone(), algorithm, &public).map_err(CheckpointError::VerifierKey)
}

impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogSigner({})", self.keys.origin())
    }
}

impl fmt::Debug for Ed25519Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Cosigner({:?})", self.verifier)
    }
}

impl fmt::Debug for MlDsaCosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MlDsaCosigner({:?})", self.verifier)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use custody_core::hash::sha256;
    use custody_core::merkle::TreeSize;

    use super::*;

    fn signer(seed: u8) -> LogSigner {
        let seeds = LogSeeds { ed25519: &[seed; 32], mldsa44: &[seed; 32] };
        LogSigner::from_seeds(&KeyName::parse("ledger.example/evidence").unwrap(), seeds).unwrap()
    }

    fn code<T>(result: Result<T, CheckpointError>) -> Result<(), &'static str> {
        result.map(drop).map_err(|error| error.code())
    }

    /// As a broken machine signs, or a broken library: with another key than the public one.
    #[test]
    fn what_does_not_verify_does_not_leave() {
        let (time, witness) = (PosixTime::new(1).unwrap(), signer(3));
        let head = TreeHead { size: TreeSize(7), root: sha256(b"a root") };
        let signed = sign_checkpoint(&signer(1), &head, time).unwrap();
        assert_eq!(code(cosign_mldsa44(&witness.mldsa44, &signed, time)), Ok(()));
        let mut broken = witness.mldsa44;
        broken.key = signer(2).mldsa44.key;
        assert_eq!(code(cosign_mldsa44(&broken, &signed, time)), Err("checkpoint/signing-failed"));
        let mut broken = signer(1);
        broken.mldsa44.key = signer(2).mldsa44.key;
        assert_eq!(code(sign_checkpoint(&broken, &head, time)), Err("checkpoint/signing-failed"));
        let mut broken = signer(1);
        broken.ed25519 = signer(2).ed25519;
        assert_eq!(code(sign_checkpoint(&broken, &head, time)), Err("checkpoint/signing-failed"));
    }
}
