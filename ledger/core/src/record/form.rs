//! What each type demands of the record around its body: roles, chains, parties, fields.
//! SPEC section "Roles and chains by type" is this file as a table.

use crate::cose::{Message, Role};
use crate::id::{SubjectId, Uuid};
use crate::record::body::{
    AgencyUpdate, Body, HandoffExternal, ItemKind, KeySlot, LedgerPurpose, Note, NoteKind,
    OnwardUse, Pack, RecordType, Refused, Request, RequestStep, ReturnToOwner, StandIn, Unpack,
};
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
    use Role::{
        Acting, Authority, Operator, OtherParty, Receiving, Releasing, Supervisor, Witness,
    };
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
        Body::AgencyUpdate(_) => roles == [Authority],
        Body::Policy(_) | Body::OperatorSuccession(_) => ends_with_after_authorities(signers, &[]),
        Body::Anchor(_) | Body::Renewal(_) => roles == [Operator],
        Body::Handoff(_) | Body::CheckOut(_) | Body::CheckIn(_) => {
            with_witnesses(&roles, &[Releasing, Receiving])
        }
        Body::Succession(_) => {
            with_witnesses(&roles, &[Releasing, Receiving])
                || roles.len() > 2 && with_witnesses(&roles, &[Authority, Receiving])
        }
        Body::Release(_) => with_witnesses(&roles, &[Releasing]),
        Body::Receive(_) => with_witnesses(&roles, &[Receiving]),
        Body::HandoffExternal(body) => {
            [Releasing, Receiving].iter().any(|role| with_witnesses(&roles, &[*role]))
                && is_stood_in_for(body.stand_in, &roles)
        }
        Body::ReturnToOwner(body) => {
            with_witnesses(&roles, &[Releasing]) && is_stood_in_for(body.stand_in, &roles)
        }
        Body::Refuse(_) => roles == [Receiving],
        Body::Recall(_) => roles == [Releasing],
        Body::CarrierScan(_) => roles == [Acting] || roles == [OtherParty],
        Body::Dispose(_) => roles == [Acting, Witness],
        body if is_supervised(body) => roles == [Acting, Supervisor],
        body if is_said_alone(body) => roles == [Acting],
        _ => with_witnesses(&roles, &[Acting]),
    }
}

/// Types that one person does and another one answers for.
fn is_supervised(body: &Body) -> bool {
    matches!(
        body,
        Body::Correct(_)
            | Body::HoldRelease(_)
            | Body::DisputeResolution(_)
            | Body::AuthoriseOnward(_)
            | Body::EraseOpening(_)
    )
}

/// Types that take nobody else.
fn is_said_alone(body: &Body) -> bool {
    matches!(
        body,
        Body::LateEntry(_)
            | Body::Note(_)
            | Body::Disclose(_)
            | Body::CourtExhibit(_)
            | Body::HoldSet(_)
            | Body::Dispute(_)
            | Body::DisputeResponse(_)
            | Body::Handling(_)
            | Body::Discrepancy(_)
            | Body::Request(_)
    )
}

/// Where no document stands in for somebody's signature, a witness signs.
fn is_stood_in_for(stand_in: StandIn, roles: &[Role]) -> bool {
    stand_in.is_document() || roles.contains(&Role::Witness)
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
        Body::AgencyUpdate(body) => match links {
            [link] => update_fits(body, &link.subject),
            _ => false,
        },
        Body::Request(body) => match links {
            [link] => {
                matches!(link.subject, SubjectId::Request(_))
                    && (link.seq == 0) == (body.step == RequestStep::Prepared)
            }
            _ => false,
        },
        Body::Policy(_) | Body::Anchor(_) | Body::Renewal(_) | Body::OperatorSuccession(_) => {
            links.len() == 1 && matches!(links[0].subject, SubjectId::Ledger(_))
        }
        body => item_links_fit(body, links),
    }
}

/// As [`subjects_fit`], for what is about items.
fn item_links_fit(body: &Body, links: &[Link]) -> bool {
    match body {
        Body::Collect(_) | Body::ProviderProduction(_) | Body::RegisterLegacy(_) => {
            links.len() == 1 && is_item(&links[0]) && links[0].seq == 0
        }
        Body::Derive(body) => links.len() == 2 && makes_new_items(links, body.parent),
        Body::Split(body) => {
            let parts = body.parts.iter().map(|part| SubjectId::Item(part.item));
            let is_part = |link: &&Link| link.subject != SubjectId::Item(body.parent);
            makes_new_items(links, body.parent)
                && parts.eq(links.iter().filter(is_part).map(|link| link.subject.clone()))
        }
        Body::Consume(_) => links.len() == 1 && is_item(&links[0]),
        Body::Pack(Pack { container, .. }) | Body::Unpack(Unpack { container }) => {
            let is_container = |link: &Link| link.subject == SubjectId::Item(*container);
            links.len() > 1 && links.iter().all(is_item) && links.iter().any(is_container)
        }
        body if is_about_one(body) => links.len() == 1 && is_notes(&links[0]),
        body if is_about_several(body) => links.iter().all(is_notes),
        Body::Refuse(body) => match body.answers {
            Refused::Release(_) => links.iter().all(is_item),
            Refused::Offer(_) => links.iter().all(is_notes),
        },
        _ => links.iter().all(is_item),
    }
}

