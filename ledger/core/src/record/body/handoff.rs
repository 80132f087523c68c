use crate::cbor::{CborError, Reader, Value};
use crate::hash::Hash;
use crate::id::Uuid;
use crate::record::body::part::{Code, CustodianId, Digest, Part, RequestId, Time, body};
use crate::record::body::{
    CarrierEvent, ExternalParty, MovePurpose, RefusalGround, StandIn, StoreCondition,
    SuccessionReason,
};
use crate::record::error::RecordError;

/// Substitutes whom one release may name.
const MAX_SUBSTITUTES: usize = 8;

body! {
    /// Hands items over from hand to hand: both sides sign this one record.
    Handoff {
        /// The permission to pass the items on, where one is needed: digest of an `authorise-onward`.
        onward: Hash = optional "onward" as Digest,
        /// What for.
        purpose: MovePurpose = required "purpose" as Code,
        /// The request under which the items move.
        request: Uuid = optional "request" as RequestId,
    }
}

impl Handoff {
    /// A handoff for this purpose, under no request.
    pub fn for_purpose(purpose: MovePurpose) -> Self {
        Self { onward: None, purpose, request: None }
    }
}

/// Custodians who may receive in the place of an addressee.
struct Substitutes;

impl Part<Vec<Uuid>> for Substitutes {
    fn encode(value: &Vec<Uuid>) -> Value {
        Value::array(value.iter().map(CustodianId::encode))
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Vec<Uuid>, CborError> {
        let offset = reader.offset();
        let count = reader.array(1, MAX_SUBSTITUTES)?;
        let ids = (0..count).map(|_| CustodianId::decode(reader)).collect::<Result<Vec<_>, _>>()?;
        match ids.windows(2).all(|pair| pair[0] < pair[1]) {
            true => Ok(ids),
            false => Err(reader.out_of_range(offset, "substitutes in order, none twice")),
        }
    }
}

body! {
    /// Sends items on the way to `to`.
    Release {
        /// The permission to pass the items on, where one is needed: digest of an `authorise-onward`.
        onward: Hash = optional "onward" as Digest,
        /// What for.
        purpose: MovePurpose = required "purpose" as Code,
        /// The request under which the items move.
        request: Uuid = optional "request" as RequestId,
        /// By when they should be received: seconds since 1970.
        expected_s: u64 = optional "expected" as Time,
        /// Who may receive in the place of `to`, in the order of their ids.
        substitutes: Vec<Uuid> = listed "substitutes" as Substitutes,
    }
}

impl Release {
    /// A release for this purpose, under no request.
    pub fn for_purpose(purpose: MovePurpose) -> Self {
        Self { onward: None, purpose, request: None, expected_s: None, substitutes: Vec::new() }
    }
}

body! {
    /// Takes over what was released.
    Receive {
        /// Digest of the release.
        release: Hash = required "release" as Digest,
    }
}

body! {
    /// Takes back what is still on the way.
    Recall {
        /// Digest of the release.
        release: Hash = required "release" as Digest,
    }
}

/// What a refusal answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// An open release, by the digest of its record: extends the items' custody chains.
    Release(Hash),
    /// An offer that was never recorded, by its digest: extends the items' notes chains.
    Offer(Hash),
}

/// Does not take items over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refuse {
    /// What is answered.
    pub answers: Refused,
    /// Why not.
    pub ground: RefusalGround,
}

impl Refuse {
    pub(super) fn to_value(&self) -> Value {
        let answers = match &self.answers {
            Refused::Release(digest) => ("release", Value::bytes(digest)),
            Refused::Offer(digest) => ("offer", Value::bytes(digest)),
        };
        Value::map([("ground", self.ground.into()), answers])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let start = reader.offset();
        let mut fields = reader.fields()?;
        let offer = fields.optional("offer")?.map(Digest::decode).transpose()?;
        let ground = RefusalGround::decode(fields.required("ground")?)?;
        let release = fields.optional("release")?.map(Digest::decode).transpose()?;
        fields.done()?;
        let answers = match (release, offer) {
            (Some(digest), None) => Refused::Release(digest),
            (None, Some(digest)) => Refused::Offer(digest),
            _ => return Err(reader.out_of_range(start, "either `release` or `offer`").into()),
        };
        Ok(Self { answers, ground })
    }
}

body! {
    /// Tells where what is on the way was seen. Place, carrier and waybill are sealed fields.
    CarrierScan {
        /// What was seen.
        event: CarrierEvent = required "event" as Code,
        /// Digest of the release.
        release: Hash = required "release" as Digest,
    }
}

body! {
    /// Hands items to somebody who holds no key, or takes them from there. Who it is, is the sealed
    /// field `party`; only the custodian's side signs.
    HandoffExternal {
        /// What they are.
        party: ExternalParty = required "party" as Code,
        /// What for.
        purpose: MovePurpose = required "purpose" as Code,
        /// What stands in for their signature.
        stand_in: StandIn = required "stand-in" as Code,
    }
}

body! {
    /// Passes on what somebody holds who can no longer hold it.
    Succession {
        /// Why.
        reason: SuccessionReason = required "reason" as Code,
    }
}

body! {
    /// Puts items into storage. Where, is the sealed field `place`.
    Store {
        /// How they are kept there.
        condition: StoreCondition = required "condition" as Code,
    }
}

body! {
    /// Gives items out of storage to somebody who brings them back.
    CheckOut {
        /// By when: seconds since 1970.
        due_s: u64 = optional "due" as Time,
        /// What for.
        purpose: MovePurpose = required "purpose" as Code,
    }
}

body! {
    /// Brings items back into storage.
    CheckIn {
        /// How they are kept there.
        condition: StoreCondition = required "condition" as Code,
    }
}

body! {
    /// Gives an item back to its owner, which ends it. Who that is, is the sealed field `party`.
    ReturnToOwner {
        /// What stands in for the owner's signature.
        stand_in: StandIn = required "stand-in" as Code,
    }
}
