use crate::cbor::{CborError, Reader, Value};
use crate::cose::MAX_ITEMS;
use crate::id::Uuid;
use crate::record::body::item::{Digests, MAX_TOOL};
use crate::record::body::part::{Code, ItemId, Measured, Number, Part, Text, body};
use crate::record::body::{
    AnalyseKind, ConsumePurpose, DeriveMethod, DigestOutcome, DigestScope, EvidenceDigest,
};
use crate::record::error::RecordError;

body! {
    /// Makes a new item out of one: an image, a copy, an extract.
    Derive {
        /// The tool that made it.
        tool: String = required "tool" as Text<MAX_TOOL>,
        /// How it was made.
        method: DeriveMethod = required "method" as Code,
        /// The item that it was made from.
        parent: Uuid = required "parent" as ItemId,
        /// Digests of the new item, where the agency does not seal them.
        digests: Vec<EvidenceDigest> = listed "digests" as Digests,
        /// The tool's version.
        version: String = required "version" as Text<MAX_TOOL>,
    }
}

body! {
    /// Recomputes a digest of an item. The digests found are the sealed field `digests`.
    VerifyDigest {
        /// What it was computed over.
        scope: DigestScope = required "scope" as Code,
        /// Whether it is the recorded one.
        outcome: DigestOutcome = required "outcome" as Code,
    }
}

/// A part that an item was split into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitPart {
    /// The new item.
    pub item: Uuid,
    /// How much it is, in the unit of the item that was split; `None` where that has no quantity.
    pub amount: Option<u64>,
}

/// The parts, in the order of their ids.
struct Parts;

impl Part<Vec<SplitPart>> for Parts {
    fn encode(value: &Vec<SplitPart>) -> Value {
        let part = |part: &SplitPart| {
            Value::array([ItemId::encode(&part.item), Measured::encode(&part.amount)])
        };
        Value::array(value.iter().map(part))
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Vec<SplitPart>, CborError> {
        let offset = reader.offset();
        // One chain of the record is the item that was split.
        let count = reader.array(1, MAX_ITEMS - 1)?;
        let part = |_| {
            reader.array(2, 2)?;
            Ok(SplitPart { item: ItemId::decode(reader)?, amount: Measured::decode(reader)? })
        };
        let parts = (0..count).map(part).collect::<Result<Vec<_>, CborError>>()?;
        match parts.windows(2).all(|pair| pair[0].item < pair[1].item) {
            true => Ok(parts),
            false => Err(reader.out_of_range(offset, "parts in order, none twice")),
        }
    }
}

body! {
    /// Makes several items out of one.
    Split {
        /// How much of it remains; `None` where it has no quantity and something remains. 0 ends it.
        rest: Option<u64> = required "rest" as Measured,
        /// The parts, in the order of their ids.
        parts: Vec<SplitPart> = required "parts" as Parts,
        /// The item that was split.
        parent: Uuid = required "parent" as ItemId,
    }
}

body! {
    /// Uses up an item, or part of it.
    Consume {
        /// How much remains; `None` where it has no quantity and something remains. 0 ends it.
        rest: Option<u64> = required "rest" as Measured,
        /// How much was used up, in the item's unit; absent where it has no quantity.
        amount: u64 = optional "amount" as Number,
        /// What for.
        purpose: ConsumePurpose = required "purpose" as Code,
    }
}

body! {
    /// Examines items. What was found is the sealed field `result`, or an attachment.
    Analyse {
        /// Of what field.
        kind: AnalyseKind = required "kind" as Code,
        /// The tool or instrument.
        tool: String = optional "tool" as Text<MAX_TOOL>,
        /// Its version.
        version: String = optional "version" as Text<MAX_TOOL>,
    }
}
