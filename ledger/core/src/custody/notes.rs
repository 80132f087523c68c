//! What is said about an item: by anybody enrolled, as long as there is an item.

use crate::cose::Role;
use crate::custody::apply::Step;
use crate::custody::late;
use crate::custody::state::{HandlingState, Hold, Holdings, NotesState, Permission, Standing};
use crate::custody::violation::RuleViolation;
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::record::body::{AuthoriseOnward, Body, Handling};
use crate::record::{Link, Payload};

/// Holds, disputes and permissions that may be open on one item. Every record about the item copies the list,
/// so without an end a chain of n of them would cost n x n.
const MAX_OPEN: usize = 256;

/// What becomes of the notes of `link`.
pub(super) fn next_notes<H: Holdings>(
    step: &mut Step<'_, H>,
    link: &Link,
    before: Option<&Standing>,
) -> Result<Standing, RuleViolation> {
    let SubjectId::Notes(id) = link.subject else {
        return Err(RuleViolation::NoSuchSubject { subject: link.subject.clone() });
    };
    let item = SubjectId::Item(id);
    let mut next = match before {
        Some(Standing::Notes(notes)) => notes.clone(),
        _ => NotesState::default(),
    };
    check_supervisor(step.record.payload())?;
    if let Some(subject) = step.expect(&item)? {
        let Standing::Item(state) = &subject.standing else {
            return Err(RuleViolation::NoSuchSubject { subject: item });
        };
        let body = &step.record.payload().body;
        if let Body::LateEntry(body) = body {
            late::check(step, body, &item, &subject.chain)?;
        } else if let Some(end) = state.end
            && !may_follow_end(body)
        {
            return Err(RuleViolation::Disposed { item, end });
        }
    }
    say(step, &item, &mut next)?;
    Ok(Standing::Notes(next))
}

/// What may still be said of an item that has ended: that something about it was wrong, what became of what is
/// known about it, and that a hold is over under which it was used up.
fn may_follow_end(body: &Body) -> bool {
    matches!(
        body,
        Body::Correct(_)
            | Body::Dispute(_)
            | Body::DisputeResponse(_)
            | Body::DisputeResolution(_)
            | Body::Disclose(_)
            | Body::EraseOpening(_)
            | Body::HoldRelease(_)
    )
}

fn say<H: Holdings>(
    step: &mut Step<'_, H>,
    item: &SubjectId,
    next: &mut NotesState,
) -> Result<(), RuleViolation> {
    let record = step.record.digest();
    match &step.record.payload().body {
        Body::HoldSet(_) => {
            let agency = signers_agency(step)?;
            next.holds.push(Hold { record, agency });
        }
        Body::HoldRelease(body) => release_hold(step, item, body.hold, next)?,
        Body::Dispute(_) => next.disputes.push(record),
        Body::DisputeResponse(body) => {
            open_dispute(item, body.dispute, next)?;
        }
        Body::DisputeResolution(body) => {
            let place = open_dispute(item, body.dispute, next)?;
            next.disputes.remove(place);
        }
        Body::AuthoriseOnward(body) => permit(step, body, next)?,
        Body::Handling(body) => set_handling(step, body, next)?,
        _ => {}
    }
    match next.holds.len() + next.disputes.len() + next.permissions.len() {
        0..=MAX_OPEN => Ok(()),
        _ => Err(RuleViolation::TooManyOpen { item: item.clone(), limit: MAX_OPEN }),
    }
}

/// The agency of who signs first. Its standing is at hand: the signature was judged by it.
fn signers_agency<H: Holdings>(step: &mut Step<'_, H>) -> Result<Uuid, RuleViolation> {
    let signer = step.record.payload().signers[0].id.clone();
    let missing = || RuleViolation::NotHeld { subject: signer.clone() };
    match signer {
        SubjectId::Custodian(id) => step.agency_of(id)?.ok_or_else(missing),
        _ => Err(missing()),
    }
}

/// Only the agency that set a hold ends it.
fn release_hold<H: Holdings>(
    step: &mut Step<'_, H>,
    item: &SubjectId,
    hold: Hash,
    next: &mut NotesState,
) -> Result<(), RuleViolation> {
    let place = next.holds.iter().position(|known| known.record == hold);
    let place = place.ok_or_else(|| RuleViolation::NoOpenHold { item: item.clone(), hold })?;
    check_agency(step, next.holds[place].agency)?;
    next.holds.remove(place);
    Ok(())
}

fn open_dispute(
    item: &SubjectId,
    dispute: Hash,
    notes: &NotesState,
) -> Result<usize, RuleViolation> {
    let place = notes.disputes.iter().position(|known| *known == dispute);
    place.ok_or_else(|| RuleViolation::NoOpenDispute { item: item.clone(), dispute })
}

/// A permission counts as that of the agency of who gives it: whether it suffices is asked when it is used.
fn permit<H: Holdings>(
    step: &mut Step<'_, H>,
    body: &AuthoriseOnward,
    next: &mut NotesState,
) -> Result<(), RuleViolation> {
    if let Some(to) = body.to {
        step.expect(&SubjectId::Agency(to))?;
    }
    let agency = signers_agency(step)?;
    let record = step.record.digest();
    next.permissions.push(Permission { record, agency, usage: body.usage, to: body.to });
    Ok(())
}

/// Only the agency that set handling codes changes them.
fn set_handling<H: Holdings>(
    step: &mut Step<'_, H>,
    body: &Handling,
    next: &mut NotesState,
) -> Result<(), RuleViolation> {
    if let Some(known) = &next.handling {
        check_agency(step, known.agency)?;
    }
    let agency = signers_agency(step)?;
    next.handling = Some(HandlingState { agency, codes: body.codes.clone() });
    next.handling = next.handling.take().filter(|known| !known.codes.is_empty());
    Ok(())
}

fn check_agency<H: Holdings>(step: &mut Step<'_, H>, expected: Uuid) -> Result<(), RuleViolation> {
    match step.record.payload().signers[0].id {
        SubjectId::Custodian(id) => step.check_of_agency(id, expected),
        _ => Ok(()),
    }
}

/// Whoever answers for an act is not who did it.
fn check_supervisor(payload: &Payload) -> Result<(), RuleViolation> {
    match payload.signers.as_slice() {
        [acting, supervisor]
            if supervisor.role == Role::Supervisor && acting.id == supervisor.id =>
        {
            Err(RuleViolation::OwnSupervisor { supervisor: supervisor.id.clone() })
        }
        _ => Ok(()),
    }
}
