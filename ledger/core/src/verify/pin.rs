//! Whether a pin vouches for an agency: the key is the agency's, and the agency is still its own.

use crate::custody::{AgencyState, KeyEnd, KeyState};
use crate::id::{SubjectId, Uuid};
use crate::key::Kid;
use crate::merkle::LeafIndex;
use crate::record::body::KeySlot;
use crate::verify::report::{Line, LineId};

/// Holds a pin against what the records made of its agency. `entry_of` finds the entry that enrolled a key,
/// where that is at hand.
///
/// # Errors
/// The line that says why it does not vouch.
pub(super) fn check_pin(
    (agency, kid): (Uuid, Kid),
    state: Option<&AgencyState>,
    entry_of: impl Fn(Kid) -> Option<LeafIndex>,
) -> Result<(), Line> {
    let (line, id) = (LineId::AgenciesPinned, SubjectId::Agency(agency));
    let name = state.map_or("", |state| state.name.as_str());
    let keys = state.map_or(&[][..], |state| state.keys.as_slice());
    let is_pinned = |key: &&KeyState| key.key.kid() == kid && key.slot == KeySlot::Authority;
    let Some(key) = keys.iter().find(is_pinned) else {
        let text = format!("{id} ({name}) has no authority key {kid}, which is pinned");
        return Err(Line::fail(line, "pins/key-differs", text));
    };
    if let Some(KeyEnd::Compromised { .. }) = key.end {
        let text = format!("the pinned key {kid} of {id} ({name}) is compromised");
        return Err(Line::not_checked(line, "pins/key-compromised", text));
    }
    let after = keys.iter().skip_while(|key| key.key.kid() != kid);
    match after.skip(1).find(|key| key.is_by_others).map(|key| key.key.kid()) {
        None => Ok(()),
        Some(other) => {
            let entry =
                entry_of(other).map_or_else(String::new, |entry| format!(", entry {entry}"));
            let text = format!(
                "after the pinned key {kid} of {id} ({name}), others enrolled the key {other} for it{entry}"
            );
            Err(Line::not_checked(line, "pins/replaced-by-founders", text))
        }
    }
}
