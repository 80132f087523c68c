//! Quantities: what is split or used up is gone, and nothing more than that.

use crate::custody::item::{Act, end};
use crate::custody::state::{ItemEnd, ItemState};
use crate::custody::violation::RuleViolation;
use crate::id::SubjectId;
use crate::record::body::{Consume, Quantity, Split};

/// Parts and rest are together what there was. Without a quantity before, there is none after.
pub(super) fn split(
    act: &Act<'_>,
    body: &Split,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    act.check_empty()?;
    let amounts: Option<Vec<u64>> = body.parts.iter().map(|part| part.amount).collect();
    let is_unmeasured = body.parts.iter().all(|part| part.amount.is_none());
    let taken = match amounts {
        Some(amounts) => amounts.iter().try_fold(0u64, |sum, amount| sum.checked_add(*amount)),
        None if is_unmeasured => None,
        None => return Err(RuleViolation::Quantity { item: act.id() }),
    };
    leave(act, Taken { amount: taken, rest: body.rest, end: ItemEnd::Split }, next)
}

/// What is used up and what remains are together what there was.
pub(super) fn consume(
    act: &Act<'_>,
    body: &Consume,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    leave(act, Taken { amount: body.amount, rest: body.rest, end: ItemEnd::Consumed }, next)
}

/// What goes from an item, what remains, and how the item ends if nothing does.
struct Taken {
    amount: Option<u64>,
    rest: Option<u64>,
    end: ItemEnd,
}

/// A hold does not keep it from going: what was used up is gone, whoever wanted it kept. Reports point at it.
fn leave(act: &Act<'_>, taken: Taken, next: &mut ItemState) -> Result<(), RuleViolation> {
    let adds_up = match (act.before.quantity, taken.amount, taken.rest) {
        (Some(before), Some(amount), Some(rest)) => amount.checked_add(rest) == Some(before.amount),
        (None, None, rest) => rest.is_none_or(|rest| rest == 0),
        _ => false,
    };
    if !adds_up {
        return Err(RuleViolation::Quantity { item: act.id() });
    }
    next.quantity = act
        .before
        .quantity
        .zip(taken.rest)
        .map(|(before, amount)| Quantity { amount, unit: before.unit });
    match taken.rest {
        Some(0) => end(act, taken.end, next),
        _ => Ok(()),
    }
}

/// The quantity of the part `item`, in the unit of what was split.
pub(super) fn of_part(
    parent: Option<&ItemState>,
    body: &Split,
    item: &SubjectId,
) -> Option<Quantity> {
    let unit = parent?.quantity?.unit;
    let part = body.parts.iter().find(|part| SubjectId::Item(part.item) == *item)?;
    part.amount.map(|amount| Quantity { amount, unit })
}
