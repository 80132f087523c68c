//! What goes out: a report as text or JSON on stdout, talk on stderr, and the exit status.
//!
//! Nothing else writes anywhere. What stands in a line may be anybody's words, the name of a file or of a
//! ledger: every line is escaped here, on its way out, and so stays one line.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use custody_core::id::TRAINING_MARK;
use custody_core::printable::{printable, printable_json};
use custody_core::verify::{Line, LineId, Outcome, Report, Status, Verdict};
use serde::Serialize;

use crate::failure::Failure;

/// What a command has to say.
#[derive(Debug)]
pub struct Answer {
    text: Text,
    code: u8,
}

#[derive(Debug)]
enum Text {
    Lines(Vec<Row>),
    Json(String),
}

/// A line for people, and how the check ended that it is about.
#[derive(Debug)]
struct Row {
    text: String,
    status: Option<Status>,
}

/// A report in the form that `--json` prints.
#[derive(Debug, Serialize)]
pub struct ReportJson<'a, E: Serialize> {
    /// There only where it is true, so that it cannot be overlooked as one of many falses.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    training: bool,
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
        details: Vec<String>,
    ) -> Self {
        let verdict = outcome.report.verdict();
        let text = match is_json {
            true => Text::Json(to_json(outcome, extra)),
            false => Text::Lines(to_rows(outcome).into_iter().chain(rows(details)).collect()),
        };
        let code = match verdict {
            Verdict::Verified => 0,
            Verdict::Rejected => 1,
            _ => 2,
        };
        Self { text, code }
    }

    /// An answer that judges nothing.
    pub fn of_lines(lines: Vec<String>) -> Self {
        Self { text: Text::Lines(rows(lines).collect()), code: 0 }
    }

    /// The same as JSON.
    pub fn of_json(value: &impl Serialize) -> Self {
        Self { text: Text::Json(json_text(value)), code: 0 }
    }

    /// Writes the answer to stdout and gives the exit status. A reader that has gone away is no error.
    pub fn print(&self) -> Result<ExitCode, Failure> {
        let stdout = io::stdout().lock();
        match self.write(stdout) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Write(error)),
            _ => Ok(ExitCode::from(self.code)),
        }
    }

    fn write(&self, out: impl Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        let is_coloured = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        match &self.text {
            Text::Json(text) => out.write_all(printable_json(text).as_bytes())?,
            Text::Lines(rows) => {
                rows.iter().try_for_each(|row| row.write(&mut out, is_coloured))?;
            }
        }
        out.flush()
    }
}

impl Row {
    fn write(&self, out: &mut impl Write, is_coloured: bool) -> io::Result<()> {
        let text = printable(&self.text);
        match self.status.filter(|_| is_coloured) {
            Some(status) => writeln!(out, "{}{text}\x1b[0m", colour(status)),
            None => writeln!(out, "{text}"),
        }
    }
}

/// Says something beside the result: a line on stderr. With stderr gone there is nobody to tell.
pub fn talk(text: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

fn rows(lines: Vec<String>) -> impl Iterator<Item = Row> {
    lines.into_iter().map(|text| Row { text, status: None })
}

/// Pretty JSON with a newline at its end.
fn json_text(value: &impl Serialize) -> String {
    // Serialising fails on maps with keys that are not text, which none of ours have.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn to_json<E: Serialize>(outcome: &Outcome, extra: E) -> String {
    let lines = outcome.report.lines().iter().map(line_json).collect();
    json_text(&ReportJson {
        training: outcome.is_training(),
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

fn to_rows(outcome: &Outcome) -> Vec<Row> {
    let mut lines = mark(outcome.is_training());
    lines.push(sentence(&outcome.report));
    lines.extend(outcome.origin.as_ref().map(|origin| format!("ledger   {origin}")));
    lines.extend(outcome.size.map(|size| format!("size     {size}")));
    lines.extend(outcome.item.as_ref().map(|item| format!("item     {item}")));
    lines.push(String::new());
    let checks = outcome.report.lines().iter();
    let checks = checks.map(|line| Row { text: line.to_string(), status: Some(line.status) });
    rows(lines).chain(checks).collect()
}

/// The line that comes first in all that is said about a training ledger.
pub fn mark(is_training: bool) -> Vec<String> {
    is_training.then(|| TRAINING_MARK.to_owned()).into_iter().collect()
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
