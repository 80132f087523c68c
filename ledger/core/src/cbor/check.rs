use unicode_general_category::{GeneralCategory, UNICODE_VERSION, get_general_category};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::error::{CborError, CborFault};
use super::reader::{Head, Major, Reader};

/// How deep arrays and maps may nest. A payload's deepest place is
/// map / `body` map / `agencies` array / agency map / key map = 5; the rest is room.
pub const MAX_DEPTH: usize = 16;

// Text is bound to one version of Unicode: what a later one adds stays refused.
const _: () = assert!(matches!(UNICODE_VERSION, (14, 0, 0)));

/// Checks that `input` is exactly one canonical item: RFC 8949 section 4.2.1, and in addition no
/// tags, no floats, no simple values but false, true and null, NFC text of Unicode 14.0.0 without control
/// characters, and at most [`MAX_DEPTH`] levels. One pass, no allocation for ASCII text.
///
/// # Errors
/// The first fault in reading order, with its offset.
pub fn check(input: &[u8]) -> Result<(), CborError> {
    let mut reader = Reader::new(input);
    check_item(&mut reader, MAX_DEPTH)?;
    reader.end()
}

fn check_item(reader: &mut Reader<'_>, depth: usize) -> Result<(), CborError> {
    let offset = reader.offset();
    let head = reader.head()?;
    match head.major {
        Major::Unsigned => Ok(()),
        Major::Negative if head.argument > i64::MAX as u64 => {
            Err(CborFault::OutOfRange { expected: "an integer from -2^63" }.at(offset))
        }
        Major::Negative => Ok(()),
        Major::Bytes => reader.take(head.argument).map(|_| ()),
        Major::Text => check_text(reader.take(head.argument)?, offset),
        Major::Array | Major::Map if depth == 0 => {
            Err(CborFault::TooDeep { limit: MAX_DEPTH }.at(offset))
        }
        Major::Array => (0..head.argument).try_for_each(|_| check_item(reader, depth - 1)),
        Major::Map => check_map(reader, &head, depth - 1),
        Major::Tag => Err(CborFault::Tag.at(offset)),
        Major::Simple => check_simple(&head, offset),
    }
}

fn check_map(reader: &mut Reader<'_>, head: &Head, depth: usize) -> Result<(), CborError> {
    let mut previous: Option<&[u8]> = None;
    for _ in 0..head.argument {
        let offset = reader.offset();
        check_item(reader, depth)?;
        let key = reader.since(offset);
        match previous.map(|previous| previous.cmp(key)) {
            Some(std::cmp::Ordering::Equal) => return Err(CborFault::DuplicateKey.at(offset)),
            Some(std::cmp::Ordering::Greater) => return Err(CborFault::UnsortedKeys.at(offset)),
            _ => previous = Some(key),
        }
        check_item(reader, depth)?;
    }
    Ok(())
}

fn check_simple(head: &Head, offset: usize) -> Result<(), CborError> {
    match head.info {
        20..=22 => Ok(()),
        25..=27 => Err(CborFault::Float.at(offset)),
        _ => Err(CborFault::SimpleValue.at(offset)),
    }
}

fn check_text(bytes: &[u8], offset: usize) -> Result<(), CborError> {
    let text = std::str::from_utf8(bytes).map_err(|_| CborFault::NotUtf8.at(offset))?;
    if is_plain(text) { Ok(()) } else { Err(CborFault::Text.at(offset)) }
}

/// NFC, and none of the characters that make a text read otherwise than it is stored. NFC of what Unicode
/// 14.0.0 assigns is the same in every later version, so newer tables of the normalization do no harm.
fn is_plain(text: &str) -> bool {
    if text.is_ascii() {
        return !text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\n');
    }
    let hidden = |c: char| (c.is_control() && c != '\n') || is_bidi_control(c);
    text.chars().all(|c| !hidden(c) && is_assigned(c)) && is_nfc(text)
}

/// Whether Unicode 14.0.0 gives the code point a meaning, private use included.
fn is_assigned(c: char) -> bool {
    c.is_ascii() || get_general_category(c) != GeneralCategory::Unassigned
}

fn is_nfc(text: &str) -> bool {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => true,
        IsNormalized::No => false,
        IsNormalized::Maybe => text.chars().nfc().eq(text.chars()),
    }
}

/// Unicode's Bidi_Control property.
pub(crate) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
