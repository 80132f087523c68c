//! What each type of record says. SPEC section "Record types" has the same text as CDDL.

mod codes;
mod examination;
mod handoff;
mod item;
mod legal;
mod notes;
mod packaging;
mod part;
mod quality;
mod registry;
mod request;

pub use codes::*;
pub use examination::*;
pub use handoff::*;
pub use item::*;
pub use legal::*;
pub use notes::*;
pub use packaging::*;
pub use quality::*;
pub use registry::*;
pub use request::*;

use crate::cbor::{Reader, Value};
use crate::code::codes;
use crate::id::{SubjectId, Uuid};
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
        /// Says anew who an agency or one of its custodians is.
        AgencyUpdate = "agency-update",
        /// Changes how many founders decide.
        Policy = "policy",
        /// Brings a time from outside over a checkpoint.
        Anchor = "anchor",
        /// Hashes all entries with a second algorithm.
        Renewal = "renewal",
        /// Ends the ledger: another one goes on from it.
        OperatorSuccession = "operator-succession",
        /// Takes over data of a provider.
        ProviderProduction = "provider-production",
        /// Takes over an item whose history others assert.
        RegisterLegacy = "register-legacy",
        /// Takes a seal off.
        SealBreak = "seal-break",
        /// Puts items into another one.
        Pack = "pack",
        /// Takes them out again.
        Unpack = "unpack",
        /// Tells where something on the way was seen.
        CarrierScan = "carrier-scan",
        /// Gives to, or takes from, somebody who holds no key.
        HandoffExternal = "handoff-external",
        /// Passes on what somebody held.
        Succession = "succession",
        /// Puts into storage.
        Store = "store",
        /// Gives out of storage to somebody who brings it back.
        CheckOut = "check-out",
        /// Brings back into storage.
        CheckIn = "check-in",
        /// Makes several items out of one.
        Split = "split",
        /// Uses up an item or part of it.
        Consume = "consume",
        /// Examines.
        Analyse = "analyse",
        /// Says that an exhibit was given to somebody.
        Disclose = "disclose",
        /// Says what became of an item in court.
        CourtExhibit = "court-exhibit",
        /// Says that an item must be kept.
        HoldSet = "hold-set",
        /// Ends a hold.
        HoldRelease = "hold-release",
        /// Disputes what a record says.
        Dispute = "dispute",
        /// Answers a dispute.
        DisputeResponse = "dispute-response",
        /// Ends a dispute.
        DisputeResolution = "dispute-resolution",
        /// Permits what needs the permission of where an item came from.
        AuthoriseOnward = "authorise-onward",
        /// Says how an item may be used.
        Handling = "handling",
        /// Looks whether items are there.
        Inventory = "inventory",
        /// Says that something is not as it should be.
        Discrepancy = "discrepancy",
        /// Gives an item back, which ends it.
        ReturnToOwner = "return-to-owner",
        /// Says that openings were erased.
        EraseOpening = "erase-opening",
        /// Takes a step of a request for mutual legal assistance.
        Request = "request",
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
    /// See [`AgencyUpdate`].
    AgencyUpdate,
    /// See [`Policy`].
    Policy,
    /// See [`Anchor`].
    Anchor,
    /// See [`Renewal`].
    Renewal,
    /// See [`OperatorSuccession`].
    OperatorSuccession,
    /// See [`ProviderProduction`].
    ProviderProduction,
    /// See [`RegisterLegacy`].
    RegisterLegacy,
    /// See [`SealBreak`].
    SealBreak,
    /// See [`Pack`].
    Pack,
    /// See [`Unpack`].
    Unpack,
    /// See [`CarrierScan`].
    CarrierScan,
    /// See [`HandoffExternal`].
    HandoffExternal,
    /// See [`Succession`].
    Succession,
    /// See [`Store`].
    Store,
    /// See [`CheckOut`].
    CheckOut,
    /// See [`CheckIn`].
    CheckIn,
    /// See [`Split`].
    Split,
    /// See [`Consume`].
    Consume,
    /// See [`Analyse`].
    Analyse,
    /// See [`Disclose`].
    Disclose,
    /// See [`CourtExhibit`].
    CourtExhibit,
    /// See [`HoldSet`].
    HoldSet,
    /// See [`HoldRelease`].
    HoldRelease,
    /// See [`Dispute`].
    Dispute,
    /// See [`DisputeResponse`].
    DisputeResponse,
    /// See [`DisputeResolution`].
    DisputeResolution,
    /// See [`AuthoriseOnward`].
    AuthoriseOnward,
    /// See [`Handling`].
    Handling,
    /// See [`Inventory`].
    Inventory,
    /// See [`Discrepancy`].
    Discrepancy,
    /// See [`ReturnToOwner`].
    ReturnToOwner,
    /// See [`EraseOpening`].
    EraseOpening,
    /// See [`Request`].
    Request,
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

    /// The request under which the record stands, where it names one.
    pub fn request(&self) -> Option<Uuid> {
        match self {
            Self::Collect(body) => body.request,
            Self::ProviderProduction(body) => body.request,
            Self::Handoff(body) => body.request,
            Self::Release(body) => body.request,
            Self::Pack(body) => body.bound.map(|bound| bound.request),
            _ => None,
        }
    }

    /// Everybody and everything whose history the record makes part of an item's by naming it: the request under
    /// which it stands, whom it may go to, and agencies.
    pub fn named(&self) -> Vec<SubjectId> {
        let mut named: Vec<_> = self.request().map(SubjectId::Request).into_iter().collect();
        match self {
            Self::CustodianEnrol(body) => named.push(SubjectId::Agency(body.agency)),
            Self::Release(body) => {
                named.extend(body.substitutes.iter().copied().map(SubjectId::Custodian));
            }
            Self::Pack(body) => {
                named.extend(body.bound.map(|bound| SubjectId::Agency(bound.agency)))
            }
            Self::AuthoriseOnward(body) => named.extend(body.to.map(SubjectId::Agency)),
            Self::Request(body) => named.extend(body.to.map(SubjectId::Agency)),
            _ => {}
        }
        named
    }
}
