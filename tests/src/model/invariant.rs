//! What must hold of the real state after each act, whatever the model thinks.

use std::collections::{BTreeMap, BTreeSet};

use custody_core::custody::{
    Book, Held, Holdings, ItemEnd, ItemState, Standing, Subject, Whereabouts,
};
use custody_core::id::SubjectId;

use super::act::{Act, Agency, ItemId, Kind};
use super::stage::{Stage, item_id};
use super::world::{Item, Place, World, agency_of};

/// What has to be remembered to tell whether something changed that must not.
#[derive(Default)]
pub struct Watch {
    /// Items that ended, as they were then.
    ended: BTreeMap<ItemId, Subject>,
    /// Items that are packed, as they were when they were.
    packed: BTreeMap<ItemId, Subject>,
    /// How much there was at first, by what was collected, and how much of it was consumed.
    amounts: BTreeMap<ItemId, (u64, u64)>,
    /// The agencies of holders, as of the act before.
    holders: BTreeMap<ItemId, Agency>,
    /// Who may have an item by permission of whom.
    permitted: BTreeSet<(ItemId, Agency, Agency)>,
}

fn subject(book: &Book, id: &SubjectId) -> Option<Subject> {
    match book.get(id) {
        Held::Present(subject) => Some(subject.clone()),
        _ => None,
    }
}

fn item_of(subject: &Subject) -> &ItemState {
    match &subject.standing {
        Standing::Item(item) => item,
        _ => panic!("not an item"),
    }
}

fn hold(holds: bool, what: &str, item: ItemId) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what}: item {item}")) }
}

impl Watch {
    /// Looks at everything after `act` was accepted.
    pub fn check(&mut self, stage: &Stage, world: &World, act: &Act) -> Result<(), String> {
        let mut real = BTreeMap::new();
        for id in world.items.keys() {
            let known = subject(&stage.ledger.book, &SubjectId::Item(item_id(*id)));
            real.insert(*id, known.ok_or(format!("item {id} is not there"))?);
        }
        for (id, item) in &world.items {
            agrees(stage, item_of(&real[id]), item, *id)?;
            let notes = subject(&stage.ledger.book, &SubjectId::Notes(item_id(*id)));
            notes_agree(stage, world, notes.as_ref(), *id)?;
            let inside = real.values().filter(|other| {
                item_of(other).place == Whereabouts::Packed { container: item_id(*id) }
            });
            let count = inside.count() as u64;
            hold(item_of(&real[id]).contents == count, "contents are not what is in it", *id)?;
        }
        self.unchanged(&real)?;
        self.conserved(&real, world, act)?;
        self.onward(stage, &real, act)
    }

    /// What ended or is packed stays as it was.
    fn unchanged(&mut self, real: &BTreeMap<ItemId, Subject>) -> Result<(), String> {
        for (id, known) in real {
            let item = item_of(known);
            if item.end.is_some() {
                let was = self.ended.entry(*id).or_insert_with(|| known.clone());
                hold(was == known, "changed after its end", *id)?;
            }
            match item.place {
                Whereabouts::Packed { .. } => {
                    let was = self.packed.entry(*id).or_insert_with(|| known.clone());
                    hold(was == known, "changed while it was packed", *id)?;
                }
                _ => drop(self.packed.remove(id)),
            }
        }
        let stays = self.ended.keys().find(|id| item_of(&real[id]).end.is_none());
        stays.map_or(Ok(()), |id| hold(false, "not at its end any more", *id))
    }

    /// All that came of what was measured is as much as it was, with what was consumed.
    fn conserved(
        &mut self,
        real: &BTreeMap<ItemId, Subject>,
        world: &World,
        act: &Act,
    ) -> Result<(), String> {
        match (act.kind, act.amount) {
            (Kind::Collect, Some(amount)) => {
                self.amounts.insert(act.items[0], (amount, 0));
            }
            (Kind::Consume, Some(amount)) => {
                let root = root(world, act.items[0]);
                self.amounts.get_mut(&root).ok_or("consumed from nothing")?.1 += amount;
            }
            _ => {}
        }
        let mut sums: BTreeMap<ItemId, u64> = BTreeMap::new();
        for (id, known) in real {
            if let Some(quantity) = item_of(known).quantity {
                *sums.entry(root(world, *id)).or_default() += quantity.amount;
            }
        }
        let keeps = |(root, (first, consumed)): (&ItemId, &(u64, u64))| {
            hold(sums.get(root).copied() == Some(first - consumed), "amounts do not add up", *root)
        };
        hold(sums.len() == self.amounts.len(), "an amount out of nothing", 0)?;
        self.amounts.iter().try_for_each(keeps)
    }

