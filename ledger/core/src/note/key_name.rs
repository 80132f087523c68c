//! Names of keys, which are the origins of logs too.

use std::fmt;

use super::VerifierKeyError;

/// The name of a log (its origin) or of a witness: C2SP signed-note, section Format.
///
/// 1 to 255 bytes, since ML-DSA cosignatures carry names behind a length of one byte; no whitespace, no
/// `+`, no control character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Longest name in bytes: `opaque cosigner_name<1..2^8-1>` of C2SP tlog-cosignature.
    pub const MAX_LEN: usize = 255;

    /// Takes a name.
    ///
    /// # Errors
    ///
    /// [`VerifierKeyError::Name`] if it breaks one of the rules above.
    pub fn parse(name: &str) -> Result<Self, VerifierKeyError> {
        let fits = name.len() <= Self::MAX_LEN;
        if fits && is_note_name(name) && !name.chars().any(char::is_control) {
            return Ok(Self(name.to_owned()));
        }
        Err(VerifierKeyError::Name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus (U+002B) characters."
pub(super) fn is_note_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+')
}
