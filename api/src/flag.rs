//! What is unusual about a record. Unusual is no rule: it was recorded all the same, and is pointed at.

use custody_core::cose::Role;
use custody_core::custody::{KeyEnd, KeyState, Standing};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{Body, DigestOutcome, SealOutcome};

use crate::desk::Desk;
use crate::failure::Failure;
use crate::moment::format_span;

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
    flags.extend(body_flag(desk, record)?);
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

fn body_flag(desk: &Desk, record: &Record) -> Result<Option<String>, Failure> {
    Ok(match &record.payload().body {
        Body::SealCheck(body) if body.outcome != SealOutcome::Intact => {
            Some(format!("the seal was {}", body.outcome))
        }
        Body::VerifyDigest(body) if body.outcome == DigestOutcome::Mismatch => {
            Some("the digest did not match".to_owned())
        }
        Body::LateEntry(_) => Some("never took its place in the custody chain".to_owned()),
        Body::Receive(body) => {
            let expected_s = match desk.reader().by_digest(&body.release)? {
                Some(index) => match &desk.record(index)?.payload().body {
                    Body::Release(release) => release.expected_s,
                    _ => None,
                },
                None => None,
            };
            let late = expected_s
                .map(|expected_s| record.payload().occurred.utc_s.saturating_sub(expected_s))
                .filter(|late| *late > 0);
            late.map(|late| format!("received {} later than expected", format_span(late)))
        }
        _ => None,
    })
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
