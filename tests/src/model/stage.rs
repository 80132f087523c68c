//! The acts of the model as records of a ledger on paper.

use custody_core::cose::{Check, Finding, Observed, Outcome, Role};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{
    Body, Bound, ExternalParty, Quantity, RequestStep, SplitPart, Unit,
};

use super::act::{Act, Agency as AgencyNo, GHOST, ItemId, Kind, NO_AGENCY, Said};
use crate::paper::story::Story;
use crate::paper::{Agency, Page, PaperLedger, Person};

/// A ledger on paper whose people the model knows by number.
pub struct Stage {
    /// The ledger.
    pub ledger: PaperLedger,
    agencies: Vec<Agency>,
    people: Vec<Person>,
    /// Digests of what was accepted, by number.
    pub said: Vec<Hash>,
    /// The entries before the first act.
    pub before: usize,
}

/// The steps of a request, in their order.
const STEPS: [RequestStep; 9] = [
    RequestStep::Prepared,
    RequestStep::Approved,
    RequestStep::Transmitted,
    RequestStep::Received,
    RequestStep::Accepted,
    RequestStep::Executing,
    RequestStep::Fulfilled,
    RequestStep::Refused,
    RequestStep::Withdrawn,
];

/// The id of an item: ids are in the order of numbers.
pub fn item_id(item: ItemId) -> Uuid {
    numbered(item, 1)
}

fn request_id(request: u32) -> Uuid {
    numbered(request, 2)
}

