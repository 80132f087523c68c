//! The state of the model, and what is not about the custody of items.

use std::collections::{BTreeMap, BTreeSet};

use super::act::{Act, Agency, GHOST, ItemId, Kind, NO_AGENCY, Person, Said};

/// A code, or nothing wrong.
pub type Judged<T> = Result<T, &'static str>;

/// Where an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// With its holder.
    AtHand,
    /// In storage.
    Stored,
    /// Out of the storage of an agency.
    CheckedOut(Agency),
    /// In a container.
    Packed(ItemId),
    /// With somebody without a key, given by a custodian of an agency.
    Outside(Agency),
}

/// An open release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Which.
    pub release: Said,
    /// To whom.
    pub to: Person,
    /// Or to whom else.
    pub substitutes: Vec<Person>,
    /// Under which request.
    pub request: Option<u32>,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Who answers for it.
    pub holder: Person,
    /// Everybody who ever did.
    pub held_by: BTreeSet<Person>,
    /// Where it is.
    pub place: Place,
    /// Whether it is on the way.
    pub way: Option<Way>,
    /// What is packed in it.
    pub inside: BTreeSet<ItemId>,
    /// How much it is, where that was measured.
    pub amount: Option<u64>,
    /// Where it came from under a request.
    pub bound: Option<Agency>,
    /// What it was made from.
    pub parent: Option<ItemId>,
    /// Whether it ended.
    pub ended: bool,
}

/// What is said of an item and still counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Open holds.
    pub holds: BTreeMap<Said, Agency>,
    /// Open disputes.
    pub disputes: BTreeSet<Said>,
    /// Permissions: whose, and to which agency.
    pub permissions: BTreeMap<Said, (Agency, Agency)>,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub from: Agency,
    /// Who is asked.
    pub to: Agency,
    /// How far it is.
    pub step: usize,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Items that ever were.
    pub items: BTreeMap<ItemId, Item>,
    /// What is said of them.
    pub notes: BTreeMap<ItemId, Notes>,
    /// Requests.
    pub requests: BTreeMap<u32, Request>,
    /// How many acts were accepted.
    pub accepted: usize,
}

/// What an act makes of what it is about.
#[derive(Clone, Debug, Default)]
pub struct Next {
    items: Vec<(ItemId, Item)>,
    notes: Vec<(ItemId, Notes)>,
    requests: Vec<(u32, Request)>,
}

/// `executing`, which may follow itself.
const EXECUTING: usize = 5;
/// `fulfilled`, and after it `refused` and `withdrawn`: nothing follows.
const FULFILLED: usize = 6;

/// The agency of somebody.
pub fn agency_of(person: Person) -> Agency {
    person / 2
}

impl World {
    /// What comes of `act`, or the code of the first rule that it breaks.
    ///
    /// # Errors
    /// The code.
    pub fn judge(&self, act: &Act) -> Judged<Next> {
        let is_begun_twice = act.begun().iter().any(|item| self.items.contains_key(item));
        let is_asked_twice =
            act.kind == Kind::Prepare && self.requests.contains_key(&act.request.unwrap());
        if act.kind == Kind::Again || is_begun_twice || is_asked_twice {
            return Err("custody/conflict");
        }
        if act.signers().contains(&GHOST) {
            return Err("custody/no-such-subject");
        }
        let mut next = Next::default();
        if act.is_asked() {
            next.requests.push((act.request.unwrap(), self.judge_request(act)?));
        } else if act.is_said() {
            for &item in &act.items {
                next.notes.push((item, self.judge_notes(act, item)?));
            }
        } else {
            for item in act.all_items() {
                next.items.push((item, self.judge_item(act, item)?));
            }
        }
        Ok(next)
    }

    /// Takes over what comes of an act.
    pub fn take(&mut self, next: Next) {
        self.items.extend(next.items);
        self.notes.extend(next.notes);
        self.requests.extend(next.requests);
        self.accepted += 1;
    }

    /// What is said of an item.
    pub fn notes_of(&self, item: ItemId) -> Notes {
        self.notes.get(&item).cloned().unwrap_or_default()
    }

    fn judge_notes(&self, act: &Act, item: ItemId) -> Judged<Notes> {
        if act.is_supervised() && act.by == act.to {
            return Err("custody/own-supervisor");
        }
        let known = self.items.get(&item).ok_or("custody/no-such-subject")?;
        if known.ended && !matches!(act.kind, Kind::Dispute | Kind::Resolve | Kind::HoldRelease) {
            return Err("custody/disposed");
        }
        let (mut notes, agency, this) = (self.notes_of(item), agency_of(act.by), self.accepted);
        match act.kind {
            Kind::HoldSet => {
                notes.holds.insert(this, agency);
            }
            Kind::HoldRelease => {
                let hold = act.answers.and_then(|hold| notes.holds.remove(&hold));
                match hold.ok_or("custody/no-open-hold")? == agency {
                    true => {}
                    false => return Err("custody/other-agency"),
                }
            }
            Kind::Dispute => {
                notes.disputes.insert(this);
            }
            Kind::Resolve => {
                let is_open = act.answers.is_some_and(|open| notes.disputes.remove(&open));
                is_open.then_some(()).ok_or("custody/no-open-dispute")?;
            }
            Kind::Permit => {
                let to = act.agency.filter(|to| *to != NO_AGENCY);
                let to = to.ok_or("custody/no-such-subject")?;
                notes.permissions.insert(this, (agency, to));
            }
            _ => {}
        }
        match notes.holds.len() + notes.disputes.len() + notes.permissions.len() <= 256 {
            true => Ok(notes),
            false => Err("custody/too-many-open"),
        }
    }

    fn judge_request(&self, act: &Act) -> Judged<Request> {
        let agency = agency_of(act.by);
        if act.kind == Kind::Prepare {
            let to = act.agency.filter(|to| *to != NO_AGENCY);
            let to = to.ok_or("custody/no-such-subject")?;
            return Ok(Request { from: agency, to, step: 0 });
        }
        let request = *self.requests.get(&act.request.unwrap()).ok_or("custody/no-such-subject")?;
        // Approved, transmitted, withdrawn.
        let whose = if [1, 2, 8].contains(&act.step) { request.from } else { request.to };
        if agency != whose {
            return Err("custody/other-agency");
        }
        let goes_on =
            act.step > request.step || (act.step == EXECUTING && request.step == EXECUTING);
        match goes_on && request.step < FULFILLED {
            true => Ok(Request { step: act.step, ..request }),
            false => Err("custody/request-step"),
        }
    }
}
