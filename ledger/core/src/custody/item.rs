//! Items: who holds them, where they go, what may still be done with them.

use crate::cose::{Finding, Role};
use crate::custody::apply::Step;
use crate::custody::key::{self, KeyState};
use crate::custody::state::{Holdings, ItemState, OpenRelease, Standing};
use crate::custody::violation::RuleViolation;
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::index::ChainHead;
use crate::key::Kid;
use crate::record::body::{Body, ItemKind, LateEntry, LateReason, Refused};
use crate::record::{Link, Payload, Record, Signer};

/// What becomes of the custody of the item of `link`.
pub(super) fn next_item<H: Holdings>(
    step: &mut Step<'_, H>,
    link: &Link,
    before: Option<&Standing>,
) -> Result<Standing, RuleViolation> {
    let payload = step.record.payload();
    let item = &link.subject;
    let before = match before {
        None => return begin(payload, item).map(Standing::Item),
        Some(Standing::Item(before)) => before,
        Some(_) => return Err(RuleViolation::NoSuchSubject { subject: item.clone() }),
    };
    if before.is_disposed {
        return Err(RuleViolation::Disposed { item: item.clone() });
    }
    let mut next = before.clone();
    match &payload.body {
        Body::Receive(body) => {
            check_addressee(before, item, &body.release, payload)?;
            if let (false, Some(to)) = (is_missing(step.record, item), payload.to) {
                next.pass_to(to);
            }
        }
        Body::Refuse(body) => {
            if let Refused::Release(release) = &body.answers {
                check_addressee(before, item, release, payload)?;
            }
            next.release = None;
        }
        Body::Recall(body) => {
            check_holder(before, item, payload)?;
            let open = check_open_release(before, item, &body.release)?;
            check_named(&open, item, payload)?;
            next.release = None;
        }
        _ => act_of_holder(step, item, before, &mut next)?,
    }
    Ok(Standing::Item(next))
}

/// A first record of an item: collecting it, or making it out of another.
fn begin(payload: &Payload, item: &SubjectId) -> Result<ItemState, RuleViolation> {
    let missing = || RuleViolation::NoSuchSubject { subject: item.clone() };
    let holder = acting(payload).ok_or_else(missing)?;
    match &payload.body {
        Body::Collect(body) => Ok(ItemState::held_by(holder, body.kind, None)),
        // An item that nobody took into custody cannot begin by being the parent of another.
        Body::Derive(body) if SubjectId::Item(body.parent) == *item => Err(missing()),
        Body::Derive(body) => Ok(ItemState::held_by(holder, ItemKind::Digital, Some(body.parent))),
        _ => Err(missing()),
    }
}

/// Everything that only the holder may do, and only while nothing is on the way.
fn act_of_holder<H: Holdings>(
    step: &mut Step<'_, H>,
    item: &SubjectId,
    before: &ItemState,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    let payload = step.record.payload();
    check_holder(before, item, payload)?;
    if let Some(open) = before.release {
        return Err(RuleViolation::ReleaseOpen { item: item.clone(), release: open.record });
    }
    match (&payload.body, payload.to) {
        (Body::Handoff(_), Some(to)) if !is_missing(step.record, item) => next.pass_to(to),
        (Body::Release(_), Some(to)) => {
            step.expect(&SubjectId::Custodian(to))?;
            next.release = Some(OpenRelease { record: step.record.digest(), to });
        }
        (Body::Dispose(_), _) => {
            check_outside_witness(before, item, payload)?;
            next.is_disposed = true;
        }
        _ => {}
    }
    Ok(())
}

/// The custodian who acts alone or hands over.
fn acting(payload: &Payload) -> Option<Uuid> {
    let signer = payload
        .signers
        .iter()
        .find(|signer| matches!(signer.role, Role::Acting | Role::Releasing))?;
    match signer.id {
        SubjectId::Custodian(id) => Some(id),
        _ => None,
    }
}

fn check_holder(
    before: &ItemState,
    item: &SubjectId,
    payload: &Payload,
) -> Result<(), RuleViolation> {
    match acting(payload) {
        Some(actual) if actual == before.holder => Ok(()),
        _ => Err(RuleViolation::holder(item, before.holder, &payload.signers[0].id)),
    }
}

fn check_open_release(
    before: &ItemState,
    item: &SubjectId,
    release: &Hash,
) -> Result<OpenRelease, RuleViolation> {
    before
        .release
        .filter(|open| open.record == *release)
        .ok_or_else(|| RuleViolation::NoOpenRelease { item: item.clone(), release: *release })
}

fn check_addressee(
    before: &ItemState,
    item: &SubjectId,
    release: &Hash,
    payload: &Payload,
) -> Result<(), RuleViolation> {
    let open = check_open_release(before, item, release)?;
    if payload.from != Some(before.holder) {
        let named = payload.from.map_or_else(|| item.clone(), SubjectId::Custodian);
        return Err(RuleViolation::holder(item, before.holder, &named));
    }
    check_named(&open, item, payload)
}

/// The record names the addressee of the open release as `to`.
fn check_named(
    open: &OpenRelease,
    item: &SubjectId,
    payload: &Payload,
) -> Result<(), RuleViolation> {
    if payload.to == Some(open.to) {
        return Ok(());
    }
    Err(RuleViolation::NotTheAddressee {
        item: item.clone(),
        addressee: SubjectId::Custodian(open.to),
        actual: payload.to.map_or_else(|| item.clone(), SubjectId::Custodian),
    })
}

