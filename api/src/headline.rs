//! What a record says, in words.

use custody_core::cose::Role;
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Body, OnwardUse, Quantity, Request};
use custody_core::record::{Payload, Record};

use crate::desk::Desk;
use crate::failure::Failure;
use crate::people::People;
use custody_core::verify::utc_text;

/// What the record says, in words.
///
/// # Errors
/// The ledger cannot be read.
pub fn headline(desk: &Desk, people: &People<'_>, record: &Record) -> Result<String, Failure> {
    let payload = record.payload();
    let about_handoffs = of_handoff(people, payload)?;
    let text = about_handoffs.or_else(|| of_item(&payload.body));
    match text {
        Some(text) => Ok(text),
        None => of_notes(desk, people, &payload.body),
    }
}

/// What moves an item from one person to another.
fn of_handoff(people: &People<'_>, payload: &Payload) -> Result<Option<String>, Failure> {
    let name = |id: Option<Uuid>| {
        id.map(|id| people.custodian(id).map(|name| name.to_string())).transpose()
    };
    let (from, to) =
        (name(payload.from)?.unwrap_or_default(), name(payload.to)?.unwrap_or_default());
    Ok(Some(match &payload.body {
        Body::Handoff(body) => format!("handed over by {from} to {to} for {}", body.purpose),
        Body::Release(body) => {
            let expected =
                body.expected_s.map(|time_s| format!(", expected by {}", utc_text(time_s)));
            let (purpose, expected) = (body.purpose, expected.unwrap_or_default());
            format!("released by {from} to {to} for {purpose}{expected}")
        }
        Body::Receive(_) => format!("received by {to} from {from}"),
        Body::Refuse(body) => format!("refused by {to} from {from}: {}", body.ground),
        Body::Recall(_) => format!("recalled by {from}, was on the way to {to}"),
        Body::Succession(body) => format!("passed on from {from} to {to}: {}", body.reason),
        Body::CheckOut(body) => {
            let due = body.due_s.map(|time_s| format!(", due back {}", utc_text(time_s)));
            let (purpose, due) = (body.purpose, due.unwrap_or_default());
            format!("checked out of storage by {from} to {to} for {purpose}{due}")
        }
        Body::CheckIn(body) => format!("checked in by {to} from {from}, {}", body.condition),
        Body::HandoffExternal(body) => {
            let verb = match payload.signers.first().map(|signer| signer.role) {
                Some(Role::Receiving) => "taken from",
                _ => "given to",
            };
            let (party, purpose) = (body.party, body.purpose);
            format!("{verb} somebody without a key ({party}) for {purpose}: {}", body.stand_in)
        }
        Body::ReturnToOwner(body) => format!("returned to its owner: {}", body.stand_in),
        _ => return Ok(None),
    }))
}

/// What is done to an item.
fn of_item(body: &Body) -> Option<String> {
    Some(match body {
        Body::Collect(body) => format!("collected, {}{}", body.kind, quantity_text(body.quantity)),
        Body::ProviderProduction(body) => format!("produced by a provider: {}", body.basis),
        Body::RegisterLegacy(body) => {
            format!("registered with a history that others assert ({})", body.format)
        }
        Body::Seal(body) => format!("sealed, {}", body.kind),
        Body::SealCheck(body) => format!("seal checked: {}", body.outcome),
        Body::SealBreak(body) => format!("seal taken off: {}", body.reason),
        Body::Pack(body) => format!("packed in {}", SubjectId::Item(body.container)),
        Body::Unpack(body) => format!("unpacked from {}", SubjectId::Item(body.container)),
        Body::Store(body) => format!("put into storage, {}", body.condition),
        Body::Derive(body) => {
            format!("derived, {} with {} {}", body.method, body.tool, body.version)
        }
        Body::Split(body) => {
            let parts = match body.parts.len() {
                1 => "one part".to_owned(),
                n => format!("{n} parts"),
            };
            format!("split, {parts} taken{}", rest_text(body.rest))
        }
        Body::Consume(body) => {
            let what = match (body.amount, body.rest) {
                (Some(amount), _) => format!("{amount} used up"),
                (None, Some(0)) => "used up".to_owned(),
                (None, _) => "used up in part".to_owned(),
            };
            format!("{what} ({}){}", body.purpose, rest_text(body.rest))
        }
        Body::Analyse(body) => {
            let tool = [&body.tool, &body.version].into_iter().flatten().cloned();
            let tool = tool.collect::<Vec<_>>().join(" ");
            let with = if tool.is_empty() { String::new() } else { format!(" with {tool}") };
            format!("analysed, {}{with}", body.kind)
        }
        Body::VerifyDigest(body) => {
            format!("digest over {} recomputed: {}", body.scope, body.outcome)
        }
        Body::Dispose(body) => format!("disposed of, {}", body.method),
        _ => return None,
    })
}

