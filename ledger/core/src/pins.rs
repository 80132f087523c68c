//! What a reader pinned: the ledger's genesis and agencies' authority keys. SPEC section "Pins".
//!
//! The list reaches the reader by another way than the exhibit; it is what ties a chain of keys to
//! people whom the reader has reason to believe in.

use std::fmt;

use thiserror::Error;

use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::key::Kid;

/// Largest list of pins in bytes: 500 lines of 44 + 1 + 64 + 1 bytes.
pub const MAX_PINS: usize = 64 * 1024;

/// Pinned genesis and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    /// SHA-256 of the ledger's entry 0.
    pub genesis: Hash,
    /// Agencies with an authority key of each; an agency may stand there with several.
    pub agencies: Vec<(Uuid, Kid)>,
}

impl Pins {
    /// Parses a list: `genesis <hex>`, then a line `<agency id> <hex thumbprint>` for every key.
    ///
    /// # Errors
    /// [`PinsError`] names the first line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, PinsError> {
        if bytes.len() > MAX_PINS {
            return Err(PinsError::Oversize { limit: MAX_PINS, actual: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| PinsError::Line { line: 1 })?;
        let body = text.strip_suffix('\n').unwrap_or(text);
        let mut lines = body.split('\n').zip(1..);
        let genesis = lines
            .next()
            .and_then(|(first, _)| Hash::from_hex(first.strip_prefix("genesis ")?))
            .ok_or(PinsError::Genesis)?;
        let mut agencies = Vec::new();
        for (text, line) in lines {
            let pin = parse_agency(text).ok_or(PinsError::Line { line })?;
            if agencies.contains(&pin) {
                return Err(PinsError::Duplicate { line });
            }
            agencies.push(pin);
        }
        Ok(Self { genesis, agencies })
    }
}

/// The list that [`Pins::parse`] reads.
impl fmt::Display for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "genesis {}", self.genesis)?;
        let mut pins = self.agencies.iter();
        pins.try_for_each(|(agency, kid)| writeln!(f, "{} {kid}", SubjectId::Agency(*agency)))
    }
}

fn parse_agency(line: &str) -> Option<(Uuid, Kid)> {
    let (id, thumbprint) = line.split_once(' ')?;
    match id.parse().ok()? {
        SubjectId::Agency(agency) => Some((agency, Kid::new(Hash::from_hex(thumbprint)?))),
        _ => None,
    }
}

/// Why a list of pins is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PinsError {
    /// The list is too long.
    #[error("{actual} bytes, at most {limit} are allowed")]
    Oversize {
        /// The limit in bytes.
        limit: usize,
        /// The size in bytes.
        actual: usize,
    },
    /// The first line is not the genesis.
    #[error("line 1 is not `genesis ` and 64 hexadecimal digits")]
    Genesis,
    /// A line is not a pin.
    #[error("line {line} is not an agency's id, a space and 64 hexadecimal digits")]
    Line {
        /// Its number, from 1.
        line: usize,
    },
    /// A pin stands there twice.
    #[error("line {line} repeats an earlier line")]
    Duplicate {
        /// Its number, from 1.
        line: usize,
    },
}

impl PinsError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Oversize { .. } => "pins/oversize",
            Self::Genesis => "pins/genesis",
            Self::Line { .. } => "pins/line",
            Self::Duplicate { .. } => "pins/duplicate",
        }
    }
}
