//! What each type demands of the record around its body: roles, chains, parties, fields.
//! SPEC section "Roles and chains by type" is this file as a table.

use crate::cose::{Message, Role};
use crate::id::{SubjectId, Uuid};
use crate::record::body::{Body, ItemKind, KeySlot, LedgerPurpose, RecordType, Refused};
use crate::record::error::RecordError;
use crate::record::payload::{Link, Payload, Signer};

/// Checks everything about a record that its own bytes can show, for as many signatures as there are.
pub(super) fn check(message: &Message, payload: &Payload) -> Result<(), RecordError> {
    let record_type = payload.body.record_type();
    check_signatures(message, payload)?;
    let is_opening = record_type == RecordType::LedgerOpen;
    if is_opening != message.header().genesis.is_none() {
        return Err(RecordError::Genesis);
    }
    check_training(message, payload)?;
    if !signers_fit(payload) || !operator_fits(message, payload) {
        return Err(RecordError::Signers { record_type });
    }
    if !subjects_fit(payload) {
        return Err(RecordError::Subjects { record_type });
    }
    if !parties_fit(payload) {
        return Err(RecordError::Parties { record_type });
    }
    check_fields(payload)
}

/// A ledger is for training exactly where its name says so.
fn check_training(message: &Message, payload: &Payload) -> Result<(), RecordError> {
    let origin = &message.header().origin;
    match &payload.body {
        Body::LedgerOpen(body)
            if (body.purpose == LedgerPurpose::Training) != origin.is_training() =>
        {
            Err(RecordError::TrainingOrigin { purpose: body.purpose, origin: origin.clone() })
        }
        _ => Ok(()),
    }
}

fn check_signatures(message: &Message, payload: &Payload) -> Result<(), RecordError> {
    let (expected, actual) = (payload.signers.len(), message.signatures().len());
    if actual > expected {
        return Err(RecordError::SignatureCount { expected, actual });
    }
    let mut enrolled = payload.body.enrolled_keys().into_iter();
    let is_opening = payload.body.record_type() == RecordType::LedgerOpen;
    for (position, line) in message.signatures().iter().enumerate() {
        let (expected, actual) = (payload.signers[position].role, line.header.role);
        if expected != actual {
            return Err(RecordError::SignatureRole { position, expected, actual });
        }
        // Keys that the record brings sign in the order in which the body lists them.
        let brings_key = is_opening || actual == Role::NewKey;
        if brings_key && enrolled.next().map(|key| key.kid()) != Some(line.header.kid) {
            return Err(RecordError::Signers { record_type: payload.body.record_type() });
        }
        let count = payload.subjects.len();
        let outcomes = line.header.observed.iter().flat_map(|observed| &observed.outcomes);
        if let Some(outcome) = outcomes.last().filter(|outcome| outcome.position >= count) {
            return Err(RecordError::Outcome { position: outcome.position, count });
        }
    }
    Ok(())
}

fn signers_fit(payload: &Payload) -> bool {
    let signers = payload.signers.as_slice();
    let is_person = |signer: &Signer| match signer.role {
        Role::Authority => matches!(signer.id, SubjectId::Agency(_)),
        Role::Operator => matches!(signer.id, SubjectId::Ledger(_)),
        Role::NewKey => matches!(signer.id, SubjectId::Agency(_) | SubjectId::Custodian(_)),
        _ => matches!(signer.id, SubjectId::Custodian(_)),
    };
    signers.iter().all(is_person) && roles_fit(payload, signers)
}

fn roles_fit(payload: &Payload, signers: &[Signer]) -> bool {
    use Role::{Acting, Receiving, Releasing, Supervisor, Witness};
    let roles: Vec<_> = signers.iter().map(|signer| signer.role).collect();
    match &payload.body {
        Body::LedgerOpen(body) => {
            let agencies = body.agencies.iter().map(|agency| SubjectId::Agency(agency.id));
            let pairs = agencies.flat_map(|id| [(Role::Authority, id.clone()), (Role::NewKey, id)]);
            signers[0].role == Role::Operator && pairs.eq(signers[1..].iter().map(named))
        }
        Body::AgencyEnrol(body) => {
            let id = SubjectId::Agency(body.agency.id);
            let ends = [(Role::NewKey, id.clone()), (Role::NewKey, id)];
            ends_with_after_authorities(signers, &ends)
        }
        Body::CustodianEnrol(body) => {
            let person = payload.subjects[0].subject.clone();
            let authority = (Role::Authority, SubjectId::Agency(body.agency));
            signers.iter().map(named).eq([authority, (Role::NewKey, person)])
        }
        Body::KeyRotate(_) => {
            let owner = payload.subjects[0].subject.clone();
            ends_with_after_authorities(signers, &[(Role::NewKey, owner)])
        }
        Body::KeyRevoke(_) | Body::KeyCompromised(_) => ends_with_after_authorities(signers, &[]),
        Body::Handoff(_) => with_witnesses(&roles, &[Releasing, Receiving]),
        Body::Release(_) => with_witnesses(&roles, &[Releasing]),
        Body::Receive(_) => with_witnesses(&roles, &[Receiving]),
        Body::Refuse(_) => roles == [Receiving],
        Body::Recall(_) => roles == [Releasing],
        Body::Correct(_) => roles == [Acting, Supervisor],
        Body::Dispose(_) => roles == [Acting, Witness],
        Body::LateEntry(_) | Body::Note(_) => roles == [Acting],
        _ => with_witnesses(&roles, &[Acting]),
    }
}

fn named(signer: &Signer) -> (Role, SubjectId) {
    (signer.role, signer.id.clone())
}

