//! Handing over, on the way and from hand to hand, inside the ledger and out of it.

use crate::cose::Role;
use crate::custody::apply::Step;
use crate::custody::item::{Act, acting, is_missing, notes};
use crate::custody::state::{Holdings, ItemState, NotesState, OpenRelease, Whereabouts};
use crate::custody::violation::RuleViolation;
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::record::body::{Bound, ExternalParty, Handoff, OnwardUse, Refused, Release};
use crate::record::{Payload, Record};

/// Both sides are there: the item changes hands, unless the receiver found that it was missing.
pub(super) fn hand_over<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    body: &Handoff,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    act.check_not_lent()?;
    let onward = Onward { permission: body.onward, request: body.request };
    move_on(step, act, &onward, next)?;
    if let (false, Some(to)) = (is_missing(step.record, act.item), step.record.payload().to) {
        next.pass_to(to);
    }
    Ok(())
}

/// The item goes on the way; its holder answers for it until somebody receives it.
pub(super) fn release<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    body: &Release,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    act.check_not_lent()?;
    let payload = step.record.payload();
    let Some(to) = payload.to else { return Ok(()) };
    for custodian in std::iter::once(&to).chain(&body.substitutes) {
        step.expect(&SubjectId::Custodian(*custodian))?;
    }
    let onward = Onward { permission: body.onward, request: body.request };
    check_request(step, &onward)?;
    for custodian in std::iter::once(to).chain(body.substitutes.iter().copied()) {
        check_onward(step, act, &onward, custodian)?;
    }
    let (record, substitutes) = (step.record.digest(), body.substitutes.clone());
    next.release = Some(OpenRelease { record, to, substitutes, request: body.request });
    next.place = Whereabouts::AtHand;
    Ok(())
}

/// Under what a move stands.
struct Onward {
    permission: Option<Hash>,
    request: Option<Uuid>,
}

/// A move to another agency: what came under a request needs the permission of where it came from to go to a
/// third one, and a move under a request says where it came from.
fn move_on<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    onward: &Onward,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let Some(to) = step.record.payload().to else { return Ok(()) };
    check_request(step, onward)?;
    check_onward(step, act, onward, to)?;
    bind(step, act, onward.request, to, next)
}

fn check_request<H: Holdings>(
    step: &mut Step<'_, H>,
    onward: &Onward,
) -> Result<(), RuleViolation> {
    if let Some(request) = onward.request {
        step.expect(&SubjectId::Request(request))?;
    }
    Ok(())
}

/// What goes to another agency under a request says from now on where it came from, unless it says so of a third
/// one already.
fn bind<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    request: Option<Uuid>,
    to: Uuid,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let (from, to) = (step.agency_of(act.before.holder)?, step.agency_of(to)?);
    if let (Some(from), Some(to), Some(request)) = (from, to, request)
        && from != to
        && act.before.bound.is_none_or(|bound| bound.agency == from)
    {
        next.bound = Some(Bound { agency: from, request });
    }
    Ok(())
}

/// Where an item came from, and the agency that it is to go to.
struct Route {
    origin: Uuid,
    to: Uuid,
}

/// Whether the item may go to this custodian.
fn check_onward<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    onward: &Onward,
    to: Uuid,
) -> Result<(), RuleViolation> {
    let (from, to) = (step.agency_of(act.before.holder)?, step.agency_of(to)?);
    let (Some(from), Some(to), Some(bound)) = (from, to, act.before.bound) else { return Ok(()) };
    match from == to || bound.agency == from {
        true => Ok(()),
        false => check_permitted(step, act, onward, Route { origin: bound.agency, to }),
    }
}

fn check_permitted<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    onward: &Onward,
    route: Route,
) -> Result<(), RuleViolation> {
    let Route { origin, to } = route;
    let permits = |notes: &NotesState, record: Hash| {
        notes.permissions.iter().any(|permission| {
            permission.record == record
                && permission.agency == origin
                && permission.usage == OnwardUse::Transfer
                && permission.to == Some(to)
        })
    };
    // A record that names no permission has none, whatever the notes say.
    let is_permitted = to == origin
        || onward
            .permission
            .is_some_and(|record| notes(step, act.item).is_none_or(|notes| permits(notes, record)));
    match is_permitted {
        true => Ok(()),
        false => {
            let (agency, to) = (SubjectId::Agency(origin), SubjectId::Agency(to));
            Err(RuleViolation::Onward { item: act.id(), agency, to })
        }
    }
}

/// The addressee, or who may stand in for them, takes over what was released. Whether it goes to another agency
/// under a request is known only now: who receives decides.
pub(super) fn receive<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    release: &Hash,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let request = check_answer(act, release, step.record.payload())?.request;
    if let (false, Some(to)) = (is_missing(step.record, act.item), step.record.payload().to) {
        bind(step, act, request, to, next)?;
        next.pass_to(to);
    }
    Ok(())
}

/// They do not take over.
pub(super) fn refuse<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    answers: &Refused,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    if let Refused::Release(release) = answers {
        check_answer(act, release, step.record.payload())?;
    }
    next.release = None;
    Ok(())
}

