use crate::cbor::{CborError, Reader, Value};
use crate::id::Uuid;
use crate::record::body::part::{AgencyId, Code, ItemId, Part, RequestId, body};
use crate::record::body::{BreakReason, SealKind, SealOutcome};
use crate::record::error::RecordError;

body! {
    /// Puts a seal on. Its number is the sealed field `seal`.
    Seal {
        /// What kind of seal.
        kind: SealKind = required "kind" as Code,
    }
}

body! {
    /// Looks at a seal. The number read is the sealed field `seal`.
    SealCheck {
        /// How it was found.
        outcome: SealOutcome = required "outcome" as Code,
    }
}

body! {
    /// Takes a seal off, or finds that it came off. Its number is the sealed field `seal`.
    SealBreak {
        /// Why.
        reason: BreakReason = required "reason" as Code,
    }
}

/// Where items came from that are not passed on without permission, and under which request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The agency that they came from.
    pub agency: Uuid,
    /// The request.
    pub request: Uuid,
}

/// `[agency, request]`.
struct Origin;

impl Part<Bound> for Origin {
    fn encode(value: &Bound) -> Value {
        Value::array([AgencyId::encode(&value.agency), RequestId::encode(&value.request)])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Bound, CborError> {
        reader.array(2, 2)?;
        Ok(Bound { agency: AgencyId::decode(reader)?, request: RequestId::decode(reader)? })
    }
}

body! {
    /// Puts items into another one, which from now on carries them: a bag, a box.
    Pack {
        /// Where the items came from, where any of them is not passed on without permission: the container then
        /// is not, either.
        bound: Bound = optional "bound" as Origin,
        /// The item that they are in. The record extends its chain too.
        container: Uuid = required "container" as ItemId,
    }
}

body! {
    /// Takes items out of the one that they were packed in.
    Unpack {
        /// The item that they were in. The record extends its chain too.
        container: Uuid = required "container" as ItemId,
    }
}
