use crate::cose::Role;
use crate::custody::key::KeyState;
use crate::hash::Hash;
use crate::id::{Origin, SubjectId, Uuid};
use crate::index::ChainHead;
use crate::key::{CoseKey, Kid};
use crate::record::body::{
    Bound, ExternalParty, HandlingCode, ItemKind, LedgerPurpose, OnwardUse, Quantity, RequestStep,
};

/// What the records so far made of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Length and newest record of its chain: what the custody index commits to.
    pub chain: ChainHead,
    /// What the rules need to know of it.
    pub standing: Standing,
}

/// What the rules need to know, by kind of subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The ledger.
    Ledger(LedgerState),
    /// An agency.
    Agency(AgencyState),
    /// A custodian.
    Custodian(CustodianState),
    /// An item.
    Item(ItemState),
    /// What is said about an item.
    Notes(NotesState),
    /// A request for mutual legal assistance.
    Request(RequestState),
}

/// The ledger's founding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerState {
    /// Its name.
    pub origin: Origin,
    /// Its purpose.
    pub purpose: LedgerPurpose,
    /// How many founders must sign where founders decide.
    pub quorum: u64,
    /// The founding agencies.
    pub founders: Vec<Uuid>,
    /// The operator's key, which signed entry 0, and signs `anchor` and `renewal`.
    pub operator: CoseKey,
    /// The ledger that goes on from this one, which then takes nothing more.
    pub successor: Option<Origin>,
}

/// An agency's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyState {
    /// Its name.
    pub name: String,
    /// Its country.
    pub country: String,
    /// All of its keys, in the order in which they were enrolled.
    pub keys: Vec<KeyState>,
}

/// A custodian's agency, roles and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodianState {
    /// The agency they work for.
    pub agency: Uuid,
    /// The roles in which they may sign.
    pub roles: Vec<Role>,
    /// All of their keys, in the order in which they were enrolled.
    pub keys: Vec<KeyState>,
}

/// Where an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemState {
    /// What it is.
    pub kind: ItemKind,
    /// The custodian who answers for it; while it is on the way, the one who released it; while it is
    /// outside, the one who gave it there; while it is packed, the one who packed it.
    pub holder: Uuid,
    /// Everybody who held it, in the order of first holding, `holder` among them.
    pub holders: Vec<Uuid>,
    /// Where it is with its holder, or instead of there.
    pub place: Whereabouts,
    /// The release that nobody has answered yet.
    pub release: Option<OpenRelease>,
    /// How it ended, if it did.
    pub end: Option<ItemEnd>,
    /// The item that it was made from.
    pub parent: Option<Uuid>,
    /// How much it is, where somebody measured.
    pub quantity: Option<Quantity>,
    /// How many items are packed in it.
    pub contents: u64,
    /// Where it came from under a request, if it did: it is not passed to a third agency without permission.
    pub bound: Option<Bound>,
}

/// Where an item is while nothing is on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// With its holder.
    AtHand,
    /// In the holder's storage.
    Stored,
    /// Out of storage, with its holder, who brings it back to a custodian of the agency.
    CheckedOut {
        /// The agency whose storage it is from.
        agency: Uuid,
    },
    /// In another item.
    Packed {
        /// The other item.
        container: Uuid,
    },
    /// With somebody who holds no key.
    Outside {
        /// The agency of the custodian who gave it there.
        agency: Uuid,
        /// To whom.
        party: ExternalParty,
    },
}

/// How an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemEnd {
    /// It was disposed of.
    Disposed,
    /// It went back to its owner.
    Returned,
    /// It was used up.
    Consumed,
    /// All of it went into its parts.
    Split,
}

impl ItemEnd {
    /// What became of the item, as the end of a sentence about it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Disposed => "was disposed of",
            Self::Returned => "was returned to its owner",
            Self::Consumed => "was used up",
            Self::Split => "was split, and nothing of it remains",
        }
    }
}

