//! What is still under way when the story ends, for whoever goes on with it: a request, a delivery that is late, and an
//! offer that waits in the mailbox of a server.

use std::path::Path;

use custody_core::cose::{Check, Observed};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{
    ItemKind, LegalBasis, MovePurpose, Request, RequestPurpose, RequestStep,
};

use super::cast::{Cast, Person};
use super::stage::Stage;
use crate::act::{Act, Parties, random_id};
use crate::failure::Failure;
use crate::offer_file::OfferFile;
use crate::server::mailbox::Mailbox;
use crate::server::setting::Offers;

/// An offer, and who made it.
pub struct Offered {
    offer: OfferFile,
    by: Uuid,
}

/// Begins all of it. Everything comes from the officer, and is for the keeper to receive.
pub fn begin(stage: &mut Stage, cast: &Cast) -> Result<Offered, Failure> {
    ask(stage, cast)?;
    send(stage, cast)?;
    offer(stage, cast)
}

/// Lets the offer wait where a server of the ledger in `ledger` looks for it.
pub fn leave(ledger: &Path, Offered { offer, by }: &Offered) -> Result<(), Failure> {
    let mailbox = Mailbox::open(&ledger.join("offers"), Offers::default())?;
    mailbox.put(offer, Some(&SubjectId::Custodian(*by)))
}

/// The police ask the laboratory for more, and want an answer within a fortnight.
fn ask(stage: &mut Stage, cast: &Cast) -> Result<(), Failure> {
    let request = random_id()?;
    let body = Request {
        to: Some(cast.laboratory.enrolment.id),
        step: RequestStep::Prepared,
        basis: Some(LegalBasis::InvestigationOrder),
        ground: None,
        purpose: Some(RequestPurpose::Evidence),
        deadline_s: Some(stage.now_s() + 14 * 24 * 3600),
        instrument: Some("Directive 2014/41/EU".to_owned()),
    };
    let act = Act::step_of_request(request, cast.officer.id, body)
        .sealing_text("contact", Some("desk 4"));
    stage.play(5, act, &[&cast.officer.pair.key])?;
    Ok(())
}

/// Two things go to the store with the courier, who should have been there by now.
fn send(stage: &mut Stage, cast: &Cast) -> Result<(), Failure> {
    let (officer, courier, keeper) = (&cast.officer, &cast.courier, &cast.keeper);
    let disk = collect(stage, officer, "external hard disk, 2 TB")?;
    let items = [disk, collect(stage, officer, "two memory cards in a tin")?];
    let parties = Parties { from: officer.id, to: courier.id };
    let act = Act::handoff(&items, parties, MovePurpose::Transport);
    let found = Observed { checked: vec![Check::Count], outcomes: Vec::new() };
    stage.play_observed(5, act, &[&officer.pair.key, &courier.pair.key], &found)?;
    let parties = Parties { from: courier.id, to: keeper.id };
    let expected_s = stage.now_s() + 45 * 60;
    let act = Act::release(&items, parties, MovePurpose::Storage, Some(expected_s))
        .sealing_text("carrier", Some("van 7"));
    stage.play(5, act, &[&courier.pair.key])?;
    Ok(())
}

/// The officer has signed to hand a notebook over.
fn offer(stage: &mut Stage, cast: &Cast) -> Result<Offered, Failure> {
    let (officer, keeper) = (&cast.officer, &cast.keeper);
    let item = collect(stage, officer, "notebook, blue cover")?;
    let parties = Parties { from: officer.id, to: keeper.id };
    let act = Act::handoff(&[item], parties, MovePurpose::Storage);
    let proposal = stage.propose(5, act, &[&officer.pair.key], &Observed::default())?;
    let offer = OfferFile::new(proposal.to_offer()?, proposal.openings().to_vec())?;
    Ok(Offered { offer, by: officer.id })
}

fn collect(stage: &mut Stage, officer: &Person, thing: &str) -> Result<Uuid, Failure> {
    let item = random_id()?;
    let act = Act::collect(item, officer.id, ItemKind::Physical, &[])
        .sealing_text("description", Some(thing))
        .sealing_text("place", Some("flat 41, desk"));
    stage.play(1, act, &[&officer.pair.key])?;
    Ok(item)
}
