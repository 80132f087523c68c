//! The custody of one item: SPEC section "Rules", "Items", point by point.

use std::collections::BTreeSet;

use super::act::{Act, GHOST, ItemId, Kind, Person};
use super::world::{Item, Judged, Place, Way, World, agency_of};

impl World {
    /// What becomes of `id`.
    pub(super) fn judge_item(&self, act: &Act, id: ItemId) -> Judged<Item> {
        let Some(before) = self.items.get(&id) else {
            return self.begin(act, id);
        };
        if before.ended {
            return Err("custody/disposed");
        }
        let is_main = act.main == Some(id);
        let item = before.clone();
        match act.kind {
            Kind::Receive | Kind::Refuse => answer(act, item, id),
            Kind::Recall => recall(act, item),
            Kind::TakeBack => match item.place {
                Place::Outside(agency) if agency == agency_of(act.by) => Ok(pass(item, act.by)),
                Place::Outside(_) => Err("custody/other-agency"),
                _ => Err("custody/not-outside"),
            },
            Kind::Unpack if !is_main => self.take_out(act, item),
            Kind::Succession => succeed(act, item, id),
            _ => self.by_the_holder(act, item, id),
        }
    }

    /// 1. An absent item.
    fn begin(&self, act: &Act, id: ItemId) -> Judged<Item> {
        if !act.begun().contains(&id) {
            return Err("custody/no-such-subject");
        }
        let part = act.parts.iter().find(|(part, _)| *part == id);
        let parent = act.main.and_then(|parent| self.items.get(&parent));
        Ok(Item {
            holder: act.by,
            held_by: BTreeSet::from([act.by]),
            place: Place::AtHand,
            way: None,
            inside: BTreeSet::new(),
            amount: match act.kind {
                Kind::Collect => act.amount,
                _ => part.and_then(|(_, amount)| *amount),
            },
            bound: parent.and_then(|parent| parent.bound),
            parent: act.main,
            ended: false,
        })
    }

    /// 6. Out of a container.
    fn take_out(&self, act: &Act, item: Item) -> Judged<Item> {
        let container = act.main.unwrap();
        if item.place != Place::Packed(container) {
            return Err("custody/not-packed");
        }
        let container = &self.items[&container];
        let is_abroad = agency_of(item.holder) != agency_of(container.holder);
        let bound = if is_abroad { item.bound.or(container.bound) } else { item.bound };
        let mut item = pass(Item { bound, ..item }, container.holder);
        item.held_by.extend(&container.held_by);
        Ok(item)
    }

    /// 8. All others.
    fn by_the_holder(&self, act: &Act, mut item: Item, id: ItemId) -> Judged<Item> {
        check(item.holder == act.by, "custody/not-the-holder")?;
        check(item.way.is_none(), "custody/release-open")?;
        check(!matches!(item.place, Place::Packed(_)), "custody/packed")?;
        check(!matches!(item.place, Place::Outside(_)), "custody/outside")?;
        let is_main = act.main == Some(id);
        let is_lent = matches!(item.place, Place::CheckedOut(_));
        match act.kind {
            Kind::Handoff | Kind::Release | Kind::GiveOutside | Kind::Store => {
                check(!is_lent, "custody/checked-out")?;
            }
            Kind::Pack if !is_main => check(!is_lent, "custody/checked-out")?,
            _ => {}
        }
        match act.kind {
            Kind::Handoff => {
                item = self.moved(act, item, id, act.to)?;
                Ok(if act.missing == Some(id) { item } else { pass(item, act.to) })
            }
            Kind::Release => self.send(act, item, id),
            Kind::GiveOutside => Ok(Item { place: Place::Outside(agency_of(item.holder)), ..item }),
            Kind::Store => Ok(Item { place: Place::Stored, ..item }),
            Kind::CheckOut | Kind::CheckIn => self.lend(act, item, id),
            Kind::Pack => pack(act, item, id),
            Kind::Unpack => {
                item.inside.retain(|inside| !act.items.contains(inside));
                Ok(item)
            }
            Kind::Split | Kind::Consume => divide(act, item),
            Kind::Dispose => {
                check(!item.held_by.contains(&act.to), "custody/witness-in-chain")?;
                self.give_up(item, id)
            }
            Kind::Return => self.give_up(item, id),
            _ => Ok(item),
        }
    }

    fn send(&self, act: &Act, item: Item, id: ItemId) -> Judged<Item> {
        let mut whom = [&act.substitutes[..], &[act.to]].concat();
        check(!whom.contains(&GHOST), "custody/no-such-subject")?;
        whom.pop();
        self.moved(act, item.clone(), id, act.to)?;
        for substitute in whom {
            self.moved(act, item.clone(), id, substitute)?;
        }
        let (substitutes, request) = (act.substitutes.clone(), act.request);
        let way = Some(Way { release: self.accepted, to: act.to, substitutes, request });
        Ok(Item { way, place: Place::AtHand, ..item })
    }

    /// Out of storage and back.
    fn lend(&self, act: &Act, item: Item, id: ItemId) -> Judged<Item> {
        let place = match (act.kind, item.place) {
            (Kind::CheckOut, Place::Stored) => Place::CheckedOut(agency_of(item.holder)),
            (Kind::CheckOut, _) => return Err("custody/not-stored"),
            (_, Place::CheckedOut(agency)) => {
                check(agency == agency_of(act.to), "custody/other-agency")?;
                Place::Stored
            }
            _ => return Err("custody/not-checked-out"),
        };
        let alone = Act { request: None, onward: None, ..act.clone() };
        let item = self.moved(&alone, item, id, act.to)?;
        match act.missing == Some(id) {
            true => Ok(item),
            false => Ok(Item { place, ..pass(item, act.to) }),
        }
    }

