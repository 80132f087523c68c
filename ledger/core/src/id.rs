//! Names of the things that have a history: SPEC section "Subject ids".

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::hash::hex_digit;
use crate::index::SubjectKey;

/// A version 4 UUID: 122 random bits, so that an id tells nothing about what it names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// Makes an id of 16 random bytes; the six bits that RFC 9562 section 5.4 fixes are overwritten.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// The 16 bytes, from which [`Uuid::from_random`] makes the same id again.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for Uuid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        decode_uuid(text.as_bytes()).ok_or_else(|| IdError::Malformed { id: excerpt(text) })
    }
}

/// Where hyphens stand in the text of a UUID, RFC 9562 section 4.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Length of the text of a UUID.
const UUID_TEXT_LEN: usize = 36;

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

fn decode_uuid(text: &[u8]) -> Option<Uuid> {
    if text.len() != UUID_TEXT_LEN || HYPHENS.iter().any(|&at| text[at] != b'-') {
        return None;
    }
    let mut bytes = [0; 16];
    // Groups have even lengths, so a pair of digits never spans a hyphen.
    let groups = text.split(|&byte| byte == b'-');
    let pairs = groups.flat_map(|group| group.chunks_exact(2));
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    // Version 4 and the variant: the bits that `from_random` sets are set already.
    (Uuid::from_random(bytes).0 == bytes).then_some(Uuid(bytes))
}

impl Uuid {
    /// The text, in ASCII.
    fn to_text(self) -> [u8; UUID_TEXT_LEN] {
        let mut text = [b'-'; UUID_TEXT_LEN];
        let mut at = 0;
        for byte in self.0 {
            at += usize::from(HYPHENS.contains(&at));
            text[at] = HEX_DIGITS[usize::from(byte >> 4)];
            text[at + 1] = HEX_DIGITS[usize::from(byte & 0x0f)];
            at += 2;
        }
        text
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.to_text()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of a ledger: 1 to 255 bytes of printable ASCII without space and `+`
/// (C2SP tlog-checkpoint; the bound is the one-byte length in an ML-DSA-44 cosignature).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// How the origin of every training ledger begins, and no other ledger's: so each of its checkpoints,
/// records and receipts shows by itself that it is no evidence.
pub const TRAINING_ORIGIN: &str = "training-not-evidence/";

/// What everything that is said about a training ledger begins with.
pub const TRAINING_MARK: &str = "TRAINING - NOT EVIDENCE";

/// Whether a ledger's name, from wherever it was read, is that of a training ledger.
pub fn names_training(origin: &str) -> bool {
    origin.starts_with(TRAINING_ORIGIN)
}

impl Origin {
    /// Whether this is the name of a training ledger.
    pub fn is_training(&self) -> bool {
        names_training(&self.0)
    }

    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = (1..=255).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+') {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Origin { origin: excerpt(text) })
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Anything with a chain of records of its own.
///
/// The variants stand in the order of their text, so that `Ord` is the order of the ids' bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectId {
    /// An agency: its authority and recovery keys.
    Agency(Uuid),
    /// A person who handles evidence: the agency they work for and their key.
    Custodian(Uuid),
    /// The custody of an item of evidence.
    Item(Uuid),
    /// The ledger itself: its founding and the list of its agencies.
    Ledger(Origin),
    /// Everything said about an item that is not custody.
    Notes(Uuid),
    /// A request for mutual legal assistance.
    Request(Uuid),
}

impl SubjectId {
    /// The item, if this is the custody of one.
    pub fn item(&self) -> Option<Uuid> {
        match self {
            Self::Item(id) => Some(*id),
            _ => None,
        }
    }

    /// The item, if this is its custody or its notes.
    pub fn about_item(&self) -> Option<Uuid> {
        match self {
            Self::Item(id) | Self::Notes(id) => Some(*id),
            _ => None,
        }
    }

    /// The subject's key in the custody index.
    pub fn key(&self) -> SubjectKey {
        SubjectKey::of(&self.to_string())
    }
}

impl FromStr for SubjectId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.split_once(':') {
            Some(("agency", id)) => id.parse().map(Self::Agency),
            Some(("custodian", id)) => id.parse().map(Self::Custodian),
            Some(("item", id)) => id.parse().map(Self::Item),
            Some(("ledger", origin)) => origin.parse().map(Self::Ledger),
            Some(("notes", id)) => id.parse().map(Self::Notes),
            Some(("request", id)) => id.parse().map(Self::Request),
            _ => Err(IdError::Malformed { id: excerpt(text) }),
        }
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agency(id) => write!(f, "agency:{id}"),
            Self::Custodian(id) => write!(f, "custodian:{id}"),
            Self::Item(id) => write!(f, "item:{id}"),
            Self::Ledger(origin) => write!(f, "ledger:{origin}"),
            Self::Notes(id) => write!(f, "notes:{id}"),
            Self::Request(id) => write!(f, "request:{id}"),
        }
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdError {
    /// Not a kind, a colon and a lower-case version 4 UUID.
    #[error("`{id}` is not a subject id")]
    Malformed {
        /// The text, shortened.
        id: String,
    },
    /// Not an origin.
    #[error(
        "`{origin}` is not an origin (1 to 255 printable ASCII characters without space and `+`)"
    )]
    Origin {
        /// The text, shortened.
        origin: String,
    },
}

impl IdError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "id/malformed",
            Self::Origin { .. } => "id/origin",
        }
    }
}

/// The first 60 characters, escaped: enough to recognise a text that may be hostile.
fn excerpt(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_default).collect()
}
