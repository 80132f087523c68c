//! Acts by which items go to somebody else, in the ledger or outside of it, or are seen to be there.

use custody_core::cose::{Finding, Outcome, Role};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Signer;
use custody_core::record::body::{
    Body, CarrierScan, HandoffExternal, Inventory, InventoryMethod, Release, ReturnToOwner,
    StandIn, Succession,
};

use super::{Act, Parties, items, person};

impl Act {
    /// Items go from hand to hand and both sides sign one record: handoff, check-out, check-in.
    pub fn hand_over(ids: &[Uuid], parties: Parties, body: impl Into<Body>) -> Self {
        let Parties { from, to } = parties;
        let signers = vec![person(Role::Releasing, from), person(Role::Receiving, to)];
        Self::new(body, items(ids), signers).between(from, to)
    }

    /// Items are sent on the way, as `body` says.
    pub fn send(ids: &[Uuid], parties: Parties, body: Release) -> Self {
        let signers = vec![person(Role::Releasing, parties.from)];
        Self::new(body, items(ids), signers).between(parties.from, parties.to)
    }

    /// `holder` gives items to somebody who holds no key.
    pub fn give(ids: &[Uuid], holder: Uuid, body: HandoffExternal) -> Self {
        Self::new(body, items(ids), vec![person(Role::Releasing, holder)])
    }

    /// `taker` takes items back from somebody who holds no key.
    pub fn take_back(ids: &[Uuid], taker: Uuid, body: HandoffExternal) -> Self {
        Self::new(body, items(ids), vec![person(Role::Receiving, taker)])
    }

    /// `holder` gives an item back to its owner, which ends it.
    pub fn return_to_owner(item: Uuid, holder: Uuid, stand_in: StandIn) -> Self {
        let signers = vec![person(Role::Releasing, holder)];
        Self::new(ReturnToOwner { stand_in }, items(&[item]), signers)
    }

    /// What `parties.from` held goes to `parties.to`. `by` signs for it first: the one who leaves, or their
    /// agency where they cannot.
    pub fn succeed(ids: &[Uuid], parties: Parties, by: &SubjectId, body: Succession) -> Self {
        let role = match by {
            SubjectId::Agency(_) => Role::Authority,
            _ => Role::Releasing,
        };
        let first = Signer { role, id: by.clone() };
        let signers = vec![first, person(Role::Receiving, parties.to)];
        Self::new(body, items(ids), signers).between(parties.from, parties.to)
    }

    /// `author`, in `role`, tells where what is on the way was seen.
    pub fn scan(ids: &[Uuid], author: Uuid, role: Role, body: CarrierScan) -> Self {
        let notes = ids.iter().copied().map(SubjectId::Notes).collect();
        Self::new(body, notes, vec![person(role, author)])
    }

    /// `author` has looked whether items are there. `found`: what is not as it should be; it names only `ids`,
    /// each once.
    pub fn inventory(
        ids: &[Uuid],
        author: Uuid,
        method: InventoryMethod,
        found: &[(Uuid, Finding)],
    ) -> Self {
        let mut notes: Vec<_> = ids.iter().copied().map(SubjectId::Notes).collect();
        notes.sort();
        let outcome = |(position, id): (usize, &SubjectId)| {
            let of_item = |(item, _): &&(Uuid, Finding)| SubjectId::Notes(*item) == *id;
            found.iter().find(of_item).map(|(_, finding)| Outcome { position, finding: *finding })
        };
        let outcomes = notes.iter().enumerate().filter_map(outcome).collect();
        let signers = vec![person(Role::Acting, author)];
        Self::new(Inventory { method, outcomes }, notes, signers)
    }
}
