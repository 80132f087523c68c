//! Names for what differs from run to run: ids, digests, times, check words.

use std::collections::HashMap;
use std::path::Path;

/// Replaces what differs from run to run by names, and names in commands by what they stand for.
///
/// A UUID, label id or digest gets the name it was given in advance, or a number in the order of appearance. The
/// programs have no switch for time or randomness: they are run as their users run them.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    is_on: bool,
    names: HashMap<String, String>,
    kept: Vec<String>,
    folder: Option<String>,
}

/// How long a match at the beginning of a text is, if there is one.
type Matcher = fn(&str) -> Option<usize>;

impl Masks {
    /// Nothing differs.
    pub fn none() -> Self {
        Self::default()
    }

    /// `names` holds values and what they are called.
    pub fn named(names: impl IntoIterator<Item = (String, String)>) -> Self {
        let names = names.into_iter().map(|(value, name)| (value, format!("<{name}>"))).collect();
        Self { is_on: true, names, ..Self::default() }
    }

    /// The same where the commands run in `folder`, which is called so.
    #[must_use]
    pub fn in_folder(self, folder: &Path) -> Self {
        let folder = folder.canonicalize().expect("the folder is there");
        Self { folder: Some(folder.display().to_string()), ..self }
    }

    /// Times that a command names are no secret later.
    pub fn keep_times(&mut self, command: &str) {
        let words = command.split([' ', '\'', '=']).filter(|word| match_time(word).is_some());
        self.kept.extend(words.map(str::to_owned));
    }

    /// The command with values for names.
    pub fn reveal(&self, command: &str) -> String {
        let mut command = command.to_owned();
        for (value, name) in &self.names {
            command = command.replace(name, value);
        }
        command
    }

    /// The text with names for values.
    pub fn hide(&mut self, text: &str) -> String {
        if !self.is_on {
            return text.to_owned();
        }
        let text = match &self.folder {
            Some(folder) => text.replace(folder, "<folder>"),
            None => text.to_owned(),
        };
        let mut lines: Vec<_> = text.lines().map(|line| self.hide_line(line) + "\n").collect();
        // A record has its items in the order of their ids, which are random.
        let is_item = |line: &String| line.trim_start().starts_with("about: item:");
        for run in lines.chunk_by_mut(|left, right| is_item(left) && is_item(right)) {
            run.sort();
        }
        lines.concat()
    }