fn check_outside_witness(
    before: &ItemState,
    item: &SubjectId,
    payload: &Payload,
) -> Result<(), RuleViolation> {
    let held = |id: &SubjectId| before.holders.iter().any(|h| SubjectId::Custodian(*h) == *id);
    let witnesses = payload.signers.iter().filter(|signer| signer.role == Role::Witness);
    match witnesses.map(|signer| &signer.id).find(|id| held(id)) {
        Some(witness) => {
            Err(RuleViolation::WitnessInChain { item: item.clone(), witness: witness.clone() })
        }
        None => Ok(()),
    }
}

/// Whether the receiver found that the item was not there: it then stays with the releasing side.
fn is_missing(record: &Record, item: &SubjectId) -> bool {
    let position = record.payload().subjects.iter().position(|link| link.subject == *item);
    let lines = record.message().signatures().iter();
    lines
        .filter_map(|line| line.header.observed.as_ref())
        .flat_map(|observed| &observed.outcomes)
        .any(|outcome| Some(outcome.position) == position && outcome.finding == Finding::Missing)
}

/// What is said about an item may be said by anybody enrolled, as long as there is an item.
pub(super) fn next_notes<H: Holdings>(
    step: &mut Step<'_, H>,
    link: &Link,
) -> Result<Standing, RuleViolation> {
    let SubjectId::Notes(id) = link.subject else {
        return Err(RuleViolation::NoSuchSubject { subject: link.subject.clone() });
    };
    let item = SubjectId::Item(id);
    let Some(subject) = step.expect(&item)? else { return Ok(Standing::Notes) };
    let Standing::Item(state) = &subject.standing else {
        return Err(RuleViolation::NoSuchSubject { subject: item });
    };
    match &step.record.payload().body {
        Body::Correct(_) => check_supervisor(step.record.payload())?,
        Body::LateEntry(body) => check_late(step, body, &item, &subject.chain)?,
        _ if state.is_disposed => return Err(RuleViolation::Disposed { item }),
        _ => {}
    }
    Ok(Standing::Notes)
}

fn check_supervisor(payload: &Payload) -> Result<(), RuleViolation> {
    match payload.signers.as_slice() {
        [acting, supervisor] if acting.id == supervisor.id => {
            Err(RuleViolation::OwnSupervisor { supervisor: supervisor.id.clone() })
        }
        _ => Ok(()),
    }
}

/// The embedded record is complete, of this ledger and this item, signed by the people it names, and
/// can no longer take the place that it was made for. Steps as in SPEC section "Rules".
fn check_late<H: Holdings>(
    step: &mut Step<'_, H>,
    body: &LateEntry,
    item: &SubjectId,
    chain: &ChainHead,
) -> Result<(), RuleViolation> {
    let refused = |error| RuleViolation::Embedded(Box::new(error));
    // 1. It is a complete record, made for the same origin and genesis.
    let embedded = Record::parse(&body.record).map_err(refused)?;
    let header = step.record.message().header();
    let genesis = header.genesis.ok_or(RuleViolation::EmbeddedElsewhere)?;
    embedded.verify_ledger(&header.origin, &genesis).map_err(refused)?;
    // 2. It extends the item's custody chain, and is no `late-entry`.
    let is_nested = matches!(embedded.payload().body, Body::LateEntry(_));
    let link = embedded.payload().link(item).filter(|_| !is_nested);
    let seq = link.ok_or(RuleViolation::EmbeddedElsewhere)?.seq;
    // 3. Its signers are known, with their keys and in their roles.
    let states = embedded_keys(step, &embedded)?;
    // 4. Its signatures verify.
    let key = |kid: &Kid| states.iter().map(|state| &state.key).find(|key| key.kid() == *kid);
    embedded.verify_signatures(key).map_err(refused)?;
    // 5. It came too late.
    let is_late = match body.reason {
        LateReason::Conflict => seq < chain.length,
        LateReason::KeyEnded => states.iter().any(|state| state.end.is_some()),
    };
    let digest = embedded.digest();
    let is_taken_in = step.state.has_record(&digest);
    step.applied.embedded = Some(digest).filter(|_| is_taken_in.is_none());
    match is_late && is_taken_in != Some(true) {
        true => Ok(()),
        false => Err(RuleViolation::NotLate),
    }
}

/// The keys that signed an embedded record, ended or not, of people who may sign in their roles.
fn embedded_keys<'a, H: Holdings>(
    step: &Step<'a, H>,
    embedded: &Record,
) -> Result<Vec<&'a KeyState>, RuleViolation> {
    let lines = embedded.message().signatures().iter().map(|line| line.header.kid);
    let signers = embedded.payload().signers.iter().zip(lines);
    signers.map(|(signer, kid)| embedded_key(step, signer, kid)).collect()
}

fn embedded_key<'a, H: Holdings>(
    step: &Step<'a, H>,
    signer: &Signer,
    kid: Kid,
) -> Result<&'a KeyState, RuleViolation> {
    let subject = || signer.id.clone();
    let Standing::Custodian(person) = &step.need(&signer.id)?.standing else {
        return Err(RuleViolation::EmbeddedElsewhere);
    };
    let state = key::find(&person.keys, kid)
        .ok_or_else(|| RuleViolation::KeyNotEnrolled { subject: subject(), kid })?;
    if !person.roles.contains(&signer.role) {
        return Err(RuleViolation::RoleNotGranted { subject: subject(), role: signer.role });
    }
    Ok(state)
}
