//! What is tried next: mostly what could be, and now and then something bent.

use super::act::{Act, GHOST, ItemId, Kind, NO_AGENCY, Person, Said};
use super::world::{Item, Place, World, agency_of};

/// Chance from a seed: xorshift64*.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).max(1))
    }

    /// Any number.
    pub fn throw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.throw() >> 33) % end as u64) as usize
    }

    /// True in `percent` of a hundred throws.
    pub fn often(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// One of them, if there are any.
    pub fn any<T: Clone>(&mut self, of: impl IntoIterator<Item = T>) -> Option<T> {
        let of: Vec<T> = of.into_iter().collect();
        (!of.is_empty()).then(|| self.one(&of))
    }
}

/// How many items live side by side before fewer are collected.
const CROWD: usize = 14;

impl World {
    /// An act to be tried: plausible in seven cases of ten.
    pub fn draw(&self, dice: &mut Dice) -> Act {
        let mut act = self.plausible(dice);
        if dice.often(30) {
            for _ in 0..=dice.below(2) {
                self.bend(&mut act, dice);
            }
        }
        if act.has_parties() && act.by == act.to {
            act.to = (act.to + 1) % GHOST;
        }
        self.mend(&mut act);
        act
    }

    fn plausible(&self, dice: &mut Dice) -> Act {
        let live = self.items.iter().filter(|(_, item)| !item.ended);
        let live: Vec<ItemId> = live.map(|(id, _)| *id).collect();
        let someone = dice.below(GHOST);
        if live.len() < 4 || dice.often(if live.len() < CROWD { 20 } else { 2 }) {
            return self.collect(someone, dice);
        }
        match dice.below(100) {
            0..4 => return self.ask(someone, dice),
            4..6 if self.accepted > 0 => {
                let answers = Some(dice.below(self.accepted));
                return Act { kind: Kind::Again, answers, ..Act::default() };
            }
            6..10 => {
                let all: Vec<ItemId> = self.items.keys().copied().collect();
                return self.say(dice.one(&all), dice);
            }
            10..28 => return self.say(dice.one(&live), dice),
            _ => {}
        }
        let id = dice.one(&live);
        let item = &self.items[&id];
        let mut act = self.deal_with(id, item, dice);
        let is_alike = |other: &&ItemId| {
            let other = &self.items[*other];
            (other.holder, other.place, &other.way) == (item.holder, item.place, &item.way)
        };
        if act.parts.is_empty()
            && !matches!(act.kind, Kind::Derive | Kind::Consume | Kind::Dispose | Kind::Seal)
        {
            for other in live.iter().filter(is_alike) {
                if act.items.len() < 4 && dice.often(25) && act.main != Some(*other) {
                    act.items.push(*other);
                }
            }
        }
        act
    }

    /// What the place of an item suggests.
    fn deal_with(&self, id: ItemId, item: &Item, dice: &mut Dice) -> Act {
        let by = item.holder;
        let one = Act { by, to: dice.below(GHOST), items: vec![id], ..Act::default() };
        if let Some(way) = &item.way {
            let kind = dice.one(&[
                Kind::Receive,
                Kind::Receive,
                Kind::Receive,
                Kind::Refuse,
                Kind::Recall,
            ]);
            let to = match kind {
                Kind::Recall => way.to,
                _ => dice.one(&[&way.substitutes[..], &[way.to, way.to]].concat()),
            };
            let missing = (kind == Kind::Receive && dice.often(5)).then_some(id);
            return Act { kind, to, answers: Some(way.release), missing, ..one };
        }
        let mate = agency_of(by) * 2 + dice.below(2);
        match item.place {
            Place::Packed(container) => {
                let by = self.items[&container].holder;
                Act { kind: Kind::Unpack, by, main: Some(container), ..one }
            }
            Place::Outside(_) if dice.often(10) => Act { kind: Kind::Succession, to: mate, ..one },
            Place::Outside(agency) => {
                Act { kind: Kind::TakeBack, by: agency * 2 + dice.below(2), ..one }
            }
            Place::CheckedOut(agency) if dice.often(60) => {
                Act { kind: Kind::CheckIn, to: agency * 2 + dice.below(2), ..one }
            }
            Place::Stored if dice.often(50) => {
                Act { kind: Kind::CheckOut, missing: dice.often(5).then_some(id), ..one }
            }
            _ => self.at_hand(one, id, item, mate, dice),
        }
    }

