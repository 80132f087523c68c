//! Signature lines of a checkpoint: the bytes that each kind of line signs, and their verification.
//! C2SP signed-note (0x01) and tlog-cosignature (0x04, 0x06).

use std::fmt;

use ml_dsa::{MlDsa44, Signature as MlDsaSignature, VerifyingKey as MlDsaKey};

use super::{Checkpoint, SignatureFault};
use crate::ed25519::{PublicKey, SIGNATURE_LEN};
use crate::merkle::TreeHead;
use crate::note::{Algorithm, KeyName, PublicKeyMaterial, VerifierKey};

/// Length of an ML-DSA-44 signature in bytes: FIPS 204, table 2.
pub(super) const ML_DSA_44_SIGNATURE_LEN: usize = 2420;

/// Length of the time before a cosignature's signature, in bytes.
const TIME_LEN: usize = 8;

/// Seconds since 1970-01-01 UTC without leap seconds, at most 2^63 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PosixTime(u64);

/// What a checkpoint shows of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum LineStatus {
    /// There is no line of this key.
    Absent,
    /// The line verifies and carries no time: a log's Ed25519 line.
    Verified,
    /// The line verifies, and its time is signed with it.
    VerifiedAt(PosixTime),
}

impl PosixTime {
    /// The largest time that a cosignature may carry: "It MUST NOT exceed 2^63 - 1".
    pub const MAX: Self = Self(u64::MAX >> 1);

    /// A time, or `None` above [`PosixTime::MAX`].
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds > Self::MAX.0 {
            return None;
        }
        Some(Self(seconds))
    }

    /// Seconds since 1970-01-01 UTC.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Whether the signer says that the tree was the largest it knew then: a zero says nothing.
    pub const fn is_stated(self) -> bool {
        self.0 != 0
    }
}

impl fmt::Display for PosixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The message of an Ed25519 cosignature (0x04): tlog-cosignature, section Ed25519 signed message.
pub fn cosignature_v1_message(time: PosixTime, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// The `cosigned_message` of an ML-DSA-44 line (0x06): tlog-cosignature, section ML-DSA-44 signed
/// message. `cosigner` is the log itself in its own line.
pub fn cosigned_message(
    cosigner: &KeyName,
    time: PosixTime,
    origin: &KeyName,
    head: &TreeHead,
) -> Vec<u8> {
    let mut message = Vec::new();
    // uint8 label[12] = "subtree/v1\n\0";
    message.extend_from_slice(b"subtree/v1\n\0");
    // opaque cosigner_name<1..2^8-1>;
    push_name(&mut message, cosigner);
    // uint64 timestamp;
    message.extend_from_slice(&time.0.to_be_bytes());
    // opaque log_origin<1..2^8-1>;
    push_name(&mut message, origin);
    // uint64 start; "If signing a checkpoint, it MUST be zero."
    message.extend_from_slice(&0u64.to_be_bytes());
    // uint64 end; "If signing a checkpoint, it is the size of the tree."
    message.extend_from_slice(&head.size.0.to_be_bytes());
    // uint8 hash[32];
    message.extend_from_slice(head.root.as_ref());
    message
}

/// The `timestamped_signature` of a cosignature: time, then signature.
pub fn timestamped(time: PosixTime, signature: &[u8]) -> Vec<u8> {
    [&time.0.to_be_bytes(), signature].concat()
}

/// Checks `blob`, the line of `key`, over `checkpoint`.
pub(super) fn verify(
    checkpoint: &Checkpoint,
    key: &VerifierKey,
    blob: &[u8],
) -> Result<LineStatus, SignatureFault> {
    let text = checkpoint.text();
    match (key.algorithm(), key.key()) {
        (Algorithm::Ed25519, PublicKeyMaterial::Ed25519(public)) => {
            verify_ed25519(public, text.as_bytes(), blob)?;
            Ok(LineStatus::Verified)
        }
        (Algorithm::CosignatureV1, PublicKeyMaterial::Ed25519(public)) => {
            let (time, signature) = split_time(blob, SIGNATURE_LEN)?;
            verify_ed25519(public, &cosignature_v1_message(time, text), signature)?;
            Ok(LineStatus::VerifiedAt(time))
        }
        (Algorithm::MlDsa44, PublicKeyMaterial::MlDsa44(public)) => {
            let (time, signature) = split_time(blob, ML_DSA_44_SIGNATURE_LEN)?;
            let (origin, head) = (checkpoint.origin(), checkpoint.tree_head());
            let message = cosigned_message(key.name(), time, origin, head);
            verify_mldsa44(public, &message, signature)?;
            Ok(LineStatus::VerifiedAt(time))
        }
        // A verifier key's material is of its algorithm: no key is made otherwise.
        _ => Err(SignatureFault::Invalid),
    }
}

fn verify_ed25519(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
    let signature = signature
        .try_into()
        .map_err(|_| SignatureFault::Length { expected: SIGNATURE_LEN, actual: signature.len() })?;
    key.verify_strict(message, signature).map_err(|_| SignatureFault::Invalid)
}

/// ML-DSA.Verify of FIPS 204 with an empty context.
fn verify_mldsa44(
    key: &MlDsaKey<MlDsa44>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureFault> {
    let signature =
        MlDsaSignature::<MlDsa44>::try_from(signature).map_err(|_| SignatureFault::Invalid)?;
    if key.verify_with_context(message, &[], &signature) {
        return Ok(());
    }
    Err(SignatureFault::Invalid)
}

fn split_time(blob: &[u8], signature_len: usize) -> Result<(PosixTime, &[u8]), SignatureFault> {
    let wrong_length =
        SignatureFault::Length { expected: TIME_LEN + signature_len, actual: blob.len() };
    if blob.len() != TIME_LEN + signature_len {
        return Err(wrong_length);
    }
    let (time, signature) = blob.split_first_chunk().ok_or(wrong_length)?;
    let seconds = u64::from_be_bytes(*time);
    let time = PosixTime::new(seconds).ok_or(SignatureFault::Time { seconds })?;
    Ok((time, signature))
}

/// Appends an `opaque<1..2^8-1>`: a key name has 1 to 255 bytes, so one byte holds its length.
fn push_name(message: &mut Vec<u8>, name: &KeyName) {
    let name = name.as_str().as_bytes();
    message.push(name.len() as u8);
    message.extend_from_slice(name);
}