    fn hide_line(&mut self, line: &str) -> String {
        let (mut hidden, mut rest) = (String::new(), line);
        while let Some(first) = rest.chars().next() {
            let is_inside = hidden.ends_with(|c: char| c.is_ascii_alphanumeric());
            match self.match_any(rest).filter(|_| !is_inside || first == '+') {
                Some((length, name)) => {
                    hidden.push_str(&name);
                    rest = &rest[length..];
                }
                None => {
                    hidden.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        hidden
    }

    fn match_any(&mut self, rest: &str) -> Option<(usize, String)> {
        let numbered: [(Matcher, &str); 3] =
            [(match_label_id, "label"), (match_uuid, "id"), (match_digest, "digest")];
        for (matcher, kind) in numbered {
            if let Some(length) = matcher(rest) {
                return Some((length, self.name(&rest[..length], kind)));
            }
        }
        let fixed: [(Matcher, &str); 6] = [
            (match_backup, "<backup>"),
            (match_bytes, "<bytes>"),
            (match_time, "<time>"),
            (match_words, "<words>"),
            (match_span, "<span>"),
            (match_verifier_key, "<key>"),
        ];
        for (matcher, name) in fixed {
            if let Some(length) = matcher(rest).filter(|length| !self.is_kept(&rest[..*length])) {
                return Some((length, name.to_owned()));
            }
        }
        None
    }

    fn is_kept(&self, value: &str) -> bool {
        self.kept.iter().any(|kept| kept == value)
    }

    fn name(&mut self, value: &str, kind: &str) -> String {
        let prefix = format!("<{kind}-");
        let count = self.names.values().filter(|name| name.starts_with(&prefix)).count();
        let name = || format!("{prefix}{}>", count + 1);
        self.names.entry(value.to_owned()).or_insert_with(name).clone()
    }
}

fn match_uuid(text: &str) -> Option<usize> {
    let id = text.get(..36)?;
    let is_fine = |(position, byte): (usize, u8)| match position {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => is_hex(byte),
    };
    id.bytes().enumerate().all(is_fine).then_some(36)
}

/// Eight groups of four digits and one of two check characters.
fn match_label_id(text: &str) -> Option<usize> {
    let label = text.get(..42)?;
    let is_fine = |(position, byte): (usize, u8)| match position {
        40 | 41 => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        _ if position % 5 == 4 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'A'..=b'F'),
    };
    label.bytes().enumerate().all(is_fine).then_some(42)
}

fn match_digest(text: &str) -> Option<usize> {
    text.get(..64).filter(|digest| digest.bytes().all(is_hex)).map(str::len)
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// RFC 3339, to the second.
fn match_time(text: &str) -> Option<usize> {
    let has_form = |text: &str, form: &str| {
        let fits =
            |(byte, form)| if form == b'0' { u8::is_ascii_digit(&byte) } else { byte == form };
        text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
    };
    let length = "0000-00-00T00:00:00".len();
    text.get(..length).filter(|time| has_form(time, "0000-00-00T00:00:00"))?;
    let zone = &text[length..];
    let has_offset = |form| zone.get(..6).is_some_and(|zone| has_form(zone, form));
    match zone.starts_with('Z') {
        true => Some(length + 1),
        false => (has_offset("+00:00") || has_offset("-00:00")).then_some(length + 6),
    }
}

/// A backup's name: the time in its short form, a size, 16 digits of a root.
fn match_backup(text: &str) -> Option<usize> {
    let time = text.get(..16)?;
    let fits =
        |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    time.bytes().zip(*b"00000000T000000Z").all(fits).then_some(())?;
    let size = text[16..].strip_prefix('-')?.split_once('-')?.0;
    let root = text.get(18 + size.len()..34 + size.len())?;
    let is_one = size.bytes().all(|byte| byte.is_ascii_digit()) && root.bytes().all(is_hex);
    is_one.then_some(34 + size.len())
}

/// How large files are that a store makes as it sees fit.
fn match_bytes(text: &str) -> Option<usize> {
    let end = text.find(" bytes copied, ")?;
    let linked = text[end + 15..].find(" linked")?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (number(&text[..end]) && number(&text[end + 15..][..linked])).then_some(end + 15 + linked)
}

/// Five check words or more.
fn match_words(text: &str) -> Option<usize> {
    let is_word = |word: &&str| {
        let fits = |(position, byte): (usize, u8)| {
            let letters: &[u8] = if position % 2 == 0 { b"bdfghjklmnprstvz" } else { b"aeio" };
            letters.contains(&byte)
        };
        word.len() == 5 && word.bytes().enumerate().all(fits)
    };
    let count = text.split(' ').take_while(is_word).count();
    (count >= 5).then(|| count * 6 - 1)
}

/// What follows the name in a verifier key: `+`, an id of eight digits, `+`, base64.
fn match_verifier_key(text: &str) -> Option<usize> {
    let id = text.strip_prefix('+')?.get(..8).filter(|id| id.bytes().all(is_hex))?;
    let key = text[1 + id.len()..].strip_prefix('+')?;
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    Some(2 + id.len() + key.find(|c| !is_base64(c)).unwrap_or(key.len()))
}

/// A time span of two units.
fn match_span(text: &str) -> Option<usize> {
    let words: Vec<_> = text.splitn(5, ' ').collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    match words.as_slice() {
        [first, unit, second, smaller, ..]
            if is_number(first)
                && is_number(second)
                && matches!((*unit, *smaller), ("d", "h") | ("h", "min")) =>
        {
            Some(words[..4].iter().map(|word| word.len()).sum::<usize>() + 3)
        }
        _ => None,
    }
}
