use crate::key::{CoseKey, Kid};
use crate::record::body::KeySlot;

/// How a key ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEnd {
    /// Another key took its slot.
    Replaced,
    /// It was revoked.
    Revoked,
    /// Others may have had it since this time, in seconds since 1970.
    Compromised {
        /// Since when.
        since_s: u64,
    },
}

/// A key that was enrolled, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// The key.
    pub key: CoseKey,
    /// What it is for.
    pub slot: KeySlot,
    /// How it ended, if it did.
    pub end: Option<KeyEnd>,
    /// Whether it is a key of an agency that founders enrolled later, without a signature of the agency.
    pub is_by_others: bool,
}

impl KeyState {
    /// A key that is in use from now on.
    pub fn active(key: CoseKey, slot: KeySlot) -> Self {
        Self { key, slot, end: None, is_by_others: false }
    }
}

/// The key with this thumbprint.
pub(super) fn find(keys: &[KeyState], kid: Kid) -> Option<&KeyState> {
    keys.iter().find(|state| state.key.kid() == kid)
}

/// Puts `key` into its slot; the key that was in use there ends.
pub(super) fn replace(keys: &mut Vec<KeyState>, key: KeyState) {
    let in_use = keys.iter_mut().filter(|state| state.slot == key.slot && state.end.is_none());
    in_use.for_each(|state| state.end = Some(KeyEnd::Replaced));
    keys.push(key);
}

/// Ends the key `kid`: revoking takes a key in use; a compromise may also be found out later, and to have been
/// earlier than was thought. Returns whether there was such a key.
pub(super) fn end(keys: &mut [KeyState], kid: Kid, end: KeyEnd) -> bool {
    let state = keys.iter_mut().find(|state| state.key.kid() == kid);
    let can_end = |state: &&mut KeyState| match (state.end, end) {
        (None, _) => true,
        (Some(KeyEnd::Compromised { since_s: known }), KeyEnd::Compromised { since_s: found }) => {
            found < known
        }
        (Some(KeyEnd::Compromised { .. }), _) => false,
        (Some(_), end) => matches!(end, KeyEnd::Compromised { .. }),
    };
    match state.filter(can_end) {
        Some(state) => {
            state.end = Some(end);
            true
        }
        None => false,
    }
}
