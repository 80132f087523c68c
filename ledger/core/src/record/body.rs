//! What each type of record says. SPEC section "Record types" has the same text as CDDL.

mod codes;
mod item;
mod notes;
mod registry;

pub use codes::*;
pub use item::*;
pub use notes::*;
pub use registry::*;

use crate::cbor::{Reader, Value};
use crate::code::codes;
use crate::key::CoseKey;
use crate::record::error::RecordError;

codes! {
    /// The types of records.
    pub enum RecordType {
        /// Founds the ledger: entry 0.
        LedgerOpen = "ledger-open",
        /// Admits an agency.
        AgencyEnrol = "agency-enrol",
        /// Enrols a custodian with their key.
        CustodianEnrol = "custodian-enrol",
        /// Replaces a key.
        KeyRotate = "key-rotate",
        /// Ends a key.
        KeyRevoke = "key-revoke",
        /// Ends a key and says since when others may have had it.
        KeyCompromised = "key-compromised",
        /// Takes an item of evidence into custody.
        Collect = "collect",
        /// Puts a seal on.
        Seal = "seal",
        /// Looks at a seal.
        SealCheck = "seal-check",
        /// Hands over from hand to hand.
        Handoff = "handoff",
        /// Sends on the way.
        Release = "release",
        /// Takes over what was on the way.
        Receive = "receive",
        /// Does not take over.
        Refuse = "refuse",
        /// Takes back what is still on the way.
        Recall = "recall",
        /// Makes a new item out of one.
        Derive = "derive",
        /// Recomputes a digest.
        VerifyDigest = "verify-digest",
        /// Corrects a field of an earlier record.
        Correct = "correct",
        /// Keeps a record that came too late to take its place.
        LateEntry = "late-entry",
        /// Remarks.
        Note = "note",
        /// Ends an item.
        Dispose = "dispose",
    }
}

/// Declares the sum of all bodies, with the dispatch on their type written once.
macro_rules! bodies {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        /// The body of a record, by type.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Body { $($(#[$meta])* $name($name),)+ }

        impl Body {
            /// The type of record that has this body.
            pub fn record_type(&self) -> RecordType {
                match self { $(Self::$name(_) => RecordType::$name,)+ }
            }

            pub(super) fn to_value(&self) -> Value {
                match self { $(Self::$name(body) => body.to_value(),)+ }
            }

            pub(super) fn decode(
                record_type: RecordType,
                reader: &mut Reader<'_>,
            ) -> Result<Self, RecordError> {
                match record_type {
                    $(RecordType::$name => $name::decode(reader).map(Self::$name),)+
                }
            }
        }

        $(impl From<$name> for Body {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })+
    };
}

bodies! {
    /// See [`LedgerOpen`].
    LedgerOpen,
    /// See [`AgencyEnrol`].
    AgencyEnrol,
    /// See [`CustodianEnrol`].
    CustodianEnrol,
    /// See [`KeyRotate`].
    KeyRotate,
    /// See [`KeyRevoke`].
    KeyRevoke,
    /// See [`KeyCompromised`].
    KeyCompromised,
    /// See [`Collect`].
    Collect,
    /// See [`Seal`].
    Seal,
    /// See [`SealCheck`].
    SealCheck,
    /// See [`Handoff`].
    Handoff,
    /// See [`Release`].
    Release,
    /// See [`Receive`].
    Receive,
    /// See [`Refuse`].
    Refuse,
    /// See [`Recall`].
    Recall,
    /// See [`Derive`].
    Derive,
    /// See [`VerifyDigest`].
    VerifyDigest,
    /// See [`Correct`].
    Correct,
    /// See [`LateEntry`].
    LateEntry,
    /// See [`Note`].
    Note,
    /// See [`Dispose`].
    Dispose,
}

impl Body {
    /// The keys that the record itself brings, in the order in which they sign.
    pub fn enrolled_keys(&self) -> Vec<&CoseKey> {
        match self {
            Self::LedgerOpen(body) => {
                let agencies = body.agencies.iter();
                let keys = agencies.flat_map(|agency| [&agency.key, &agency.recovery]);
                std::iter::once(&body.operator).chain(keys).collect()
            }
            Self::AgencyEnrol(body) => vec![&body.agency.key, &body.agency.recovery],
            Self::CustodianEnrol(body) => vec![&body.key],
            Self::KeyRotate(body) => vec![&body.key],
            _ => Vec::new(),
        }
    }
}
