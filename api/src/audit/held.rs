//! What was taken from items that somebody wanted kept.

use std::collections::HashMap;

use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::record::body::Body;

use super::finding::{Finding, Kind};
use super::seen::Seen;
use super::{Look, Pass};
use crate::failure::Failure;

/// The holds that are open on each item: their entries and digests, oldest first.
#[derive(Default)]
pub struct Holds(HashMap<Uuid, Vec<(u64, Hash)>>);

impl Look for Holds {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::TakenUnderHold]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        match seen.body() {
            Body::HoldSet(_) => {
                for item in seen.noted() {
                    self.0.entry(item).or_default().push((seen.index, seen.digest()));
                }
            }
            Body::HoldRelease(body) => {
                for item in seen.noted() {
                    let open = self.0.entry(item).or_default();
                    open.retain(|(_, hold)| *hold != body.hold);
                    if open.is_empty() {
                        self.0.remove(&item);
                    }
                }
            }
            Body::Consume(_) => {
                seen.items().for_each(|item| self.taken(item, "used up", seen, pass));
            }
            Body::Split(body) => self.taken(body.parent, "split", seen, pass),
            _ => {}
        }
        Ok(())
    }
}

impl Holds {
    fn taken(&self, item: Uuid, how: &str, seen: &Seen<'_>, pass: &mut Pass<'_>) {
        let Some(open) = self.0.get(&item) else { return };
        let entries = open.iter().map(|(entry, _)| *entry).chain([seen.index]);
        let text = format!("an item was {how}, or some of it, while it was to be kept");
        let finding = Finding::new(Kind::TakenUnderHold, entries, text);
        pass.find(finding.about([item]).with(seen.people()));
    }
}
