//! Ed25519 as this ledger means it: RFC 8032, checked strictly.
//!
//! Libraries disagree about the edges of Ed25519, and a disagreement lets one signature be valid for the
//! log and invalid for a court. So one predicate is used everywhere and no other is offered: S below the
//! group order, A and R canonical, neither of small order, and the equation without the cofactor. There
//! is no batch verification here: it accepts signatures that this predicate refuses.

use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};
use thiserror::Error;

/// A public key that was decoded once: canonical, on the curve and not of small order.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why a key or a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Ed25519Error {
    /// The key's y coordinate is not below 2^255 - 19.
    #[error("public key is not canonically encoded")]
    KeyNotCanonical,
    /// No point of the curve has this encoding.
    #[error("public key is not a point of the curve")]
    KeyNotOnCurve,
    /// The key's point has order 1, 2, 4 or 8: some signature of it fits every message.
    #[error("public key has small order")]
    KeySmallOrder,
    /// The signature does not verify strictly.
    #[error("signature does not verify")]
    Signature,
}

impl PublicKey {
    /// Length of an encoded key in bytes.
    pub const LEN: usize = 32;

    /// Decodes a key: RFC 8032 section 5.1.3, refusing what only lenient decoders take.
    ///
    /// # Errors
    ///
    /// [`Ed25519Error::KeyNotCanonical`], [`Ed25519Error::KeyNotOnCurve`] or
    /// [`Ed25519Error::KeySmallOrder`].
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, Ed25519Error> {
        if !is_below_p(bytes) {
            return Err(Ed25519Error::KeyNotCanonical);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| Ed25519Error::KeyNotOnCurve)?;
        if key.is_weak() {
            return Err(Ed25519Error::KeySmallOrder);
        }
        Ok(Self(key))
    }

    /// The encoded key.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        self.0.as_bytes()
    }

    /// Checks `signature` over `message`: RFC 8032 section 5.1.7 without the cofactor, strictly.
    ///
    /// R needs no canonical check of its own: it is compared as bytes with the R that is computed.
    ///
    /// # Errors
    ///
    /// [`Ed25519Error::Signature`] if it does not verify, whatever the reason.
    pub fn verify_strict(
        &self,
        message: &[u8],
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), Ed25519Error> {
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| Ed25519Error::Signature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Ed25519Error {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyNotCanonical => "ed25519/key-not-canonical",
            Self::KeyNotOnCurve => "ed25519/key-not-on-curve",
            Self::KeySmallOrder => "ed25519/key-small-order",
            Self::Signature => "ed25519/signature",
        }
    }
}

/// Length of a signature in bytes: R and S.
pub const SIGNATURE_LEN: usize = 64;

/// Whether the y coordinate is below p = 2^255 - 19, whose little-endian bytes are ed ff .. ff 7f. The
/// top bit is the sign of x. A sign without an x (y = 1 or -1) is left to the test for small order.
fn is_below_p(bytes: &[u8; PublicKey::LEN]) -> bool {
    let middle_is_full = bytes[1..31].iter().all(|&byte| byte == 0xff);
    !(bytes[0] >= 0xed && middle_is_full && bytes[31] & 0x7f == 0x7f)
}
