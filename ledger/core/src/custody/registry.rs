//! Agencies, custodians and keys: who may sign, and who says so.

use crate::cose::Role;
use crate::custody::apply::Step;
use crate::custody::key::{self, KeyEnd, KeyState};
use crate::custody::state::{AgencyState, CustodianState, Holdings, LedgerState, Standing};
use crate::custody::violation::RuleViolation;
use crate::id::SubjectId;
use crate::key::Kid;
use crate::record::body::{AgencyUpdate, Body, Enrolment, KeySlot, LedgerOpen, RecordType};
use crate::record::{Link, Signer};

/// Keys that a subject may ever have, ended ones included: one a month for 85 years. Every change of a
/// key copies the list, so without an end a chain of n changes would cost n x n.
const MAX_KEYS: usize = 1024;

/// Judges every signature by the state of its key just before the record; for keys that the record
/// itself brings, just after it.
pub(super) fn check_signers<H: Holdings>(step: &mut Step<'_, H>) -> Result<(), RuleViolation> {
    let record = step.record;
    let is_opening = record.record_type() == RecordType::LedgerOpen;
    let lines = record.message().signatures().iter().map(|line| line.header.kid);
    for (signer, kid) in record.payload().signers.iter().zip(lines) {
        match signer.role {
            _ if is_opening => check_fresh(step, kid)?,
            Role::NewKey => check_fresh(step, kid)?,
            Role::Authority => check_authority(step, signer, kid)?,
            Role::Operator => check_operator(step, signer, kid)?,
            _ => check_person(step, signer, kid)?,
        }
    }
    check_authorities_suffice(step)
}

fn check_fresh<H: Holdings>(step: &Step<'_, H>, kid: Kid) -> Result<(), RuleViolation> {
    match step.state.owner_of(&kid) {
        Some(subject) => Err(RuleViolation::KeyEnrolledTwice { subject, kid }),
        None => Ok(()),
    }
}

fn check_person<H: Holdings>(
    step: &Step<'_, H>,
    signer: &Signer,
    kid: Kid,
) -> Result<(), RuleViolation> {
    let subject = || signer.id.clone();
    let Standing::Custodian(person) = &step.need(&signer.id)?.standing else {
        return Err(RuleViolation::NoSuchSubject { subject: subject() });
    };
    check_active(&person.keys, &signer.id, kid, |_| true)?;
    if !person.roles.contains(&signer.role) {
        return Err(RuleViolation::RoleNotGranted { subject: subject(), role: signer.role });
    }
    Ok(())
}

/// An authority key; for its own agency's keys the recovery key serves as well.
fn check_authority<H: Holdings>(
    step: &Step<'_, H>,
    signer: &Signer,
    kid: Kid,
) -> Result<(), RuleViolation> {
    let keys = &agency(step, &signer.id)?.keys;
    let is_own = step.record.payload().link(&signer.id).is_some();
    check_active(keys, &signer.id, kid, |slot| {
        slot == KeySlot::Authority || (is_own && slot == KeySlot::Recovery)
    })
}

fn check_operator<H: Holdings>(
    step: &Step<'_, H>,
    signer: &Signer,
    kid: Kid,
) -> Result<(), RuleViolation> {
    let subject = signer.id.clone();
    match &step.need(&subject)?.standing {
        Standing::Ledger(ledger) if ledger.operator.kid() == kid => Ok(()),
        Standing::Ledger(_) => Err(RuleViolation::KeyNotEnrolled { subject, kid }),
        _ => Err(RuleViolation::NoSuchSubject { subject }),
    }
}

fn check_active(
    keys: &[KeyState],
    subject: &SubjectId,
    kid: Kid,
    serves: impl Fn(KeySlot) -> bool,
) -> Result<(), RuleViolation> {
    let subject = subject.clone();
    match key::find(keys, kid).filter(|state| serves(state.slot)) {
        None => Err(RuleViolation::KeyNotEnrolled { subject, kid }),
        Some(state) if state.end.is_some() => Err(RuleViolation::KeyEnded { subject, kid }),
        Some(_) => Ok(()),
    }
}

