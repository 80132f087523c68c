//! An offer as lines of text, each small enough for one QR code. SPEC section "Offer files".
//!
//! Digits, upper-case letters, `-` and `/` only: QR codes pack those most tightly, and no scanner, mail
//! program or clipboard changes them. A line is `CUSTODY-OFFER-1/PART/COUNT/DIGEST/DATA`.

use custody_core::hash::{Hash, sha256};
use data_encoding::BASE32_NOPAD;
use thiserror::Error;

use crate::number::parse_number;

/// What each line begins with.
pub const PREFIX: &str = "CUSTODY-OFFER-1/";
/// Bytes of the file in each part but the last. A line then has at most 16 + 3 + 3 + 53 + 640 characters,
/// which fit QR version 17 at level M, of 85 x 85 modules.
const PART: usize = 400;
/// Most parts: what somebody can be asked to scan.
const MAX_PARTS: usize = 99;
/// Largest offer in parts, in bytes.
pub const MAX_BYTES: usize = PART * MAX_PARTS;
/// Largest text of scanned parts in bytes: 99 lines of 716 bytes, each up to three times.
pub const MAX_SCANNED: u64 = 99 * 716 * 3;

/// Why lines are not an offer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OfferPartError {
    /// The offer is too large for QR codes.
    #[error("the offer has {actual} bytes, QR codes carry at most {limit}")]
    Oversize {
        /// The limit in bytes.
        limit: usize,
        /// The size in bytes.
        actual: usize,
    },
    /// A line is not a part.
    #[error("line {line} is not a part of an offer")]
    Line {
        /// Its number, from 1.
        line: usize,
    },
    /// A line is of another offer than the first, or says something else than its double.
    #[error("line {line} is part of another offer than those before")]
    Mixed {
        /// Its number, from 1.
        line: usize,
    },
    /// Parts are missing.
    #[error("{} missing", parts_text(parts, *count))]
    Missing {
        /// Their numbers, from 1.
        parts: Vec<usize>,
        /// How many there should be.
        count: usize,
    },
    /// The parts together are not what was written.
    #[error("the parts do not add up to the offer that they name")]
    Digest,
}

impl OfferPartError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Oversize { .. } => "offer-part/oversize",
            Self::Line { .. } => "offer-part/line",
            Self::Mixed { .. } => "offer-part/mixed",
            Self::Missing { .. } => "offer-part/missing",
            Self::Digest => "offer-part/digest",
        }
    }
}

/// One line, taken apart.
struct Part {
    number: usize,
    count: usize,
    digest: Hash,
    data: Vec<u8>,
}

/// The lines of an offer file, in order.
///
/// # Errors
/// [`OfferPartError::Oversize`].
pub fn format_parts(file: &[u8]) -> Result<Vec<String>, OfferPartError> {
    if file.len() > MAX_BYTES {
        return Err(OfferPartError::Oversize { limit: MAX_BYTES, actual: file.len() });
    }
    let digest = BASE32_NOPAD.encode(sha256(file).as_bytes());
    let parts = file.chunks(PART);
    let count = parts.len();
    let line = |(at, part): (usize, &[u8])| {
        format!("{PREFIX}{}/{count}/{digest}/{}", at + 1, BASE32_NOPAD.encode(part))
    };
    Ok(parts.enumerate().map(line).collect())
}

/// The offer file whose parts are the lines of `text`, in any order. Empty lines, white space around a line
/// and parts that were scanned twice do not matter.
///
/// # Errors
/// [`OfferPartError`] names the first line that does not fit, or the parts that are missing.
pub fn parse_parts(text: &str) -> Result<Vec<u8>, OfferPartError> {
    let mut known: Vec<Option<Vec<u8>>> = Vec::new();
    let mut whole = None;
    for (content, line) in text.lines().map(str::trim).zip(1..).filter(|(line, _)| !line.is_empty())
    {
        let part = parse_part(content).ok_or(OfferPartError::Line { line })?;
        let expected = *whole.get_or_insert((part.count, part.digest));
        if (part.count, part.digest) != expected {
            return Err(OfferPartError::Mixed { line });
        }
        // A number is at most the count, and the count is that of the first line.
        known.resize(expected.0, None);
        match &mut known[part.number - 1] {
            Some(data) if *data != part.data => return Err(OfferPartError::Mixed { line }),
            place => *place = Some(part.data),
        }
    }
    let Some((count, digest)) = whole else { return Err(OfferPartError::Line { line: 1 }) };
    let missing = (1..).zip(&known).filter(|(_, part)| part.is_none()).map(|(number, _)| number);
    let parts: Vec<usize> = missing.collect();
    if !parts.is_empty() {
        return Err(OfferPartError::Missing { parts, count });
    }
    let file: Vec<u8> = known.into_iter().flatten().flatten().collect();
    if sha256(&file) == digest { Ok(file) } else { Err(OfferPartError::Digest) }
}

fn parse_part(line: &str) -> Option<Part> {
    let fields: Vec<_> = line.strip_prefix(PREFIX)?.split('/').collect();
    let [number, count, digest, data] = fields.as_slice() else { return None };
    let (number, count) = (part_number(number)?, part_number(count)?);
    let digest: [u8; Hash::LEN] = decode(digest)?.try_into().ok()?;
    let data = decode(data)?;
    let is_length = match number == count {
        true => (1..=PART).contains(&data.len()),
        false => data.len() == PART,
    };
    let part = Part { number, count, digest: Hash::new(digest), data };
    (number <= count && is_length).then_some(part)
}

/// 1 to 99.
fn part_number(text: &str) -> Option<usize> {
    let number = usize::try_from(parse_number(text)?).ok()?;
    (1..=MAX_PARTS).contains(&number).then_some(number)
}

/// RFC 4648 base32 without padding, upper case, unused bits zero; at most one part's worth.
fn decode(text: &str) -> Option<Vec<u8>> {
    let is_short = text.len() <= BASE32_NOPAD.encode_len(PART);
    BASE32_NOPAD.decode(text.as_bytes()).ok().filter(|_| is_short)
}

fn parts_text(parts: &[usize], count: usize) -> String {
    let numbers: Vec<_> = parts.iter().map(usize::to_string).collect();
    let (word, verb) = if parts.len() == 1 { ("part", "is") } else { ("parts", "are") };
    format!("{word} {} of {count} {verb}", numbers.join(", "))
}
