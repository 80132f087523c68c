//! Asserted histories: what a document says of the time before the ledger, against itself.

use std::collections::BTreeMap;

use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::record::body::Body;

use super::finding::{Finding, Kind, minutes_between};
use super::seen::Seen;
use super::{Look, Pass};
use crate::case::{LegacyEvent, decode_events};
use crate::failure::Failure;

/// What documents say of whom, by document and name: a name means one person in one document, and nothing beyond.
#[derive(Default)]
pub struct Histories {
    stays: BTreeMap<(Hash, String), Vec<Stay>>,
}

/// Somebody is said to have been somewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stay {
    start_s: u64,
    end_s: u64,
    place: String,
    entry: u64,
    item: Uuid,
}

impl Look for Histories {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Gap, Kind::TwoPlaces, Kind::RootChanged]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        let Body::RegisterLegacy(body) = seen.body() else { return Ok(()) };
        let opening = pass.shelf.opening(&seen.digest(), "events")?;
        let events = opening.and_then(|opening| decode_events(&opening.value));
        let (Some(events), Some(item)) = (events, seen.items().next()) else {
            pass.unread.histories += 1;
            return Ok(());
        };
        look_for_gaps(&events, item, seen, pass);
        look_at_numbers(&events, item, seen, pass);
        for event in &events {
            let Some(start_s) = event.start_s else { continue };
            if event.actor.is_empty() || event.place.is_empty() {
                continue;
            }
            let (end_s, place) = (event.end_s.unwrap_or(start_s).max(start_s), event.place.clone());
            let stay = Stay { start_s, end_s, place, entry: seen.index, item };
            self.stays.entry((body.document, event.actor.clone())).or_default().push(stay);
        }
        Ok(())
    }

    fn finish(&mut self, pass: &mut Pass<'_>) -> Result<(), Failure> {
        for ((_, actor), stays) in std::mem::take(&mut self.stays) {
            for finding in two_places(&actor, stays) {
                pass.find(finding);
            }
        }
        Ok(())
    }
}

/// The time from the end of what was done so far to the next event, where somebody else did that.
fn look_for_gaps(events: &[LegacyEvent], item: Uuid, seen: &Seen<'_>, pass: &mut Pass<'_>) {
    let timed = events.iter().filter_map(|event| Some((event.start_s?, event)));
    let mut timed: Vec<_> = timed.filter(|(_, event)| !event.actor.is_empty()).collect();
    timed.sort_by_key(|(start_s, _)| *start_s);
    let mut last: Option<(u64, &str)> = None;
    for (start_s, event) in timed {
        if let Some((end_s, actor)) = last
            && start_s.saturating_sub(end_s) > pass.gap_s
            && actor != event.actor
        {
            let minutes = minutes_between(end_s, start_s);
            let text = format!(
                "asserted: nothing for {minutes} minutes between `{actor}` and `{}`",
                event.actor
            );
            let finding = Finding::new(Kind::Gap, [seen.index], text).lasting(minutes);
            pass.find(finding.about([item]).naming(actor).naming(&event.actor));
        }
        let end_s = event.end_s.unwrap_or(start_s).max(start_s);
        if last.is_none_or(|(last_s, _)| last_s <= end_s) {
            last = Some((end_s, &event.actor));
        }
    }
}

/// The item's numbers in the order in which they were given: all must share a root with the first.
fn look_at_numbers(events: &[LegacyEvent], item: Uuid, seen: &Seen<'_>, pass: &mut Pass<'_>) {
    let mut numbers: Vec<&str> = Vec::new();
    for event in events.iter().filter(|event| !event.exhibit.is_empty()) {
        if !numbers.contains(&event.exhibit.as_str()) {
            numbers.push(&event.exhibit);
        }
    }
    let Some((first, rest)) = numbers.split_first() else { return };
    if rest.iter().all(|number| share_root(first, number)) {
        return;
    }
    let listed: Vec<_> = numbers.iter().map(|number| format!("`{number}`")).collect();
    let text = format!("asserted: numbered {}, which share no root", listed.join(", then "));
    pass.find(Finding::new(Kind::RootChanged, [seen.index], text).about([item]));
}

/// Whether two exhibit numbers have the same beginning, up to a separator: `DFL-20140712-001A` and
/// `DFL-20140712-002B`. A number that only goes on from the other one shares it too.
fn share_root(left: &str, right: &str) -> bool {
    if left.starts_with(right) || right.starts_with(left) {
        return true;
    }
    let common = left.chars().zip(right.chars()).take_while(|(left, right)| left == right);
    let common: String = common.map(|(left, _)| left).collect();
    let root = common.rfind(|c: char| !c.is_alphanumeric()).map_or("", |end| &common[..end]);
    root.chars().any(char::is_alphanumeric)
}

/// Where one person of one document is in two places at the same instant, or in intervals that overlap.
fn two_places(actor: &str, mut stays: Vec<Stay>) -> Vec<Finding> {
    stays.sort();
    // What is said of several items in the same words is one stay.
    let mut merged: Vec<(Stay, Vec<(u64, Uuid)>)> = Vec::new();
    for stay in stays {
        let shown = (stay.entry, stay.item);
        let is_same = |known: &Stay| {
            (known.start_s, known.end_s, &known.place) == (stay.start_s, stay.end_s, &stay.place)
        };
        match merged.last_mut().filter(|(known, _)| is_same(known)) {
            Some((_, places)) => places.push(shown),
            None => merged.push((stay, vec![shown])),
        }
    }
    let mut found = Vec::new();
    for (position, (first, shown)) in merged.iter().enumerate() {
        for (second, also) in &merged[position + 1..] {
            if second.start_s > first.start_s && second.start_s >= first.end_s {
                break;
            }
            if first.place != second.place {
                let minutes = minutes_between(second.start_s, first.end_s.min(second.end_s));
                let text = format!(
                    "asserted: `{actor}` is in `{}` and in `{}` at the same time",
                    first.place, second.place
                );
                let (entries, items): (Vec<_>, Vec<_>) = shown.iter().chain(also).copied().unzip();
                let finding = Finding::new(Kind::TwoPlaces, entries, text).lasting(minutes);
                found.push(finding.about(items).naming(actor));
            }
        }
    }
    found
}
