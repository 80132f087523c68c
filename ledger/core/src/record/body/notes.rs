use crate::cbor::{Reader, Value};
use crate::hash::Hash;
use crate::record::MAX_RECORD;
use crate::record::body::{CorrectReason, LateReason, NoteKind};
use crate::record::error::RecordError;

/// Corrects a field of an earlier record. The right value is the sealed field `value`; the original
/// stays in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correct {
    /// The field: its key in the payload, or the name of a sealed field.
    pub field: String,
    /// Why.
    pub reason: CorrectReason,
    /// Digest of the record.
    pub record: Hash,
}

impl Correct {
    pub(super) fn to_value(&self) -> Value {
        Value::map([
            ("field", Value::text(self.field.as_str())),
            ("reason", self.reason.into()),
            ("record", Value::bytes(self.record)),
        ])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let field = fields.required("field")?.text_to(32, "a field name of 1 to 32 bytes")?;
        let reason = CorrectReason::decode(fields.required("reason")?)?;
        let record = Hash::new(fields.required("record")?.array_of()?);
        fields.done()?;
        Ok(Self { field: field.to_owned(), reason, record })
    }
}

/// Keeps a record whole that came too late to take its place in a custody chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateEntry {
    /// Why it came too late.
    pub reason: LateReason,
    /// The record, complete, at most 96 KiB.
    pub record: Vec<u8>,
}

impl LateEntry {
    pub(super) fn to_value(&self) -> Value {
        Value::map([("reason", self.reason.into()), ("record", Value::bytes(&self.record))])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let reason = LateReason::decode(fields.required("reason")?)?;
        let record = fields.required("record")?.bytes()?;
        fields.done()?;
        if record.len() > MAX_RECORD {
            return Err(RecordError::Oversize { limit: MAX_RECORD, actual: record.len() });
        }
        Ok(Self { reason, record: record.to_vec() })
    }
}

/// Remarks on an item. The text is the sealed field `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
}

impl Note {
    pub(super) fn to_value(&self) -> Value {
        Value::map([("kind", self.kind.into())])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let kind = NoteKind::decode(fields.required("kind")?)?;
        fields.done()?;
        Ok(Self { kind })
    }
}