fn numbered(number: u32, kind: u8) -> Uuid {
    let mut bytes = [kind; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Uuid::from_random(bytes)
}

fn ids(items: &[ItemId]) -> Vec<Uuid> {
    items.iter().map(|item| item_id(*item)).collect()
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl Stage {
    /// Three agencies with two people each.
    pub fn new() -> Self {
        let Story { cast, mut ledger, .. } = Story::enrolled();
        let eve = Person::new("eve", &cast.transit);
        ledger.write(&ledger.custodian_enrol(&cast.transit, &eve));
        let ghost = Person::new("ghost", &cast.transit);
        let nowhere = Agency::new("Nowhere", "XX");
        let before = ledger.entries.len();
        Self {
            agencies: vec![cast.north, cast.south, cast.transit, nowhere],
            people: vec![cast.ana, cast.wim, cast.caro, cast.dora, cast.ben, eve, ghost],
            said: Vec::new(),
            ledger,
            before,
        }
    }

    /// Whose number it is.
    pub fn person(&self, number: usize) -> &Person {
        &self.people[number]
    }

    /// The number of somebody.
    pub fn number_of(&self, person: Uuid) -> Option<usize> {
        self.people.iter().position(|known| known.id == person)
    }

    /// The number of an agency.
    pub fn agency_number(&self, agency: Uuid) -> Option<AgencyNo> {
        self.agencies.iter().position(|known| known.id == agency)
    }

    fn digest(&self, said: Option<Said>) -> Hash {
        said.and_then(|said| self.said.get(said).copied()).unwrap_or(sha256(b"never said"))
    }

    /// The record of an act.
    pub fn record(&self, act: &Act) -> Vec<u8> {
        if let (Kind::Again, Some(said)) = (act.kind, act.answers) {
            return self.ledger.records[self.before + said].clone();
        }
        let page = match act.kind {
            _ if act.is_asked() => self.asking(act),
            _ if act.is_said() => self.saying(act),
            _ if act.has_parties() => self.moving(act),
            _ => self.doing(act),
        };
        let mut fresh: Vec<_> =
            act.begun().into_iter().map(|item| SubjectId::Item(item_id(item))).collect();
        if act.kind == Kind::Prepare {
            fresh.extend(act.request.map(|request| SubjectId::Request(request_id(request))));
        }
        let page = page.with(|payload| {
            // Who begins a thing thinks that it was not there.
            for link in payload.subjects.iter_mut().filter(|link| fresh.contains(&link.subject)) {
                (link.seq, link.prev) = (0, None);
            }
        });
        page.sign()
    }

    fn moving(&self, act: &Act) -> Page {
        let (ledger, by, to) = (&self.ledger, self.person(act.by), self.person(act.to));
        let (items, answered) = (ids(&act.items), self.digest(act.answers));
        let page = match (act.kind, act.agency) {
            (Kind::Handoff, _) => ledger.handoff(by, to, &items, &[]),
            (Kind::Release, _) => ledger.release(by, to, &items),
            (Kind::Receive, _) => ledger.receive(by, to, &items, answered),
            (Kind::Refuse, _) => ledger.refuse(by, to, &items, answered),
            (Kind::Recall, _) => ledger.recall(by, to, &items, answered),
            (Kind::CheckOut, _) => ledger.check_out(by, to, &items),
            (Kind::CheckIn, _) => ledger.check_in(by, to, &items),
            (_, Some(agency)) => {
                let witness = self.person((act.to + 1) % GHOST);
                ledger.succession_by(&self.agencies[agency], by, to, &items, witness)
            }
            _ => ledger.succession(by, to, &items),
        };
        let onward = act.onward.map(|said| self.digest(Some(said)));
        let request = act.request.map(request_id);
        let mut substitutes: Vec<_> =
            act.substitutes.iter().map(|who| self.person(*who).id).collect();
        substitutes.sort();
        let page = page.with(|payload| match &mut payload.body {
            Body::Handoff(body) => (body.request, body.onward) = (request, onward),
            Body::Release(body) => {
                (body.request, body.onward) = (request, onward);
                body.substitutes = substitutes;
            }
            _ => {}
        });
        missing(page, act)
    }

    fn doing(&self, act: &Act) -> Page {
        let (ledger, by) = (&self.ledger, self.person(act.by));
        let items = ids(&act.items);
        let main = act.main.map(item_id);
        let begun = items.first().copied();
        match (act.kind, main, begun) {
            (Kind::Collect, _, Some(item)) => match (act.amount, act.request) {
                (Some(amount), _) => {
                    ledger.collect_amount(by, item, Quantity { amount, unit: Unit::G })
                }
                (_, Some(request)) => ledger.collect_for(by, item, request_id(request)),
                _ => ledger.collect(by, item),
            },
            (Kind::Store, ..) => ledger.store(by, &items),
            (Kind::GiveOutside, ..) => ledger.give_outside(by, ExternalParty::Court, &items),
            (Kind::TakeBack, ..) => ledger.take_back(by, ExternalParty::Court, &items),
            (Kind::Pack, Some(container), _) => {
                let bound = |(agency, request): (AgencyNo, u32)| Bound {
                    agency: self.agencies[agency].id,
                    request: request_id(request),
                };
                ledger.pack_bound(by, container, &items, act.bound.map(bound))
            }
            (Kind::Unpack, Some(container), _) => ledger.unpack(by, container, &items),
            (Kind::Split, Some(parent), _) => {
                let part = |(item, amount): &(ItemId, Option<u64>)| SplitPart {
                    item: item_id(*item),
                    amount: *amount,
                };
                let parts: Vec<_> = act.parts.iter().map(part).collect();
                let page = ledger.split(by, parent, &parts, 0);
                with_rest(page, act)
            }
            (Kind::Consume, _, Some(item)) => with_rest(ledger.consume(by, item, 0, 0), act),
            (Kind::Derive, Some(parent), Some(item)) => ledger.derive(by, parent, item, b"a file"),
            (Kind::Dispose, _, Some(item)) => ledger.dispose(by, self.person(act.to), item),
            (Kind::Return, ..) => ledger.return_to_owner(by, &items),
            (_, _, Some(item)) => ledger.put_seal(by, item, "NL-1"),
            _ => panic!("not an act: {act:?}"),
        }
    }

    fn saying(&self, act: &Act) -> Page {
        let (ledger, by, to) = (&self.ledger, self.person(act.by), self.person(act.to));
        let (items, answered) = (ids(&act.items), self.digest(act.answers));
        match act.kind {
            Kind::HoldSet => ledger.hold_set(by, &items),
            Kind::HoldRelease => ledger.hold_release(by, to, &items, answered),
            Kind::Dispute => ledger.dispute(by, items[0], answered),
            Kind::Resolve => ledger.dispute_resolution(by, to, items[0], answered),
            Kind::Permit => {
                let agency = &self.agencies[act.agency.unwrap_or(NO_AGENCY)];
                ledger.authorise_transfer(by, to, &items, agency)
            }
            _ => ledger.note(by, items[0]),
        }
    }

    fn asking(&self, act: &Act) -> Page {
        let (by, request) = (self.person(act.by), request_id(act.request.unwrap_or(0)));
        match act.kind {
            Kind::Prepare => {
                let to = &self.agencies[act.agency.unwrap_or(NO_AGENCY)];
                self.ledger.request_prepared(by, request, to)
            }
            _ => self.ledger.request_step(by, request, STEPS[act.step]),
        }
    }
}

fn with_rest(page: Page, act: &Act) -> Page {
    page.with(|payload| match &mut payload.body {
        Body::Split(body) => body.rest = act.rest,
        Body::Consume(body) => (body.amount, body.rest) = (act.amount, act.rest),
        _ => {}
    })
}

/// What the receiver did not find.
fn missing(mut page: Page, act: &Act) -> Page {
    let subject = act.missing.map(|item| SubjectId::Item(item_id(item)));
    let position =
        page.payload.subjects.iter().position(|link| Some(&link.subject) == subject.as_ref());
    let receiver = page.hands.iter_mut().find(|hand| hand.role == Role::Receiving);
    if let (Some(position), Some(receiver)) = (position, receiver) {
        let outcomes = vec![Outcome { position, finding: Finding::Missing }];
        receiver.observed = Observed { checked: vec![Check::Seal], outcomes };
    }
    page
}