fn with_witnesses(roles: &[Role], first: &[Role]) -> bool {
    roles.strip_prefix(first).is_some_and(|rest| rest.iter().all(|role| *role == Role::Witness))
}

/// One authority or more, none twice and in the order of their ids, then exactly `ends`.
fn ends_with_after_authorities(signers: &[Signer], ends: &[(Role, SubjectId)]) -> bool {
    let Some(split) = signers.len().checked_sub(ends.len()) else { return false };
    let (authorities, last) = signers.split_at(split);
    !authorities.is_empty()
        && authorities.iter().all(|signer| signer.role == Role::Authority)
        && authorities.windows(2).all(|pair| pair[0].id < pair[1].id)
        && last.iter().map(named).eq(ends.iter().cloned())
}

fn operator_fits(message: &Message, payload: &Payload) -> bool {
    let ledger = SubjectId::Ledger(message.header().origin.clone());
    let named = payload.signers.iter().map(|signer| &signer.id);
    let extended = payload.subjects.iter().map(|link| &link.subject);
    let mut ledgers = named.chain(extended).filter(|id| matches!(id, SubjectId::Ledger(_)));
    ledgers.all(|id| *id == ledger)
}

fn subjects_fit(payload: &Payload) -> bool {
    let links = payload.subjects.as_slice();
    match &payload.body {
        Body::LedgerOpen(body) => {
            let (last, agencies) = (&links[links.len() - 1], &links[..links.len() - 1]);
            let founders = body.agencies.iter().map(|agency| SubjectId::Agency(agency.id));
            links.iter().all(|link| link.seq == 0)
                && matches!(last.subject, SubjectId::Ledger(_))
                && founders.eq(agencies.iter().map(|link| link.subject.clone()))
        }
        Body::AgencyEnrol(body) => match links {
            [agency, ledger] => {
                agency.subject == SubjectId::Agency(body.agency.id)
                    && agency.seq == 0
                    && matches!(ledger.subject, SubjectId::Ledger(_))
            }
            _ => false,
        },
        Body::CustodianEnrol(_) => match links {
            [link] => matches!(link.subject, SubjectId::Custodian(_)) && link.seq == 0,
            _ => false,
        },
        Body::KeyRotate(body) => match links {
            [link] => match link.subject {
                SubjectId::Agency(_) => body.slot != KeySlot::Custodian,
                SubjectId::Custodian(_) => body.slot == KeySlot::Custodian,
                _ => false,
            },
            _ => false,
        },
        Body::KeyRevoke(_) | Body::KeyCompromised(_) => match links {
            [link] => matches!(link.subject, SubjectId::Agency(_) | SubjectId::Custodian(_)),
            _ => false,
        },
        Body::Collect(_) => links.len() == 1 && is_item(&links[0]) && links[0].seq == 0,
        Body::Derive(body) => derive_links_fit(links, body.parent),
        Body::Correct(_) | Body::LateEntry(_) | Body::Note(_) => {
            links.len() == 1 && is_notes(&links[0])
        }
        Body::Refuse(body) => match body.answers {
            Refused::Release(_) => links.iter().all(is_item),
            Refused::Offer(_) => links.iter().all(is_notes),
        },
        _ => links.iter().all(is_item),
    }
}

fn derive_links_fit(links: &[Link], parent: Uuid) -> bool {
    let is_parent = |link: &&Link| link.subject == SubjectId::Item(parent);
    let fresh = links.iter().filter(|link| !is_parent(link));
    links.len() == 2
        && links.iter().any(|link| is_parent(&link))
        && fresh.clone().count() == 1
        && fresh.clone().all(|link| is_item(link) && link.seq == 0)
}

fn is_item(link: &Link) -> bool {
    matches!(link.subject, SubjectId::Item(_))
}

fn is_notes(link: &Link) -> bool {
    matches!(link.subject, SubjectId::Notes(_))
}

fn parties_fit(payload: &Payload) -> bool {
    let person = |role: Role| {
        payload.signers.iter().find(|signer| signer.role == role).map(|signer| &signer.id)
    };
    let (from, to) = (payload.from.map(SubjectId::Custodian), payload.to.map(SubjectId::Custodian));
    let is_move = matches!(
        payload.body,
        Body::Handoff(_) | Body::Release(_) | Body::Receive(_) | Body::Refuse(_) | Body::Recall(_)
    );
    if !is_move {
        return from.is_none() && to.is_none();
    }
    let signs_as_named = |role, party: &Option<SubjectId>| {
        person(role).is_none_or(|signer| Some(signer) == party.as_ref())
    };
    from.is_some()
        && to.is_some()
        && from != to
        && signs_as_named(Role::Releasing, &from)
        && signs_as_named(Role::Receiving, &to)
}

fn check_fields(payload: &Payload) -> Result<(), RecordError> {
    let record_type = payload.body.record_type();
    let is_sealed = |name: &str| payload.sealed.iter().any(|(field, _)| field == name);
    let missing = |field| Err(RecordError::MissingField { record_type, field });
    let has_digests = match &payload.body {
        Body::Collect(body) if body.kind == ItemKind::Physical => true,
        Body::Collect(body) => body.digests.is_empty() == is_sealed("digests"),
        Body::Derive(body) => body.digests.is_empty() == is_sealed("digests"),
        _ => true,
    };
    if !has_digests {
        return missing("digests");
    }
    let demanded = match record_type {
        RecordType::Seal => "seal",
        RecordType::Correct => "value",
        RecordType::Note => "text",
        RecordType::Dispose => "authority",
        _ => return Ok(()),
    };
    if is_sealed(demanded) { Ok(()) } else { missing(demanded) }
}
