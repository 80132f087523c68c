//! Agency cards: what an agency hands to those who found a ledger with it, or admit it to one.
//!
//! Five lines of text. A card is not signed and need not be: the agency signs the record that is made
//! from it, with both of the keys on it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::cbor::{Value, check};
use custody_core::id::{SubjectId, Uuid};
use custody_core::key::{CoseKey, KeyError};
use custody_core::record::body::Enrolment;
use thiserror::Error;

/// Largest card in bytes: a name of 200 and two keys leave most of it free.
pub const MAX_CARD: u64 = 4096;

/// Why a text is not an agency card.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CardError {
    /// A line is missing, stands elsewhere or has another form.
    #[error("line {line} is not `{expected}`")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A key is not usable.
    #[error("line {line} has a key that is refused")]
    Key {
        /// Its number, from 1.
        line: usize,
        /// Why.
        #[source]
        source: KeyError,
    },
}

impl CardError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Line { .. } => "agency-card/line",
            Self::Key { source, .. } => source.code(),
        }
    }
}

/// The card of an agency.
pub fn format_card(agency: &Enrolment) -> String {
    let key = |key: &CoseKey| STANDARD.encode(key.as_bytes());
    format!(
        "id {}\nname {}\ncountry {}\nauthority {}\nrecovery {}\n",
        SubjectId::Agency(agency.id),
        agency.name,
        agency.country,
        key(&agency.key),
        key(&agency.recovery)
    )
}

/// Reads a card.
///
/// # Errors
/// [`CardError`] names the first line that is wrong.
pub fn parse_card(text: &str) -> Result<Enrolment, CardError> {
    let mut lines = text.lines();
    let mut next = |line: usize, label: &str, expected: &'static str| {
        let value = lines.next().and_then(|text| text.strip_prefix(label)?.strip_prefix(' '));
        value.map(str::to_owned).ok_or(CardError::Line { line, expected })
    };
    let id = parse_id(&next(1, "id", ID)?).ok_or(CardError::Line { line: 1, expected: ID })?;
    let name = next(2, "name", NAME)?;
    // What a record refuses is refused here, before anybody is shown it.
    let is_plain = check(&Value::text(name.as_str()).encode()).is_ok();
    if !(1..=200).contains(&name.len()) || !is_plain {
        return Err(CardError::Line { line: 2, expected: NAME });
    }
    let country = next(3, "country", COUNTRY)?;
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(CardError::Line { line: 3, expected: COUNTRY });
    }
    let key = parse_key(4, &next(4, "authority", AUTHORITY)?, AUTHORITY)?;
    let recovery = parse_key(5, &next(5, "recovery", RECOVERY)?, RECOVERY)?;
    Ok(Enrolment { id, key, name, country, recovery })
}

const ID: &str = "id agency:...";
const NAME: &str = "name ..., 1 to 200 bytes of plain text";
const COUNTRY: &str = "country XX, ISO 3166-1 alpha-2";
const AUTHORITY: &str = "authority ..., 32 bytes in base64";
const RECOVERY: &str = "recovery ..., 32 bytes in base64";

fn parse_id(text: &str) -> Option<Uuid> {
    match text.parse() {
        Ok(SubjectId::Agency(id)) => Some(id),
        _ => None,
    }
}

fn parse_key(line: usize, text: &str, expected: &'static str) -> Result<CoseKey, CardError> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let bytes = bytes.ok_or(CardError::Line { line, expected })?;
    CoseKey::from_bytes(&bytes).map_err(|source| CardError::Key { line, source })
}
