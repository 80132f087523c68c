use thiserror::Error;

use crate::cose::Role;
use crate::custody::state::ItemEnd;
use crate::hash::Hash;
use crate::id::{Origin, SubjectId, Uuid};
use crate::key::Kid;
use crate::record::RecordError;
use crate::record::body::RequestStep;

/// A rule of custody that a record breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RuleViolation {
    /// `ledger-open` is entry 0, and entry 0 is `ledger-open`.
    #[error("`ledger-open` stands at entry 0 and nowhere else, not at entry {index}")]
    GenesisPlace {
        /// Where the record would stand.
        index: u64,
    },
    /// The record does not continue a chain where it stands: another record took the place.
    #[error("{subject} stands at {length} records, the record claims place {seq}")]
    Conflict {
        /// The chain.
        subject: SubjectId,
        /// How many records it has.
        length: u64,
        /// Its newest record.
        head: Option<Hash>,
        /// The place that the record claims.
        seq: u64,
    },
    /// The record is about something that does not exist.
    #[error("{subject} does not exist")]
    NoSuchSubject {
        /// Its id.
        subject: SubjectId,
    },
    /// The history of somebody who signed is not at hand.
    #[error("the history of {subject} is needed and not at hand")]
    NotHeld {
        /// Whose.
        subject: SubjectId,
    },
    /// A signature was made with a key that is not enrolled for the person named.
    #[error("key {kid} is not one of {subject}")]
    KeyNotEnrolled {
        /// Who is named.
        subject: SubjectId,
        /// The key.
        kid: Kid,
    },
    /// A signature was made with a key that had ended.
    #[error("key {kid} of {subject} had ended")]
    KeyEnded {
        /// Whose key.
        subject: SubjectId,
        /// The key.
        kid: Kid,
    },
    /// A key that is enrolled already is enrolled again.
    #[error("key {kid} is enrolled already, for {subject}")]
    KeyEnrolledTwice {
        /// For whom it is.
        subject: SubjectId,
        /// The key.
        kid: Kid,
    },
    /// There is no such key to be ended.
    #[error("{subject} has no key {kid} that could be ended")]
    NoSuchKey {
        /// Whose key.
        subject: SubjectId,
        /// The key.
        kid: Kid,
    },
    /// The subject has had as many keys as one may have.
    #[error("{subject} has had {limit} keys and can have no more")]
    TooManyKeys {
        /// Whose keys.
        subject: SubjectId,
        /// How many that are.
        limit: usize,
    },
    /// The person's key was not enrolled for this role.
    #[error("{subject} was not enrolled for the role {role:?}")]
    RoleNotGranted {
        /// Who signed.
        subject: SubjectId,
        /// In what role.
        role: Role,
    },
    /// An agency acts for somebody of another agency.
    #[error("{subject} does not belong to the agency that signed")]
    NotItsAgency {
        /// Whose key or enrolment it is.
        subject: SubjectId,
    },
    /// Not enough founding agencies signed.
    #[error("{actual} founding agencies signed, {expected} are needed")]
    Quorum {
        /// How many are needed.
        expected: u64,
        /// How many signed.
        actual: u64,
    },
    /// Founders set a quorum that they could never meet, or none.
    #[error("a quorum is 1 to {founders}, the number of founding agencies, not {quorum}")]
    QuorumRange {
        /// What the record says.
        quorum: u64,
        /// How many founders there are.
        founders: u64,
    },
    /// Only the holder may do this.
    #[error("{item} is held by {holder}, not by {actual}")]
    NotTheHolder {
        /// The item.
        item: SubjectId,
        /// Who holds it.
        holder: SubjectId,
        /// Who acted.
        actual: SubjectId,
    },
    /// The item is on the way.
    #[error("{item} is on the way: release {release} is open")]
    ReleaseOpen {
        /// The item.
        item: SubjectId,
        /// The open release.
        release: Hash,
    },
    /// The answer is to a release that is not open.
    #[error("{item} has no open release {release}")]
    NoOpenRelease {
        /// The item.
        item: SubjectId,
        /// The release that is answered.
        release: Hash,
    },
    /// Somebody else is the addressee.
    #[error("{item} was released to {addressee}, not to {actual}")]
    NotTheAddressee {
        /// The item.
        item: SubjectId,
        /// To whom.
        addressee: SubjectId,
        /// Who is named.
        actual: SubjectId,
    },
    /// The item has ended.
    #[error("{item} {}", .end.words())]
    Disposed {
        /// The item.
        item: SubjectId,
        /// How.
        end: ItemEnd,
    },
    /// The witness of a disposal held the item.
    #[error("{witness} held {item} and cannot witness its disposal")]
    WitnessInChain {
        /// The item.
        item: SubjectId,
        /// The witness.
        witness: SubjectId,
    },
    /// A supervisor signs for somebody else.
    #[error("{supervisor} cannot supervise their own correction")]
    OwnSupervisor {
        /// Who signed twice.
        supervisor: SubjectId,
    },
    /// The ledger has ended.
    #[error("the ledger has ended: {successor} goes on from it")]
    LedgerClosed {
        /// The ledger that goes on from it.
        successor: Origin,
    },
    /// Only custodians of another agency may do this.
    #[error("{actual} is not of {expected}")]
    OtherAgency {
        /// The agency whose act it is.
        expected: SubjectId,
        /// Who signed, or is named.
        actual: SubjectId,
    },
    /// The item is in another one, and moves with it.
    #[error("{item} is packed in {container}")]
    Packed {
        /// The item.
        item: SubjectId,
        /// What it is in.
        container: SubjectId,
    },
    /// The item is not in the one that it is taken out of.
    #[error("{item} is not packed in {container}")]
    NotPacked {
        /// The item.
        item: SubjectId,
        /// What it is said to be in.
        container: SubjectId,
    },
    /// A container ends empty.
    #[error("{contents} items are packed in {item}")]
    NotEmpty {
        /// The container.
        item: SubjectId,
        /// How many items are in it.
        contents: u64,
    },
    /// The item is outside.
    #[error("{item} is with somebody who holds no key")]
    Outside {
        /// The item.
        item: SubjectId,
    },
    /// The item is taken back from outside, and is not there.
    #[error("{item} is not with anybody outside")]
    NotOutside {
        /// The item.
        item: SubjectId,
    },
    /// The item is given out of storage, and is not there.
    #[error("{item} is not in storage")]
    NotStored {
        /// The item.
        item: SubjectId,
    },
    /// The item is out of storage and goes back there first.
    #[error("{item} is out of the storage of {agency} and goes back there first")]
    CheckedOut {
        /// The item.
        item: SubjectId,
        /// Whose storage.
        agency: SubjectId,
    },
    /// The item is brought back into storage, and was not given out.
    #[error("{item} is not out of storage")]
    NotCheckedOut {
        /// The item.
        item: SubjectId,
    },
    /// Quantities are not conserved, or stated where there are none.
    #[error("the quantities of {item} do not add up")]
    Quantity {
        /// The item that is split or consumed.
        item: SubjectId,
    },
    /// A hold keeps the item from ending.
    #[error("{item} must be kept: hold {hold}")]
    OnHold {
        /// The item.
        item: SubjectId,
        /// Digest of the hold.
        hold: Hash,
    },
    /// No hold of this digest is open.
    #[error("there is no hold {hold} on {item}")]
    NoOpenHold {
        /// The item.
        item: SubjectId,
        /// The digest named.
        hold: Hash,
    },
    /// No dispute of this digest is open.
    #[error("there is no open dispute {dispute} about {item}")]
    NoOpenDispute {
        /// The item.
        item: SubjectId,
        /// The digest named.
        dispute: Hash,
    },
    /// The item has as many open holds, disputes and permissions as one may.
    #[error("{item} has {limit} holds, disputes and permissions, as many as one may")]
    TooManyOpen {
        /// The item.
        item: SubjectId,
        /// How many one may have.
        limit: usize,
    },
    /// The item came from another agency under a request, which has not permitted this.
    #[error("{item} came from {agency} under a request, which has not permitted {to} to have it")]
    Onward {
        /// The item.
        item: SubjectId,
        /// Where it came from.
        agency: SubjectId,
        /// Who is to have it.
        to: SubjectId,
    },
    /// The step does not follow the one before it.
    #[error("{request}: `{step}` does not follow `{before}`")]
    RequestStep {
        /// The request.
        request: SubjectId,
        /// The newest step.
        before: RequestStep,
        /// The step taken.
        step: RequestStep,
    },
    /// The record that a `late-entry` embeds is not one of this ledger, or its signatures are wrong.
    #[error("the embedded record is refused")]
    Embedded(#[source] Box<RecordError>),
    /// The record that a `late-entry` embeds is of another item, or embeds another.
    #[error("the embedded record does not belong to the item")]
    EmbeddedElsewhere,
    /// The record that a `late-entry` embeds could still take its place, or has taken it.
    #[error("the embedded record did not come too late")]
    NotLate,
}

