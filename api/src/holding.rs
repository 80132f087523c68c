//! Who answers for what: every item that stands in a custodian's name, packed ones with their container.

use custody_core::custody::{ItemState, Standing, Whereabouts};
use custody_core::id::{SubjectId, Uuid};
use custody_log::SubjectKind;

use crate::desk::Desk;
use crate::failure::Failure;

/// The custodian who answers for an item: its holder, or that of what it is packed in.
///
/// # Errors
/// The ledger cannot be read.
pub fn answers_for(desk: &Desk, state: &ItemState) -> Result<Uuid, Failure> {
    let mut holder = state.holder;
    let mut place = state.place;
    // A container is packed only while it is at hand, so that none is inside itself.
    while let Whereabouts::Packed { container } = place {
        let outer = desk.item_state(container)?;
        (holder, place) = (outer.holder, outer.place);
    }
    Ok(holder)
}

/// The items that `is_wanted` takes, in the order in which they began. Cost: a look at every item.
///
/// # Errors
/// The ledger cannot be read, or `is_wanted`'s own.
pub fn items_where(
    desk: &Desk,
    mut is_wanted: impl FnMut(&ItemState) -> Result<bool, Failure>,
) -> Result<Vec<(Uuid, ItemState)>, Failure> {
    let mut found = Vec::new();
    for subject in desk.subjects(SubjectKind::Item) {
        let (SubjectId::Item(id), subject) = subject? else { continue };
        let Standing::Item(state) = subject.standing else { continue };
        if is_wanted(&state)? {
            let first = desk.chain(&SubjectId::Item(id))?.first().map(|logged| logged.index);
            found.push((first, id, state));
        }
    }
    found.sort_by_key(|(first, id, _)| (*first, *id));
    Ok(found.into_iter().map(|(_, id, state)| (id, state)).collect())
}
