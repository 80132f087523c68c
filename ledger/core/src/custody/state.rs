use crate::cose::Role;
use crate::custody::key::KeyState;
use crate::hash::Hash;
use crate::id::{Origin, SubjectId, Uuid};
use crate::index::ChainHead;
use crate::key::{CoseKey, Kid};
use crate::record::body::{ItemKind, LedgerPurpose};

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
    Notes,
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
    /// The operator's key, which signed entry 0 and serves for nothing else.
    pub operator: CoseKey,
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
    /// The custodian who answers for it; while it is on the way, the one who released it.
    pub holder: Uuid,
    /// Everybody who held it, in the order of first holding, `holder` among them.
    pub holders: Vec<Uuid>,
    /// The release that nobody has answered yet.
    pub release: Option<OpenRelease>,
    /// Whether it has ended.
    pub is_disposed: bool,
    /// The item that it was made from.
    pub parent: Option<Uuid>,
}

/// A release that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenRelease {
    /// Digest of its record.
    pub record: Hash,
    /// The custodian it is addressed to.
    pub to: Uuid,
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
            Self::Ledger(_) | Self::Item(_) | Self::Notes => &[],
        }
    }
}

impl ItemState {
    /// An item that `holder` takes into custody.
    pub(super) fn held_by(holder: Uuid, kind: ItemKind, parent: Option<Uuid>) -> Self {
        let holders = vec![holder];
        Self { kind, holder, holders, release: None, is_disposed: false, parent }
    }

    pub(super) fn pass_to(&mut self, to: Uuid) {
        self.holder = to;
        self.release = None;
        if !self.holders.contains(&to) {
            self.holders.push(to);
        }
    }
}