impl RuleViolation {
    /// The stable code of this rule.
    pub fn code(&self) -> &'static str {
        match self {
            Self::GenesisPlace { .. } => "custody/genesis-place",
            Self::Conflict { .. } => "custody/conflict",
            Self::NoSuchSubject { .. } => "custody/no-such-subject",
            Self::NotHeld { .. } => "custody/not-held",
            Self::KeyNotEnrolled { .. } => "custody/key-not-enrolled",
            Self::KeyEnded { .. } => "custody/key-ended",
            Self::KeyEnrolledTwice { .. } => "custody/key-enrolled-twice",
            Self::NoSuchKey { .. } => "custody/no-such-key",
            Self::TooManyKeys { .. } => "custody/too-many-keys",
            Self::RoleNotGranted { .. } => "custody/role-not-granted",
            Self::NotItsAgency { .. } => "custody/not-its-agency",
            Self::Quorum { .. } => "custody/quorum",
            Self::QuorumRange { .. } => "custody/quorum-range",
            Self::NotTheHolder { .. } => "custody/not-the-holder",
            Self::ReleaseOpen { .. } => "custody/release-open",
            Self::NoOpenRelease { .. } => "custody/no-open-release",
            Self::NotTheAddressee { .. } => "custody/not-the-addressee",
            Self::Disposed { .. } => "custody/disposed",
            Self::WitnessInChain { .. } => "custody/witness-in-chain",
            Self::OwnSupervisor { .. } => "custody/own-supervisor",
            Self::LedgerClosed { .. } => "custody/ledger-closed",
            Self::OtherAgency { .. } => "custody/other-agency",
            Self::Packed { .. } => "custody/packed",
            Self::NotPacked { .. } => "custody/not-packed",
            Self::NotEmpty { .. } => "custody/not-empty",
            Self::Outside { .. } => "custody/outside",
            Self::NotOutside { .. } => "custody/not-outside",
            Self::NotStored { .. } => "custody/not-stored",
            Self::CheckedOut { .. } => "custody/checked-out",
            Self::NotCheckedOut { .. } => "custody/not-checked-out",
            Self::Quantity { .. } => "custody/quantity",
            Self::OnHold { .. } => "custody/on-hold",
            Self::NoOpenHold { .. } => "custody/no-open-hold",
            Self::NoOpenDispute { .. } => "custody/no-open-dispute",
            Self::TooManyOpen { .. } => "custody/too-many-open",
            Self::Onward { .. } => "custody/onward-not-authorised",
            Self::RequestStep { .. } => "custody/request-step",
            Self::Embedded(_) => "custody/embedded",
            Self::EmbeddedElsewhere => "custody/embedded-elsewhere",
            Self::NotLate => "custody/not-late",
        }
    }

    /// Whether the rule is about the standing of a key rather than about custody.
    pub fn is_key_standing(&self) -> bool {
        matches!(
            self,
            Self::KeyNotEnrolled { .. }
                | Self::KeyEnded { .. }
                | Self::KeyEnrolledTwice { .. }
                | Self::RoleNotGranted { .. }
                | Self::NotItsAgency { .. }
                | Self::Quorum { .. }
        )
    }

    pub(super) fn holder(item: &SubjectId, holder: Uuid, actual: &SubjectId) -> Self {
        let holder = SubjectId::Custodian(holder);
        Self::NotTheHolder { item: item.clone(), holder, actual: actual.clone() }
    }
}
