//! Claimed times against each other, and against the log's.

use std::collections::{BTreeMap, HashMap};

use custody_core::id::Uuid;
use custody_core::record::body::RecordType;

use super::finding::{Finding, Kind, minutes_between};
use super::seen::Seen;
use super::{Look, Pass};
use crate::failure::Failure;

/// How far a claimed time may lie after the log's: clocks differ.
const AHEAD_S: u64 = 600;
/// How long a record may take to the ledger: 7 days.
const BEHIND_S: u64 = 7 * 86_400;

/// Each item's newest record of custody: what it claims, and its entry.
#[derive(Default)]
pub struct Overlap {
    newest: HashMap<Uuid, (u64, u64)>,
}

impl Look for Overlap {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Overlap]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        let claimed_s = seen.claimed_s();
        let mut earlier: BTreeMap<(u64, u64), Vec<Uuid>> = BTreeMap::new();
        for item in seen.items() {
            let before = self.newest.insert(item, (claimed_s, seen.index));
            if let Some((before_s, entry)) = before.filter(|(before_s, _)| *before_s > claimed_s) {
                earlier.entry((entry, before_s)).or_default().push(item);
            }
        }
        for ((entry, before_s), items) in earlier {
            let minutes = minutes_between(claimed_s, before_s);
            let text =
                format!("claims a time {minutes} minutes before that of the record before it");
            let finding = Finding::new(Kind::Overlap, [entry, seen.index], text).lasting(minutes);
            pass.find(finding.about(items).with(seen.people()));
        }
        Ok(())
    }
}

/// Every record's claimed time against when the log took it in.
#[derive(Default)]
pub struct Clocks;

impl Look for Clocks {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Clock]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        // Founders sign one after the other, for as long as that takes.
        if seen.record.record_type() == RecordType::LedgerOpen {
            return Ok(());
        }
        let (claimed_s, accepted_s) = (seen.claimed_s(), seen.accepted_s);
        let (minutes, words) = if claimed_s.saturating_sub(accepted_s) > AHEAD_S {
            (minutes_between(accepted_s, claimed_s), "after the log took it in")
        } else if accepted_s.saturating_sub(claimed_s) > BEHIND_S {
            (minutes_between(claimed_s, accepted_s), "before the log took it in")
        } else {
            return Ok(());
        };
        let text = format!("claims a time {minutes} minutes {words}");
        let finding = Finding::new(Kind::Clock, [seen.index], text).lasting(minutes);
        pass.find(finding.about(seen.about()).with(seen.people()));
        Ok(())
    }
}