/// Who must act with an authority key: the agency itself, or a quorum of the founders.
fn check_authorities_suffice<H: Holdings>(step: &Step<'_, H>) -> Result<(), RuleViolation> {
    let payload = step.record.payload();
    let authorities: Vec<_> = payload
        .signers
        .iter()
        .filter(|signer| signer.role == Role::Authority)
        .map(|signer| &signer.id)
        .collect();
    match &payload.body {
        Body::AgencyEnrol(_) | Body::Policy(_) | Body::OperatorSuccession(_) => {
            check_quorum(step, &authorities)
        }
        Body::AgencyUpdate(_) => {
            let owner = &payload.subjects[0].subject;
            match *authorities[0] == responsible(step, owner)? {
                true => Ok(()),
                false => Err(RuleViolation::NotItsAgency { subject: owner.clone() }),
            }
        }
        Body::KeyRotate(_) | Body::KeyRevoke(_) | Body::KeyCompromised(_) => {
            let owner = &payload.subjects[0].subject;
            let responsible = responsible(step, owner)?;
            match (authorities.as_slice(), owner) {
                ([only], _) if **only == responsible => Ok(()),
                (_, SubjectId::Agency(_)) => check_quorum(step, &authorities),
                _ => Err(RuleViolation::NotItsAgency { subject: owner.clone() }),
            }
        }
        _ => Ok(()),
    }
}

/// The agency itself, or that of a custodian.
fn responsible<H: Holdings>(
    step: &Step<'_, H>,
    owner: &SubjectId,
) -> Result<SubjectId, RuleViolation> {
    match owner {
        SubjectId::Agency(_) => Ok(owner.clone()),
        _ => Ok(SubjectId::Agency(custodian(step, owner)?.agency)),
    }
}

fn check_quorum<H: Holdings>(
    step: &Step<'_, H>,
    authorities: &[&SubjectId],
) -> Result<(), RuleViolation> {
    let origin = step.record.message().header().origin.clone();
    let subject = SubjectId::Ledger(origin);
    let Standing::Ledger(ledger) = &step.need(&subject)?.standing else {
        return Err(RuleViolation::NoSuchSubject { subject });
    };
    let is_founder = |id: &&&SubjectId| match id {
        SubjectId::Agency(id) => ledger.founders.contains(id),
        _ => false,
    };
    let actual = authorities.iter().filter(is_founder).count() as u64;
    match actual >= ledger.quorum {
        true => Ok(()),
        false => Err(RuleViolation::Quorum { expected: ledger.quorum, actual }),
    }
}

/// What becomes of the registry subject of `link`.
pub(super) fn next_standing<H: Holdings>(
    step: &Step<'_, H>,
    link: &Link,
    before: Option<&Standing>,
) -> Result<Standing, RuleViolation> {
    let subject = &link.subject;
    match (&step.record.payload().body, before) {
        (Body::LedgerOpen(body), None) => Ok(opened(step, subject, body)),
        (Body::AgencyEnrol(body), None) => Ok(enrolled(&body.agency)),
        // The list of agencies is the ledger's chain itself: nothing to note in its standing.
        (Body::AgencyEnrol(_), Some(ledger)) => Ok(ledger.clone()),
        (Body::CustodianEnrol(body), None) => Ok(Standing::Custodian(CustodianState {
            agency: body.agency,
            roles: body.roles.clone(),
            keys: vec![KeyState::active(body.key.clone(), KeySlot::Custodian)],
        })),
        (Body::AgencyUpdate(body), Some(standing)) => Ok(updated(body, standing)),
        (_, Some(Standing::Ledger(ledger))) => next_ledger(step, ledger).map(Standing::Ledger),
        (_, Some(standing)) => next_keys(step, subject, standing),
        (_, None) => Err(RuleViolation::NoSuchSubject { subject: subject.clone() }),
    }
}

fn opened<H: Holdings>(step: &Step<'_, H>, subject: &SubjectId, body: &LedgerOpen) -> Standing {
    let founder = body.agencies.iter().find(|agency| SubjectId::Agency(agency.id) == *subject);
    founder.map(enrolled).unwrap_or_else(|| {
        Standing::Ledger(LedgerState {
            origin: step.record.message().header().origin.clone(),
            purpose: body.purpose,
            quorum: body.quorum,
            founders: body.agencies.iter().map(|agency| agency.id).collect(),
            operator: body.operator.clone(),
            successor: None,
        })
    })
}

