//! What is wrong with a published ledger, in the form in which it is printed.

use custody_core::verify::replay::Violation;
use custody_core::verify::{Line, LineId, error_text};
use serde::Serialize;

/// One violation.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The entry, where it is about one.
    pub index: Option<u64>,
    /// The file, or what it holds.
    pub object: String,
    /// The line of the report that fails with it.
    #[serde(serialize_with = "line_word")]
    pub line: LineId,
    /// The stable code.
    pub code: String,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
    /// The whole in a sentence.
    pub text: String,
}

impl Finding {
    /// A finding about a file.
    pub fn of_file(object: impl ToString, line: LineId, code: &str) -> Self {
        Self {
            index: None,
            object: object.to_string(),
            line,
            code: code.to_owned(),
            expected: String::new(),
            found: String::new(),
            text: String::new(),
        }
    }

    /// The same about one entry.
    pub fn at(mut self, index: u64) -> Self {
        self.index = Some(index);
        self
    }

    /// The same with what should stand there and what does.
    pub fn with(mut self, expected: impl ToString, found: impl ToString) -> Self {
        self.expected = expected.to_string();
        self.found = found.to_string();
        self.text = format!("`{}` has {}, expected {}", self.object, self.found, self.expected);
        self
    }

    /// The line of a report that this fails.
    pub fn to_line(&self) -> Line {
        let place = self.index.map_or_else(String::new, |index| format!("entry {index}: "));
        Line::fail(self.line, &self.code, format!("{place}{}", self.text)).required()
    }
}

impl From<Violation> for Finding {
    fn from(violation: Violation) -> Self {
        let fault = &violation.fault;
        Self {
            index: Some(violation.index.0),
            object: format!("entry {}", violation.index),
            line: fault.line(),
            code: fault.code().to_owned(),
            expected: fault.expected(),
            found: fault.found(),
            text: error_text(fault),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            Some(index) => write!(f, "entry {index}: ")?,
            None => write!(f, "{}: ", self.object)?,
        }
        write!(f, "{} [{}]", self.text, self.code)
    }
}

fn line_word<S: serde::Serializer>(line: &LineId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(line.word())
}