/// What is said about an item, a request or the ledger.
fn of_notes(desk: &Desk, people: &People<'_>, body: &Body) -> Result<String, Failure> {
    let entry = |digest: &Hash| -> Result<String, Failure> {
        let entry = desk.reader().by_digest(digest)?;
        Ok(entry.map_or_else(|| digest.to_string(), |index| format!("entry {}", index.0)))
    };
    Ok(match body {
        Body::Correct(body) => {
            format!("corrected: `{}` of {}, {}", body.field, entry(&body.record)?, body.reason)
        }
        Body::LateEntry(body) => {
            let embedded = Record::parse(&body.record)?;
            format!("late entry of a `{}`, {}", embedded.record_type(), body.reason)
        }
        Body::Note(body) => format!("note, {}", body.kind),
        Body::CarrierScan(body) => format!("carrier: {}", body.event),
        Body::Disclose(body) => {
            format!("disclosed as of a ledger of {} entries: {}", body.size, body.basis)
        }
        Body::CourtExhibit(body) => format!("in court: {}", body.status),
        Body::HoldSet(body) => format!("hold set: {}", body.basis),
        Body::HoldRelease(body) => format!("hold of {} released", entry(&body.hold)?),
        Body::Dispute(body) => format!("{} disputed: {}", entry(&body.record)?, body.ground),
        Body::DisputeResponse(body) => format!("dispute of {} answered", entry(&body.dispute)?),
        Body::DisputeResolution(body) => {
            format!("dispute of {} ended: {}", entry(&body.dispute)?, body.outcome)
        }
        Body::AuthoriseOnward(body) => match (body.usage, body.to) {
            (OnwardUse::Transfer, Some(to)) => {
                format!("may be passed on to {}", people.name(&SubjectId::Agency(to))?)
            }
            (usage, _) => format!("permitted: {usage}"),
        },
        Body::Handling(body) if body.codes.is_empty() => "handling codes lifted".to_owned(),
        Body::Handling(body) => {
            let codes: Vec<_> = body.codes.iter().map(|code| code.as_str()).collect();
            format!("handling: {}", codes.join(", "))
        }
        Body::Inventory(body) => {
            let found = match body.outcomes.len() {
                0 => "everything is there".to_owned(),
                n => format!("{n} not as they should be"),
            };
            format!("inventory by {}: {found}", body.method)
        }
        Body::Discrepancy(body) => format!("discrepancy: {}", body.kind),
        Body::EraseOpening(body) => {
            format!("{} openings erased: {}", body.fields.len(), body.basis)
        }
        Body::Request(body) => request_text(body),
        body => body.record_type().word().to_owned(),
    })
}

fn request_text(body: &Request) -> String {
    let parts = [
        Some(body.step.to_string()),
        body.basis.map(|basis| basis.to_string()),
        body.instrument.clone(),
        body.purpose.map(|purpose| format!("for {purpose}")),
        body.ground.map(|ground| ground.to_string()),
        body.deadline_s.map(|time_s| format!("answer due {}", utc_text(time_s))),
    ];
    format!("request {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn quantity_text(quantity: Option<Quantity>) -> String {
    quantity.map_or_else(String::new, |known| format!(", {} {}", known.amount, known.unit))
}

fn rest_text(rest: Option<u64>) -> String {
    match rest {
        Some(0) => ", nothing remains".to_owned(),
        Some(rest) => format!(", {rest} remain"),
        None => String::new(),
    }
}
