use std::fmt;

use crate::code::codes;
use crate::printable::printable;

codes! {
    /// The lines of a report, in the order in which they are printed.
    pub enum LineId {
        /// The file is what it should be, byte for byte.
        Format = "format",
        /// The checkpoint has both signatures of the log.
        Checkpoint = "checkpoint",
        /// The exporter's manifest covers the file.
        Manifest = "manifest",
        /// Evidence files have the digests that were recorded.
        EvidenceFiles = "evidence-files",
        /// Every signature verifies.
        Signatures = "signatures",
        /// Every key was entitled to sign.
        KeyStanding = "key-standing",
        /// The keys are those that the reader pinned.
        AgenciesPinned = "agencies-pinned",
        /// Every handoff has the signatures of both sides.
        BothSides = "both-sides-signed",
        /// Every rule of custody holds.
        CustodyRules = "custody-rules",
        /// Gaps and overlaps in the claimed times.
        Continuity = "continuity",
        /// Every record is in the log's tree.
        Inclusion = "inclusion",
        /// The tree is consistent with other checkpoints that the reader holds.
        Consistency = "consistency",
        /// No record of the item is missing up to the checkpoint.
        Completeness = "completeness",
        /// As of when the answer holds.
        Freshness = "freshness",
        /// Witnesses cosigned the checkpoint.
        Witnesses = "witnesses",
        /// Timestamps from outside.
        Timestamps = "timestamps",
        /// What is withheld.
        Redactions = "redactions",
        /// Handling codes.
        HandlingCodes = "handling-codes",
        /// Open disputes, discrepancies and corrections.
        Disputes = "disputes",
    }
}

codes! {
    /// How a check ended.
    pub enum Status {
        /// It was made and holds.
        Pass = "pass",
        /// It was made and does not hold.
        Fail = "fail",
        /// It could not be made.
        NotChecked = "not-checked",
        /// There is nothing for it to check.
        NotApplicable = "not-applicable",
    }
}

codes! {
    /// What a report comes to.
    pub enum Verdict {
        /// Every required line passed.
        Verified = "verified",
        /// A check failed.
        Rejected = "rejected",
        /// No check failed, but a required one could not be made.
        CouldNotCheck = "could-not-check",
    }
}

/// One check and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which check.
    pub id: LineId,
    /// How it ended.
    pub status: Status,
    /// The stable code of the reason; `ok` where there is none to give.
    pub code: String,
    /// The same in English.
    pub text: String,
    /// Whether the verdict needs this line.
    pub is_required: bool,
}

/// What was checked, line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// A report without lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line; a line that stands already keeps the worse of the two results, so that no later
    /// success can hide a failure.
    pub fn add(&mut self, line: Line) {
        let severity = |status| match status {
            Status::NotApplicable => 0,
            Status::Pass => 1,
            Status::NotChecked => 2,
            Status::Fail => 3,
        };
        match self.lines.iter_mut().find(|known| known.id == line.id) {
            Some(known) => {
                let is_required = known.is_required || line.is_required;
                if severity(line.status) > severity(known.status) {
                    *known = line;
                }
                known.is_required = is_required;
            }
            None => {
                self.lines.push(line);
                self.lines.sort_by_key(|line| line.id);
            }
        }
    }

    /// The lines, in the order of [`LineId`].
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The verdict: never better than the weakest required line, and rejected where anything failed.
    pub fn verdict(&self) -> Verdict {
        let has = |status| self.lines.iter().any(|line| line.status == status);
        let is_open = |line: &Line| line.is_required && line.status == Status::NotChecked;
        if has(Status::Fail) {
            Verdict::Rejected
        } else if self.lines.is_empty() || self.lines.iter().any(is_open) {
            Verdict::CouldNotCheck
        } else {
            Verdict::Verified
        }
    }
}

impl Line {
    /// A check that was made and holds.
    pub fn pass(id: LineId, text: impl Into<String>) -> Self {
        Self::new(id, Status::Pass, "ok", text)
    }

    /// A check that was made and does not hold.
    pub fn fail(id: LineId, code: &str, text: impl Into<String>) -> Self {
        Self::new(id, Status::Fail, code, text)
    }

    /// A check that could not be made.
    pub fn not_checked(id: LineId, code: &str, text: impl Into<String>) -> Self {
        Self::new(id, Status::NotChecked, code, text)
    }

    /// A check that has nothing to look at.
    pub fn not_applicable(id: LineId, text: impl Into<String>) -> Self {
        Self::new(id, Status::NotApplicable, "nothing-to-check", text)
    }

    /// The same line, needed by the verdict.
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// The same line with another code: a pass that has something to point at.
    pub fn with_code(mut self, code: &str) -> Self {
        self.code = code.to_owned();
        self
    }

    fn new(id: LineId, status: Status, code: &str, text: impl Into<String>) -> Self {
        let text = printable(&text.into());
        Self { id, status, code: code.to_owned(), text, is_required: false }
    }
}

/// One line of plain text.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<14} {:<18} {}", self.status.word(), self.id.word(), self.text)?;
        match self.code.as_str() {
            "ok" | "nothing-to-check" => Ok(()),
            code => write!(f, " [{code}]"),
        }
    }
}
