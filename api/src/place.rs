//! Where an item is, in words.

use custody_core::custody::{ItemEnd, ItemState, Whereabouts};
use custody_core::id::SubjectId;

use crate::desk::Desk;
use crate::failure::Failure;
use crate::people::People;

/// The words of items' states.
pub const STATES: [&str; 10] = [
    "held",
    "stored",
    "on-the-way",
    "packed",
    "outside",
    "checked-out",
    "disposed",
    "returned",
    "consumed",
    "split",
];

/// An item's state in a word: one of [`STATES`].
pub fn state_word(state: &ItemState) -> &'static str {
    match (state.end, &state.release, state.place) {
        (Some(ItemEnd::Disposed), ..) => "disposed",
        (Some(ItemEnd::Returned), ..) => "returned",
        (Some(ItemEnd::Consumed), ..) => "consumed",
        (Some(ItemEnd::Split), ..) => "split",
        (None, Some(_), _) => "on-the-way",
        (None, None, Whereabouts::AtHand) => "held",
        (None, None, Whereabouts::Stored) => "stored",
        (None, None, Whereabouts::CheckedOut { .. }) => "checked-out",
        (None, None, Whereabouts::Packed { .. }) => "packed",
        (None, None, Whereabouts::Outside { .. }) => "outside",
    }
}

/// Where an item is, and who answers for it.
///
/// # Errors
/// The ledger cannot be read.
pub fn place_text(desk: &Desk, people: &People<'_>, state: &ItemState) -> Result<String, Failure> {
    let holder = people.custodian(state.holder)?;
    if let Some(end) = state.end {
        let what = match end {
            ItemEnd::Disposed => "disposed of",
            ItemEnd::Returned => "returned to its owner",
            ItemEnd::Consumed => "used up",
            ItemEnd::Split => "split into parts",
        };
        return Ok(format!("{what}, held last by {holder}"));
    }
    if let Some(open) = &state.release {
        return Ok(format!("on the way from {holder} to {}", people.custodian(open.to)?));
    }
    Ok(match state.place {
        Whereabouts::AtHand => format!("held by {holder}"),
        Whereabouts::Stored => format!("in storage, held by {holder}"),
        Whereabouts::CheckedOut { agency } => {
            let agency = people.name(&SubjectId::Agency(agency))?;
            format!("out of the storage of {agency}, held by {holder}")
        }
        Whereabouts::Packed { container } => {
            let outer = place_text(desk, people, &desk.item_state(container)?)?;
            format!("packed in {}, which is {outer}", SubjectId::Item(container))
        }
        Whereabouts::Outside { party, .. } => {
            format!("outside, with: {party}; given there by {holder}")
        }
    })
}
