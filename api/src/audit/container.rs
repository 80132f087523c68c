//! Items that are not where they should be: missing, or in something that is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use custody_core::cose::Role;
use custody_core::id::Uuid;
use custody_core::record::body::Body;

use super::finding::{Finding, Kind, minutes_between};
use super::seen::Seen;
use super::{Look, Pass};
use crate::failure::Failure;

/// What is packed in what, what was missing, and what is outside.
#[derive(Default)]
pub struct Whereabouts {
    contents: HashMap<Uuid, BTreeSet<Uuid>>,
    missing: HashMap<Uuid, Since>,
    outside: HashMap<Uuid, Since>,
}

#[derive(Clone)]
struct Since {
    entry: u64,
    accepted_s: u64,
    people: Vec<Uuid>,
}

impl Look for Whereabouts {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Missing, Kind::OrphanedContainer]
    }

    fn see(&mut self, seen: &Seen<'_>, _: &mut Pass<'_>) -> Result<(), Failure> {
        self.show(seen);
        self.pack(seen);
        self.give(seen);
        Ok(())
    }

    fn finish(&mut self, pass: &mut Pass<'_>) -> Result<(), Failure> {
        let mut by_entry: BTreeMap<u64, (&Since, Vec<Uuid>)> = BTreeMap::new();
        for (item, since) in &self.missing {
            by_entry.entry(since.entry).or_insert((since, Vec::new())).1.push(*item);
            self.orphan(*item, since, "is missing", pass);
        }
        for (since, items) in by_entry.into_values() {
            let text = "found missing, and nothing later shows it";
            let finding = Finding::new(Kind::Missing, [since.entry], text);
            let minutes = minutes_between(since.accepted_s, pass.as_of_s);
            let finding = finding.lasting(minutes).with(since.people.iter().copied());
            pass.find(finding.about(items));
        }
        for (item, since) in &self.outside {
            if pass.is_long_ago(since.accepted_s) {
                self.orphan(*item, since, "has long been with somebody who holds no key", pass);
            }
        }
        Ok(())
    }
}

impl Whereabouts {
    /// What a record finds missing, and what it shows.
    fn show(&mut self, seen: &Seen<'_>) {
        let missing = seen.missing();
        // Nobody sees an item when it is taken back or passed on on paper.
        let is_on_paper = matches!(seen.body(), Body::Recall(_) | Body::Succession(_));
        let is_inventory = matches!(seen.body(), Body::Inventory(_));
        let noted = seen.noted().filter(|_| is_inventory);
        for item in seen.items().filter(|_| !is_on_paper).chain(noted) {
            self.missing.remove(&item);
        }
        for item in missing {
            self.missing.insert(item, Since::of(seen));
        }
    }

    fn pack(&mut self, seen: &Seen<'_>) {
        match seen.body() {
            Body::Pack(body) => {
                let others = seen.items().filter(|item| *item != body.container);
                self.contents.entry(body.container).or_default().extend(others);
            }
            Body::Unpack(body) => {
                if let Some(contents) = self.contents.get_mut(&body.container) {
                    seen.items().for_each(|item| {
                        contents.remove(&item);
                    });
                }
            }
            _ => {}
        }
    }

    fn give(&mut self, seen: &Seen<'_>) {
        let Body::HandoffExternal(_) = seen.body() else { return };
        let is_back = seen.signer(Role::Receiving).is_some();
        for item in seen.items() {
            match is_back {
                true => drop(self.outside.remove(&item)),
                false => drop(self.outside.insert(item, Since::of(seen))),
            }
        }
    }

    /// Whatever is in `container`, and in what is in it.
    fn orphan(&self, container: Uuid, since: &Since, what: &str, pass: &mut Pass<'_>) {
        let (mut inside, mut pending) = (BTreeSet::new(), vec![container]);
        while let Some(next) = pending.pop() {
            for item in self.contents.get(&next).into_iter().flatten() {
                if inside.insert(*item) {
                    pending.push(*item);
                }
            }
        }
        if inside.is_empty() {
            return;
        }
        let count = inside.len();
        let items = if count == 1 { "1 item is".to_owned() } else { format!("{count} items are") };
        let text = format!("{items} packed in one that {what}");
        let finding = Finding::new(Kind::OrphanedContainer, [since.entry], text);
        let minutes = minutes_between(since.accepted_s, pass.as_of_s);
        let finding = finding.lasting(minutes).with(since.people.iter().copied());
        pass.find(finding.about(inside).about([container]));
    }
}

impl Since {
    fn of(seen: &Seen<'_>) -> Self {
        Self { entry: seen.index, accepted_s: seen.accepted_s, people: seen.people() }
    }
}