    /// What came under a request is with the two agencies, or with one that its origin gave it to or permitted.
    fn onward(
        &mut self,
        stage: &Stage,
        real: &BTreeMap<ItemId, Subject>,
        act: &Act,
    ) -> Result<(), String> {
        if let (Kind::Permit, Some(to)) = (act.kind, act.agency) {
            let given = act.items.iter().map(|item| (*item, agency_of(act.by), to));
            self.permitted.extend(given);
        }
        for (id, known) in real {
            let item = item_of(known);
            let now = stage.number_of(item.holder).map(agency_of).ok_or("held by nobody")?;
            let was = self.holders.insert(*id, now).unwrap_or(now);
            let Some(bound) = item.bound else { continue };
            let origin = stage.agency_number(bound.agency).ok_or("bound to nobody")?;
            let may = was == now || origin == was || origin == now;
            let may = may || self.permitted.contains(&(*id, origin, now));
            // A container is held against its own permissions.
            hold(may || act.kind == Kind::Unpack, "with a third agency", *id)?;
            if let Whereabouts::Packed { container } = item.place {
                let is_it = |(id, _): &(&ItemId, &Subject)| item_id(**id) == container;
                let container = real.iter().find(is_it).ok_or("packed in nothing")?.1;
                let around = item_of(container).bound.map(|bound| bound.agency);
                hold(around == Some(bound.agency), "packed in what may go anywhere", *id)?;
            }
        }
        Ok(())
    }
}

/// What was collected at first. What is derived has no quantity and is no part.
fn root(world: &World, mut id: ItemId) -> ItemId {
    while let Some(parent) = world.items[&id].parent {
        id = parent;
    }
    id
}

fn agrees(stage: &Stage, real: &ItemState, item: &Item, id: ItemId) -> Result<(), String> {
    let person = |number: usize| stage.person(number).id;
    hold(real.holder == person(item.holder), "another holder", id)?;
    let held_by: BTreeSet<_> = real.holders.iter().copied().collect();
    let expected: BTreeSet<_> = item.held_by.iter().map(|who| person(*who)).collect();
    hold(held_by == expected, "others held it", id)?;
    hold(place(stage, real.place, item.place), "another place", id)?;
    let way = real.release.as_ref().map(|way| (way.record, way.to));
    let expected = item.way.as_ref().map(|way| (stage.said[way.release], person(way.to)));
    hold(way == expected, "another release is open", id)?;
    hold(real.end.is_some() == item.ended, "another end", id)?;
    hold(real.quantity.map(|quantity| quantity.amount) == item.amount, "another amount", id)?;
    hold(real.contents == item.inside.len() as u64, "other contents", id)?;
    hold(real.parent == item.parent.map(item_id), "another parent", id)?;
    let bound = real.bound.map(|bound| stage.agency_number(bound.agency));
    hold(bound == item.bound.map(Some), "bound otherwise", id)
}

fn place(stage: &Stage, real: Whereabouts, expected: Place) -> bool {
    let is = |agency, number| stage.agency_number(agency) == Some(number);
    match (real, expected) {
        (Whereabouts::AtHand, Place::AtHand) | (Whereabouts::Stored, Place::Stored) => true,
        (Whereabouts::CheckedOut { agency }, Place::CheckedOut(number)) => is(agency, number),
        (Whereabouts::Packed { container }, Place::Packed(item)) => container == item_id(item),
        (Whereabouts::Outside { agency, .. }, Place::Outside(number)) => is(agency, number),
        _ => false,
    }
}

fn notes_agree(
    stage: &Stage,
    world: &World,
    real: Option<&Subject>,
    id: ItemId,
) -> Result<(), String> {
    let expected = world.notes_of(id);
    let Some(Standing::Notes(real)) = real.map(|subject| &subject.standing) else {
        return hold(expected == Default::default(), "nothing said", id);
    };
    let holds: Vec<_> = real.holds.iter().map(|hold| hold.record).collect();
    let wanted: Vec<_> = expected.holds.keys().map(|said| stage.said[*said]).collect();
    hold(holds == wanted, "other holds", id)?;
    let wanted: Vec<_> = expected.disputes.iter().map(|said| stage.said[*said]).collect();
    hold(real.disputes == wanted, "other disputes", id)?;
    let item = subject(&stage.ledger.book, &SubjectId::Item(item_id(id)));
    let end = item.and_then(|item| item_of(&item).end);
    let is_given_up = matches!(end, Some(ItemEnd::Disposed | ItemEnd::Returned));
    hold(real.holds.is_empty() || !is_given_up, "given up on hold", id)?;
    hold(real.permissions.len() == expected.permissions.len(), "other permissions", id)
}
