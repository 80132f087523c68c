//! Where people were when they acted: nobody is in two places at once.

use std::collections::{BTreeMap, HashMap};

use custody_core::cose::Role;
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::record::Payload;
use custody_core::record::body::{Body, RecordType};

use super::finding::{Finding, Kind, minutes_between};
use super::seen::{Seen, as_custodian};
use super::{Look, Pass};
use crate::failure::Failure;

/// Time within which nobody gets from one place to another.
const TRAVEL_S: u64 = 30 * 60;

/// Acts with a place, by person, in the order of their claimed times. Places are opened where two acts lie close
/// together, and nowhere else. Neighbours suffice: where two acts in different places lie close together, so do two
/// neighbours between them.
#[derive(Default)]
pub struct TwoPlaces {
    acts: HashMap<Uuid, BTreeMap<When, Option<Place>>>,
    numbers: HashMap<String, Place>,
    names: Vec<String>,
}

/// A claimed time, and an entry.
type When = (u64, u64);

/// A place that was opened: its number in `names`.
type Place = usize;

impl Look for TwoPlaces {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::TwoPlaces]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        if seen.payload().commitment("place").is_none() || !is_where_it_was_done(seen.payload()) {
            return Ok(());
        }
        let when = (seen.claimed_s(), seen.index);
        for person in people_there(seen.payload()) {
            self.act(person, when, seen, pass)?;
        }
        Ok(())
    }
}

impl TwoPlaces {
    fn act(
        &mut self,
        person: Uuid,
        when: When,
        seen: &Seen<'_>,
        pass: &mut Pass<'_>,
    ) -> Result<(), Failure> {
        let mut place = None;
        for neighbour in self.neighbours(person, when) {
            if place.is_none() {
                place = self.open(&seen.digest(), pass)?;
                if place.is_none() {
                    // One act that cannot be looked at does not hide those around it.
                    pass.unread.places += 1;
                    return Ok(());
                }
            }
            let Some((beside, other)) = self.read(person, neighbour, pass)? else { continue };
            if let Some(place) = place.filter(|place| *place != other) {
                self.report(person, (beside, other), (when, place), (seen, pass))?;
            }
        }
        self.acts.entry(person).or_default().insert(when, place);
        Ok(())
    }

    /// The directions in which another act lies close by: before, after.
    fn neighbours(&self, person: Uuid, when: When) -> Vec<Side> {
        let sides = [Side { when, is_before: true }, Side { when, is_before: false }];
        sides.into_iter().filter(|side| self.nearest(person, *side).is_some()).collect()
    }

    fn nearest(&self, person: Uuid, side: Side) -> Option<(When, Option<Place>)> {
        let acts = self.acts.get(&person)?;
        let (when, place) = match side.is_before {
            true => acts.range(..side.when).next_back()?,
            false => acts.range(side.when..).next()?,
        };
        let is_close = when.0.abs_diff(side.when.0) < TRAVEL_S;
        is_close.then_some((*when, *place))
    }

    /// The nearest act on a side whose place can be opened. Those that cannot are counted and forgotten.
    fn read(
        &mut self,
        person: Uuid,
        side: Side,
        pass: &mut Pass<'_>,
    ) -> Result<Option<(When, Place)>, Failure> {
        while let Some((when, place)) = self.nearest(person, side) {
            let place = match place {
                Some(place) => Some(place),
                None => self.open(&pass.shelf.record(when.1)?.digest(), pass)?,
            };
            let Some(acts) = self.acts.get_mut(&person) else { break };
            if place.is_some() {
                acts.insert(when, place);
                return Ok(place.map(|place| (when, place)));
            }
            acts.remove(&when);
            pass.unread.places += 1;
        }
        Ok(None)
    }

    fn open(&mut self, record: &Hash, pass: &Pass<'_>) -> Result<Option<Place>, Failure> {
        let opening = pass.shelf.opening(record, "place")?;
        let Some(text) = opening.as_ref().and_then(|opening| opening.as_text()) else {
            return Ok(None);
        };
        let (name, next) = (text.trim(), self.names.len());
        // Who writes a capital elsewhere is not elsewhere.
        let place = *self.numbers.entry(name.to_lowercase()).or_insert(next);
        if place == next {
            self.names.push(name.to_owned());
        }
        Ok(Some(place))
    }

    fn report(
        &self,
        person: Uuid,
        (one, one_place): (When, Place),
        (two, two_place): (When, Place),
        (seen, pass): (&Seen<'_>, &mut Pass<'_>),
    ) -> Result<(), Failure> {
        let (first, second) = match one.0 <= two.0 {
            true => (one_place, two_place),
            false => (two_place, one_place),
        };
        let minutes = minutes_between(one.0.min(two.0), one.0.max(two.0));
        let (first, second) = (&self.names[first], &self.names[second]);
        let text = format!("acts in `{first}`, and {minutes} minutes later in `{second}`");
        let other = pass.shelf.record(one.1)?;
        let items = other.payload().subjects.iter().filter_map(|link| link.subject.item());
        let finding = Finding::new(Kind::TwoPlaces, [one.1, two.1], text).lasting(minutes);
        pass.find(finding.about(items.chain(seen.about())).with([person]));
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Side {
    when: When,
    is_before: bool,
}

/// Whether the sealed `place` is where the act was done. For what goes into storage it is where that is kept; a scan
/// that a custodian writes down happened where the carrier was.
fn is_where_it_was_done(payload: &Payload) -> bool {
    match &payload.body {
        Body::CarrierScan(_) => {
            payload.signers.iter().all(|signer| signer.role == Role::OtherParty)
        }
        body => !matches!(body.record_type(), RecordType::Store | RecordType::CheckIn),
    }
}

/// Who was there: everybody who signed, but for who answers for it from a desk.
fn people_there(payload: &Payload) -> impl Iterator<Item = Uuid> {
    let there = payload.signers.iter().filter(|signer| signer.role != Role::Supervisor);
    there.filter_map(|signer| as_custodian(&signer.id))
}
