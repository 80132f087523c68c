use crate::cbor::{CborError, Reader, Value, check};
use crate::checkpoint::Checkpoint;
use crate::entry::Entry;
use crate::exhibit::error::ExhibitError;
use crate::exhibit::excess::{Excess, check_limits};
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::merkle::{ConsistencyProof, LeafIndex, MultiProof, TreeSize};
use crate::record::{MAX_LATE_ENTRY, Record, RecordError, decode_subject};
use crate::sealed::{MAX_OPENING, Opening};

/// Most records in one exhibit.
const MAX_RECORDS: usize = 65_536;
/// Most index lookups in one exhibit.
const MAX_SUBJECTS: usize = 65_536;
/// Most openings: eight for every record.
const MAX_OPENINGS: usize = 8 * MAX_RECORDS;
/// Most hashes in a multiproof: 62 levels would need fewer for any 65,536 leaves than 32 each.
const MAX_PROOF: usize = 32 * MAX_RECORDS;
/// Most earlier checkpoints.
const MAX_CONSISTENCY: usize = 256;
/// Most hashes in one consistency proof: two for each of 62 levels.
const MAX_CONSISTENCY_HASHES: usize = 124;
/// Longest proof of one index lookup: 256 steps of 34 bytes and another leaf.
const MAX_LOOKUP: usize = 16 * 1024;
/// Most handling codes, and the longest of them in bytes.
const MAX_HANDLING: usize = 16;
const MAX_HANDLING_CODE: usize = 64;

/// What an exhibit holds. Nothing in it is verified.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The item that the exhibit is about.
    pub item: Uuid,
    /// The checkpoint that everything is proved against.
    pub checkpoint: Checkpoint,
    /// The encoded entry of index size-1, which commits to the head of every chain.
    pub tail: Vec<u8>,
    /// One multiproof for the entries of all records and for the tail.
    pub proof: MultiProof,
    /// The records with their places, in the order of the log.
    pub records: Vec<Placed>,
    /// Index lookups, in the order of the subjects' ids: every subject whose whole history is here.
    pub subjects: Vec<Lookup>,
    /// Openings of sealed fields, in the order of index and field.
    pub openings: Vec<ContentsOpening>,
    /// Consistency proofs from earlier sizes, ascending.
    pub consistency: Vec<Consistency>,
    /// Handling codes, in order.
    pub handling: Vec<String>,
}

/// A record and its place in the log.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Index of its entry.
    pub index: LeafIndex,
    /// When the log took it in: milliseconds since 1970.
    pub accepted_ms: u64,
    /// Root of the custody index after it.
    pub index_root: Hash,
    /// The record.
    pub record: Record,
}

/// A lookup of one subject in the custody index of the tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The subject.
    pub subject: SubjectId,
    /// The proof that its chain is as long as here, or that it has none.
    pub proof: Vec<u8>,
}

/// An opening and the entry that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentsOpening {
    /// Index of the entry.
    pub index: LeafIndex,
    /// The opening.
    pub opening: Opening,
}

/// A consistency proof from an earlier size to the exhibit's checkpoint.
#[derive(Clone, Debug)]
pub struct Consistency {
    /// The earlier size.
    pub size: TreeSize,
    /// The proof.
    pub proof: ConsistencyProof,
}

impl Placed {
    /// The entry that the log must hold for this record.
    pub fn entry(&self) -> Entry {
        Entry {
            accepted_ms: self.accepted_ms,
            index_root: self.index_root,
            record: self.record.digest(),
        }
    }

