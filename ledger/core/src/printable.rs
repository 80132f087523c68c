//! Text as it may be shown: names in it come from files that others wrote. SPEC section "Report".

use crate::cbor::is_bidi_control;

/// The text on one line that reads as it is stored. A control character could move a terminal's cursor, a
/// bidirectional control turn words round, a line break pass for a line of its own: they stand escaped, as
/// `\n` or `\u{202e}`. Cost: linear.
pub fn printable(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

/// The same for text that is JSON. Its own escapes are used, so that a program reads what was stored. JSON
/// lets such characters stand in strings only, and nothing but the line breaks of its layout outside.
pub fn printable_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match is_hidden(c) && c != '\n' {
            // All of them are below U+10000, so that four digits are enough.
            true => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => text.push(c),
        }
    }
    text
}

fn is_hidden(c: char) -> bool {
    c.is_control() || is_bidi_control(c) || matches!(c, '\u{2028}' | '\u{2029}')
}
