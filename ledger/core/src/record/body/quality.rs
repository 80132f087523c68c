use crate::cbor::{CborError, Reader, Value};
use crate::cose::Outcome;
use crate::hash::Hash;
use crate::record::body::part::{Code, Digest, Part, body};
use crate::record::body::{DiscrepancyKind, EraseBasis, InventoryMethod};
use crate::record::error::RecordError;

/// Fields that one `erase-opening` names, at most.
const MAX_ERASED: usize = 100;
/// Longest name of a field: that of an opening in an exhibit.
const MAX_FIELD: usize = 48;

/// What was found of items, by position; exceptions only.
struct Outcomes;

impl Part<Vec<Outcome>> for Outcomes {
    fn encode(value: &Vec<Outcome>) -> Value {
        Value::array(value.iter().copied().map(Outcome::to_value))
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Vec<Outcome>, CborError> {
        Outcome::decode_list(reader)
    }
}

body! {
    /// Looks whether items are there.
    Inventory {
        /// How.
        method: InventoryMethod = required "method" as Code,
        /// What is not as it should be, by ascending position in `subjects`.
        outcomes: Vec<Outcome> = listed "outcomes" as Outcomes,
    }
}

body! {
    /// Says that something is not as it should be. What, is the sealed field `text`.
    Discrepancy {
        /// Of what kind.
        kind: DiscrepancyKind = required "kind" as Code,
        /// Digest of the record that it differs from.
        record: Hash = optional "record" as Digest,
    }
}

/// A sealed field of a record, of which the opening is erased.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErasedField {
    /// Digest of the record.
    pub record: Hash,
    /// Name of the field, or `attached/N`.
    pub field: String,
}

/// Erased fields by record and name.
struct ErasedFields;

impl Part<Vec<ErasedField>> for ErasedFields {
    fn encode(value: &Vec<ErasedField>) -> Value {
        let field = |erased: &ErasedField| {
            Value::array([Value::bytes(erased.record), Value::text(erased.field.as_str())])
        };
        Value::array(value.iter().map(field))
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Vec<ErasedField>, CborError> {
        let offset = reader.offset();
        let count = reader.array(1, MAX_ERASED)?;
        let field = |_| {
            reader.array(2, 2)?;
            let record = Digest::decode(reader)?;
            let field = reader.text_to(MAX_FIELD, "a field name of 1 to 48 bytes")?.to_owned();
            Ok(ErasedField { record, field })
        };
        let fields = (0..count).map(field).collect::<Result<Vec<_>, CborError>>()?;
        match fields.windows(2).all(|pair| pair[0] < pair[1]) {
            true => Ok(fields),
            false => Err(reader.out_of_range(offset, "fields in order, none twice")),
        }
    }
}

body! {
    /// Says that openings were erased. By whose authority, is the sealed field `authority`.
    EraseOpening {
        /// On what basis.
        basis: EraseBasis = required "basis" as Code,
        /// What, by record and name.
        fields: Vec<ErasedField> = required "fields" as ErasedFields,
    }
}
