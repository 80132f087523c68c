//! The steps of a plan as acts: bodies, sealed fields, documents.

use std::collections::HashMap;

use custody_core::cose::Role;
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{
    Absence, AgencyUpdate, CarrierEvent, CarrierScan, CheckIn, CheckOut, Correct, CorrectReason,
    Derive, DeriveMethod, DigestOutcome, DigestScope, Dispose, DisposeMethod, EvidenceDigest,
    ExternalParty, HandoffExternal, HoldBasis, HoldRelease, HoldSet, ItemKind, LateEntry,
    LateReason, LegalBasis, MovePurpose, NoteKind, Pack, Release, Request, RequestPurpose,
    RequestStep, Seal, SealCheck, SealKind, SealOutcome, StandIn, Store, StoreCondition, Unpack,
    VerifyDigest,
};

use super::Carrier;
use crate::act::{Act, Document, Parties, Reply};
use crate::failure::Failure;
use crate::training::calendar::DAY_S;
use crate::training::deed::{Deed, Load, Place, Sent, Step};

/// By whose authority things are kept, let go and destroyed.
const COURT: &str = "order of the training court";

impl Carrier<'_> {
    pub(super) fn is_placed(&self, step: &Step) -> bool {
        !matches!(
            step.deed,
            Deed::Correct { .. }
                | Deed::KeepLost
                | Deed::Scan
                | Deed::Store
                | Deed::HoldSet
                | Deed::HoldRelease { .. }
                | Deed::Absence { .. }
                | Deed::Request { .. }
        )
    }

    pub(super) fn place(&self, place: Place) -> String {
        let agencies = &self.keys.cast().agencies;
        match place {
            Place::Site(agency) => agencies[agency].site.clone(),
            Place::Annex(agency) => format!("{}, annex", agencies[agency].site),
            Place::Found(number) => format!("flat {}, kitchen table", number + 1),
        }
    }

    pub(super) fn act(&self, step: &Step) -> Result<Act, Failure> {
        let (item, me) = (self.keys.item(step.item), self.keys.person_id(step.who));
        let image = self.keys.image(step.item);
        let person = |number: usize| self.keys.person_id(number);
        Ok(match &step.deed {
            Deed::Collect => Act::collect(item, me, ItemKind::Physical, &[])
                .sealing_text("description", Some(description(step.item)))
                .sealing_text("reference", Some(&format!("T-{:07}", step.item + 1))),
            Deed::Seal { nth } => Act::alone(Seal { kind: SealKind::Bag }, &[item], me)
                .sealing_number(&seal(step.item, *nth)),
            Deed::SealCheck { nth, outcome } => {
                Act::alone(SealCheck { outcome: *outcome }, &[item], me)
                    .sealing_number(&seal(step.item, *nth))
            }
            Deed::LostCheck { nth } => {
                let body = SealCheck { outcome: SealOutcome::Intact };
                Act::alone(body, &[item], me).sealing_number(&seal(step.item, *nth))
            }
            Deed::KeepLost => {
                let record = self.lost.get(&step.item).cloned().unwrap_or_default();
                Act::late_entry(item, me, LateEntry { reason: LateReason::Conflict, record })
            }
            Deed::Image => self.image(item, image, me),
            Deed::VerifyImage => {
                let (scope, outcome) = (DigestScope::Container, DigestOutcome::Match);
                Act::alone(VerifyDigest { scope, outcome }, &[image], me)
                    .sealing_digests(&[digest_of(image)])
            }
            Deed::Scan => self.scan(step),
            Deed::HoldSet => {
                Act::say(HoldSet { basis: HoldBasis::CourtOrder }, &self.ids(step), me)
                    .sealing_text("authority", Some(COURT))
            }
            Deed::HoldRelease { supervisor } => {
                let hold = known(&self.holds, step.item);
                Act::say(HoldRelease { hold }, &self.ids(step), me)
                    .supervised_by(person(*supervisor))
                    .sealing_text("authority", Some(COURT))
            }
            Deed::Absence { until_s, alternate } => self.absence(step, *until_s, *alternate),
            Deed::Request { step: taken, of } => self.request(step, *taken, *of),
            Deed::Note { text } => Act::note(item, me, NoteKind::Remark, text),
            Deed::Correct { supervisor } => self.correct(step.item, me, person(*supervisor)),
            Deed::Dispose { witness } => {
                let body = Dispose { method: DisposeMethod::Destroyed };
                Act::dispose(item, me, person(*witness), body)
                    .sealing_text("authority", Some(COURT))
            }
            _ => self.movement(step),
        })
    }

    /// What a step is about.
    pub(super) fn ids(&self, step: &Step) -> Vec<Uuid> {
        match step.load {
            Load::Items(count) => {
                (step.item..step.item + count).map(|item| self.keys.item(item)).collect()
            }
            Load::Box => vec![self.keys.carried_in(step.item)],
        }
    }

    /// An act after which the item is somewhere else, or in something else.
    fn movement(&self, step: &Step) -> Act {
        let (ids, me) = (self.ids(step), self.keys.person_id(step.who));
        let carried = self.keys.carried_in(step.item);
        let person = |number: usize| self.keys.person_id(number);
        let to = |to: &usize| Parties { from: me, to: person(*to) };
        let reply = |from, to| Reply {
            to: known(&self.releases, step.item),
            parties: Parties { from, to },
        };
        match &step.deed {
            Deed::Handoff { to: receiver, .. } => {
                Act::handoff(&ids, to(receiver), MovePurpose::Examination)
            }
            Deed::Release { to: addressee, purpose, expected_s, substitute, sent } => {
                let substitutes = substitute.iter().map(|number| person(*number)).collect();
                let request = (*sent == Sent::Requested).then(|| self.keys.request(step.item));
                let body = Release::for_purpose(*purpose);
                let body = Release { expected_s: *expected_s, substitutes, request, ..body };
                let act = Act::send(&ids, to(addressee), body);
                match sent {
                    Sent::ByCarrier => on_waybill(act, step.item),
                    _ => act,
                }
            }
            Deed::Pack => Act::packing(&ids, carried, me, Pack { bound: None, container: carried }),
            Deed::Unpack => Act::packing(&ids, carried, me, Unpack { container: carried }),
            Deed::GiveAway => give_away(carried, me),
            Deed::Receive { from, .. } => Act::receive(&ids, reply(person(*from), me)),
            Deed::Refuse { from, ground } => {
                Act::refuse_release(&ids, reply(person(*from), me), *ground)
            }
            Deed::Recall { to } => Act::recall(&ids, reply(me, person(*to))),
            Deed::Store => Act::alone(Store { condition: StoreCondition::Locked }, &ids, me)
                .sealing_text("place", Some(&format!("shelf {}", step.item % 400 + 1))),
            Deed::CheckOut { to: borrower, due_s } => {
                let body = CheckOut { due_s: Some(*due_s), purpose: MovePurpose::Examination };
                Act::hand_over(&ids, to(borrower), body)
            }
            Deed::CheckIn { to: keeper } => {
                Act::hand_over(&ids, to(keeper), CheckIn { condition: StoreCondition::Locked })
            }
            // A box is taken; all else is in the caller.
            _ => Act::collect(carried, me, ItemKind::Physical, &[])
                .sealing_text("description", Some("box of grey cardboard")),
        }
    }

    fn scan(&self, step: &Step) -> Act {
        let body = CarrierScan {
            event: CarrierEvent::InTransit,
            release: known(&self.releases, step.item),
        };
        let act = Act::scan(&self.ids(step), self.keys.person_id(step.who), Role::Acting, body);
        on_waybill(act, step.item).sealing_text("place", Some("sorting centre of the carrier"))
    }

    fn absence(&self, step: &Step, until_s: u64, alternate: usize) -> Act {
        let alternate = Some(self.keys.person_id(alternate));
        let absence = Some(Absence { from_s: step.claimed_s, until_s, alternate });
        let body = AgencyUpdate { name: None, roles: None, absence, country: None };
        let agency = self.keys.agency_id(self.keys.cast().people[step.who].agency);
        Act::update(SubjectId::Custodian(self.keys.person_id(step.who)), agency, body)
    }

    /// A step of the request under which the items go abroad; the first says what is asked of whom.
    fn request(&self, step: &Step, taken: RequestStep, of: usize) -> Act {
        let is_first = taken == RequestStep::Prepared;
        let body = Request {
            to: is_first.then(|| self.keys.agency_id(of)),
            step: taken,
            basis: is_first.then_some(LegalBasis::InvestigationOrder),
            ground: None,
            purpose: is_first.then_some(RequestPurpose::Evidence),
            deadline_s: is_first.then_some(step.claimed_s + 90 * DAY_S),
            instrument: is_first.then(|| "Directive 2014/41/EU".to_owned()),
        };
        let request = self.keys.request(step.item);
        Act::step_of_request(request, self.keys.person_id(step.who), body)
            .sealing_text("contact", is_first.then_some("training desk, no telephone"))
    }

    fn image(&self, item: Uuid, image: Uuid, me: Uuid) -> Act {
        let body = Derive {
            tool: "training imager".to_owned(),
            method: DeriveMethod::Image,
            parent: item,
            digests: Vec::new(),
            version: "1.0".to_owned(),
        };
        Act::derive(image, me, body, &[digest_of(image)])
            .sealing_text("description", Some("image of what the item stores"))
    }

    fn correct(&self, item: u64, me: Uuid, supervisor: Uuid) -> Act {
        let record = known(&self.taken, item);
        let (field, reason) = ("place".to_owned(), CorrectReason::Typing);
        Act::correct(self.keys.item(item), me, supervisor, Correct { field, reason, record })
            .sealing_text("value", Some("the flat across the hall, kitchen table"))
    }
}

