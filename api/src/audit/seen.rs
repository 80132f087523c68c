//! One entry as an audit sees it, and the way through all of them.

use std::collections::BTreeSet;

use custody_core::cose::{Finding, Outcome, Role};
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::record::body::Body;
use custody_core::record::{Payload, Record};
use custody_core::verify::error_text;
use custody_log::Logged;

use crate::desk::Desk;
use crate::failure::Failure;

/// Entries that are read at once: with records of at most 128 KiB no more than 64 MiB.
const PAGE: u64 = 512;

/// One entry with its record.
pub struct Seen<'a> {
    /// Index of the entry.
    pub index: u64,
    /// When the log took it in: seconds since 1970.
    pub accepted_s: u64,
    /// The record.
    pub record: &'a Record,
}

impl<'a> Seen<'a> {
    /// What was signed.
    pub fn payload(&self) -> &'a Payload {
        self.record.payload()
    }

    /// What the type needs.
    pub fn body(&self) -> &'a Body {
        &self.payload().body
    }

    /// When it happened, as claimed: seconds since 1970.
    pub fn claimed_s(&self) -> u64 {
        self.payload().occurred.utc_s
    }

    /// The record's name.
    pub fn digest(&self) -> Hash {
        self.record.digest()
    }

    /// The items whose custody it continues.
    pub fn items(&self) -> impl Iterator<Item = Uuid> + use<'a> {
        self.payload().subjects.iter().filter_map(|link| link.subject.item())
    }

    /// The items about which it says something.
    pub fn noted(&self) -> impl Iterator<Item = Uuid> + use<'a> {
        self.payload().subjects.iter().filter_map(|link| match link.subject {
            SubjectId::Notes(id) => Some(id),
            _ => None,
        })
    }

    /// The items that it is about, in either way.
    pub fn about(&self) -> Vec<Uuid> {
        self.items().chain(self.noted()).collect()
    }

    /// Who signed in a role, where that is a custodian.
    pub fn signer(&self, role: Role) -> Option<Uuid> {
        let signer = self.payload().signers.iter().find(|signer| signer.role == role)?;
        as_custodian(&signer.id)
    }

    /// The custodians who signed it or are parties to it, each once.
    pub fn people(&self) -> Vec<Uuid> {
        let payload = self.payload();
        let signers = payload.signers.iter().filter_map(|signer| as_custodian(&signer.id));
        let mut known = BTreeSet::new();
        payload.parties().chain(signers).filter(|id| known.insert(*id)).collect()
    }

    /// What somebody found of which item: a receiver, or who made an inventory.
    pub fn outcomes(&self) -> Vec<(Uuid, Finding)> {
        let lines = self.record.message().signatures().iter();
        let observed = lines.filter_map(|line| line.header.observed.as_ref());
        let stated = match self.body() {
            Body::Inventory(body) => body.outcomes.as_slice(),
            _ => &[],
        };
        let outcomes = observed.flat_map(|observed| &observed.outcomes).chain(stated);
        outcomes.filter_map(|outcome| self.outcome(outcome)).collect()
    }

    fn outcome(&self, outcome: &Outcome) -> Option<(Uuid, Finding)> {
        let link = self.payload().subjects.get(outcome.position)?;
        link.subject.about_item().map(|item| (item, outcome.finding))
    }

    /// The items that were not there.
    pub fn missing(&self) -> BTreeSet<Uuid> {
        let outcomes = self.outcomes().into_iter();
        outcomes.filter(|(_, found)| *found == Finding::Missing).map(|(item, _)| item).collect()
    }
}

/// The custodian of this id.
pub fn as_custodian(id: &SubjectId) -> Option<Uuid> {
    match id {
        SubjectId::Custodian(id) => Some(*id),
        _ => None,
    }
}

/// Is told how many entries of a ledger were seen, and may end the walk with an error.
pub type WalkProgress<'p> = &'p dyn Fn(u64) -> Result<(), Failure>;

/// Shows every entry of a ledger to `look`, in order; each record is parsed once.
///
/// # Errors
/// The ledger cannot be read, a record is not what was stored, or `progress`'s or `look`'s own.
pub fn walk(
    desk: &Desk,
    progress: WalkProgress<'_>,
    mut look: impl FnMut(&Seen<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let size = desk.head().size.0;
    for lo in (0..size).step_by(PAGE as usize) {
        let hi = size.min(lo.saturating_add(PAGE));
        for logged in desk.page(LeafIndex(lo), LeafIndex(hi))? {
            let record = parse(&logged)?;
            let (index, accepted_s) = (logged.index.0, logged.entry.accepted_ms / 1000);
            look(&Seen { index, accepted_s, record: &record })?;
        }
        progress(hi)?;
    }
    Ok(())
}

/// The record of an entry, which must be the one that the entry commits to.
///
/// # Errors
/// `store-corrupt`.
pub fn parse(logged: &Logged) -> Result<Record, Failure> {
    let damaged = |what: String| {
        let message = format!("entry {}: the record is not what was stored: {what}", logged.index);
        Failure::could_not("store-corrupt", message)
            .hint("nothing was repaired; `custody check` finds out what is damaged")
    };
    let record = Record::parse(&logged.record).map_err(|error| damaged(error_text(&error)))?;
    match record.digest() {
        digest if digest == logged.entry.record => Ok(record),
        digest => Err(damaged(format!("expected {}, found {digest}", logged.entry.record))),
    }
}

/// When the log took in the newest entry, in seconds since 1970: the same for everybody who has the ledger.
///
/// # Errors
/// The ledger cannot be read.
pub fn newest_s(desk: &Desk) -> Result<u64, Failure> {
    let last = desk.head().size.0.saturating_sub(1);
    Ok(desk.logged(LeafIndex(last))?.entry.accepted_ms / 1000)
}
