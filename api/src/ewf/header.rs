//! What a header states: lines of text, of which the third names fields and the fourth has their values.

use std::collections::BTreeMap;

use custody_core::cbor::{self, Value};

use super::error::EwfError;
use crate::moment::Moment;

/// In which section a header stands. The later one says more, and is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// One byte for each character.
    Header,
    /// UTF-16 with a byte order mark.
    Header2,
}

/// The headers of an image: each is written several times over.
#[derive(Default)]
pub(super) struct Headers(BTreeMap<Kind, Vec<u8>>);

/// What a header states about the acquisition: somebody's words, protected by nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquisition {
    fields: BTreeMap<String, String>,
}

/// The fields that have a name of ours, in the order in which they are shown.
const NAMES: [(&str, &str); 11] = [
    ("c", "case number"),
    ("n", "evidence number"),
    ("a", "description"),
    ("e", "examiner"),
    ("t", "notes"),
    ("m", "acquired"),
    ("u", "system time"),
    ("av", "tool version"),
    ("ov", "operating system"),
    ("md", "model"),
    ("sn", "serial number"),
];

impl Headers {
    pub fn add(&mut self, kind: Kind, text: Vec<u8>) -> Result<(), EwfError> {
        match self.0.get(&kind) {
            Some(known) if *known != text => {
                Err(EwfError::Contradiction { what: "the acquisition" })
            }
            _ => {
                self.0.insert(kind, text);
                Ok(())
            }
        }
    }
}

impl Acquisition {
    pub(super) fn of(headers: &Headers) -> Result<Self, EwfError> {
        let (kind, bytes) = headers.0.iter().next_back().ok_or(EwfError::missing("header"))?;
        let text = match kind {
            // Which code page it is, the file does not say. All agree below 128.
            Kind::Header => bytes.iter().copied().map(char::from).collect(),
            Kind::Header2 => utf16(bytes)?,
        };
        Self::parse(&text)
    }

    /// The lines: how many categories, `main`, names of fields, their values.
    fn parse(text: &str) -> Result<Self, EwfError> {
        let wrong = |what| EwfError::Header { what };
        let text = text.trim_end_matches('\0');
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        if !lines.next().is_some_and(|count| ["1", "2", "3"].contains(&count)) {
            return Err(wrong("its first line is not a number of categories"));
        }
        if lines.next() != Some("main") {
            return Err(wrong("its category is not `main`"));
        }
        let names: Vec<_> = lines.next().unwrap_or_default().split('\t').collect();
        let values: Vec<_> = lines.next().unwrap_or_default().split('\t').collect();
        if values.len() > names.len() {
            return Err(wrong("it has more values than names"));
        }
        let mut fields = BTreeMap::new();
        for (name, value) in names.into_iter().zip(values) {
            let is_name =
                (1..=8).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
            if !is_name {
                return Err(wrong("a field's name is not one"));
            }
            if fields.insert(name.to_owned(), recordable(value)).is_some() {
                return Err(wrong("it has a field twice"));
            }
        }
        Ok(Self { fields })
    }

    /// The value of the field that the format calls `code`, unless it is empty.
    pub fn field(&self, code: &str) -> Option<&str> {
        self.fields.get(code).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Names and values, in a fixed order; fields without a name of ours under their code.
    pub fn facts(&self) -> impl Iterator<Item = (&str, String)> {
        let known = NAMES.iter().filter_map(|(code, name)| Some((*name, self.value(code)?)));
        let is_known = |code: &str| NAMES.iter().any(|(known, _)| *known == code);
        let others = self.fields.keys().filter(move |code| !is_known(code));
        let others = others.filter_map(|code| Some((code.as_str(), self.value(code)?)));
        known.chain(others)
    }

    fn value(&self, code: &str) -> Option<String> {
        let value = self.field(code)?;
        let time = if ["m", "u"].contains(&code) { time(value) } else { None };
        Some(time.unwrap_or_else(|| value.to_owned()))
    }
}

/// Seconds since 1970, or six numbers of some clock whose zone the file does not say.
fn time(value: &str) -> Option<String> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers: Vec<_> = value.split(' ').collect();
    match numbers.as_slice() {
        [seconds] if is_number(seconds) => {
            let seconds = seconds.parse().ok().filter(|seconds| *seconds <= 253_402_300_799)?;
            Some(Moment::utc(seconds).to_string())
        }
        [year, month, day, hour, minute, second] if numbers.iter().all(|text| is_number(text)) => {
            Some(format!(
                "{year}-{month:0>2}-{day:0>2} {hour:0>2}:{minute:0>2}:{second:0>2}, no zone stated"
            ))
        }
        _ => None,
    }
}

fn utf16(bytes: &[u8]) -> Result<String, EwfError> {
    let wrong = EwfError::Header { what: "it is not UTF-16 with a byte order mark" };
    let Some(bytes) = bytes.strip_prefix(&[0xff, 0xfe]).filter(|bytes| bytes.len() % 2 == 0) else {
        return Err(wrong);
    };
    let units: Vec<_> =
        bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).map_err(|_| wrong)
}

/// The text as a record can hold it: what it cannot hold stands escaped, as `\u{7}`.
pub(crate) fn recordable(text: &str) -> String {
    match cbor::check(&Value::text(text).encode()) {
        Ok(()) => text.to_owned(),
        Err(_) => text.escape_default().to_string(),
    }
}