    fn at_hand(&self, one: Act, id: ItemId, item: &Item, mate: Person, dice: &mut Dice) -> Act {
        let request = if dice.often(25) { dice.any(self.requests.keys().copied()) } else { None };
        let notes = self.notes_of(id);
        let permission = dice.any(&notes.permissions);
        let onward = permission.map(|(said, _)| *said);
        // Where it may go, if somebody permitted something.
        let to = match permission {
            Some((_, (_, agency))) if dice.often(70) => agency * 2 + dice.below(2),
            _ => one.to,
        };
        let moved = Act { request, onward, to, ..one.clone() };
        match dice.below(20) {
            0..3 => Act { kind: Kind::Handoff, missing: dice.often(5).then_some(id), ..moved },
            3..8 => {
                let mut substitutes: Vec<_> = (0..GHOST).filter(|_| dice.often(10)).collect();
                substitutes.retain(|substitute| *substitute != to);
                Act { kind: Kind::Release, substitutes, ..moved }
            }
            8..10 => Act { kind: Kind::Store, ..one },
            10 => Act { kind: Kind::GiveOutside, ..one },
            11 => {
                let agency = dice.often(40).then_some(agency_of(one.by));
                Act { kind: Kind::Succession, to: mate, agency, ..one }
            }
            12..14 => self.pack(one, item, dice),
            14..16 => self.split(one, id, item, dice),
            16 => {
                let amount = item.amount.map(|amount| dice.below(amount as usize + 1) as u64);
                let rest = item.amount.map(|all| all - amount.unwrap_or(0)).or(Some(0));
                Act { kind: Kind::Consume, amount, rest, ..one }
            }
            17 => {
                Act { kind: Kind::Derive, main: Some(id), items: vec![dice.throw() as u32], ..one }
            }
            18 if dice.often(50) => Act { kind: Kind::Seal, ..one },
            18 => Act { kind: Kind::Return, ..one },
            _ => Act { kind: Kind::Dispose, ..one },
        }
    }

    fn pack(&self, one: Act, item: &Item, dice: &mut Dice) -> Act {
        let id = one.items[0];
        let is_near = |(other, box_): &(&ItemId, &Item)| {
            **other != id && box_.holder == item.holder && !box_.ended && box_.way.is_none()
        };
        let main = dice.any(self.items.iter().filter(is_near).map(|(id, _)| *id));
        let request = dice.any(self.requests.keys().copied()).unwrap_or(0);
        let bound = item.bound.map(|agency| (agency, request));
        match main {
            Some(_) => Act { kind: Kind::Pack, main, bound, ..one },
            None => Act { kind: Kind::Store, ..one },
        }
    }

    fn split(&self, one: Act, id: ItemId, item: &Item, dice: &mut Dice) -> Act {
        let mut left = item.amount;
        let mut parts = Vec::new();
        for _ in 0..=dice.below(2) {
            let amount = left.map(|left| dice.below(left as usize + 1) as u64);
            left = left.map(|left| left - amount.unwrap_or(0));
            parts.push((dice.throw() as u32, amount));
        }
        if let (true, Some(rest)) = (dice.often(30), left) {
            // Nothing remains.
            parts[0].1 = parts[0].1.map(|amount| amount + rest);
            left = Some(0);
        }
        parts.sort_unstable();
        let rest = left.or(if dice.often(20) { Some(0) } else { None });
        Act { kind: Kind::Split, items: Vec::new(), main: Some(id), parts, rest, ..one }
    }

    fn collect(&self, by: Person, dice: &mut Dice) -> Act {
        let amount = dice.often(50).then(|| 1 + dice.below(1000) as u64);
        let request = (amount.is_none() && dice.often(30)).then(|| dice.below(5) as u32);
        let items = vec![dice.throw() as u32];
        Act { kind: Kind::Collect, by, items, amount, request, ..Act::default() }
    }

    fn ask(&self, by: Person, dice: &mut Dice) -> Act {
        let known = dice.any(self.requests.iter().map(|(id, request)| (*id, *request)));
        match known {
            Some((id, request)) if dice.often(60) => {
                let step = 1 + dice.below(8);
                let step = step.max((request.step + 1).min(8));
                let agency = if [1, 2, 8].contains(&step) { request.from } else { request.to };
                let by = agency * 2 + dice.below(2);
                Act { kind: Kind::Step, by, request: Some(id), step, ..Act::default() }
            }
            _ => {
                let agency = Some((agency_of(by) + 1 + dice.below(2)) % NO_AGENCY);
                let request = Some(dice.throw() as u32);
                Act { kind: Kind::Prepare, by, agency, request, ..Act::default() }
            }
        }
    }

