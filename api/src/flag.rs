//! What is unusual about a record. Unusual is no rule: it was recorded all the same, and is pointed at.

use custody_core::cose::Role;
use custody_core::custody::{KeyEnd, KeyState, Standing};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{
    Body, BreakReason, CarrierEvent, CarrierScan, DigestOutcome, HandoffExternal, ReturnToOwner,
    SealOutcome,
};

use crate::desk::Desk;
use crate::failure::Failure;
use crate::moment::format_span;
use crate::people::People;

/// How much later than it happened a record may arrive without remark.
const LATE_S: u64 = 24 * 3600;
/// How far a clock may be ahead without remark.
pub const AHEAD_S: u64 = 300;

/// What is unusual about `record` as far as it concerns `item`.
///
/// # Errors
/// The ledger cannot be read.
pub fn flags(
    desk: &Desk,
    record: &Record,
    accepted_ms: u64,
    item: Uuid,
) -> Result<Vec<String>, Failure> {
    let mut flags = Vec::new();
    flags.extend(claimed_time(record, accepted_ms / 1000));
    flags.extend(found_by_receiver(record, item));
    flags.extend(found_by_inventory(record, item));
    flags.extend(one_side_only(record));
    flags.extend(body_flag(record));
    flags.extend(answer_flags(desk, record, item)?);
    flags.extend(compromised_keys(desk, record)?);
    Ok(flags)
}

fn claimed_time(record: &Record, accepted_s: u64) -> Option<String> {
    let claimed_s = record.payload().occurred.utc_s;
    let (late, ahead) =
        (accepted_s.saturating_sub(claimed_s), claimed_s.saturating_sub(accepted_s));
    match (late, ahead) {
        (late, _) if late > LATE_S => {
            Some(format!("recorded {} after it happened", format_span(late)))
        }
        (_, ahead) if ahead > AHEAD_S => {
            Some(format!("claimed for {} after it was recorded", format_span(ahead)))
        }
        _ => None,
    }
}

/// What the receiver wrote when looking, of this item.
fn found_by_receiver(record: &Record, item: Uuid) -> Vec<String> {
    let id = SubjectId::Item(item);
    let position = record.payload().subjects.iter().position(|link| link.subject == id);
    let receiving =
        record.message().signatures().iter().filter(|line| line.header.role == Role::Receiving);
    let outcomes = receiving
        .filter_map(|line| line.header.observed.as_ref())
        .flat_map(|observed| &observed.outcomes)
        .filter(|outcome| Some(outcome.position) == position);
    outcomes.map(|outcome| format!("the receiver found: {}", outcome.finding)).collect()
}

fn body_flag(record: &Record) -> Option<String> {
    match &record.payload().body {
        Body::SealCheck(body) if body.outcome != SealOutcome::Intact => {
            Some(format!("the seal was {}", body.outcome))
        }
        Body::VerifyDigest(body) if body.outcome == DigestOutcome::Mismatch => {
            Some("the digest did not match".to_owned())
        }
        Body::LateEntry(_) => Some("never took its place in the custody chain".to_owned()),
        Body::SealBreak(body) if body.reason == BreakReason::Accident => {
            Some("the seal came off by accident".to_owned())
        }
        Body::CarrierScan(CarrierScan { event, .. })
            if matches!(event, CarrierEvent::Exception | CarrierEvent::Delayed) =>
        {
            Some(format!("the carrier reports: {event}"))
        }
        _ => None,
    }
}

/// What was found of this item when somebody looked whether items are there.
fn found_by_inventory(record: &Record, item: Uuid) -> Option<String> {
    let Body::Inventory(body) = &record.payload().body else { return None };
    let id = SubjectId::Notes(item);
    let position = record.payload().subjects.iter().position(|link| link.subject == id);
    let outcome = body.outcomes.iter().find(|outcome| Some(outcome.position) == position)?;
    Some(format!("the inventory found: {}", outcome.finding))
}

/// Whose signature is not there, where a move has two sides.
fn one_side_only(record: &Record) -> Option<String> {
    let payload = record.payload();
    match &payload.body {
        Body::HandoffExternal(HandoffExternal { stand_in, .. })
        | Body::ReturnToOwner(ReturnToOwner { stand_in }) => Some(format!(
            "one side only: the other has no key; what stands in for its signature: {stand_in}"
        )),
        Body::Succession(_) if payload.signers[0].role == Role::Authority => {
            Some("one side only: the agency signed for who left".to_owned())
        }
        _ => None,
    }
}

/// What is unusual about an answer, beside what it answers: a release, or a check-out.
fn answer_flags(desk: &Desk, record: &Record, item: Uuid) -> Result<Vec<String>, Failure> {
    let payload = record.payload();
    let mut flags = Vec::new();
    let late = |due_s: Option<u64>| {
        due_s.and_then(|due_s| payload.occurred.utc_s.checked_sub(due_s)).filter(|late| *late > 0)
    };
    match &payload.body {
        Body::Receive(body) => {
            let Some(index) = desk.by_digest(&body.release)? else { return Ok(flags) };
            let release = desk.record(index)?;
            let release = release.payload();
            if let (true, Some(to)) = (release.to != payload.to, release.to) {
                let to = People::of(desk).custodian(to)?;
                flags.push(format!("received by a substitute, in the place of {to}"));
            }
            if let Body::Release(release) = &release.body {
                let late = late(release.expected_s);
                let text = |late| format!("received {} later than expected", format_span(late));
                flags.extend(late.map(text));
            }
        }
        Body::CheckIn(_) => {
            let late = late(due_back(desk, record, item)?);
            flags.extend(late.map(|late| format!("checked in {} late", format_span(late))));
        }
        _ => {}
    }
    Ok(flags)
}

/// By when the item was to be back, by the check-out that this check-in answers.
fn due_back(desk: &Desk, check_in: &Record, item: Uuid) -> Result<Option<u64>, Failure> {
    let digest = check_in.digest();
    let mut due_s = None;
    for logged in desk.chain(&SubjectId::Item(item))? {
        let record = Record::parse(&logged.record)?;
        match &record.payload().body {
            _ if record.digest() == digest => break,
            Body::CheckOut(body) => due_s = body.due_s,
            _ => {}
        }
    }
    Ok(due_s)
}

fn compromised_keys(desk: &Desk, record: &Record) -> Result<Vec<String>, Failure> {
    let mut flags = Vec::new();
    let lines = record.message().signatures().iter().map(|line| line.header.kid);
    for (signer, kid) in record.payload().signers.iter().zip(lines) {
        let keys: Vec<KeyState> = match desk.subject(&signer.id)?.standing {
            Standing::Custodian(person) => person.keys,
            Standing::Agency(agency) => agency.keys,
            _ => Vec::new(),
        };
        let key = keys.iter().find(|state| state.key.kid() == kid);
        if let Some(Some(KeyEnd::Compromised { .. })) = key.map(|state| state.end) {
            flags.push(format!("signed with a key of {} that was compromised later", signer.id));
        }
    }
    Ok(flags)
}
