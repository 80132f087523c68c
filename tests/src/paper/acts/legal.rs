//! What is said about items, and requests under which they move.

use custody_core::cbor::Value;
use custody_core::cose::{Outcome, Role};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::*;

use super::note_ids;
use crate::paper::cast::{Agency, Person};
use crate::paper::ledger::PaperLedger;
use crate::paper::page::{Hand, Page};

impl PaperLedger {
    /// Somebody writes down that an exhibit was given to the defence.
    pub fn disclose(&self, person: &Person, item: Uuid) -> Page {
        let body = Disclose {
            size: self.head().size.0,
            basis: DiscloseBasis::Defence,
            exhibit: sha256(b"the file that was given"),
            permission: None,
        };
        self.acting(person, &SubjectId::Notes(item), body)
            .seal("recipient", &Value::text("counsel for the defence"))
    }

    /// Somebody writes down what became of an item in court.
    pub fn court_exhibit(&self, person: &Person, item: Uuid, status: CourtStatus) -> Page {
        self.acting(person, &SubjectId::Notes(item), CourtExhibit { status })
            .seal("mark", &Value::text("Exhibit P-17"))
    }

    /// Somebody says that items must be kept.
    pub fn hold_set(&self, person: &Person, items: &[Uuid]) -> Page {
        let hands = vec![Hand::of(person, Role::Acting)];
        self.page(&note_ids(items), hands, HoldSet { basis: HoldBasis::CourtOrder })
            .seal("authority", &Value::text("order 7/2026 of the court of appeal"))
    }

    /// Somebody ends a hold, and somebody else answers for it.
    pub fn hold_release(
        &self,
        person: &Person,
        supervisor: &Person,
        items: &[Uuid],
        hold: Hash,
    ) -> Page {
        self.page(&note_ids(items), supervised(person, supervisor), HoldRelease { hold })
            .seal("authority", &Value::text("order 9/2026 of the court of appeal"))
    }

    /// Somebody disputes what a record says.
    pub fn dispute(&self, person: &Person, item: Uuid, record: Hash) -> Page {
        let body = Dispute { ground: DisputeGround::Condition, record };
        self.saying(person, item, body, "the lid was whole when I handed it over")
    }

    /// Somebody answers a dispute.
    pub fn dispute_response(&self, person: &Person, item: Uuid, dispute: Hash) -> Page {
        self.saying(person, item, DisputeResponse { dispute }, "the photograph shows the dent")
    }

    /// Somebody ends a dispute, and somebody else answers for it.
    pub fn dispute_resolution(
        &self,
        person: &Person,
        supervisor: &Person,
        item: Uuid,
        dispute: Hash,
    ) -> Page {
        let body = DisputeResolution { dispute, outcome: DisputeOutcome::Rejected };
        self.page(&note_ids(&[item]), supervised(person, supervisor), body)
            .seal("text", &Value::text("the dent is on the photograph of the collection"))
    }

    /// Somebody permits that items go to another agency, and somebody else answers for it.
    pub fn authorise_transfer(
        &self,
        person: &Person,
        supervisor: &Person,
        items: &[Uuid],
        to: &Agency,
    ) -> Page {
        let body = AuthoriseOnward { to: Some(to.id), usage: OnwardUse::Transfer, until_s: None };
        self.page(&note_ids(items), supervised(person, supervisor), body)
            .seal("authority", &Value::text("central authority, 44/2026"))
    }

    /// Somebody permits another use, and somebody else answers for it.
    pub fn authorise_use(
        &self,
        person: &Person,
        supervisor: &Person,
        items: &[Uuid],
        usage: OnwardUse,
    ) -> Page {
        let body = AuthoriseOnward { to: None, usage, until_s: Some(self.now_s() + 1_000_000) };
        self.page(&note_ids(items), supervised(person, supervisor), body)
            .seal("authority", &Value::text("central authority, 45/2026"))
            .seal("recipient", &Value::text("liaison office"))
    }

    /// Somebody says how items may be used.
    pub fn handling(&self, person: &Person, items: &[Uuid], codes: &[&str]) -> Page {
        let mut codes: Vec<HandlingCode> = codes.iter().map(|code| code.parse().unwrap()).collect();
        codes.sort();
        let hands = vec![Hand::of(person, Role::Acting)];
        self.page(&note_ids(items), hands, Handling { codes })
    }

    /// Somebody looks whether items are there.
    pub fn inventory(&self, person: &Person, items: &[Uuid], outcomes: Vec<Outcome>) -> Page {
        let body = Inventory { method: InventoryMethod::Scan, outcomes };
        self.page(&note_ids(items), vec![Hand::of(person, Role::Acting)], body)
    }

    /// Somebody says that something is not as it should be.
    pub fn discrepancy(&self, person: &Person, item: Uuid, record: Option<Hash>) -> Page {
        let body = Discrepancy { kind: DiscrepancyKind::Seal, record };
        self.saying(person, item, body, "the number on the bag is another one")
    }

    /// Somebody says that openings were erased, and somebody else answers for it.
    pub fn erase_opening(
        &self,
        person: &Person,
        supervisor: &Person,
        item: Uuid,
        fields: &[(Hash, &str)],
    ) -> Page {
        let erased = |(record, field): &(Hash, &str)| ErasedField {
            record: *record,
            field: (*field).to_owned(),
        };
        let mut fields: Vec<_> = fields.iter().map(erased).collect();
        fields.sort();
        let body = EraseOpening { basis: EraseBasis::CourtOrder, fields };
        self.page(&note_ids(&[item]), supervised(person, supervisor), body)
            .seal("authority", &Value::text("order 12/2026 of the data protection court"))
    }

    /// Somebody gives an item another name.
    pub fn alias(&self, person: &Person, item: Uuid, alias: &str) -> Page {
        let body = Note { kind: NoteKind::Alias };
        self.acting(person, &SubjectId::Notes(item), body).seal("alias", &Value::text(alias))
    }

    /// Somebody draws up a request to another agency.
    pub fn request_prepared(&self, person: &Person, request: Uuid, to: &Agency) -> Page {
        let body = Request {
            to: Some(to.id),
            step: RequestStep::Prepared,
            basis: Some(LegalBasis::InvestigationOrder),
            ground: None,
            purpose: Some(RequestPurpose::Evidence),
            deadline_s: Some(self.now_s() + 5_000_000),
            instrument: Some("Directive 2014/41/EU".to_owned()),
        };
        self.acting(person, &SubjectId::Request(request), body)
            .seal("contact", &Value::text("desk 4, +31 70 000 0000"))
    }

    /// Somebody takes another step of a request.
    pub fn request_step(&self, person: &Person, request: Uuid, step: RequestStep) -> Page {
        let is_refused = step == RequestStep::Refused;
        let body = Request {
            to: None,
            step,
            basis: None,
            ground: is_refused.then_some(RequestGround::Proportionality),
            purpose: None,
            deadline_s: None,
            instrument: None,
        };
        self.acting(person, &SubjectId::Request(request), body)
    }

    fn saying(&self, person: &Person, item: Uuid, body: impl Into<Body>, text: &str) -> Page {
        self.acting(person, &SubjectId::Notes(item), body).seal("text", &Value::text(text))
    }
}

fn supervised(person: &Person, supervisor: &Person) -> Vec<Hand> {
    vec![Hand::of(person, Role::Acting), Hand::of(supervisor, Role::Supervisor)]
}
