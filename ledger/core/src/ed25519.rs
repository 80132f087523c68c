//! Ed25519 as this ledger means it: RFC 8032, checked strictly.
//!
//! Libraries disagree about the edges of Ed25519, and a disagreement lets one signature be valid for the
//! log and invalid for a court. So one predicate is used everywhere and no other is offered: S below the
//! group order, A and R canonical, neither of small order, and the equation without the cofactor. There
//! is no batch verification here: it accepts signatures that this predicate refuses.

use std::fmt;

use ed25519_dalek::{Signature, Verifier, VerifyingKey};
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
    /// It accepts what `verify_strict` of ed25519-dalek accepts for a key that [`PublicKey::from_bytes`] took, and costs
    /// a fifth less: that function decodes R, a square root in the field, only to see whether its order is small. What
    /// is left to check is here:
    ///
    /// 1. S is below the group order, and the bytes of R are those of `[S]B - [k]A`: `verify` has that. So R is
    ///    canonical.
    /// 2. R has none of the canonical encodings of a point of small order.
    /// 3. A is canonical and not of small order: [`PublicKey::from_bytes`] took no other.
    ///
    /// # Errors
    ///
    /// [`Ed25519Error::Signature`] if it does not verify, whatever the reason.
    pub fn verify_strict(
        &self,
        message: &[u8],
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), Ed25519Error> {
        let signature = Signature::from_bytes(signature);
        match has_small_order(signature.r_bytes()) {
            true => Err(Ed25519Error::Signature),
            false => self.0.verify(message, &signature).map_err(|_| Ed25519Error::Signature),
        }
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

/// The y coordinates of the eight points whose order is 1, 2, 4 or 8, little-endian. The sign of x, the top bit of
/// the encoding, tells the two points with one y apart.
const SMALL_ORDER_Y: [[u8; PublicKey::LEN]; 5] = [
    // Orders 1, 2 and 4: y = 1, -1, 0.
    small_y(0x01, 0x00, 0x00),
    small_y(0xec, 0xff, 0x7f),
    small_y(0x00, 0x00, 0x00),
    // Order 8: the two roots of d y^4 + 2 y^2 = 1 that are in the field.
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn small_y(first: u8, middle: u8, last: u8) -> [u8; PublicKey::LEN] {
    let mut bytes = [middle; PublicKey::LEN];
    bytes[0] = first;
    bytes[PublicKey::LEN - 1] = last;
    bytes
}

/// Whether `encoded` is a canonical encoding of a point of small order, or differs from one in the sign of x alone.
fn has_small_order(encoded: &[u8; PublicKey::LEN]) -> bool {
    let mut y = *encoded;
    y[PublicKey::LEN - 1] &= 0x7f;
    SMALL_ORDER_Y.contains(&y)
}

/// Whether the y coordinate is below p = 2^255 - 19, whose little-endian bytes are ed ff .. ff 7f. The
/// top bit is the sign of x. A sign without an x (y = 1 or -1) is left to the test for small order.
fn is_below_p(bytes: &[u8; PublicKey::LEN]) -> bool {
    let middle_is_full = bytes[1..31].iter().all(|&byte| byte == 0xff);
    !(bytes[0] >= 0xed && middle_is_full && bytes[31] & 0x7f == 0x7f)
}
