//! What goes to stdout: a report as text or JSON, and the exit status that goes with it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;

use custody_core::verify::{Line, LineId, Outcome, Report, Status, Verdict};
use serde::Serialize;

use crate::failure::Failure;

/// What a command has to say.
#[derive(Debug)]
pub struct Answer {
    text: String,
    code: u8,
}

/// A report in the form that `--json` prints.
#[derive(Debug, Serialize)]
pub struct ReportJson<'a, E: Serialize> {
    verdict: &'static str,
    origin: Option<&'a str>,
    size: Option<u64>,
    item: Option<String>,
    lines: Vec<LineJson<'a>>,
    /// What the command adds to the report.
    #[serde(flatten)]
    extra: E,
}

#[derive(Debug, Serialize)]
struct LineJson<'a> {
    id: &'static str,
    status: &'static str,
    code: &'a str,
    text: &'a str,
}

/// For commands that add nothing to the report.
#[derive(Debug, Default, Serialize)]
pub struct Nothing {}

impl Answer {
    /// The answer of a verification. `extra` is added to the JSON, `details` follow the text.
    pub fn of_outcome<E: Serialize>(
        outcome: &Outcome,
        is_json: bool,
        extra: E,
        details: &str,
    ) -> Self {
        let verdict = outcome.report.verdict();
        let text = match is_json {
            true => to_json(outcome, extra),
            false => format!("{}{details}", to_text(outcome)),
        };
        let code = match verdict {
            Verdict::Verified => 0,
            Verdict::Rejected => 1,
            _ => 2,
        };
        Self { text, code }
    }

    /// An answer that judges nothing.
    pub fn of_text(text: String) -> Self {
        Self { text, code: 0 }
    }

    /// Writes the answer to stdout and gives the exit status.
    pub fn print(&self) -> Result<ExitCode, Failure> {
        print(&self.text)?;
        Ok(ExitCode::from(self.code))
    }
}

/// Writes to stdout. A reader that has gone away is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Write(error)),
        _ => Ok(()),
    }
}

/// Pretty JSON with a newline at its end.
pub fn json_text(value: &impl Serialize) -> String {
    // Serialising fails on maps with keys that are not text, which none of ours have.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn to_json<E: Serialize>(outcome: &Outcome, extra: E) -> String {
    let lines = outcome.report.lines().iter().map(line_json).collect();
    json_text(&ReportJson {
        verdict: outcome.report.verdict().word(),
        origin: outcome.origin.as_deref(),
        size: outcome.size.map(|size| size.0),
        item: outcome.item.as_ref().map(ToString::to_string),
        lines,
        extra,
    })
}

fn line_json(line: &Line) -> LineJson<'_> {
    LineJson { id: line.id.word(), status: line.status.word(), code: &line.code, text: &line.text }
}

fn to_text(outcome: &Outcome) -> String {
    let mut text = format!("{}\n", sentence(&outcome.report));
    if let Some(origin) = &outcome.origin {
        let _ = writeln!(text, "ledger   {origin}");
    }
    if let Some(size) = outcome.size {
        let _ = writeln!(text, "size     {size}");
    }
    if let Some(item) = &outcome.item {
        let _ = writeln!(text, "item     {item}");
    }
    text.push('\n');
    let is_coloured = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for line in outcome.report.lines() {
        match is_coloured {
            true => {
                let _ = writeln!(text, "{}{line}\x1b[0m", colour(line.status));
            }
            false => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

fn colour(status: Status) -> &'static str {
    match status {
        Status::Pass => "\x1b[32m",
        Status::Fail => "\x1b[31m",
        Status::NotChecked => "\x1b[33m",
        _ => "\x1b[2m",
    }
}

/// The verdict in a sentence, which always names the grade of completeness where there is one, and says of
/// a receipt how little it shows.
fn sentence(report: &Report) -> String {
    let is_of_receipt = |line: &Line| line.code == "receipt/no-key-history";
    match report.verdict() {
        Verdict::Verified if report.lines().iter().any(is_of_receipt) => {
            "verified: the record stands in the log's tree; its signatures were not checked"
                .to_owned()
        }
        Verdict::Verified => match grade(report) {
            Some(grade) => {
                format!("verified: every required check passed; completeness is {grade}")
            }
            None => "verified: every required check passed".to_owned(),
        },
        Verdict::Rejected => {
            format!("rejected: {}", names(report, |line| line.status == Status::Fail))
        }
        _ => {
            let is_open = |line: &Line| line.is_required && line.status == Status::NotChecked;
            format!("could not check: {}", names(report, is_open))
        }
    }
}

fn grade(report: &Report) -> Option<&'static str> {
    let line = report.lines().iter().find(|line| line.id == LineId::Completeness)?;
    match line.code.as_str() {
        "completeness/proved" => Some("proved by this replay"),
        "completeness/attested" => Some("attested by witnesses who replayed the ledger"),
        "completeness/asserted" => Some("asserted by the log alone"),
        _ => None,
    }
}

fn names(report: &Report, is_meant: impl Fn(&Line) -> bool) -> String {
    let lines = report.lines().iter().filter(|line| is_meant(line));
    lines.map(|line| line.id.word()).collect::<Vec<_>>().join(", ")
}
