//! Records that came too late to take their place: embedded whole, and judged by what they are.

use crate::custody::apply::Step;
use crate::custody::key::{self, KeyState};
use crate::custody::state::{Holdings, Standing};
use crate::custody::violation::RuleViolation;
use crate::id::SubjectId;
use crate::index::ChainHead;
use crate::key::Kid;
use crate::record::body::{Body, LateEntry, LateReason};
use crate::record::{Record, Signer};

/// The embedded record is complete, of this ledger and this item, signed by the people it names, and
/// can no longer take the place that it was made for. Steps as in SPEC section "Rules".
pub(super) fn check<H: Holdings>(
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