/// The holder takes back what nobody has answered.
pub(super) fn recall<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    release: &Hash,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let payload = step.record.payload();
    check_from_holder(act, acting(payload), payload)?;
    let open = open_release(act, release)?;
    check_named(act, payload, payload.to == Some(open.to), open)?;
    next.release = None;
    Ok(())
}

fn open_release<'a>(act: &Act<'a>, release: &Hash) -> Result<&'a OpenRelease, RuleViolation> {
    let open = act.before.release.as_ref().filter(|open| open.record == *release);
    open.ok_or_else(|| RuleViolation::NoOpenRelease { item: act.id(), release: *release })
}

fn check_answer<'a>(
    act: &Act<'a>,
    release: &Hash,
    payload: &Payload,
) -> Result<&'a OpenRelease, RuleViolation> {
    let open = open_release(act, release)?;
    check_from_holder(act, payload.from, payload)?;
    let mut entitled = std::iter::once(&open.to).chain(&open.substitutes);
    check_named(act, payload, entitled.any(|id| Some(*id) == payload.to), open).map(|()| open)
}

fn check_from_holder(
    act: &Act<'_>,
    custodian: Option<Uuid>,
    payload: &Payload,
) -> Result<(), RuleViolation> {
    if custodian == Some(act.before.holder) {
        return Ok(());
    }
    let actual = custodian.map_or_else(|| payload.signers[0].id.clone(), SubjectId::Custodian);
    Err(RuleViolation::holder(act.item, act.before.holder, &actual))
}

fn check_named(
    act: &Act<'_>,
    payload: &Payload,
    is_named: bool,
    open: &OpenRelease,
) -> Result<(), RuleViolation> {
    if is_named {
        return Ok(());
    }
    Err(RuleViolation::NotTheAddressee {
        item: act.id(),
        addressee: SubjectId::Custodian(open.to),
        actual: payload.to.map_or_else(|| act.id(), SubjectId::Custodian),
    })
}

/// Whether a `handoff-external` takes items back: then the receiving side signs.
pub(super) fn is_back(record: &Record) -> bool {
    record.payload().signers[0].role == Role::Receiving
}

/// Somebody who holds no key has the item from now on.
pub(super) fn give_outside<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    party: ExternalParty,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    act.check_not_lent()?;
    if let Some(agency) = step.agency_of(act.before.holder)? {
        next.place = Whereabouts::Outside { agency, party };
    }
    Ok(())
}

/// A custodian of the agency that gave it there takes it back.
pub(super) fn take_back<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let Whereabouts::Outside { agency, .. } = act.before.place else {
        return Err(RuleViolation::NotOutside { item: act.id() });
    };
    if let SubjectId::Custodian(taker) = step.record.payload().signers[0].id {
        step.check_of_agency(taker, agency)?;
        next.pass_to(taker);
    }
    Ok(())
}

/// Somebody gets an item out of storage and answers for it until it is back.
pub(super) fn check_out<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    if act.before.place != Whereabouts::Stored {
        return Err(RuleViolation::NotStored { item: act.id() });
    }
    move_on(step, act, &Onward { permission: None, request: None }, next)?;
    let agency = step.agency_of(act.before.holder)?;
    let to = step.record.payload().to.filter(|_| !is_missing(step.record, act.item));
    if let (Some(agency), Some(to)) = (agency, to) {
        next.pass_to(to);
        next.place = Whereabouts::CheckedOut { agency };
    }
    Ok(())
}

/// The item goes back to a custodian of the agency whose storage it is from.
pub(super) fn check_in<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let Whereabouts::CheckedOut { agency } = act.before.place else {
        return Err(RuleViolation::NotCheckedOut { item: act.id() });
    };
    let Some(to) = step.record.payload().to else { return Ok(()) };
    step.check_of_agency(to, agency)?;
    // What was lent as a box may have been filled since with what may not go there.
    move_on(step, act, &Onward { permission: None, request: None }, next)?;
    if !is_missing(step.record, act.item) {
        next.pass_to(to);
        next.place = Whereabouts::Stored;
    }
    Ok(())
}

/// What somebody held goes to a custodian of the same agency; where it is does not change.
pub(super) fn succeed<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let payload = step.record.payload();
    check_from_holder(act, payload.from, payload)?;
    if let Some(open) = &act.before.release {
        return Err(RuleViolation::ReleaseOpen { item: act.id(), release: open.record });
    }
    if let Whereabouts::Packed { container } = act.before.place {
        let container = SubjectId::Item(container);
        return Err(RuleViolation::Packed { item: act.id(), container });
    }
    let Some(agency) = step.agency_of(act.before.holder)? else { return Ok(()) };
    if let SubjectId::Agency(signer) = payload.signers[0].id
        && signer != agency
    {
        let (expected, actual) = (SubjectId::Agency(agency), SubjectId::Agency(signer));
        return Err(RuleViolation::OtherAgency { expected, actual });
    }
    let Some(to) = payload.to else { return Ok(()) };
    step.check_of_agency(to, agency)?;
    if !is_missing(step.record, act.item) {
        let place = next.place;
        next.pass_to(to);
        next.place = place;
    }
    Ok(())
}
