use crate::cbor::{CborError, Reader, Value, check};
use crate::code::codes;
use crate::exhibit::excess::{Excess, check_limits};
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::merkle::LeafIndex;
use crate::record::{Occurred, decode_subject};

/// Longest name of a recipient and longest purpose in bytes.
const MAX_TEXT: usize = 400;
/// Most withheld fields.
const MAX_WITHHELD: usize = 1000;

codes! {
    /// Why a sealed field is withheld.
    pub enum WithholdReason {
        /// The opening was erased.
        Erased = "erased",
        /// It would harm an investigation.
        Investigation = "investigation",
        /// The exporter does not have the opening.
        NotHeld = "not-held",
        /// By order of a court or authority.
        Order = "order",
        /// It identifies a person who has nothing to do with the purpose.
        PersonalData = "personal-data",
        /// It is privileged.
        Privilege = "privilege",
    }
}

/// What the exporter signs about an exhibit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// For whom the exhibit was made.
    pub recipient: String,
    /// The item that it is about.
    pub item: Uuid,
    /// When it was made, as the exporter claims it.
    pub made: Occurred,
    /// What for.
    pub purpose: String,
    /// SHA-256 of the encoded contents.
    pub contents: Hash,
    /// The custodian who made and signed it.
    pub exporter: Uuid,
    /// What is sealed in the records and not opened here, in the order of index and field.
    pub withheld: Vec<Withheld>,
}

/// A sealed field whose opening is not in the exhibit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Index of the record's entry.
    pub index: LeafIndex,
    /// The field.
    pub field: String,
    /// Why.
    pub reason: WithholdReason,
}

impl Manifest {
    /// The deterministic encoding that is signed.
    pub fn encode(&self) -> Vec<u8> {
        Value::map([
            ("v", Value::Uint(1)),
            ("for", Value::text(self.recipient.as_str())),
            ("item", Value::text(SubjectId::Item(self.item).to_string())),
            ("made", self.made.to_value()),
            ("purpose", Value::text(self.purpose.as_str())),
            ("contents", Value::bytes(self.contents)),
            ("exporter", Value::text(SubjectId::Custodian(self.exporter).to_string())),
            ("withheld", Value::array(self.withheld.iter().map(Withheld::to_value))),
        ])
        .encode()
    }

    /// Checks that nothing in it is longer than what is read may be.
    ///
    /// # Errors
    /// [`Excess`] names the first that is.
    pub fn check_limits(&self) -> Result<(), Excess> {
        check_limits(&[
            ("bytes of the recipient", self.recipient.len(), MAX_TEXT),
            ("bytes of the purpose", self.purpose.len(), MAX_TEXT),
            ("withheld fields", self.withheld.len(), MAX_WITHHELD),
        ])
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        check(bytes)?;
        let mut reader = Reader::new(bytes);
        let mut fields = reader.fields()?;
        fields.required("v")?.uint_exactly(1, "version 1")?;
        let expected = "1 to 400 bytes";
        let recipient = fields.required("for")?.text_to(MAX_TEXT, expected)?.to_owned();
        let item = decode_subject(fields.required("item")?)?;
        let made = Occurred::decode(fields.required("made")?)?;
        let purpose = fields.required("purpose")?.text_to(MAX_TEXT, expected)?.to_owned();
        let contents = Hash::new(fields.required("contents")?.array_of()?);
        let exporter = decode_subject(fields.required("exporter")?)?;
        let list = fields.required("withheld")?;
        let count = list.array(0, MAX_WITHHELD)?;
        let withheld = (0..count).map(|_| Withheld::decode(list)).collect::<Result<Vec<_>, _>>()?;
        fields.done()?;
        reader.end()?;
        let (SubjectId::Item(item), SubjectId::Custodian(exporter)) = (item, exporter) else {
            return Err(reader.out_of_range(0, "an item's and a custodian's id"));
        };
        if withheld.windows(2).any(|pair| pair[0].place() >= pair[1].place()) {
            return Err(reader.out_of_range(0, "withheld fields in order, none twice"));
        }
        Ok(Self { recipient, item, made, purpose, contents, exporter, withheld })
    }
}

impl Withheld {
    fn to_value(&self) -> Value {
        Value::array([
            Value::Uint(self.index.0),
            Value::text(self.field.as_str()),
            self.reason.into(),
        ])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        reader.array(3, 3)?;
        let index = LeafIndex(reader.uint()?);
        let field = reader.text_to(48, "a field name")?.to_owned();
        Ok(Self { index, field, reason: WithholdReason::decode(reader)? })
    }

    pub(crate) fn place(&self) -> (LeafIndex, &[u8]) {
        (self.index, self.field.as_bytes())
    }
}