    /// Something about an item.
    fn say(&self, id: ItemId, dice: &mut Dice) -> Act {
        let notes = self.notes_of(id);
        let by = dice.below(GHOST);
        let one = Act { by, to: by ^ 1, items: vec![id], ..Act::default() };
        let bound = self.items[&id].bound;
        match (dice.below(8), dice.any(&notes.holds), dice.any(&notes.disputes)) {
            (0..5, Some((hold, agency)), _) => {
                let by = agency * 2 + dice.below(2);
                Act { kind: Kind::HoldRelease, by, to: by ^ 1, answers: Some(*hold), ..one }
            }
            (0..3, _, Some(dispute)) => Act { kind: Kind::Resolve, answers: Some(*dispute), ..one },
            (0..4, ..) if bound.is_some() || dice.often(10) => {
                let by = bound.map_or(by, |agency| agency * 2);
                Act { kind: Kind::Permit, by, to: by ^ 1, agency: Some(dice.below(3)), ..one }
            }
            (0..5, ..) => Act { kind: Kind::HoldSet, ..one },
            (5, ..) => Act { kind: Kind::Dispute, ..one },
            _ => Act { kind: Kind::Note, ..one },
        }
    }

    /// Makes something else of one part of an act.
    fn bend(&self, act: &mut Act, dice: &mut Dice) {
        let known: Vec<ItemId> = self.items.keys().copied().collect();
        let Some(other) = dice.any(known) else { return };
        let other = if dice.often(5) { dice.throw() as u32 } else { other };
        let (some, agency) = (dice.below(1000) as u64, dice.below(3));
        match dice.below(12) {
            0 | 1 => act.by = dice.below(GHOST),
            2 | 3 => act.to = dice.below(GHOST),
            4 if dice.often(20) => act.by = GHOST,
            4 => act.to = GHOST,
            5 if !act.items.is_empty() => act.items[0] = other,
            6 if act.main.is_some() => act.main = Some(other),
            7 => act.answers = dice.any(0..self.accepted as Said),
            8 => act.rest = dice.one(&[None, Some(0), Some(1), Some(some)]),
            9 => act.amount = dice.one(&[None, Some(1), Some(some)]),
            10 => {
                act.request = dice.any(self.requests.keys().copied().chain([1]));
                act.onward = dice.any(0..self.accepted as Said);
                act.bound = act.request.map(|request| (dice.below(3), request));
            }
            _ => {
                act.agency = dice.one(&[None, Some(agency), Some(NO_AGENCY)]);
                act.step = dice.below(9);
            }
        }
    }

    /// Keeps an act to what a record of its type can say at all.
    fn mend(&self, act: &mut Act) {
        act.items.retain(|item| Some(*item) != act.main);
        act.items.sort_unstable();
        act.items.dedup();
        let main = act.main;
        act.parts.retain(|(part, _)| Some(*part) != main);
        act.substitutes.retain(|substitute| *substitute != act.to);
        if act.by == act.to && act.signers().len() == 2 {
            // One key does not sign twice.
            act.to = (act.to + 1) % GHOST;
        }
        match act.kind {
            Kind::Collect if act.request.is_some() => act.amount = None,
            Kind::Collect => act.amount = act.amount.filter(|amount| *amount > 0),
            Kind::Prepare | Kind::Permit => act.agency = act.agency.or(Some(0)),
            Kind::Succession => act.agency = act.agency.filter(|agency| *agency != NO_AGENCY),
            Kind::Step => act.step = act.step.max(1),
            Kind::Again => act.answers = act.answers.or(Some(0)),
            _ => {}
        }
        if act.kind == Kind::Step && act.request.is_none_or(|id| !self.requests.contains_key(&id)) {
            act.kind = Kind::Prepare;
            act.request = act.request.or(Some(1));
            act.agency = act.agency.or(Some(0));
        }
        if act.kind == Kind::Prepare {
            act.request = act.request.or(Some(1));
        }
        let is_whole = act.is_asked() || act.kind == Kind::Again || !act.items.is_empty();
        if act.kind == Kind::Split && !act.parts.is_empty() || is_whole && act.kind != Kind::Split {
            return;
        }
        *act =
            Act { kind: Kind::Note, by: act.by, items: vec![main.unwrap_or(0)], ..Act::default() };
    }
}