/// What is said about one item.
fn is_about_one(body: &Body) -> bool {
    matches!(
        body,
        Body::Correct(_)
            | Body::LateEntry(_)
            | Body::Note(_)
            | Body::Disclose(_)
            | Body::CourtExhibit(_)
            | Body::Dispute(_)
            | Body::DisputeResponse(_)
            | Body::DisputeResolution(_)
            | Body::Discrepancy(_)
            | Body::EraseOpening(_)
    )
}

/// What may be said about several items at once.
fn is_about_several(body: &Body) -> bool {
    matches!(
        body,
        Body::CarrierScan(_)
            | Body::HoldSet(_)
            | Body::HoldRelease(_)
            | Body::AuthoriseOnward(_)
            | Body::Handling(_)
            | Body::Inventory(_)
    )
}

/// An agency says something about itself, or about a custodian, and something at all.
fn update_fits(body: &AgencyUpdate, subject: &SubjectId) -> bool {
    let of_agency = body.name.is_some() || body.country.is_some();
    let of_custodian = body.roles.is_some() || body.absence.is_some();
    match subject {
        SubjectId::Agency(_) => of_agency && !of_custodian,
        SubjectId::Custodian(_) => of_custodian && !of_agency,
        _ => false,
    }
}

/// The items are `parent` and new ones, at least one.
fn makes_new_items(links: &[Link], parent: Uuid) -> bool {
    let is_parent = |link: &Link| link.subject == SubjectId::Item(parent);
    links.len() > 1
        && links.iter().any(is_parent)
        && links.iter().all(|link| is_parent(link) || is_item(link) && link.seq == 0)
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
        Body::Handoff(_)
            | Body::Release(_)
            | Body::Receive(_)
            | Body::Refuse(_)
            | Body::Recall(_)
            | Body::Succession(_)
            | Body::CheckOut(_)
            | Body::CheckIn(_)
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
        Body::ProviderProduction(body) => body.digests.is_empty() == is_sealed("digests"),
        // What others assert may be known without digests.
        Body::RegisterLegacy(body) => body.digests.is_empty() || !is_sealed("digests"),
        _ => true,
    };
    if !has_digests {
        return missing("digests");
    }
    if let Some(field) = demanded_fields(&payload.body).iter().find(|field| !is_sealed(field)) {
        return missing(field);
    }
    match &payload.body {
        Body::HandoffExternal(HandoffExternal { stand_in, .. })
        | Body::ReturnToOwner(ReturnToOwner { stand_in })
            if stand_in.is_document() && payload.attached.is_empty() =>
        {
            missing("attached")
        }
        Body::Anchor(_) | Body::Renewal(_) if payload.seen.is_none() => missing("seen"),
        Body::AuthoriseOnward(body) if body.to.is_some() != (body.usage == OnwardUse::Transfer) => {
            missing("to")
        }
        Body::Request(body) => check_step(body).or_else(missing),
        _ => Ok(()),
    }
}

/// The sealed fields that a type must have.
fn demanded_fields(body: &Body) -> &'static [&'static str] {
    match body {
        Body::ProviderProduction(_) => &["provider"],
        Body::RegisterLegacy(_) => &["events"],
        Body::Seal(_) => &["seal"],
        Body::Store(_) => &["place"],
        Body::HandoffExternal(_) => &["party"],
        Body::ReturnToOwner(_) => &["authority", "party"],
        Body::Dispose(_) | Body::HoldSet(_) | Body::HoldRelease(_) | Body::EraseOpening(_) => {
            &["authority"]
        }
        Body::AuthoriseOnward(body) => match body.usage {
            OnwardUse::Transfer => &["authority"],
            _ => &["authority", "recipient"],
        },
        Body::Disclose(_) => &["recipient"],
        Body::CourtExhibit(_) => &["mark"],
        Body::Correct(_) => &["value"],
        Body::Note(Note { kind: NoteKind::Alias }) => &["alias"],
        Body::Note(_)
        | Body::Dispute(_)
        | Body::DisputeResponse(_)
        | Body::DisputeResolution(_)
        | Body::Discrepancy(_) => &["text"],
        Body::Request(body) if body.step == RequestStep::Prepared => &["contact"],
        _ => &[],
    }
}

/// The first step says what the request is, a refusal on what ground; other steps say neither.
fn check_step(body: &Request) -> Result<(), &'static str> {
    let is_first = body.step == RequestStep::Prepared;
    let is_refused = body.step == RequestStep::Refused;
    let fields = [
        ("to", body.to.is_some(), is_first),
        ("basis", body.basis.is_some(), is_first),
        ("purpose", body.purpose.is_some(), is_first),
        ("instrument", body.instrument.is_some(), is_first),
        ("ground", body.ground.is_some(), is_refused),
    ];
    match fields.into_iter().find(|(_, is_there, is_asked)| is_there != is_asked) {
        Some((field, _, _)) => Err(field),
        None => Ok(()),
    }
}
