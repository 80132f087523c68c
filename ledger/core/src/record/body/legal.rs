use std::fmt;
use std::str::FromStr;

use crate::cbor::{CborError, Reader, Value};
use crate::hash::Hash;
use crate::id::Uuid;
use crate::record::body::part::{AgencyId, Code, Digest, Number, Part, Time, body};
use crate::record::body::{
    CourtStatus, DiscloseBasis, DisputeGround, DisputeOutcome, HoldBasis, OnwardUse,
};
use crate::record::error::RecordError;

/// Handling codes of one item, at most.
const MAX_CODES: usize = 8;
/// Longest handling code in bytes.
const MAX_CODE: usize = 64;

body! {
    /// Says that an exhibit was given to somebody. Who, is the sealed field `recipient`.
    Disclose {
        /// Size of the tree that the exhibit stands on.
        size: u64 = required "size" as Number,
        /// On what basis.
        basis: DiscloseBasis = required "basis" as Code,
        /// SHA-256 of the exhibit's file.
        exhibit: Hash = required "exhibit" as Digest,
        /// The permission, where a handling code asks for one: digest of an `authorise-onward`.
        permission: Hash = optional "permission" as Digest,
    }
}

body! {
    /// What became of an item in court. The court's mark is the sealed field `mark`.
    CourtExhibit {
        /// What became of it.
        status: CourtStatus = required "status" as Code,
    }
}

body! {
    /// Says that items must be kept. By whose authority, is the sealed field `authority`.
    HoldSet {
        /// On what basis.
        basis: HoldBasis = required "basis" as Code,
    }
}

body! {
    /// Ends a hold. By whose authority, is the sealed field `authority`.
    HoldRelease {
        /// Digest of the `hold-set`.
        hold: Hash = required "hold" as Digest,
    }
}

body! {
    /// Disputes what a record says. How, is the sealed field `text`.
    Dispute {
        /// What is disputed.
        ground: DisputeGround = required "ground" as Code,
        /// Digest of the record.
        record: Hash = required "record" as Digest,
    }
}

body! {
    /// Answers a dispute. How, is the sealed field `text`.
    DisputeResponse {
        /// Digest of the `dispute`.
        dispute: Hash = required "dispute" as Digest,
    }
}

body! {
    /// Ends a dispute. Why so, is the sealed field `text`.
    DisputeResolution {
        /// Digest of the `dispute`.
        dispute: Hash = required "dispute" as Digest,
        /// How.
        outcome: DisputeOutcome = required "outcome" as Code,
    }
}

body! {
    /// Permits what needs the permission of the agency that an item came from. By whose authority, is
    /// the sealed field `authority`.
    AuthoriseOnward {
        /// To which agency, where the item itself may go.
        to: Uuid = optional "to" as AgencyId,
        /// What is permitted.
        usage: OnwardUse = required "use" as Code,
        /// Until when: seconds since 1970.
        until_s: u64 = optional "until" as Time,
    }
}

/// How an item and what is known of it may be used: a code of Europol or of TLP 2.0, or a national
/// marking: two letters of the country, a colon, and its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HandlingCode(String);

/// The codes that are no national text.
const KNOWN_CODES: [&str; 9] =
    ["H0", "H1", "H2", "H3", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:CLEAR", "TLP:GREEN", "TLP:RED"];

impl HandlingCode {
    /// The code as it is signed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HandlingCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_national = |text: &str| match text.split_at_checked(3) {
            Some((country, rest)) => {
                country.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
                    && country.ends_with(':')
                    && !rest.is_empty()
                    && !rest.contains('\n')
            }
            None => false,
        };
        match text.len() <= MAX_CODE && (KNOWN_CODES.contains(&text) || is_national(text)) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("expected one of: {}, or XX:TEXT", KNOWN_CODES.join(", "))),
        }
    }
}

impl fmt::Display for HandlingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Handling codes by the bytes of their text.
struct HandlingCodes;

impl Part<Vec<HandlingCode>> for HandlingCodes {
    fn encode(value: &Vec<HandlingCode>) -> Value {
        Value::array(value.iter().map(|code| Value::text(code.as_str())))
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Vec<HandlingCode>, CborError> {
        let offset = reader.offset();
        let count = reader.array(0, MAX_CODES)?;
        let code = |_| {
            let offset = reader.offset();
            reader.text()?.parse().map_err(|_| reader.out_of_range(offset, "a handling code"))
        };
        let codes = (0..count).map(code).collect::<Result<Vec<HandlingCode>, _>>()?;
        match codes.windows(2).all(|pair| pair[0] < pair[1]) {
            true => Ok(codes),
            false => Err(reader.out_of_range(offset, "handling codes in order, none twice")),
        }
    }
}

body! {
    /// Says how items may be used from now on, in place of what was said before.
    Handling {
        /// The codes, by their bytes; none lifts what was there.
        codes: Vec<HandlingCode> = required "codes" as HandlingCodes,
    }
}