    fn to_value(&self) -> Value {
        Value::array([
            Value::Uint(self.index.0),
            Value::Uint(self.accepted_ms),
            Value::bytes(self.index_root),
            Value::bytes(self.record.as_bytes()),
        ])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, ExhibitError> {
        reader.array(4, 4)?;
        let index = LeafIndex(reader.uint()?);
        let accepted_ms = Entry::decode_accepted_ms(reader)?;
        let index_root = Hash::new(reader.array_of()?);
        let bytes = reader.bytes()?;
        if bytes.len() > MAX_LATE_ENTRY {
            let (limit, actual) = (MAX_LATE_ENTRY, bytes.len());
            let source = RecordError::Oversize { limit, actual };
            return Err(ExhibitError::Record { index, source });
        }
        let record =
            Record::parse(bytes).map_err(|source| ExhibitError::Record { index, source })?;
        Ok(Self { index, accepted_ms, index_root, record })
    }
}

impl Lookup {
    fn to_value(&self) -> Value {
        Value::array([Value::text(self.subject.to_string()), Value::bytes(&self.proof)])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, ExhibitError> {
        reader.array(2, 2)?;
        let subject = decode_subject(reader)?;
        Ok(Self { subject, proof: bytes_to(reader, MAX_LOOKUP)?.to_vec() })
    }
}

impl ContentsOpening {
    fn to_value(&self) -> Value {
        Value::array([
            Value::Uint(self.index.0),
            Value::text(self.opening.field.as_str()),
            Value::bytes(self.opening.salt),
            Value::bytes(&self.opening.value),
        ])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, ExhibitError> {
        reader.array(4, 4)?;
        let index = LeafIndex(reader.uint()?);
        let field = reader.text_to(48, "a field name")?.to_owned();
        let salt = reader.array_of()?;
        let value = bytes_to(reader, MAX_OPENING)?.to_vec();
        Ok(Self { index, opening: Opening { field, salt, value } })
    }

    fn place(&self) -> (LeafIndex, &[u8]) {
        (self.index, self.opening.field.as_bytes())
    }
}

impl Consistency {
    fn to_value(&self) -> Value {
        let hashes = self.proof.hashes.iter().map(Value::bytes);
        Value::array([Value::Uint(self.size.0), Value::array(hashes)])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, ExhibitError> {
        reader.array(2, 2)?;
        let size = TreeSize(reader.uint()?);
        let hashes = decode_hashes(reader, MAX_CONSISTENCY_HASHES)?;
        Ok(Self { size, proof: ConsistencyProof { hashes } })
    }
}

impl Contents {
    /// The deterministic encoding. The caller brings every list in its order.
    pub fn encode(&self) -> Vec<u8> {
        let mut pairs = vec![
            ("item", Value::text(SubjectId::Item(self.item).to_string())),
            ("tail", Value::bytes(&self.tail)),
            ("proof", Value::array(self.proof.hashes.iter().map(Value::bytes))),
            ("records", Value::array(self.records.iter().map(Placed::to_value))),
            ("openings", Value::array(self.openings.iter().map(ContentsOpening::to_value))),
            ("subjects", Value::array(self.subjects.iter().map(Lookup::to_value))),
            ("checkpoint", Value::bytes(self.checkpoint.as_bytes())),
            ("consistency", Value::array(self.consistency.iter().map(Consistency::to_value))),
        ];
        if !self.handling.is_empty() {
            let codes = self.handling.iter().map(|code| Value::text(code.as_str()));
            pairs.push(("handling", Value::array(codes)));
        }
        Value::map(pairs).encode()
    }

    /// Checks that no list is longer than one that is read may be.
    ///
    /// # Errors
    /// [`Excess`] names the first that is.
    pub fn check_limits(&self) -> Result<(), Excess> {
        check_limits(&[
            ("records", self.records.len(), MAX_RECORDS),
            ("subjects", self.subjects.len(), MAX_SUBJECTS),
            ("openings", self.openings.len(), MAX_OPENINGS),
            ("hashes of a multiproof", self.proof.hashes.len(), MAX_PROOF),
            ("consistency proofs", self.consistency.len(), MAX_CONSISTENCY),
            ("handling codes", self.handling.len(), MAX_HANDLING),
        ])
    }

