//! `custody-verify replay`: a published ledger from first byte to last.
//!
//! Bundles of 256 records are read, parsed and their signatures checked on all cores, and taken in order:
//! rules, index, tree. Memory: two bundles a core and two more, at most 64 MiB of records (one bundle where
//! it is larger) and five times that when parsed; what [`Replayer`] keeps for each subject; the names of
//! partial files of earlier checkpoints.

mod bundle;
mod levels;
mod listing;
mod pipeline;
mod queue;
mod split;

use custody_core::checkpoint::{Checkpoint, CheckpointError};
use custody_core::id::{IdError, Origin};
use custody_core::merkle::TreeHead;
use custody_core::note::MAX_NOTE_LEN;
use custody_core::verify::replay::{Claims, Replayer};
use custody_core::verify::{Line, LineId, Outcome, Report, Status, error_text};
use serde::Serialize;

use crate::arguments::ReplayOptions;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::input::{self, Anchors};
use crate::output::Answer;
use crate::published::Published;
use listing::Listing;
use pipeline::Findings;

/// Strays that are named in the text; `--json` has all that are kept.
const SHOWN_STRAYS: usize = 20;

/// What a replay adds to its report.
#[derive(Debug, Serialize)]
struct Details {
    violations: Vec<Finding>,
    /// Violations that were found and are not listed, because there are too many.
    more_violations: u64,
    /// Files that do not belong to the checkpoint's tree.
    stray: Vec<String>,
}

/// Replays a published directory.
pub fn run(options: &ReplayOptions) -> Result<Answer, Failure> {
    let anchors = Anchors::read(&options.trust)?;
    let note = input::read_beyond(&options.directory.join("checkpoint"), MAX_NOTE_LEN)?;
    let checkpoint = match Checkpoint::parse(&note) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Ok(refused(&error, options.trust.json)),
    };
    let Ok(origin) = checkpoint.origin().as_str().parse::<Origin>() else {
        let origin = checkpoint.origin().as_str().to_owned();
        let source = IdError::Origin { origin };
        return Ok(refused_with("id/origin", &error_text(&source), options.trust.json));
    };
    let listing = Listing::walk(&options.directory, checkpoint.size())?;
    let published = Published::new(&options.directory, checkpoint.size());
    let claims = Claims {
        checkpoint: &checkpoint,
        policy: &anchors.policy,
        pins: anchors.pins.as_ref(),
        at_s: options.at.map(|at| at.utc_s),
    };
    let (replayer, findings) = pipeline::replay(&published, &listing, &checkpoint, origin)?;
    Ok(conclude(&replayer, findings, &claims, listing, options.trust.json))
}

fn conclude(
    replayer: &Replayer,
    mut findings: Findings,
    claims: &Claims<'_>,
    listing: Listing,
    is_json: bool,
) -> Answer {
    let mut outcome = replayer.conclude(claims);
    for line in outcome.report.lines().iter().filter(|line| line.status == Status::Fail) {
        if !findings.list.iter().any(|finding| finding.code == line.code) {
            findings.add(of_line(line, claims, replayer.head()));
        }
    }
    for finding in &findings.list {
        outcome.report.add(finding.to_line());
    }
    let stray = listing.stray;
    let details = Details { violations: findings.list, more_violations: findings.dropped, stray };
    let lines = details.lines();
    Answer::of_outcome(&outcome, is_json, details, lines)
}

/// A failure that belongs to no entry and to no file but the checkpoint.
fn of_line(line: &Line, claims: &Claims<'_>, computed: TreeHead) -> Finding {
    let (expected, found) = match line.id {
        LineId::Inclusion => (claims.checkpoint.tree_head().to_string(), computed.to_string()),
        LineId::Checkpoint => ("both signatures of the log".to_owned(), line.text.clone()),
        LineId::Witnesses => ("the policy's quorum".to_owned(), line.text.clone()),
        LineId::AgenciesPinned => ("the pinned keys".to_owned(), line.text.clone()),
        _ => ("a check that passes".to_owned(), line.text.clone()),
    };
    let finding = Finding::of_file("checkpoint", line.id, &line.code).with(expected, found);
    Finding { text: line.text.clone(), ..finding }
}

fn refused(error: &CheckpointError, is_json: bool) -> Answer {
    refused_with(error.code(), &error_text(error), is_json)
}

fn refused_with(code: &str, text: &str, is_json: bool) -> Answer {
    let mut report = Report::new();
    let finding =
        Finding::of_file("checkpoint", LineId::Checkpoint, code).with("a checkpoint", text);
    report.add(finding.to_line());
    let outcome = Outcome { origin: None, size: None, item: None, report };
    let details = Details { violations: vec![finding], more_violations: 0, stray: Vec::new() };
    let lines = details.lines();
    Answer::of_outcome(&outcome, is_json, details, lines)
}

impl Details {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.violations.is_empty() {
            let count = self.violations.len() as u64 + self.more_violations;
            lines.extend([String::new(), format!("violations: {count}")]);
        }
        lines.extend(self.violations.iter().map(|finding| format!("  {finding}")));
        if self.more_violations > 0 {
            lines.push(format!("  and {} more", self.more_violations));
        }
        if !self.stray.is_empty() {
            let count = self.stray.len();
            lines.extend([String::new(), format!("not part of the checkpoint's tree: {count}")]);
        }
        lines.extend(self.stray.iter().take(SHOWN_STRAYS).map(|name| format!("  {name}")));
        if self.stray.len() > SHOWN_STRAYS {
            lines.push(format!("  and {} more", self.stray.len() - SHOWN_STRAYS));
        }
        lines
    }
}
