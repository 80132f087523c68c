//! What a whole replay comes to: the lines of its report.

use std::collections::{BTreeMap, BTreeSet};

use super::{ReplayCounts, Replayer};
use crate::checkpoint::Checkpoint;
use crate::custody::{AgencyState, Book, Standing, Subject};
use crate::id::{SubjectId, Uuid};
use crate::pins::Pins;
use crate::policy::{Policy, Verified};
use crate::verify::findings::{accepted_line, freshness_line, witnesses_line};
use crate::verify::pin::check_pin;
use crate::verify::{Line, LineId, Outcome, Report, error_text};

/// What the replayed ledger claims to be, and what the reader brings along.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// The checkpoint that the entries belong to.
    pub checkpoint: &'a Checkpoint,
    /// The logs and witnesses that the reader trusts.
    pub policy: &'a Policy,
    /// The genesis and the agencies' keys that the reader pinned.
    pub pins: Option<&'a Pins>,
    /// The time at which the answer is asked for: seconds since 1970.
    pub at_s: Option<u64>,
}

impl Replayer {
    /// Holds the ledger, as recomputed from all of its entries, against its checkpoint and the reader's
    /// keys.
    ///
    /// Pins are not required here: the policy names the log's keys, and entry 0 is checked to name the
    /// same. Where pins are given they must fit.
    pub fn conclude(&self, claims: &Claims<'_>) -> Outcome {
        let mut report = Report::new();
        let verified = self.check_checkpoint(claims, &mut report);
        self.check_root(claims, &mut report);
        // Where the last one was accepted in time, all were.
        let accepted = accepted_line(verified.as_ref(), &[self.accepted]);
        accepted.into_iter().for_each(|line| report.add(line));
        self.check_log_keys(claims, &mut report);
        report.add(self.pins_line(claims.pins));
        for line in self.history_lines() {
            report.add(line);
        }
        report.add(self.completeness_line(claims));
        report.add(witnesses_line(verified.as_ref()));
        report.add(freshness_line(verified.as_ref(), claims.at_s));
        for (id, (count, first)) in &self.broken {
            let more = match count - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let text = format!("entry {}: {}{more}", first.index, error_text(&first.fault));
            report.add(Line::fail(*id, first.fault.code(), text).required());
        }
        Outcome {
            origin: Some(claims.checkpoint.origin().as_str().to_owned()),
            size: Some(claims.checkpoint.size()),
            item: None,
            report,
        }
    }

    fn check_checkpoint(&self, claims: &Claims<'_>, report: &mut Report) -> Option<Verified> {
        let id = LineId::Checkpoint;
        match claims.policy.verify(claims.checkpoint) {
            Ok(verified) => {
                let (origin, size) = (&verified.origin, claims.checkpoint.size());
                let text = format!("signed by the log {origin} with both of its keys, size {size}");
                report.add(Line::pass(id, text).required());
                Some(verified)
            }
            Err(error) => {
                report.add(Line::fail(id, error.code(), error_text(&error)).required());
                None
            }
        }
    }

    fn check_root(&self, claims: &Claims<'_>, report: &mut Report) {
        let id = LineId::Inclusion;
        let (expected, actual) = (*claims.checkpoint.tree_head(), self.head());
        let line = if expected.size.0 == 0 {
            Line::fail(id, "inclusion/empty-tree", "the checkpoint is of an empty tree")
        } else if actual.size < expected.size {
            let text = format!("{} of {} entries could be read", actual.size, expected.size);
            Line::fail(id, "replay/entries-missing", text)
        } else if actual != expected {
            let text = format!(
                "the entries have root {}, the checkpoint says {}",
                actual.root, expected.root
            );
            Line::fail(id, "replay/root", text)
        } else {
            Line::pass(id, format!("all {} entries lead to the checkpoint's root", expected.size))
        };
        report.add(line.required());
    }

    /// The keys that entry 0 names are the keys that signed the checkpoint.
    fn check_log_keys(&self, claims: &Claims<'_>, report: &mut Report) {
        let origin = claims.checkpoint.origin();
        let (Some(log), Some(founded)) = (claims.policy.log(origin), &self.log_keys) else {
            return;
        };
        let trusted = [log.keys().ed25519(), log.keys().mldsa44()].map(|key| key.key().encode());
        if *founded != trusted {
            let text = "the policy's keys are not those that the ledger was founded with";
            let line = Line::fail(LineId::Checkpoint, "checkpoint/log-keys-differ", text);
            report.add(line.required());
        }
    }

