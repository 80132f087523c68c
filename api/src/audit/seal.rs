//! Seals: how they were found, and whether the number read is one that was put on.

use std::collections::HashMap;
use std::rc::Rc;

use custody_core::cose::Finding as Found;
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::record::body::{Body, SealOutcome};

use super::finding::{Finding, Kind};
use super::seen::Seen;
use super::{Look, Pass};
use crate::failure::Failure;

/// Seals of one item that are remembered: more than that many are on nothing at once.
const MAX_SEALS: usize = 16;

/// The seals that are on each item, oldest first.
#[derive(Default)]
pub struct Seals {
    on: HashMap<Uuid, Vec<Seal>>,
}

/// A seal that was put on. Its number is opened when somebody looks at a seal of the item.
#[derive(Clone)]
struct Seal {
    entry: u64,
    record: Hash,
    number: Number,
}

#[derive(Clone)]
enum Number {
    Unopened,
    Known(Rc<str>),
    NotKept,
}

impl Look for Seals {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::SealMismatch]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        match seen.body() {
            Body::Seal(_) => self.put_on(seen),
            Body::SealCheck(body) if body.outcome == SealOutcome::Intact => {
                self.compare(seen, pass)?
            }
            Body::SealCheck(body) => {
                let text = format!("a seal was found {}", found_word(body.outcome));
                let finding = Finding::new(Kind::SealMismatch, [seen.index], text);
                pass.find(finding.about(seen.items()).with(seen.people()));
            }
            Body::SealBreak(_) => self.take_off(seen, pass)?,
            _ => {}
        }
        let mismatched = seen.outcomes().into_iter();
        let mut mismatched =
            mismatched.filter(|(_, found)| *found == Found::SealMismatch).peekable();
        if mismatched.peek().is_some() {
            let text = "a receiver found that the seal is not the one announced";
            let finding = Finding::new(Kind::SealMismatch, [seen.index], text);
            pass.find(finding.about(mismatched.map(|(item, _)| item)).with(seen.people()));
        }
        Ok(())
    }
}

fn found_word(outcome: SealOutcome) -> &'static str {
    match outcome {
        SealOutcome::Mismatch => "with another number",
        other => other.word(),
    }
}

impl Seals {
    fn put_on(&mut self, seen: &Seen<'_>) {
        for item in seen.items() {
            let seals = self.on.entry(item).or_default();
            let (entry, record) = (seen.index, seen.digest());
            seals.push(Seal { entry, record, number: Number::Unopened });
            if seals.len() > MAX_SEALS {
                seals.remove(0);
            }
        }
    }

    /// The number read at an intact seal must be one that was put on.
    fn compare(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        if seen.payload().commitment("seal").is_none() {
            return Ok(());
        }
        let mut read = None;
        let (mut others, mut entries, mut is_unknown) = (Vec::new(), vec![seen.index], false);
        for item in seen.items() {
            let Some(seals) = self.on.get_mut(&item).filter(|seals| !seals.is_empty()) else {
                continue;
            };
            if read.is_none() {
                read = number(&seen.digest(), pass)?;
            }
            for seal in seals.iter_mut() {
                seal.open(pass)?;
            }
            let is_on = |seal: &Seal| matches!((&seal.number, &read), (Number::Known(on), Some(read)) if on == read);
            if seals.iter().any(is_on) {
                continue;
            }
            if read.is_none() || seals.iter().any(|seal| matches!(seal.number, Number::NotKept)) {
                is_unknown = true;
                continue;
            }
            entries.extend(seals.last().map(|seal| seal.entry));
            others.push(item);
        }
        pass.unread.seals += u64::from(is_unknown);
        if !others.is_empty() {
            let text = "the number read at a seal is not that of a seal that was put on";
            let finding = Finding::new(Kind::SealMismatch, entries, text);
            pass.find(finding.about(others).with(seen.people()));
        }
        Ok(())
    }

    /// The seal of this number comes off; all of them where none is named or known.
    fn take_off(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        let read = number(&seen.digest(), pass)?;
        for item in seen.items() {
            let Some(seals) = self.on.get_mut(&item) else { continue };
            if seals.len() < 2 || read.is_none() {
                seals.clear();
                continue;
            }
            for seal in seals.iter_mut() {
                seal.open(pass)?;
            }
            seals.retain(
                |seal| matches!(&seal.number, Number::Known(on) if Some(on) != read.as_ref()),
            );
        }
        Ok(())
    }
}

impl Seal {
    fn open(&mut self, pass: &Pass<'_>) -> Result<(), Failure> {
        if matches!(self.number, Number::Unopened) {
            self.number = number(&self.record, pass)?.map_or(Number::NotKept, Number::Known);
        }
        Ok(())
    }
}

/// The number that a record seals, where it is kept.
fn number(record: &Hash, pass: &Pass<'_>) -> Result<Option<Rc<str>>, Failure> {
    let opening = pass.shelf.opening(record, "seal")?;
    Ok(opening.as_ref().and_then(|opening| opening.as_text()).map(|text| text.trim().into()))
}
