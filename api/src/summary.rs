//! What somebody is about to sign, in words, before they are asked for their passphrase.

use custody_core::id::SubjectId;
use custody_core::record::body::{Body, Enrolment, ErasedField};
use custody_core::record::{Occurred, Payload};

use crate::act::Proposal;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::history::{description, value_text};
use crate::moment::Moment;
use crate::session::describe;

/// Lines that say what is signed, by whom and on what.
///
/// # Errors
/// The ledger cannot be read.
pub fn summarise(proposal: &Proposal, desk: Option<&Desk>) -> Result<Vec<String>, Failure> {
    let payload = proposal.payload();
    let mut lines = outline(proposal, "you sign", desk)?;
    for position in 0..payload.signers.len() {
        let who = describe_signer(payload, position, desk);
        lines.push(format!("  {}: {who}", standing(position, proposal)));
    }
    Ok(lines)
}

/// The same without who signs; it begins with what is done with it.
///
/// # Errors
/// The ledger cannot be read.
pub fn outline(
    proposal: &Proposal,
    what: &str,
    desk: Option<&Desk>,
) -> Result<Vec<String>, Failure> {
    let payload = proposal.payload();
    desk.map_or(Ok(()), |desk| foresee(desk, payload))?;
    let mut lines = vec![
        format!("{what}: {}", payload.body.record_type()),
        format!("  claimed for: {}", claimed(payload.occurred)),
    ];
    for link in &payload.subjects {
        lines.push(format!("  about: {}", about(&link.subject, desk)?));
    }
    lines.extend(body_lines(&payload.body).into_iter().map(|line| format!("  {line}")));
    for opening in proposal.openings() {
        lines.push(format!("  {}: {}", opening.field, value_text(opening)));
    }
    Ok(lines)
}

/// Asks for all that is said about a record at once: where what it is about stands, how that and who signs are called.
///
/// # Errors
/// The ledger cannot be read.
pub fn foresee(desk: &Desk, payload: &Payload) -> Result<(), Failure> {
    let about = payload.subjects.iter().map(|link| &link.subject);
    let called = |id: &SubjectId| match id {
        SubjectId::Item(item) | SubjectId::Notes(item) => Some(SubjectId::Item(*item)),
        SubjectId::Custodian(_) => Some(id.clone()),
        _ => None,
    };
    let signers = payload.signers.iter().map(|signer| &signer.id);
    let named: Vec<_> = about.clone().chain(signers).filter_map(called).collect();
    desk.books().foresee(&named, true)?;
    desk.books().foresee(&about.cloned().collect::<Vec<_>>(), false)
}

/// Who signs at `position`, in what role and, for an agency that the record itself brings, with which of
/// its keys.
pub fn describe_signer(payload: &Payload, position: usize, desk: Option<&Desk>) -> String {
    let Some(signer) = payload.signers.get(position) else { return "nobody".to_owned() };
    let agencies = match &payload.body {
        Body::LedgerOpen(body) => body.agencies.as_slice(),
        Body::AgencyEnrol(body) => std::slice::from_ref(&body.agency),
        _ => &[],
    };
    let brought = agencies.iter().find(|agency| SubjectId::Agency(agency.id) == signer.id);
    let Some(agency) = brought else { return describe(signer, desk) };
    // Each agency signs with its authority key first and with its recovery key right after it.
    let is_second = position > 0 && payload.signers[position - 1].id == signer.id;
    let key = if is_second { "recovery" } else { "authority" };
    format!("{}, {}, with its {key} key", agency.name, agency.country)
}

fn claimed(occurred: Occurred) -> String {
    format!("{} ({})", Moment::from(occurred), occurred.source)
}

fn about(subject: &SubjectId, desk: Option<&Desk>) -> Result<String, Failure> {
    let Some(item) = subject.about_item() else { return Ok(subject.to_string()) };
    let known = match desk {
        Some(desk) => description(desk, item)?,
        None => None,
    };
    Ok(known.map_or_else(|| subject.to_string(), |known| format!("{subject}, {known}")))
}