    /// Lines that pass unless a violation says otherwise.
    fn history_lines(&self) -> Vec<Line> {
        let counts = &self.counts;
        let ReplayCounts { records, signatures, seen, .. } = counts;
        let rules = match counts.rules_unchecked.saturating_add(self.late.open()) {
            0 => Line::pass(LineId::CustodyRules, "every rule of custody holds"),
            n => {
                let text = format!("{n} records could not be judged for want of others");
                Line::not_checked(LineId::CustodyRules, "replay/gap", text)
            }
        };
        let heads = match (seen, counts.seen_unchecked) {
            (0, _) => Line::not_applicable(LineId::Consistency, "no signer named a tree"),
            (seen, 0) => {
                let text = format!("the trees that signers saw are this one, {seen} times");
                Line::pass(LineId::Consistency, text)
            }
            (seen, n) => {
                let text = format!("{n} of {seen} trees that signers saw could not be recomputed");
                Line::not_checked(LineId::Consistency, "seen/unproved", text)
            }
        };
        let lines = [
            Line::pass(LineId::Format, format!("{records} records are well formed")),
            Line::pass(LineId::Signatures, format!("all {signatures} signatures verify")),
            self.key_line(),
            rules,
            self.both_sides_line(),
            heads,
        ];
        lines.into_iter().map(Line::required).collect()
    }

    fn both_sides_line(&self) -> Line {
        let (id, counts) = (LineId::BothSides, &self.counts);
        let ReplayCounts { handoffs, releases, receipts, one_sided, .. } = counts;
        let text = format!(
            "{handoffs} handoffs signed by both sides; {receipts} of {releases} releases received"
        );
        match (handoffs + releases, one_sided) {
            (0, 0) => Line::not_applicable(id, "nothing was ever handed over"),
            (_, 0) => Line::pass(id, text),
            (_, n) => Line::pass(id, format!("{text}; {n} with one side only"))
                .with_code("handoffs/one-side-only"),
        }
    }

    /// A replay shows whether the ledger was kept by the rules. What a compromise is worth for one item, and
    /// what witnesses saw in time, is for that item's exhibit to say.
    fn key_line(&self) -> Line {
        let id = LineId::KeyStanding;
        let compromised = self.book().compromised_keys();
        let doubtful: u64 = compromised.keys().filter_map(|kid| self.signed.get(kid)).sum();
        let text = "every key was enrolled and in use when it signed";
        match doubtful {
            0 => Line::pass(id, text),
            n => Line::pass(
                id,
                format!(
                    "{text}; {n} signatures are of keys that others may have had since some time"
                ),
            )
            .with_code("key-standing/compromised"),
        }
    }

    fn completeness_line(&self, claims: &Claims<'_>) -> Line {
        let (id, chains) = (LineId::Completeness, self.index.len());
        let missing = claims.checkpoint.size().0.saturating_sub(self.head().size.0);
        let line = match self.counts.index_unchecked.saturating_add(missing) {
            0 => {
                let text = format!(
                    "no record of any of the {chains} subjects is missing; proved by this replay"
                );
                Line::pass(id, text).with_code("completeness/proved")
            }
            n => {
                let text = format!("the index roots of {n} entries could not be recomputed");
                Line::not_checked(id, "replay/gap", text)
            }
        };
        line.required()
    }

    fn pins_line(&self, pins: Option<&Pins>) -> Line {
        let id = LineId::AgenciesPinned;
        let Some(pins) = pins else {
            let text = "no pinned agency keys were given: the people could be anybody";
            return Line::not_checked(id, "pins/none", text);
        };
        let line = match self.check_pins(pins) {
            Ok(count) => Line::pass(id, format!("all {count} agencies with custodians are pinned")),
            Err(line) => line,
        };
        line.required()
    }

    fn check_pins(&self, pins: &Pins) -> Result<usize, Line> {
        let id = LineId::AgenciesPinned;
        if self.genesis != Some(pins.genesis) {
            let actual = self.genesis.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
            let text =
                format!("pinned is the ledger with genesis {}, this is {actual}", pins.genesis);
            return Err(Line::fail(id, "pins/genesis-differs", text));
        }
        let agencies = agencies(self.book());
        for pin in &pins.agencies {
            check_pin(*pin, agencies.get(&pin.0).copied(), |_| None)?;
        }
        let acting = acting_agencies(self.book());
        let unpinned = acting.iter().find(|id| !pins.agencies.iter().any(|(pin, _)| pin == *id));
        match unpinned {
            Some(agency) => {
                let text = format!("{} is not pinned", SubjectId::Agency(*agency));
                Err(Line::not_checked(id, "pins/not-pinned", text))
            }
            None => Ok(acting.len()),
        }
    }
}

fn agencies(book: &Book) -> BTreeMap<Uuid, &AgencyState> {
    let mut agencies = BTreeMap::new();
    for (id, subject) in book.subjects() {
        if let (SubjectId::Agency(id), Standing::Agency(state)) = (id, &subject.standing) {
            agencies.insert(*id, state);
        }
    }
    agencies
}

/// The agencies for which somebody was enrolled, and so could act.
fn acting_agencies(book: &Book) -> BTreeSet<Uuid> {
    let agency = |(_, subject): (&SubjectId, &Subject)| match &subject.standing {
        Standing::Custodian(custodian) => Some(custodian.agency),
        _ => None,
    };
    book.subjects().filter_map(agency).collect()
}
