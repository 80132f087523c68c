//! Acts on items: only their holder, or the addressee of an open release, does these.

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{
    Body, Collect, Derive, Dispose, EvidenceDigest, Handoff, ItemKind, MovePurpose, Recall,
    Receive, RefusalGround, Refuse, Refused, Release, Split, digests_value,
};

use super::{Act, items, person};

/// From whom to whom something moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties {
    /// The custodian who hands over.
    pub from: Uuid,
    /// The custodian who takes over.
    pub to: Uuid,
}

/// An answer to a release: which one, and who is on either side of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Digest of the release, or of the offer.
    pub to: Hash,
    /// The sides of what is answered.
    pub parties: Parties,
}

impl Act {
    /// `holder` takes a new item into custody; its digests are sealed.
    pub fn collect(item: Uuid, holder: Uuid, kind: ItemKind, digests: &[EvidenceDigest]) -> Self {
        Self::collect_as(item, holder, Collect::of(kind)).sealing_digests(digests)
    }

    /// `holder` takes a new item into custody, as `body` says.
    pub fn collect_as(item: Uuid, holder: Uuid, body: Collect) -> Self {
        Self::alone(body, &[item], holder)
    }

    /// `holder` does something to items they hold: seal, seal check, verify digest.
    pub fn alone(body: impl Into<Body>, ids: &[Uuid], holder: Uuid) -> Self {
        Self::new(body, items(ids), vec![person(Role::Acting, holder)])
    }

    /// The holder of `body.parent` makes the new item `child` out of it.
    pub fn derive(child: Uuid, holder: Uuid, body: Derive, digests: &[EvidenceDigest]) -> Self {
        let ids = [child, body.parent];
        Self::alone(body, &ids, holder).sealing_digests(digests)
    }

    /// Items change hands; both sides sign one record.
    pub fn handoff(ids: &[Uuid], parties: Parties, purpose: MovePurpose) -> Self {
        Self::hand_over(ids, parties, Handoff::for_purpose(purpose))
    }

    /// Items are sent on the way. `expected_s`: by when, in seconds since 1970.
    pub fn release(
        ids: &[Uuid],
        parties: Parties,
        purpose: MovePurpose,
        expected_s: Option<u64>,
    ) -> Self {
        Self::send(ids, parties, Release { expected_s, ..Release::for_purpose(purpose) })
    }

    /// The addressee takes over what was released.
    pub fn receive(ids: &[Uuid], answer: Reply) -> Self {
        let Parties { from, to } = answer.parties;
        let signers = vec![person(Role::Receiving, to)];
        Self::new(Receive { release: answer.to }, items(ids), signers).between(from, to)
    }

    /// The addressee does not take over what was released.
    pub fn refuse_release(ids: &[Uuid], answer: Reply, ground: RefusalGround) -> Self {
        let answers = Refused::Release(answer.to);
        Self::refuse(Refuse { answers, ground }, items(ids), answer.parties)
    }

    /// The addressee does not sign an offer. It is said on the items' notes, since the offer itself was
    /// never recorded.
    pub fn refuse_offer(ids: &[Uuid], answer: Reply, ground: RefusalGround) -> Self {
        let answers = Refused::Offer(answer.to);
        let notes = ids.iter().copied().map(SubjectId::Notes).collect();
        Self::refuse(Refuse { answers, ground }, notes, answer.parties)
    }

    fn refuse(body: Refuse, chains: Vec<SubjectId>, parties: Parties) -> Self {
        let signers = vec![person(Role::Receiving, parties.to)];
        Self::new(body, chains, signers).between(parties.from, parties.to)
    }

    /// The holder takes back what nobody has received yet.
    pub fn recall(ids: &[Uuid], answer: Reply) -> Self {
        let Parties { from, to } = answer.parties;
        let signers = vec![person(Role::Releasing, from)];
        Self::new(Recall { release: answer.to }, items(ids), signers).between(from, to)
    }

    /// The holder puts items into `body.container`, or takes them out of it.
    pub fn packing(ids: &[Uuid], container: Uuid, holder: Uuid, body: impl Into<Body>) -> Self {
        Self::alone(body, &[ids, &[container]].concat(), holder)
    }

    /// The holder of `body.parent` makes parts out of it.
    pub fn split(holder: Uuid, body: Split) -> Self {
        let mut ids = vec![body.parent];
        ids.extend(body.parts.iter().map(|part| part.item));
        Self::alone(body, &ids, holder)
    }

    /// The holder ends an item before a witness who never held it.
    pub fn dispose(item: Uuid, holder: Uuid, witness: Uuid, body: Dispose) -> Self {
        Self::alone(body, &[item], holder).witnessed_by(&[witness])
    }

    /// The same act with the sealed field `digests`; without digests, without the field.
    #[must_use]
    pub fn sealing_digests(self, digests: &[EvidenceDigest]) -> Self {
        match digests {
            [] => self,
            digests => self.sealing("digests", digests_value(digests)),
        }
    }

    /// The same act with the sealed field `seal`: a seal's number.
    #[must_use]
    pub fn sealing_number(self, number: &str) -> Self {
        self.sealing("seal", Value::text(number))
    }
}
