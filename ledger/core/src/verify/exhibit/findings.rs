//! What a reader should know besides the verdict: time, witnesses, and everything unusual.

use std::collections::{BTreeMap, BTreeSet};

use crate::cose::Outcome;
use crate::exhibit::Placed;
use crate::hash::Hash;
use crate::id::SubjectId;
use crate::record::Payload;
use crate::record::body::{
    Body, BreakReason, CarrierEvent, DigestOutcome, HandlingCode, SealOutcome,
};
use crate::verify::exhibit::Check;
use crate::verify::findings::{freshness_line, witnesses_line};
use crate::verify::report::{Line, LineId};

impl Check<'_> {
    pub(super) fn report_findings(&mut self) {
        self.report.add(witnesses_line(self.verified.as_ref()));
        self.report.add(freshness_line(self.verified.as_ref(), self.inputs.at_s));
        self.report_continuity();
        self.report_disputes();
        self.report_handling();
        self.report_timestamps();
    }

    /// The codes that the records set for the item are among those that the exhibit carries.
    fn report_handling(&mut self) {
        let id = LineId::HandlingCodes;
        let listed = self.contents.handling.as_slice();
        let mut in_force = BTreeSet::new();
        for item in &self.lineage.items {
            let codes = self.chain(&SubjectId::Notes(*item)).iter().rev();
            let newest = codes.filter_map(|placed| match &placed.record.payload().body {
                Body::Handling(body) => Some(&body.codes),
                _ => None,
            });
            in_force.extend(newest.take(1).flatten().map(HandlingCode::as_str));
        }
        let hidden = in_force.iter().find(|code| !listed.iter().any(|known| known == **code));
        let line = match (hidden, listed) {
            (Some(code), _) => {
                let text = format!("the records set {code}, which the exhibit does not carry");
                Line::fail(id, "handling/not-carried", text)
            }
            (None, []) => Line::not_applicable(id, "no handling code"),
            (None, codes) => Line::pass(id, codes.join(", ")),
        };
        self.report.add(line);
    }

    /// Tokens of time-stamping authorities are carried; this version does not look into them.
    fn report_timestamps(&mut self) {
        let id = LineId::Timestamps;
        let is_anchor = |placed: &&Placed| matches!(placed.record.payload().body, Body::Anchor(_));
        let line = match self.contents.records.iter().filter(is_anchor).count() {
            0 => Line::not_applicable(id, "no timestamp from outside is in the exhibit"),
            n => {
                let text = format!("{n} timestamps from outside are here and were not verified");
                Line::not_checked(id, "timestamps/not-verified", text)
            }
        };
        self.report.add(line);
    }

    /// Gaps and overlaps between consecutive records of custody, by the times that people claimed.
    fn report_continuity(&mut self) {
        let id = LineId::Continuity;
        let (mut overlaps, mut transit_min, mut late) = (Vec::new(), 0, 0);
        for item in &self.lineage.items {
            for pair in self.chain(&SubjectId::Item(*item)).windows(2) {
                let [before, after] = [pair[0], pair[1]].map(|placed| placed.record.payload());
                let (start_s, end_s) = (before.occurred.utc_s, after.occurred.utc_s);
                if end_s < start_s {
                    let minutes = (start_s - end_s).div_ceil(60);
                    overlaps.push(format!("entry {} by {minutes} min", pair[1].index.0));
                } else if matches!(before.body, Body::Release(_)) {
                    transit_min += (end_s - start_s) / 60;
                }
            }
        }
        for placed in self.history(false) {
            late += usize::from(placed.record.payload().occurred.utc_s > placed.accepted_ms / 1000);
        }
        let (overdue, asserted) = (self.overdue(), self.asserted());
        let parts = [
            (!overlaps.is_empty()).then(|| {
                ("continuity/overlap", format!("claimed times overlap: {}", overlaps.join(", ")))
            }),
            (late > 0).then(|| {
                let text = format!("{late} records claim a time after the log took them in");
                ("continuity/claimed-later-than-recorded", text)
            }),
            (!overdue.is_empty()).then(|| {
                let text = format!("received after the time expected: {}", overdue.join(", "));
                ("continuity/overdue", text)
            }),
            (!asserted.is_empty()).then(|| {
                let text = format!(
                    "asserted by others, not witnessed here: what came before {}",
                    asserted.join(", ")
                );
                ("continuity/asserted", text)
            }),
        ];
        let transit = format!("{transit_min} min on the way between release and receipt");
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let texts: Vec<_> = parts.iter().map(|(_, text)| text.as_str()).collect();
        let line = match parts.first() {
            None => Line::pass(id, format!("no overlap in the claimed times; {transit}")),
            Some((code, _)) => {
                Line::pass(id, format!("{}; {transit}", texts.join("; "))).with_code(code)
            }
        };
        self.report.add(line);
    }

    /// Receipts of the item's history that came later than the release expected them.
    fn overdue(&self) -> Vec<String> {
        let releases = self.releases();
        let late = |placed: &Placed| {
            let payload = placed.record.payload();
            let Body::Receive(body) = &payload.body else { return None };
            let Body::Release(release) = &releases.get(&body.release)?.body else { return None };
            let late_s = payload.occurred.utc_s.checked_sub(release.expected_s?)?;
            let entry = placed.index.0;
            (late_s > 0).then(|| format!("entry {entry} by {} min", late_s.div_ceil(60)))
        };
        self.history(false).into_iter().filter_map(late).collect()
    }

    /// The releases of the item's history by their digests.
    fn releases(&self) -> BTreeMap<Hash, &Payload> {
        let records = self.history(false).into_iter();
        let releases =
            records.filter(|placed| matches!(placed.record.payload().body, Body::Release(_)));
        releases.map(|placed| (placed.record.digest(), placed.record.payload())).collect()
    }

    /// Records that take over a history from elsewhere.
    fn asserted(&self) -> Vec<String> {
        let is_asserted =
            |placed: &&Placed| matches!(placed.record.payload().body, Body::RegisterLegacy(_));
        let records = self.history(false).into_iter();
        records.filter(is_asserted).map(|placed| format!("entry {}", placed.index.0)).collect()
    }

    fn report_disputes(&mut self) {
        let releases = self.releases();
        let records = self.history(true).into_iter();
        let findings: Vec<_> = records
            .filter_map(|placed| Some((placed.index, self.unusual(placed, &releases)?)))
            .collect();
        let rows: Vec<_> =
            findings.iter().map(|(index, what)| format!("entry {}: {what}", index.0)).collect();
        let line = match rows.as_slice() {
            [] => Line::pass(LineId::Disputes, "no correction, discrepancy or late entry"),
            rows => Line::pass(LineId::Disputes, rows.join("; ")).with_code("disputes/recorded"),
        };
        self.report.add(line);
    }

    /// What a reader should not overlook in a record.
    fn unusual(&self, placed: &Placed, releases: &BTreeMap<Hash, &Payload>) -> Option<String> {
        let payload = placed.record.payload();
        let lines = placed.record.message().signatures().iter();
        let findings: Vec<_> = lines
            .filter_map(|line| line.header.observed.as_ref())
            .flat_map(|observed| &observed.outcomes)
            .filter(|outcome| self.is_of_lineage(payload, outcome))
            .map(|outcome| outcome.finding.word())
            .collect();
        if !findings.is_empty() {
            return Some(format!("the receiver found: {}", findings.join(", ")));
        }
        match &payload.body {
            Body::Refuse(body) => Some(format!("refused: {}", body.ground)),
            Body::Recall(_) => Some("recalled before receipt".to_owned()),
            Body::SealCheck(body) if body.outcome != SealOutcome::Intact => {
                Some(format!("seal {}", body.outcome))
            }
            Body::VerifyDigest(body) if body.outcome == DigestOutcome::Mismatch => {
                Some("a recomputed digest differs".to_owned())
            }
            Body::Correct(body) => Some(format!("`{}` corrected: {}", body.field, body.reason)),
            Body::LateEntry(body) => Some(format!("late entry: {}", body.reason)),
            Body::Inventory(body) => self.inventory_text(payload, &body.outcomes),
            Body::Receive(body)
                if releases.get(&body.release).is_some_and(|sent| sent.to != payload.to) =>
            {
                Some("received by a substitute".to_owned())
            }
            Body::Consume(_) if self.is_taken_under_hold(placed) => {
                Some("used up while it was to be kept".to_owned())
            }
            Body::Split(_) if self.is_taken_under_hold(placed) => {
                Some("split while it was to be kept".to_owned())
            }
            body => said_text(body),
        }
    }

    /// Whether a hold was open on what a record takes from.
    fn is_taken_under_hold(&self, placed: &Placed) -> bool {
        let payload = placed.record.payload();
        let item = match &payload.body {
            Body::Split(body) => Some(body.parent),
            _ => payload.subjects.first().and_then(|link| link.subject.item()),
        };
        let Some(item) = item else { return false };
        let mut open = BTreeSet::new();
        let notes = self.chain(&SubjectId::Notes(item)).iter();
        for said in notes.filter(|said| said.index < placed.index) {
            match &said.record.payload().body {
                Body::HoldSet(_) => drop(open.insert(said.record.digest())),
                Body::HoldRelease(body) => drop(open.remove(&body.hold)),
                _ => {}
            }
        }
        !open.is_empty()
    }

    fn inventory_text(&self, payload: &Payload, outcomes: &[Outcome]) -> Option<String> {
        let found: Vec<_> = outcomes
            .iter()
            .filter(|outcome| self.is_of_lineage(payload, outcome))
            .map(|outcome| outcome.finding.word())
            .collect();
        (!found.is_empty()).then(|| format!("the inventory found: {}", found.join(", ")))
    }

    /// A record about many items says of each what was found.
    fn is_of_lineage(&self, payload: &Payload, outcome: &Outcome) -> bool {
        let subject = payload.subjects.get(outcome.position).map(|link| &link.subject);
        subject.and_then(SubjectId::about_item).is_some_and(|item| self.lineage.contains(&item))
    }
}

/// What a reader should not overlook in what is said about an item.
fn said_text(body: &Body) -> Option<String> {
    Some(match body {
        Body::SealBreak(body) if body.reason == BreakReason::Accident => {
            "seal broken by accident".to_owned()
        }
        Body::CarrierScan(body)
            if matches!(body.event, CarrierEvent::Delayed | CarrierEvent::Exception) =>
        {
            format!("on the way: {}", body.event)
        }
        Body::Discrepancy(body) => format!("discrepancy: {}", body.kind),
        Body::Dispute(body) => format!("disputed: {}", body.ground),
        Body::DisputeResponse(_) => "a dispute was answered".to_owned(),
        Body::DisputeResolution(body) => format!("a dispute ended: {}", body.outcome),
        _ => return None,
    })
}
