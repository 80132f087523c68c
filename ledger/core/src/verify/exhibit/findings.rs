//! What a reader should know besides the verdict: time, witnesses, and everything unusual.

use crate::cose::Outcome;
use crate::exhibit::Placed;
use crate::id::SubjectId;
use crate::record::body::{Body, DigestOutcome, SealOutcome};
use crate::verify::exhibit::Check;
use crate::verify::findings::{freshness_line, witnesses_line};
use crate::verify::report::{Line, LineId};

impl Check<'_> {
    pub(super) fn report_findings(&mut self) {
        self.report.add(witnesses_line(self.verified.as_ref()));
        self.report.add(freshness_line(self.verified.as_ref(), self.inputs.at_s));
        self.report_continuity();
        self.report_disputes();
        let handling = match self.contents.handling.as_slice() {
            [] => Line::not_applicable(LineId::HandlingCodes, "no handling code"),
            codes => Line::pass(LineId::HandlingCodes, codes.join(", ")),
        };
        self.report.add(handling);
        let text = "no timestamp from outside is in the exhibit";
        self.report.add(Line::not_applicable(LineId::Timestamps, text));
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
        let transit = format!("{transit_min} min on the way between release and receipt");
        let line = match (overlaps.as_slice(), late) {
            ([], 0) => Line::pass(id, format!("no overlap in the claimed times; {transit}")),
            ([], n) => Line::pass(
                id,
                format!("{n} records claim a time after the log took them in; {transit}"),
            )
            .with_code("continuity/claimed-later-than-recorded"),
            (overlaps, _) => {
                let text = format!("claimed times overlap: {}; {transit}", overlaps.join(", "));
                Line::pass(id, text).with_code("continuity/overlap")
            }
        };
        self.report.add(line);
    }

    fn report_disputes(&mut self) {
        let records = self.history(true).into_iter();
        let findings: Vec<_> =
            records.filter_map(|placed| Some((placed.index, self.unusual(placed)?))).collect();
        let rows: Vec<_> =
            findings.iter().map(|(index, what)| format!("entry {}: {what}", index.0)).collect();
        let line = match rows.as_slice() {
            [] => Line::pass(LineId::Disputes, "no correction, discrepancy or late entry"),
            rows => Line::pass(LineId::Disputes, rows.join("; ")).with_code("disputes/recorded"),
        };
        self.report.add(line);
    }

    /// What a reader should not overlook in a record.
    fn unusual(&self, placed: &Placed) -> Option<String> {
        let payload = placed.record.payload();
        let is_of_item = |outcome: &&Outcome| match payload.subjects[outcome.position].subject {
            // A record about many items says of each what was found.
            SubjectId::Item(id) => self.lineage.contains(&id),
            _ => false,
        };
        let lines = placed.record.message().signatures().iter();
        let findings: Vec<_> = lines
            .filter_map(|line| line.header.observed.as_ref())
            .flat_map(|observed| &observed.outcomes)
            .filter(is_of_item)
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
            _ => None,
        }
    }
}
