//! Items in items: a container moves with its contents, so that what is in it has no acts of its own.

use crate::custody::apply::Step;
use crate::custody::item::Act;
use crate::custody::state::{Held, Holdings, ItemState, Standing, Whereabouts};
use crate::custody::violation::RuleViolation;
use crate::id::{SubjectId, Uuid};
use crate::record::body::Pack;

/// A `pack`, for one of its items: the container, into which `others` go, or one of those.
///
/// What is in it carries its bounds along: the container goes nowhere where one of them may not go.
pub(super) fn put_in(
    act: &Act<'_>,
    body: &Pack,
    next: &mut ItemState,
    others: u64,
) -> Result<(), RuleViolation> {
    let is_container = SubjectId::Item(body.container) == *act.item;
    if !is_container {
        act.check_not_lent()?;
    }
    match (next.bound, body.bound) {
        (Some(own), Some(stated)) if own.agency == stated.agency => {}
        (None, stated) if is_container => next.bound = stated,
        (None, _) => {}
        (Some(_), None) if is_container => {}
        (Some(own), _) => {
            let (agency, to) = (SubjectId::Agency(own.agency), SubjectId::Item(body.container));
            return Err(RuleViolation::Onward { item: act.id(), agency, to });
        }
    }
    if is_container {
        next.contents = next.contents.saturating_add(others);
        return Ok(());
    }
    next.place = Whereabouts::Packed { container: body.container };
    Ok(())
}

/// An `unpack`, for what comes out: it is held by whoever holds the container now, everybody had it who had the
/// container, and it is bound as that is where it came to another agency in it.
pub(super) fn take_out<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    container: Uuid,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let id = SubjectId::Item(container);
    if act.before.place != (Whereabouts::Packed { container }) {
        return Err(RuleViolation::NotPacked { item: act.id(), container: id });
    }
    let Some(outer) = state_of(step, &id) else {
        // Who held the box, and whether what was in it is bound since, nobody here can tell.
        step.applied.unchecked.push(id);
        step.applied.lost.push(act.id());
        return Ok(());
    };
    // It came from where the box came from, if the box went to another agency with it.
    let (from, to) = (step.agency_of(act.before.holder)?, step.agency_of(outer.holder)?);
    if matches!((from, to), (Some(from), Some(to)) if from != to) {
        next.bound = next.bound.or(outer.bound);
    }
    outer.holders.iter().for_each(|holder| next.note_holder(*holder));
    next.pass_to(outer.holder);
    Ok(())
}

fn state_of<'a, H: Holdings>(step: &Step<'a, H>, id: &SubjectId) -> Option<&'a ItemState> {
    match step.state.get(id) {
        Held::Present(subject) => match &subject.standing {
            Standing::Item(state) => Some(state),
            _ => None,
        },
        Held::Absent | Held::Unknown => None,
    }
}
