use crate::cbor::{CborError, Reader, Value, check};
use crate::code::codes;
use crate::cose::{MAX_ITEMS, MAX_TIME_S, Role};
use crate::decimal::parse_decimal;
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::merkle::{TreeHead, TreeSize};
use crate::record::body::{Body, RecordType};
use crate::record::error::RecordError;

/// Sealed fields of one record, at most.
const MAX_SEALED: usize = 32;
/// Attachments of one record, at most: 32 x (100 + 9 + 34 bytes) stay below 5 KiB.
const MAX_ATTACHED: usize = 32;
/// Longest name of a sealed field, in bytes.
const MAX_FIELD_NAME: usize = 32;
/// Longest media type, in bytes.
const MAX_MEDIA_TYPE: usize = 100;
/// Signers of one record, at most; the same bound as the envelope's.
const MAX_SIGNERS: usize = 129;

/// What the people sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The chains that this record extends, in the order of the ids' bytes.
    pub subjects: Vec<Link>,
    /// Who signs and in what role, in the order of the signatures.
    pub signers: Vec<Signer>,
    /// The custodian who hands over.
    pub from: Option<Uuid>,
    /// The custodian who takes over.
    pub to: Option<Uuid>,
    /// When, as claimed.
    pub occurred: Occurred,
    /// The newest checkpoint that the signers knew.
    pub seen: Option<TreeHead>,
    /// What the type needs.
    pub body: Body,
    /// Commitments to sealed fields by name, in canonical key order.
    pub sealed: Vec<(String, Hash)>,
    /// Documents and photographs kept outside.
    pub attached: Vec<Attachment>,
}

/// Who has signed a move from hand to hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Whoever gave and whoever took.
    Both,
    /// One of them: the other one has no key, or could not sign.
    One,
}

/// A chain that a record extends, and the place it takes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The chain.
    pub subject: SubjectId,
    /// The record's place in it, from 0.
    pub seq: u64,
    /// Digest of the record before it; absent at place 0.
    pub prev: Option<Hash>,
}

/// Somebody who signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// In what role.
    pub role: Role,
    /// A custodian, an agency, or the ledger for its operator.
    pub id: SubjectId,
}

codes! {
    /// Where a claimed time was taken from.
    pub enum TimeSource {
        /// A clock set by a network.
        Ntp = "ntp",
        /// A person's statement.
        Manual = "manual",
        /// The clock of a device.
        Device = "device",
        /// A time-stamping authority.
        Tsa = "tsa",
    }
}

/// When something happened, as the signers claim it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurred {
    /// Seconds since 1970, UTC.
    pub utc_s: u64,
    /// Offset of the local time from UTC in minutes, -1440 to 1440.
    pub offset_min: i64,
    /// Where the time was taken from.
    pub source: TimeSource,
}

/// A document that is kept outside; its name and digest are sealed as the field `attached/N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Media type.
    pub media_type: String,
    /// Size in bytes.
    pub size: u64,
    /// Commitment to name and digest.
    pub commitment: Hash,
}

impl Payload {
    /// The deterministic encoding that is signed.
    pub fn encode(&self) -> Vec<u8> {
        let mut pairs = vec![
            ("v", Value::Uint(1)),
            ("type", self.body.record_type().into()),
            ("subjects", Value::array(self.subjects.iter().map(Link::to_value))),
            ("signers", Value::array(self.signers.iter().map(Signer::to_value))),
            ("occurred", self.occurred.to_value()),
            ("seen", self.seen.as_ref().map_or(Value::Null, tree_head_value)),
            ("body", self.body.to_value()),
        ];
        pairs.extend(self.from.map(|id| ("from", id_value(SubjectId::Custodian(id)))));
        pairs.extend(self.to.map(|id| ("to", id_value(SubjectId::Custodian(id)))));
        if !self.sealed.is_empty() {
            let sealed = self.sealed.iter().map(|(name, hash)| (name.as_str(), Value::bytes(hash)));
            pairs.push(("sealed", Value::map(sealed)));
        }
        if !self.attached.is_empty() {
            let attached = self.attached.iter().map(Attachment::to_value);
            pairs.push(("attached", Value::array(attached)));
        }
        Value::map(pairs).encode()
    }

