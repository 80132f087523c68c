//! Where items go besides from hand to hand: into other items, into storage, to people without a key.

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::*;

use super::{item_ids, note_ids};
use crate::paper::cast::{Agency, Person};
use crate::paper::ledger::PaperLedger;
use crate::paper::page::{Hand, Page};

impl PaperLedger {
    /// The holder takes a seal off.
    pub fn seal_break(&self, person: &Person, item: Uuid, number: &str) -> Page {
        let body = SealBreak { reason: BreakReason::Examination };
        self.acting(person, &SubjectId::Item(item), body).seal("seal", &Value::text(number))
    }

    /// The holder puts items into another one.
    pub fn pack(&self, person: &Person, container: Uuid, items: &[Uuid]) -> Page {
        self.pack_bound(person, container, items, None)
    }

    /// The same where some of them are not passed on without permission.
    pub fn pack_bound(
        &self,
        person: &Person,
        container: Uuid,
        items: &[Uuid],
        bound: Option<Bound>,
    ) -> Page {
        let ids = item_ids(&[items, &[container]].concat());
        self.page(&ids, vec![Hand::of(person, Role::Acting)], Pack { bound, container })
    }

    /// The holder takes items out of another one.
    pub fn unpack(&self, person: &Person, container: Uuid, items: &[Uuid]) -> Page {
        let ids = item_ids(&[items, &[container]].concat());
        self.page(&ids, vec![Hand::of(person, Role::Acting)], Unpack { container })
    }

    /// Somebody tells where what is on the way was seen.
    pub fn carrier_scan(&self, person: &Person, items: &[Uuid], release: Hash) -> Page {
        let body = CarrierScan { event: CarrierEvent::InTransit, release };
        let hands = vec![Hand::of(person, Role::Acting)];
        self.page(&note_ids(items), hands, body)
            .seal("place", &Value::text("Hub Liège"))
            .seal("waybill", &Value::text("LG-2210-77"))
    }

    /// The holder gives items to somebody without a key, who signed on paper.
    pub fn give_outside(&self, person: &Person, party: ExternalParty, items: &[Uuid]) -> Page {
        self.external(Hand::of(person, Role::Releasing), party, items)
    }

    /// A custodian takes items back from somebody without a key.
    pub fn take_back(&self, person: &Person, party: ExternalParty, items: &[Uuid]) -> Page {
        self.external(Hand::of(person, Role::Receiving), party, items)
    }

    fn external(&self, hand: Hand, party: ExternalParty, items: &[Uuid]) -> Page {
        let stand_in = StandIn::SignedPaper;
        let body = HandoffExternal { party, purpose: MovePurpose::Court, stand_in };
        self.page(&item_ids(items), vec![hand], body)
            .seal("party", &Value::text("registry of the district court"))
            .attach("application/pdf", 20_111, &Value::text("signed receipt"))
    }

    /// Somebody who leaves passes on what they hold; both make the inventory.
    pub fn succession(&self, from: &Person, to: &Person, items: &[Uuid]) -> Page {
        let hands = vec![Hand::of(from, Role::Releasing), Hand::of(to, Role::Receiving)];
        let body = Succession { reason: SuccessionReason::Left };
        self.page(&item_ids(items), hands, body).between(from, to)
    }

    /// Somebody cannot sign any more: their agency signs, in front of a witness.
    pub fn succession_by(
        &self,
        agency: &Agency,
        from: &Person,
        to: &Person,
        items: &[Uuid],
        witness: &Person,
    ) -> Page {
        let hands = vec![
            Hand::authority(agency),
            Hand::of(to, Role::Receiving),
            Hand::of(witness, Role::Witness),
        ];
        let body = Succession { reason: SuccessionReason::Deceased };
        self.page(&item_ids(items), hands, body).between(from, to)
    }

    /// The holder puts items into storage.
    pub fn store(&self, person: &Person, items: &[Uuid]) -> Page {
        let body = Store { condition: StoreCondition::Locked };
        self.page(&item_ids(items), vec![Hand::of(person, Role::Acting)], body)
            .seal("place", &Value::text("vault 2, shelf 14"))
    }

    /// The holder gives items out of storage.
    pub fn check_out(&self, from: &Person, to: &Person, items: &[Uuid]) -> Page {
        let hands = vec![Hand::of(from, Role::Releasing), Hand::of(to, Role::Receiving)];
        let due_s = Some(self.now_s() + 86_400);
        let body = CheckOut { due_s, purpose: MovePurpose::Examination };
        self.page(&item_ids(items), hands, body).between(from, to)
    }

    /// Items come back into storage.
    pub fn check_in(&self, from: &Person, to: &Person, items: &[Uuid]) -> Page {
        let hands = vec![Hand::of(from, Role::Releasing), Hand::of(to, Role::Receiving)];
        let body = CheckIn { condition: StoreCondition::Locked };
        self.page(&item_ids(items), hands, body).between(from, to)
    }

    /// The holder gives an item back to its owner, who signed on paper.
    pub fn return_to_owner(&self, person: &Person, items: &[Uuid]) -> Page {
        let body = ReturnToOwner { stand_in: StandIn::SignedPaper };
        self.page(&item_ids(items), vec![Hand::of(person, Role::Releasing)], body)
            .seal("party", &Value::text("the owner of the shop"))
            .seal("authority", &Value::text("order 31/2026 of the prosecutor"))
            .attach("application/pdf", 20_112, &Value::text("signed receipt"))
    }
}
