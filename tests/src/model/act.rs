//! What somebody does, as the model sees it.

/// A person: two to an agency, in their order; [`GHOST`] was never enrolled.
pub type Person = usize;
/// An agency.
pub type Agency = usize;
/// An item. Items in one act are judged in this order.
pub type ItemId = u32;
/// What was done as the how manieth of the acts that were accepted.
pub type Said = usize;

/// Nobody whom the ledger knows.
pub const GHOST: Person = 6;
/// An agency that the ledger does not know.
pub const NO_AGENCY: Agency = 3;

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `collect`.
    #[default]
    Collect,
    /// `handoff`.
    Handoff,
    /// `release`.
    Release,
    /// `receive`.
    Receive,
    /// `refuse` of a release.
    Refuse,
    /// `recall`.
    Recall,
    /// `store`.
    Store,
    /// `check-out`.
    CheckOut,
    /// `check-in`.
    CheckIn,
    /// `succession`.
    Succession,
    /// `handoff-external` to somebody without a key.
    GiveOutside,
    /// `handoff-external` back from there.
    TakeBack,
    /// `pack`.
    Pack,
    /// `unpack`.
    Unpack,
    /// `split`.
    Split,
    /// `consume`.
    Consume,
    /// `derive`.
    Derive,
    /// `seal`: for all that leaves the standing as it is.
    Seal,
    /// `hold-set`.
    HoldSet,
    /// `hold-release`.
    HoldRelease,
    /// `dispute`.
    Dispute,
    /// `dispute-resolution`.
    Resolve,
    /// `authorise-onward` for a transfer.
    Permit,
    /// `note`.
    Note,
    /// `dispose`.
    Dispose,
    /// `return-to-owner`.
    Return,
    /// `request`, its first step.
    Prepare,
    /// `request`, a later step.
    Step,
    /// An accepted record comes once more.
    Again,
}

/// An act. What a kind has no use for is left empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Act {
    /// What is done.
    pub kind: Kind,
    /// Who acts, or who gives.
    pub by: Person,
    /// Who takes, or stands beside: supervisor, witness.
    pub to: Person,
    /// The items, ascending, but for the next two.
    pub items: Vec<ItemId>,
    /// The container, or what something is made from.
    pub main: Option<ItemId>,
    /// What it is split into, ascending.
    pub parts: Vec<(ItemId, Option<u64>)>,
    /// How much is collected or consumed.
    pub amount: Option<u64>,
    /// How much is left.
    pub rest: Option<u64>,
    /// The request in the body, or the one that a step is of.
    pub request: Option<u32>,
    /// The permission in the body.
    pub onward: Option<Said>,
    /// The release, hold or dispute that is answered; what is said again.
    pub answers: Option<Said>,
    /// Who may receive in the place of `to`.
    pub substitutes: Vec<Person>,
    /// What a pack says of where things came from.
    pub bound: Option<(Agency, u32)>,
    /// What the receiver did not find.
    pub missing: Option<ItemId>,
    /// The agency that signs a succession, is permitted to have an item, or gets a request.
    pub agency: Option<Agency>,
    /// The step of a request, 0 being the first.
    pub step: usize,
}

impl Act {
    /// Who signs as a custodian, in order.
    pub fn signers(&self) -> Vec<Person> {
        match self.kind {
            Kind::Receive | Kind::Refuse => vec![self.to],
            Kind::Succession if self.agency.is_some() => vec![self.to],
            Kind::Handoff | Kind::CheckOut | Kind::CheckIn | Kind::Succession | Kind::Dispose => {
                vec![self.by, self.to]
            }
            _ if self.is_supervised() => vec![self.by, self.to],
            _ => vec![self.by],
        }
    }

    /// Whether `to` answers for it.
    pub fn is_supervised(&self) -> bool {
        matches!(self.kind, Kind::HoldRelease | Kind::Resolve | Kind::Permit)
    }

    /// Whether it says something about items and does nothing to them.
    pub fn is_said(&self) -> bool {
        matches!(self.kind, Kind::HoldSet | Kind::Dispute | Kind::Note) || self.is_supervised()
    }

    /// Whether it is one of a request.
    pub fn is_asked(&self) -> bool {
        matches!(self.kind, Kind::Prepare | Kind::Step)
    }

    /// Whether two different people are named as giving and taking.
    pub fn has_parties(&self) -> bool {
        use Kind::{CheckIn, CheckOut, Handoff, Recall, Receive, Refuse, Release, Succession};
        let kinds = [Handoff, Release, Receive, Refuse, Recall, CheckOut, CheckIn, Succession];
        kinds.contains(&self.kind)
    }

    /// All items, in the order in which they are judged.
    pub fn all_items(&self) -> Vec<ItemId> {
        let parts = self.parts.iter().map(|(part, _)| *part);
        let mut all: Vec<_> = self.items.iter().copied().chain(self.main).chain(parts).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The items that begin with it.
    pub fn begun(&self) -> Vec<ItemId> {
        match self.kind {
            Kind::Collect | Kind::Derive => self.items.clone(),
            Kind::Split => self.parts.iter().map(|(part, _)| *part).collect(),
            _ => Vec::new(),
        }
    }
}
