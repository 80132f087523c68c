//! Label ids: an item's id as people read it off a label and type it. SPEC section "Label ids".
//!
//! The id's 32 hexadecimal digits in groups of four, then two check characters after ISO/IEC 7064,
//! MOD 1271-36: every single wrong character is noticed, every swap of two neighbours, and all but one
//! in 1,271 of whatever else goes wrong.

use custody_core::id::{SubjectId, Uuid};
use thiserror::Error;

/// Digits of an id.
const DIGITS: usize = 32;
/// Characters of a group.
const GROUP: usize = 4;
const MODULUS: u32 = 1271;
const RADIX: u32 = 36;
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Why a text is not a label id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LabelIdError {
    /// Not eight groups of four hexadecimal digits and one of two characters.
    #[error(
        "`{text}` is not a label id: eight groups of four hexadecimal digits, then two characters"
    )]
    Form {
        /// The text.
        text: String,
    },
    /// The check characters are those of another id.
    #[error("`{text}` does not fit its check characters: it was misread or mistyped")]
    Check {
        /// The text.
        text: String,
    },
}

impl LabelIdError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "label-id/form",
            Self::Check { .. } => "label-id/check",
        }
    }
}

/// The nine groups of `item`'s label id; a hyphen goes between them.
pub fn format_label_id(item: Uuid) -> Vec<String> {
    let digits = digits_of(item);
    let groups = digits.as_bytes().chunks(GROUP);
    let groups = groups.map(|group| String::from_utf8_lossy(group).into_owned());
    groups.chain([check_characters(digits.as_bytes())]).collect()
}

/// The item that a label id names, whatever its case, with hyphens or spaces between the groups, or with
/// nothing. `None` where `text` is no label id but something else: an id, or the beginning of one.
///
/// # Errors
/// [`LabelIdError`].
pub fn parse_label_id(text: &str) -> Option<Result<Uuid, LabelIdError>> {
    let groups: Vec<_> = text.split(['-', ' ']).collect();
    let is_whole = groups.len() == 1 && text.len() == DIGITS + 2;
    // An id's first hyphen stands after eight digits.
    let is_grouped = groups.len() > 1 && groups[0].len() == GROUP;
    (is_whole || is_grouped).then(|| parse_groups(text, &groups))
}

fn parse_groups(text: &str, groups: &[&str]) -> Result<Uuid, LabelIdError> {
    let text = text.to_owned();
    let (lengths, joined) = (groups.iter().map(|group| group.len()), groups.concat());
    let is_split = lengths.eq([GROUP; DIGITS / GROUP].into_iter().chain([2])) || groups.len() == 1;
    let joined = joined.to_ascii_uppercase().into_bytes();
    let is_plain = joined.len() == DIGITS + 2 && joined.iter().all(u8::is_ascii_alphanumeric);
    if !is_split || !is_plain || !joined[..DIGITS].iter().all(u8::is_ascii_hexdigit) {
        return Err(LabelIdError::Form { text });
    }
    let (digits, check) = joined.split_at(DIGITS);
    if check_characters(digits).as_bytes() != check {
        return Err(LabelIdError::Check { text });
    }
    item_of(&String::from_utf8_lossy(digits)).ok_or(LabelIdError::Form { text })
}

/// MOD 1271-36, pure system. `characters` are digits and upper-case letters.
fn check_characters(characters: &[u8]) -> String {
    let value = |byte: u8| char::from(byte).to_digit(RADIX).unwrap_or_default();
    // P = ((P + a) x 36) mod 1271, for every character and once more for the second check character.
    let step = |sum: u32, byte: &u8| (sum + value(*byte)) * RADIX % MODULUS;
    let sum = characters.iter().fold(0, step) * RADIX % MODULUS;
    // The whole, check characters included, is 1 mod 1271.
    let check = (MODULUS + 1 - sum) % MODULUS;
    [check / RADIX, check % RADIX]
        .map(|place| char::from(ALPHABET[place as usize]))
        .iter()
        .collect()
}

fn digits_of(item: Uuid) -> String {
    item.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
}

fn item_of(digits: &str) -> Option<Uuid> {
    let [a, b, c, d, e] = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    let id = format!("item:{a}-{b}-{c}-{d}-{e}").to_lowercase();
    match id.parse() {
        Ok(SubjectId::Item(item)) => Some(item),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn item() -> Uuid {
        item_of("0F3C1A2B3C4D4E5F8A9B0C1D2E3F4A5B").unwrap()
    }

    fn code(text: &str) -> &'static str {
        parse_label_id(text).unwrap().unwrap_err().code()
    }

    /// The standard's own example for MOD 1271-36.
    #[test]
    fn check_characters_are_those_of_iso_7064() {
        assert_eq!(check_characters(b"ISO79"), "3W");
    }

    #[test]
    fn a_label_id_is_read_back_in_every_dress() {
        let text = format_label_id(item()).join("-");
        assert_eq!(text, "0F3C-1A2B-3C4D-4E5F-8A9B-0C1D-2E3F-4A5B-03");
        for text in
            [text.clone(), text.to_lowercase(), text.replace('-', " "), text.replace('-', "")]
        {
            assert_eq!(parse_label_id(&text), Some(Ok(item())), "{text}");
        }
    }

    /// Every character replaced by every other, and every two neighbours swapped.
    #[test]
    fn no_wrong_character_and_no_swap_goes_unnoticed() {
        let text = format_label_id(item()).concat().into_bytes();
        let mut count = 0;
        let mut refuse = |changed: &[u8]| {
            if changed != text {
                let changed = String::from_utf8(changed.to_vec()).unwrap();
                assert!(parse_label_id(&changed).unwrap().is_err(), "{changed}");
                count += 1;
            }
        };
        for at in 0..text.len() {
            for other in ALPHABET {
                let mut changed = text.clone();
                changed[at] = *other;
                refuse(&changed);
            }
            let mut swapped = text.clone();
            swapped.swap(at, (at + 1).min(text.len() - 1));
            refuse(&swapped);
        }
        assert!(count > 34 * 35, "{count}");
    }

    #[test]
    fn what_is_wrong_has_its_code() {
        assert_eq!(code("0F3C-1A2B-3C4D-4E5F-8A9B-0C1D-2E3F-4A5B-13"), "label-id/check");
        assert_eq!(code("8F3C-1A2B-3C4D-4E5F-8A9B-0C1D-2E3F-4A5B-03"), "label-id/check");
        assert_eq!(code("0F3C-1A2B-3C4D-4E5F-8A9B-0C1D-2E3F-4A5B"), "label-id/form");
        assert_eq!(code("0F3C-1A2B-3C4D-4E5F-8A9B-0C1D-2E3F4A5B-03"), "label-id/form");
        assert_eq!(code("GF3C-1A2B-3C4D-4E5F-8A9B-0C1D-2E3F-4A5B-03"), "label-id/form");
        assert_eq!(code("0F3C-1A2B"), "label-id/form");
    }

    #[test]
    fn ids_and_their_beginnings_are_left_alone() {
        for text in ["0f3c", "0f3c1a2b-3c", "0f3c1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b", "xyz", ""] {
            assert_eq!(parse_label_id(text), None, "{text}");
        }
    }
}