    /// Who hands over and who takes over, where the type has parties. Not all of them sign.
    pub fn parties(&self) -> impl Iterator<Item = Uuid> {
        self.from.into_iter().chain(self.to)
    }

    /// Which sides of a move have signed, where the record moves items.
    pub fn sides(&self) -> Option<Sides> {
        let first = self.signers.first().map(|signer| signer.role);
        match &self.body {
            Body::Handoff(_) | Body::CheckOut(_) | Body::CheckIn(_) => Some(Sides::Both),
            Body::Succession(_) if first == Some(Role::Authority) => Some(Sides::One),
            Body::Succession(_) => Some(Sides::Both),
            Body::HandoffExternal(_) | Body::ReturnToOwner(_) => Some(Sides::One),
            _ => None,
        }
    }

    /// Decodes a payload strictly: what [`Payload::encode`] could have written, and nothing else.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        check(bytes)?;
        let mut reader = Reader::new(bytes);
        let mut fields = reader.fields()?;
        // The order of the keys is the canonical one, see `Fields`.
        fields.required("v")?.uint_exactly(1, "version 1")?;
        let to = fields.optional("to")?.map(decode_custodian).transpose()?;
        let body = fields.required("body")?.skip()?;
        let from = fields.optional("from")?.map(decode_custodian).transpose()?;
        let seen = decode_seen(fields.required("seen")?)?;
        let record_type = RecordType::decode(fields.required("type")?)?;
        let sealed = fields.optional("sealed")?.map(decode_sealed).transpose()?;
        let signers = decode_signers(fields.required("signers")?)?;
        let attached = fields.optional("attached")?.map(decode_attached).transpose()?;
        let occurred = Occurred::decode(fields.required("occurred")?)?;
        let subjects = decode_subjects(fields.required("subjects")?)?;
        fields.done()?;
        reader.end()?;
        Ok(Self {
            subjects,
            signers,
            from,
            to,
            occurred,
            seen,
            body: Body::decode(record_type, &mut Reader::new(body))?,
            sealed: sealed.unwrap_or_default(),
            attached: attached.unwrap_or_default(),
        })
    }

    /// The link that extends `subject`, if this record does.
    pub fn link(&self, subject: &SubjectId) -> Option<&Link> {
        self.subjects.iter().find(|link| link.subject == *subject)
    }

    /// The commitment of the sealed field or attachment `name`.
    pub fn commitment(&self, name: &str) -> Option<Hash> {
        if let Some(position) = name.strip_prefix("attached/") {
            let position = usize::try_from(parse_decimal(position)?).ok()?;
            return self.attached.get(position).map(|attachment| attachment.commitment);
        }
        self.sealed.iter().find(|(field, _)| field == name).map(|(_, hash)| *hash)
    }

    /// The names of everything sealed: fields first, then attachments.
    pub fn sealed_names(&self) -> impl Iterator<Item = String> {
        let attached = (0..self.attached.len()).map(|position| format!("attached/{position}"));
        self.sealed.iter().map(|(name, _)| name.clone()).chain(attached)
    }
}

impl Link {
    fn to_value(&self) -> Value {
        let prev = self.prev.map_or(Value::Null, Value::bytes);
        Value::array([id_value(self.subject.clone()), Value::Uint(self.seq), prev])
    }
}

impl Signer {
    fn to_value(&self) -> Value {
        Value::array([Value::Uint(self.role.number()), id_value(self.id.clone())])
    }
}

impl Occurred {
    pub(crate) fn to_value(self) -> Value {
        Value::array([Value::Uint(self.utc_s), Value::Int(self.offset_min), self.source.into()])
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        reader.array(3, 3)?;
        let utc_s = reader.uint_to(MAX_TIME_S, "a time before the year 10000")?;
        let offset = reader.offset();
        let offset_min = reader.int()?;
        if !(-1440..=1440).contains(&offset_min) {
            return Err(reader.out_of_range(offset, "an offset of -1440 to 1440 minutes"));
        }
        Ok(Self { utc_s, offset_min, source: TimeSource::decode(reader)? })
    }
}