    /// Somebody ends it on purpose.
    fn give_up(&self, item: Item, id: ItemId) -> Judged<Item> {
        let ended = end(item)?;
        check(self.notes_of(id).holds.is_empty(), "custody/on-hold")?;
        Ok(ended)
    }

    /// From one agency to another, or not.
    fn moved(&self, act: &Act, item: Item, id: ItemId, to: Person) -> Judged<Item> {
        let (from, to) = (agency_of(act.by), agency_of(to));
        let is_known = |request: &u32| self.requests.contains_key(request);
        check(act.request.iter().all(is_known), "custody/no-such-subject")?;
        let origin = item.bound.unwrap_or(from);
        if from == to || origin == from {
            let binds = act.request.is_some() && from != to;
            return Ok(Item { bound: if binds { Some(from) } else { item.bound }, ..item });
        }
        let notes = self.notes_of(id);
        let permission = act.onward.and_then(|onward| notes.permissions.get(&onward));
        let may = origin == to || permission == Some(&(origin, to));
        check(may, "custody/onward-not-authorised").map(|()| item)
    }
}

fn check(holds: bool, code: &'static str) -> Judged<()> {
    if holds { Ok(()) } else { Err(code) }
}

/// Somebody has it from now on.
fn pass(mut item: Item, to: Person) -> Item {
    item.held_by.insert(to);
    Item { holder: to, place: Place::AtHand, way: None, ..item }
}

/// 3. `receive` and `refuse`.
fn answer(act: &Act, item: Item, id: ItemId) -> Judged<Item> {
    let open = item.way.as_ref().filter(|way| Some(way.release) == act.answers);
    let way = open.ok_or("custody/no-open-release")?;
    check(item.holder == act.by, "custody/not-the-holder")?;
    let may = way.to == act.to || way.substitutes.contains(&act.to);
    check(may, "custody/not-the-addressee")?;
    match act.kind {
        Kind::Refuse => Ok(Item { way: None, ..item }),
        _ if act.missing == Some(id) => Ok(item),
        _ => {
            let (from, to) = (agency_of(item.holder), agency_of(act.to));
            let is_own = item.bound.is_none() || item.bound == Some(from);
            let binds = way.request.is_some() && from != to && is_own;
            let bound = if binds { Some(from) } else { item.bound };
            Ok(pass(Item { bound, ..item }, act.to))
        }
    }
}

/// 4. `recall`.
fn recall(act: &Act, item: Item) -> Judged<Item> {
    check(item.holder == act.by, "custody/not-the-holder")?;
    let open = item.way.as_ref().filter(|way| Some(way.release) == act.answers);
    let to = open.ok_or("custody/no-open-release")?.to;
    check(to == act.to, "custody/not-the-addressee")?;
    Ok(Item { way: None, ..item })
}

/// 7. `succession`.
fn succeed(act: &Act, item: Item, id: ItemId) -> Judged<Item> {
    check(item.holder == act.by, "custody/not-the-holder")?;
    check(item.way.is_none(), "custody/release-open")?;
    check(!matches!(item.place, Place::Packed(_)), "custody/packed")?;
    let agency = agency_of(item.holder);
    check(act.agency.is_none_or(|signs| signs == agency), "custody/other-agency")?;
    check(agency_of(act.to) == agency, "custody/other-agency")?;
    let place = item.place;
    match act.missing == Some(id) {
        true => Ok(item),
        false => Ok(Item { place, ..pass(item, act.to) }),
    }
}

/// Into a container: the item, or the container itself.
fn pack(act: &Act, mut item: Item, id: ItemId) -> Judged<Item> {
    let said = act.bound.map(|(agency, _)| agency);
    if act.main != Some(id) {
        let fits = item.bound.is_none() || item.bound == said;
        check(fits, "custody/onward-not-authorised")?;
        return Ok(Item { place: Place::Packed(act.main.unwrap()), ..item });
    }
    let fits = item.bound.is_none() || said.is_none() || item.bound == said;
    check(fits, "custody/onward-not-authorised")?;
    item.inside.extend(&act.items);
    Ok(Item { bound: item.bound.or(said), ..item })
}

/// What is left after some was taken.
fn divide(act: &Act, mut item: Item) -> Judged<Item> {
    if act.kind == Kind::Split {
        check(item.inside.is_empty(), "custody/not-empty")?;
    }
    let taken: Vec<Option<u64>> = match act.kind {
        Kind::Split => act.parts.iter().map(|(_, amount)| *amount).collect(),
        _ => vec![act.amount],
    };
    let fits = match item.amount {
        Some(before) => {
            let all: Option<Vec<u64>> = taken.into_iter().chain([act.rest]).collect();
            all.is_some_and(|all| all.iter().sum::<u64>() == before)
        }
        None => taken.iter().all(Option::is_none) && matches!(act.rest, None | Some(0)),
    };
    check(fits, "custody/quantity")?;
    if item.amount.is_some() {
        item.amount = act.rest;
    }
    match act.rest {
        Some(0) => end(item),
        _ => Ok(item),
    }
}

/// 9. An item ends.
fn end(item: Item) -> Judged<Item> {
    check(!matches!(item.place, Place::CheckedOut(_)), "custody/checked-out")?;
    check(item.inside.is_empty(), "custody/not-empty")?;
    Ok(Item { ended: true, ..item })
}
