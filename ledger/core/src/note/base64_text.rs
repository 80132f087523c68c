//! Base64 with one spelling: RFC 4648 section 4, padded, no trailing bits.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, PAD_INDIFFERENT, STANDARD};

use crate::hash::Hash;

/// Takes every spelling of the same bytes: for callers that write the result again and compare.
const ANY_SPELLING: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, PAD_INDIFFERENT.with_decode_allow_trailing_bits(true));

/// The one spelling of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of `text`, or `None` unless [`encode`] would write exactly `text`.
pub(crate) fn decode_canonical(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The digest in `text`, or `None` unless it is the one spelling of 32 bytes.
pub(crate) fn decode_hash(text: &str) -> Option<Hash> {
    // 32 bytes are 44 characters.
    if text.len() != 44 {
        return None;
    }
    Hash::from_slice(&decode_canonical(text)?)
}

/// The bytes of `text` in any spelling: whoever calls this compares afterwards.
pub(super) fn decode_any(text: &str) -> Option<Vec<u8>> {
    ANY_SPELLING.decode(text).ok()
}