impl Attachment {
    fn to_value(&self) -> Value {
        Value::array([
            Value::text(self.media_type.as_str()),
            Value::Uint(self.size),
            Value::bytes(self.commitment),
        ])
    }
}

fn id_value(id: SubjectId) -> Value {
    Value::text(id.to_string())
}

fn tree_head_value(head: &TreeHead) -> Value {
    Value::array([Value::Uint(head.size.0), Value::bytes(head.root)])
}

/// Reads a subject id.
pub(crate) fn decode_subject(reader: &mut Reader<'_>) -> Result<SubjectId, CborError> {
    let offset = reader.offset();
    reader.text()?.parse().map_err(|_| reader.out_of_range(offset, "a subject id"))
}

fn decode_custodian(reader: &mut Reader<'_>) -> Result<Uuid, CborError> {
    let offset = reader.offset();
    match decode_subject(reader)? {
        SubjectId::Custodian(id) => Ok(id),
        _ => Err(reader.out_of_range(offset, "a custodian's id")),
    }
}

fn decode_seen(reader: &mut Reader<'_>) -> Result<Option<TreeHead>, CborError> {
    if reader.null() {
        return Ok(None);
    }
    reader.array(2, 2)?;
    let size = TreeSize(reader.uint()?);
    Ok(Some(TreeHead { size, root: Hash::new(reader.array_of()?) }))
}

fn decode_sealed(reader: &mut Reader<'_>) -> Result<Vec<(String, Hash)>, CborError> {
    let offset = reader.offset();
    let count = reader.map(MAX_SEALED)?;
    if count == 0 {
        return Err(reader.out_of_range(offset, "at least one sealed field"));
    }
    (0..count).map(|_| Ok((decode_field_name(reader)?, Hash::new(reader.array_of()?)))).collect()
}

fn decode_field_name(reader: &mut Reader<'_>) -> Result<String, CborError> {
    let offset = reader.offset();
    let name = reader.text_to(MAX_FIELD_NAME, "a field name of 1 to 32 bytes")?;
    if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
        Ok(name.to_owned())
    } else {
        Err(reader.out_of_range(offset, "a field name of a to z and hyphens"))
    }
}

fn decode_signers(reader: &mut Reader<'_>) -> Result<Vec<Signer>, CborError> {
    let count = reader.array(1, MAX_SIGNERS)?;
    let signer = |_| {
        reader.array(2, 2)?;
        Ok(Signer { role: Role::decode(reader)?, id: decode_subject(reader)? })
    };
    (0..count).map(signer).collect()
}

fn decode_attached(reader: &mut Reader<'_>) -> Result<Vec<Attachment>, CborError> {
    let count = reader.array(1, MAX_ATTACHED)?;
    let attachment = |_| {
        reader.array(3, 3)?;
        Ok(Attachment {
            media_type: reader
                .text_to(MAX_MEDIA_TYPE, "a media type of 1 to 100 bytes")?
                .to_owned(),
            size: reader.uint()?,
            commitment: Hash::new(reader.array_of()?),
        })
    };
    (0..count).map(attachment).collect()
}

fn decode_subjects(reader: &mut Reader<'_>) -> Result<Vec<Link>, CborError> {
    let start = reader.offset();
    let count = reader.array(1, MAX_ITEMS)?;
    let mut links: Vec<Link> = Vec::with_capacity(count);
    for _ in 0..count {
        let offset = reader.offset();
        reader.array(3, 3)?;
        let (subject, seq) = (decode_subject(reader)?, reader.uint()?);
        let prev = if reader.null() { None } else { Some(Hash::new(reader.array_of()?)) };
        if prev.is_none() != (seq == 0) {
            return Err(reader.out_of_range(offset, "`prev` exactly where `seq` is above 0"));
        }
        links.push(Link { subject, seq, prev });
    }
    if links.windows(2).any(|pair| pair[0].subject >= pair[1].subject) {
        return Err(reader.out_of_range(start, "subjects in order, none twice"));
    }
    Ok(links)
}