    /// Decodes contents strictly: every list in its order, nothing twice, nothing unknown.
    pub fn decode(bytes: &[u8]) -> Result<Self, ExhibitError> {
        check(bytes)?;
        let mut reader = Reader::new(bytes);
        let mut fields = reader.fields()?;
        let item = decode_item(fields.required("item")?)?;
        let tail = bytes_to(fields.required("tail")?, Entry::LEN)?.to_vec();
        let hashes = decode_hashes(fields.required("proof")?, MAX_PROOF)?;
        let records = list(fields.required("records")?, 1, MAX_RECORDS, Placed::decode)?;
        let handling = match fields.optional("handling")? {
            Some(reader) => list(reader, 1, MAX_HANDLING, decode_handling)?,
            None => Vec::new(),
        };
        let openings = fields.required("openings")?;
        let openings = list(openings, 0, MAX_OPENINGS, ContentsOpening::decode)?;
        let subjects = list(fields.required("subjects")?, 1, MAX_SUBJECTS, Lookup::decode)?;
        let checkpoint = Checkpoint::parse(fields.required("checkpoint")?.bytes()?)?;
        let consistency = fields.required("consistency")?;
        let consistency = list(consistency, 0, MAX_CONSISTENCY, Consistency::decode)?;
        fields.done()?;
        reader.end()?;
        let is_ordered = records.windows(2).all(|pair| pair[0].index < pair[1].index)
            && handling.windows(2).all(|pair| pair[0] < pair[1])
            && openings.windows(2).all(|pair| pair[0].place() < pair[1].place())
            && subjects.windows(2).all(|pair| pair[0].subject < pair[1].subject)
            && consistency.windows(2).all(|pair| pair[0].size < pair[1].size);
        if !is_ordered {
            return Err(reader.out_of_range(0, "lists in order, nothing twice").into());
        }
        let proof = MultiProof { hashes };
        Ok(Self {
            item,
            checkpoint,
            tail,
            proof,
            records,
            subjects,
            openings,
            consistency,
            handling,
        })
    }

    /// The record at `index`, if it is here.
    pub fn placed(&self, index: LeafIndex) -> Option<&Placed> {
        let position = self.records.binary_search_by_key(&index, |placed| placed.index).ok()?;
        self.records.get(position)
    }

    /// The lookup of `subject`, if it is listed.
    pub fn lookup(&self, subject: &SubjectId) -> Option<&Lookup> {
        let position = self.subjects.binary_search_by(|known| known.subject.cmp(subject)).ok()?;
        self.subjects.get(position)
    }

    /// The opening of `field` of the record at `index`, if it is here.
    pub fn opening(&self, index: LeafIndex, field: &str) -> Option<&Opening> {
        let place = (index, field.as_bytes());
        let position = self.openings.binary_search_by(|known| known.place().cmp(&place)).ok()?;
        self.openings.get(position).map(|known| &known.opening)
    }
}

fn list<T>(
    reader: &mut Reader<'_>,
    min: usize,
    max: usize,
    decode: impl Fn(&mut Reader<'_>) -> Result<T, ExhibitError>,
) -> Result<Vec<T>, ExhibitError> {
    let count = reader.array(min, max)?;
    // Grown as items are read: a count alone never makes us allocate.
    (0..count).map(|_| decode(reader)).collect()
}

fn bytes_to<'a>(reader: &mut Reader<'a>, max: usize) -> Result<&'a [u8], CborError> {
    let offset = reader.offset();
    let bytes = reader.bytes()?;
    match bytes.len() <= max {
        true => Ok(bytes),
        false => Err(reader.out_of_range(offset, "a byte string of at most its permitted length")),
    }
}

fn decode_hashes(reader: &mut Reader<'_>, max: usize) -> Result<Vec<Hash>, ExhibitError> {
    list(reader, 0, max, |reader| Ok(Hash::new(reader.array_of()?)))
}

fn decode_item(reader: &mut Reader<'_>) -> Result<Uuid, CborError> {
    let offset = reader.offset();
    match decode_subject(reader)? {
        SubjectId::Item(id) => Ok(id),
        _ => Err(reader.out_of_range(offset, "an item's id")),
    }
}

fn decode_handling(reader: &mut Reader<'_>) -> Result<String, ExhibitError> {
    Ok(reader.text_to(MAX_HANDLING_CODE, "a handling code of 1 to 64 bytes")?.to_owned())
}
