//! A receipt that people take away: what one record says, on paper. It proves nothing by itself, and
//! says so; what proves is the record's digest and what can be asked for with it.

use custody_core::cose::{Finding, Role};
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_core::record::body::Body;
use custody_core::verify::utc_text;
use custody_log::Logged;

use crate::desk::Desk;
use crate::failure::Failure;
use crate::headline::headline;
use crate::history::description;
use crate::label::TRAINING;
use crate::label_id::format_label_id;
use crate::moment::Moment;
use crate::people::People;
use crate::print::{Flow, Paper};
use crate::qr::Qr;
use crate::session::role_word;

/// Sizes of text in millimetres.
const TITLE: f32 = 7.0;
const BODY: f32 = 3.6;
const SMALL: f32 = 2.9;
/// Side of the QR code with the record's digest, and the room that it takes.
const SIDE: f32 = 34.0;

/// The pages of the receipt of entry `index`; with what the items are where that is open and wanted.
///
/// # Errors
/// The ledger cannot be read.
pub fn receipt_page(
    desk: &Desk,
    index: LeafIndex,
    with_description: bool,
) -> Result<Paper, Failure> {
    let logged = desk.logged(index)?;
    // Nothing is printed as recorded that is not proved.
    desk.receipt(&logged)?;
    let record = Record::parse(&logged.record)?;
    let digest = record.digest();
    let mut flow = Flow::new()?;
    if desk.is_training()? {
        flow.text(TITLE * 1.4, 0.0, TRAINING);
        flow.gap(4.0);
    }
    let (left, top) = flow.keep_aside(SIDE + 8.0, SIDE + 6.0);
    let qr = Qr::encode(&digest.to_string())?;
    flow.page().qr((left + 8.0, top), SIDE, qr);
    write_head(&mut flow, desk, &logged, &record)?;
    write_items(&mut flow, desk, &record, with_description)?;
    write_signers(&mut flow, desk, &record)?;
    write_worth(&mut flow, desk, &digest);
    let heading = format!("{}, entry {}, record {digest}", desk.origin(), index.0);
    Ok(flow.finish(&format!("receipt of record {digest}"), &heading))
}

fn write_head(
    flow: &mut Flow,
    desk: &Desk,
    logged: &Logged,
    record: &Record,
) -> Result<(), Failure> {
    let people = People::of(desk);
    let (payload, accepted_ms) = (record.payload(), logged.entry.accepted_ms);
    flow.text(TITLE, 0.0, "Receipt");
    flow.gap(2.0);
    flow.text(BODY, 0.0, &headline(desk, &people, record)?);
    flow.gap(2.0);
    for (word, id) in [("from", payload.from), ("to", payload.to)] {
        if let Some(id) = id {
            flow.text(BODY, 0.0, &format!("{word}: {}", people.custodian(id)?));
        }
    }
    let claimed = Moment::from(payload.occurred);
    flow.text(BODY, 0.0, &format!("happened, as claimed: {claimed} ({})", payload.occurred.source));
    flow.text(
        BODY,
        0.0,
        &format!("recorded, by the log's clock: {}", utc_text(accepted_ms / 1000)),
    );
    flow.text(BODY, 0.0, &format!("ledger: {}", desk.origin()));
    flow.text(BODY, 0.0, &format!("entry: {}", logged.index));
    flow.text(SMALL, 0.0, "record, as the code has it:");
    flow.text(SMALL, 0.0, &record.digest().to_string());
    Ok(())
}

fn write_items(
    flow: &mut Flow,
    desk: &Desk,
    record: &Record,
    with_description: bool,
) -> Result<(), Failure> {
    flow.gap(4.0);
    for (position, link) in record.payload().subjects.iter().enumerate() {
        let Some(item) = link.subject.about_item() else {
            flow.text(BODY, 0.0, &format!("about {}", link.subject));
            continue;
        };
        let outcome =
            outcome(record, position).map_or_else(String::new, |word| format!(": {word}"));
        flow.text(BODY, 0.0, &format!("{}{outcome}", SubjectId::Item(item)));
        flow.text(SMALL, 5.0, &format!("label {}", format_label_id(item).join("-")));
        if let Some(known) = description(desk, item)?.filter(|_| with_description) {
            flow.text(SMALL, 5.0, &known);
        }
    }
    Ok(())
}

/// What the receiver wrote of the item at `position`; taken over as it was, where they wrote nothing.
fn outcome(record: &Record, position: usize) -> Option<String> {
    if !matches!(record.payload().body, Body::Handoff(_) | Body::Receive(_)) {
        return None;
    }
    let finding = found(record).find(|(at, _)| *at == position).map(|(_, finding)| finding);
    Some(finding.map_or_else(|| "accepted".to_owned(), |finding| finding.to_string()))
}

fn found(record: &Record) -> impl Iterator<Item = (usize, Finding)> {
    let lines = record.message().signatures().iter();
    let observed = lines
        .filter(|line| line.header.role == Role::Receiving)
        .filter_map(|line| line.header.observed.as_ref());
    observed
        .flat_map(|observed| &observed.outcomes)
        .map(|outcome| (outcome.position, outcome.finding))
}

fn write_signers(flow: &mut Flow, desk: &Desk, record: &Record) -> Result<(), Failure> {
    let people = People::of(desk);
    flow.gap(4.0);
    flow.text(BODY, 0.0, "Signed digitally by");
    let signatures = record.message().signatures().iter();
    for (signer, line) in record.payload().signers.iter().zip(signatures) {
        let name = people.name(&signer.id)?;
        flow.text(BODY, 5.0, &format!("{name}, {}", role_word(signer.role)));
        flow.text(SMALL, 10.0, &format!("key {}", line.header.kid));
        if let Some(checks) = line.header.observed.as_ref().map(|observed| &observed.checked) {
            let checks: Vec<_> = checks.iter().map(ToString::to_string).collect();
            if !checks.is_empty() {
                flow.text(SMALL, 10.0, &format!("looked at: {}", checks.join(", ")));
            }
        }
    }
    Ok(())
}

fn write_worth(flow: &mut Flow, desk: &Desk, digest: &Hash) {
    flow.gap(4.0);
    let (origin, genesis) = (desk.origin(), desk.genesis());
    for text in [
        format!(
            "What this paper is worth: it repeats what the ledger {origin} holds under the digest above. \
             Anybody can print such a paper, so it proves nothing by itself, and no signature by hand adds to it."
        ),
        format!(
            "To have it proved, ask for an exhibit of an item, or for the proof of record {digest}: \
             `custody-verify` checks both without the ledger. They show that the holders of the keys above signed \
             the record (the exhibit) and that it stands in the ledger (both). They do not show that what was \
             claimed is true, nor that an item is genuine."
        ),
        format!("The ledger's genesis: {genesis}"),
    ] {
        flow.text(SMALL, 0.0, &text);
        flow.gap(1.5);
    }
}