/// Whether the signer at `position` has signed, signs now, or signs later.
fn standing(position: usize, proposal: &Proposal) -> &'static str {
    match position.cmp(&proposal.signed()) {
        std::cmp::Ordering::Less => "has signed",
        std::cmp::Ordering::Equal => "signs now",
        std::cmp::Ordering::Greater => "signs after that",
    }
}

fn body_lines(body: &Body) -> Vec<String> {
    match body {
        Body::LedgerOpen(body) => {
            let mut lines = vec![
                format!("purpose: {}", body.purpose),
                format!("quorum: {} of {} founders", body.quorum, body.agencies.len()),
            ];
            lines.extend(body.agencies.iter().map(agency_line));
            lines.extend(body.succeeds.as_ref().map(|before| {
                let (origin, head) = (&before.origin, &before.head);
                format!("goes on from: ledger:{origin}, at size {}, root {}", head.size, head.root)
            }));
            lines
        }
        Body::AgencyEnrol(body) => vec![agency_line(&body.agency)],
        Body::CustodianEnrol(body) => vec![
            format!("key: {}", body.key.kid()),
            format!("for: {}", SubjectId::Agency(body.agency)),
        ],
        Body::KeyRotate(body) => {
            vec![format!("key: {}, {}, {}", body.key.kid(), body.slot, body.reason)]
        }
        Body::KeyRevoke(body) => vec![format!("key: {}, {}", body.kid, body.reason)],
        Body::KeyCompromised(body) => {
            vec![format!("key: {}, since {}", body.kid, Moment::utc(body.since_s))]
        }
        Body::Handoff(body) => vec![format!("purpose: {}", body.purpose)],
        Body::CheckOut(body) => {
            let due = body.due_s.map(|due_s| format!("to be back by: {}", Moment::utc(due_s)));
            [Some(format!("purpose: {}", body.purpose)), due].into_iter().flatten().collect()
        }
        Body::CheckIn(body) => vec![format!("condition: {}", body.condition)],
        Body::Succession(body) => vec![format!("reason: {}", body.reason)],
        Body::Correct(body) => {
            vec![format!("corrects: `{}` of record {}, {}", body.field, body.record, body.reason)]
        }
        Body::Dispose(body) => vec![format!("method: {}", body.method)],
        body => said_lines(body),
    }
}

/// What is said about items, requests and the ledger.
fn said_lines(body: &Body) -> Vec<String> {
    match body {
        Body::HoldRelease(body) => vec![format!("ends: hold {}", body.hold)],
        Body::DisputeResolution(body) => {
            vec![format!("ends: dispute {}, {}", body.dispute, body.outcome)]
        }
        Body::AuthoriseOnward(body) => {
            let mut lines = vec![format!("permits: {}", body.usage)];
            lines.extend(body.to.map(|to| format!("to: {}", SubjectId::Agency(to))));
            lines.extend(body.until_s.map(|time_s| format!("until: {}", Moment::utc(time_s))));
            lines
        }
        Body::EraseOpening(body) => {
            let erased =
                |one: &ErasedField| format!("erases: `{}` of record {}", one.field, one.record);
            let basis = format!("basis: {}", body.basis);
            std::iter::once(basis).chain(body.fields.iter().map(erased)).collect()
        }
        Body::Policy(body) => vec![format!("quorum: {} from now on", body.quorum)],
        Body::OperatorSuccession(body) => {
            vec![format!("ends the ledger; goes on: {}", body.origin)]
        }
        Body::Request(body) => vec![format!("step: {}", body.step)],
        _ => Vec::new(),
    }
}

fn agency_line(agency: &Enrolment) -> String {
    let id = SubjectId::Agency(agency.id);
    format!(
        "agency: {}, {} ({id}, authority key {})",
        agency.name,
        agency.country,
        agency.key.kid()
    )
}