/// A release that is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRelease {
    /// Digest of its record.
    pub record: Hash,
    /// The custodian it is addressed to.
    pub to: Uuid,
    /// Who may answer in their place.
    pub substitutes: Vec<Uuid>,
    /// The request under which it is on the way.
    pub request: Option<Uuid>,
}

/// What was said about an item and is still open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotesState {
    /// Holds that were not released, in their order.
    pub holds: Vec<Hold>,
    /// Disputes that were not resolved, in their order: digests of their records.
    pub disputes: Vec<Hash>,
    /// Permissions, in their order.
    pub permissions: Vec<Permission>,
    /// The handling codes in force, and who set them.
    pub handling: Option<HandlingState>,
}

/// A hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Digest of its record.
    pub record: Hash,
    /// The agency whose custodian set it.
    pub agency: Uuid,
}

/// A permission to use an item otherwise than it was handed over for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Digest of its record.
    pub record: Hash,
    /// The agency that gave it.
    pub agency: Uuid,
    /// What is permitted.
    pub usage: OnwardUse,
    /// The agency to which the item may go, where it may.
    pub to: Option<Uuid>,
}

/// Handling codes in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlingState {
    /// The agency whose custodian set them.
    pub agency: Uuid,
    /// The codes, by their bytes.
    pub codes: Vec<HandlingCode>,
}

/// A request for mutual legal assistance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestState {
    /// The requesting agency.
    pub from: Uuid,
    /// The requested agency.
    pub to: Uuid,
    /// The newest step.
    pub step: RequestStep,
}

/// What is known of a subject.
#[derive(Clone, Copy, Debug)]
pub enum Held<'a> {
    /// It has a history, and this is what came of it.
    Present(&'a Subject),
    /// It has no history.
    Absent,
    /// Its history is not at hand. Rules that need it are not checked, or refuse where they must know.
    Unknown,
}

/// The state that rules read: all of the ledger for a sequencer, part of it for a verifier.
pub trait Holdings {
    /// What is known of `id`. Must not answer [`Held::Absent`] for a subject whose history is merely
    /// not at hand.
    fn get(&self, id: &SubjectId) -> Held<'_>;

    /// For whom the key `kid` was enrolled, ended keys included, as far as known.
    fn owner_of(&self, kid: &Kid) -> Option<SubjectId>;

    /// Whether an entry before the one at hand has the record `digest`, or `None` where that cannot be told.
    /// Asked only about records of items at hand.
    fn has_record(&self, digest: &Hash) -> Option<bool>;
}

impl Standing {
    /// Every key that was enrolled for the subject, ended ones included.
    pub fn enrolled_keys(&self) -> impl DoubleEndedIterator<Item = &CoseKey> {
        let operator = match self {
            Self::Ledger(ledger) => Some(&ledger.operator),
            _ => None,
        };
        operator.into_iter().chain(self.keys().iter().map(|state| &state.key))
    }

    /// The keys of an agency or a custodian, in the order in which they were enrolled.
    pub fn keys(&self) -> &[KeyState] {
        match self {
            Self::Agency(agency) => &agency.keys,
            Self::Custodian(custodian) => &custodian.keys,
            Self::Ledger(_) | Self::Item(_) | Self::Notes(_) | Self::Request(_) => &[],
        }
    }
}

impl ItemState {
    /// An item that `holder` takes into custody.
    pub(super) fn held_by(holder: Uuid, kind: ItemKind) -> Self {
        Self {
            kind,
            holder,
            holders: vec![holder],
            place: Whereabouts::AtHand,
            release: None,
            end: None,
            parent: None,
            quantity: None,
            contents: 0,
            bound: None,
        }
    }

    /// `to` has it from now on, at hand.
    pub(super) fn pass_to(&mut self, to: Uuid) {
        self.holder = to;
        self.release = None;
        self.place = Whereabouts::AtHand;
        self.note_holder(to);
    }

    /// `custodian` had it, or what it was in.
    pub(super) fn note_holder(&mut self, custodian: Uuid) {
        if !self.holders.contains(&custodian) {
            self.holders.push(custodian);
        }
    }
}
