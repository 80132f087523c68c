//! Who answers for what: every item that stands in a custodian's name, packed ones with their container.

use custody_core::custody::{ItemState, Standing, Subject, Whereabouts};
use custody_core::id::{SubjectId, Uuid};

use crate::books::Sought;
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

impl Desk<'_> {
    /// Items after `after` that are sought and of which the state is wanted, in the order of their ids.
    pub fn items_where<'b>(
        &'b self,
        after: Option<&SubjectId>,
        sought: &Sought,
        is_wanted: impl Fn(&ItemState) -> bool + 'b,
    ) -> impl Iterator<Item = Result<(Uuid, ItemState), Failure>> + 'b {
        let is_wanted = move |standing: &Standing| match standing {
            Standing::Item(state) => is_wanted(state),
            _ => false,
        };
        let found = self.books().items_sought(after, sought, Box::new(is_wanted));
        found.filter_map(|one| match one {
            Ok((SubjectId::Item(id), Subject { standing: Standing::Item(state), .. })) => {
                Some(Ok((id, state)))
            }
            Ok(_) => None,
            Err(failure) => Some(Err(failure)),
        })
    }
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
    for one in desk.items_where(None, &Sought::InState(None), |_| true) {
        let (id, state) = one?;
        if is_wanted(&state)? {
            found.push((id, state));
        }
    }
    as_they_began(desk, found)
}

/// As [`items_where`], of those that are sought, where the state alone says whether an item is wanted: only then it is asked
/// whether it may be seen.
///
/// # Errors
/// The ledger cannot be read.
pub fn items_by_state<'d>(
    desk: &'d Desk,
    sought: &Sought,
    is_wanted: impl Fn(&ItemState) -> bool + 'd,
) -> Result<Vec<(Uuid, ItemState)>, Failure> {
    as_they_began(desk, desk.items_where(None, sought, is_wanted).collect::<Result<_, _>>()?)
}

fn as_they_began(
    desk: &Desk,
    found: Vec<(Uuid, ItemState)>,
) -> Result<Vec<(Uuid, ItemState)>, Failure> {
    let ids: Vec<_> = found.iter().map(|(id, _)| SubjectId::Item(*id)).collect();
    desk.books().foresee(&ids, true)?;
    let begun = found.into_iter().map(|(id, state)| {
        let first = desk.books().first(&SubjectId::Item(id))?.map(|logged| logged.index);
        Ok((first, id, state))
    });
    let mut begun = begun.collect::<Result<Vec<_>, Failure>>()?;
    begun.sort_by_key(|(first, id, _)| (*first, *id));
    Ok(begun.into_iter().map(|(_, id, state)| (id, state)).collect())
}