/// What was kept of an item. A plan answers nothing that it did not do, and the ledger would refuse it.
fn known(kept: &HashMap<u64, Hash>, item: u64) -> Hash {
    kept.get(&item).copied().unwrap_or_else(|| sha256(b""))
}

/// The same act by a carrier, with the number of its waybill.
fn on_waybill(act: Act, item: u64) -> Act {
    act.sealing_text("carrier", Some("Training Couriers"))
        .sealing_text("waybill", Some(&format!("TC-{:07}", item + 1)))
}

/// A carrier without a key takes a box, on a waybill.
fn give_away(carried: Uuid, me: Uuid) -> Act {
    let (party, purpose) = (ExternalParty::Carrier, MovePurpose::Transport);
    let body = HandoffExternal { party, purpose, stand_in: StandIn::Waybill };
    let waybill = b"waybill of the training carrier";
    let document = Document {
        name: "waybill.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: waybill.len() as u64,
        sha256: sha256(waybill),
    };
    Act::give(&[carried], me, body)
        .sealing_text("party", Some("Training Couriers"))
        .attaching(vec![document])
}

fn description(item: u64) -> &'static str {
    const THINGS: [&str; 6] = [
        "mobile telephone, black",
        "laptop, grey",
        "hard disk, 3.5 inches",
        "memory card in a plastic case",
        "tablet with a cracked screen",
        "notebook with handwritten pages",
    ];
    THINGS[(item % THINGS.len() as u64) as usize]
}

/// The number of an item's nth seal.
fn seal(item: u64, nth: u64) -> String {
    format!("TR-{:07}-{nth:02}", item + 1)
}

/// The digest of an image that nobody has: of its id.
fn digest_of(image: Uuid) -> EvidenceDigest {
    EvidenceDigest::sha256(DigestScope::Container, &sha256(image.as_bytes()))
}