fn enrolled(agency: &Enrolment) -> Standing {
    Standing::Agency(AgencyState {
        name: agency.name.clone(),
        country: agency.country.clone(),
        keys: vec![
            KeyState::active(agency.key.clone(), KeySlot::Authority),
            KeyState::active(agency.recovery.clone(), KeySlot::Recovery),
        ],
    })
}

/// Absences are for people to read: no rule asks whether somebody was there.
fn updated(body: &AgencyUpdate, before: &Standing) -> Standing {
    let mut standing = before.clone();
    match &mut standing {
        Standing::Agency(agency) => {
            agency.name = body.name.clone().unwrap_or_else(|| agency.name.clone());
            agency.country = body.country.clone().unwrap_or_else(|| agency.country.clone());
        }
        Standing::Custodian(person) => {
            person.roles = body.roles.clone().unwrap_or_else(|| person.roles.clone());
        }
        _ => {}
    }
    standing
}

fn next_ledger<H: Holdings>(
    step: &Step<'_, H>,
    before: &LedgerState,
) -> Result<LedgerState, RuleViolation> {
    let mut ledger = before.clone();
    match &step.record.payload().body {
        Body::Policy(body) => {
            let founders = ledger.founders.len() as u64;
            if !(1..=founders).contains(&body.quorum) {
                return Err(RuleViolation::QuorumRange { quorum: body.quorum, founders });
            }
            ledger.quorum = body.quorum;
        }
        Body::OperatorSuccession(body) => ledger.successor = Some(body.origin.clone()),
        _ => {}
    }
    Ok(ledger)
}

fn next_keys<H: Holdings>(
    step: &Step<'_, H>,
    subject: &SubjectId,
    before: &Standing,
) -> Result<Standing, RuleViolation> {
    let mut standing = before.clone();
    let keys = match &mut standing {
        Standing::Agency(agency) => &mut agency.keys,
        Standing::Custodian(custodian) => &mut custodian.keys,
        _ => return Err(RuleViolation::NoSuchSubject { subject: subject.clone() }),
    };
    let (kid, end) = match &step.record.payload().body {
        Body::KeyRotate(_) if keys.len() >= MAX_KEYS => {
            return Err(RuleViolation::TooManyKeys { subject: subject.clone(), limit: MAX_KEYS });
        }
        Body::KeyRotate(body) => {
            let key = KeyState::active(body.key.clone(), body.slot);
            key::replace(keys, KeyState { is_by_others: is_by_others(step, subject), ..key });
            return Ok(standing);
        }
        Body::KeyRevoke(body) => (body.kid, KeyEnd::Revoked),
        Body::KeyCompromised(body) => (body.kid, KeyEnd::Compromised { since_s: body.since_s }),
        _ => return Ok(standing),
    };
    match key::end(keys, kid, end) {
        true => Ok(standing),
        false => Err(RuleViolation::NoSuchKey { subject: subject.clone(), kid }),
    }
}

/// Whether an agency's keys are changed without the agency: by founders.
fn is_by_others<H: Holdings>(step: &Step<'_, H>, subject: &SubjectId) -> bool {
    let mut signers = step.record.payload().signers.iter();
    let signs = signers.any(|signer| signer.role == Role::Authority && signer.id == *subject);
    matches!(subject, SubjectId::Agency(_)) && !signs
}

fn agency<'a, H: Holdings>(
    step: &Step<'a, H>,
    id: &SubjectId,
) -> Result<&'a AgencyState, RuleViolation> {
    match &step.need(id)?.standing {
        Standing::Agency(agency) => Ok(agency),
        _ => Err(RuleViolation::NoSuchSubject { subject: id.clone() }),
    }
}

fn custodian<'a, H: Holdings>(
    step: &Step<'a, H>,
    id: &SubjectId,
) -> Result<&'a CustodianState, RuleViolation> {
    match &step.need(id)?.standing {
        Standing::Custodian(custodian) => Ok(custodian),
        _ => Err(RuleViolation::NoSuchSubject { subject: id.clone() }),
    }
}
