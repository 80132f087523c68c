use crate::cbor::{CborError, Reader, Value};
use crate::cose::MAX_TIME_S;
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::record::body::{
    DeriveMethod, DigestOutcome, DigestScope, DisposeMethod, ItemKind, MovePurpose, RefusalGround,
    SealKind, SealOutcome,
};
use crate::record::error::RecordError;
use crate::record::payload::decode_subject;

/// Digests of one item, at most.
const MAX_DIGESTS: usize = 16;
/// Longest name or version of a tool in bytes.
const MAX_TOOL: usize = 100;

/// COSE algorithm numbers of digests, RFC 9054.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// -16.
    Sha256,
    /// -44.
    Sha512,
}

impl DigestAlgorithm {
    /// The COSE number.
    pub const fn number(self) -> i64 {
        match self {
            Self::Sha256 => -16,
            Self::Sha512 => -44,
        }
    }

    const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A digest of evidence: over what, how, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceDigest {
    /// What it was computed over.
    pub scope: DigestScope,
    /// How.
    pub algorithm: DigestAlgorithm,
    /// 32 or 64 bytes.
    pub bytes: Vec<u8>,
}

impl EvidenceDigest {
    /// A SHA-256 digest.
    pub fn sha256(scope: DigestScope, digest: &Hash) -> Self {
        Self { scope, algorithm: DigestAlgorithm::Sha256, bytes: digest.as_ref().to_vec() }
    }

    /// The array in which it stands, sealed or open.
    pub fn to_value(&self) -> Value {
        Value::array([
            self.scope.into(),
            Value::Int(self.algorithm.number()),
            Value::bytes(&self.bytes),
        ])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        reader.array(3, 3)?;
        let scope = DigestScope::decode(reader)?;
        let offset = reader.offset();
        let algorithm = match reader.int()? {
            -16 => DigestAlgorithm::Sha256,
            -44 => DigestAlgorithm::Sha512,
            _ => return Err(reader.out_of_range(offset, "-16 (SHA-256) or -44 (SHA-512)")),
        };
        let bytes = reader.bytes()?;
        if bytes.len() != algorithm.length() {
            return Err(reader.out_of_range(offset, "a digest of its algorithm's length"));
        }
        Ok(Self { scope, algorithm, bytes: bytes.to_vec() })
    }
}

/// The list in which digests stand, in a body or as the value of the sealed field `digests`.
pub fn digests_value(digests: &[EvidenceDigest]) -> Value {
    Value::array(digests.iter().map(EvidenceDigest::to_value))
}

/// Reads a list of 1 to 16 digests.
pub fn decode_digests(reader: &mut Reader<'_>) -> Result<Vec<EvidenceDigest>, CborError> {
    let count = reader.array(1, MAX_DIGESTS)?;
    (0..count).map(|_| EvidenceDigest::decode(reader)).collect()
}

fn decode_hash(reader: &mut Reader<'_>) -> Result<Hash, CborError> {
    reader.array_of().map(Hash::new)
}

/// Takes an item into custody. Description, place and, by default, digests are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collect {
    /// What it is.
    pub kind: ItemKind,
    /// Its digests, where the agency does not seal them.
    pub digests: Vec<EvidenceDigest>,
}

impl Collect {
    pub(super) fn to_value(&self) -> Value {
        let mut pairs = vec![("kind", self.kind.into())];
        if !self.digests.is_empty() {
            pairs.push(("digests", digests_value(&self.digests)));
        }
        Value::map(pairs)
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let kind = ItemKind::decode(fields.required("kind")?)?;
        let digests = fields.optional("digests")?.map(decode_digests).transpose()?;
        fields.done()?;
        Ok(Self { kind, digests: digests.unwrap_or_default() })
    }
}

/// Makes a new item out of one: an image, a copy, an extract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derive {
    /// The tool that made it.
    pub tool: String,
    /// How it was made.
    pub method: DeriveMethod,
    /// The item that it was made from.
    pub parent: Uuid,
    /// Digests of the new item, where the agency does not seal them.
    pub digests: Vec<EvidenceDigest>,
    /// The tool's version.
    pub version: String,
}

impl Derive {
    pub(super) fn to_value(&self) -> Value {
        let mut pairs = vec![
            ("tool", Value::text(self.tool.as_str())),
            ("method", self.method.into()),
            ("parent", Value::text(SubjectId::Item(self.parent).to_string())),
            ("version", Value::text(self.version.as_str())),
        ];
        if !self.digests.is_empty() {
            pairs.push(("digests", digests_value(&self.digests)));
        }
        Value::map(pairs)
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let tool = fields.required("tool")?.text_to(MAX_TOOL, "a name of 1 to 100 bytes")?;
        let method = DeriveMethod::decode(fields.required("method")?)?;
        let parent = decode_item(fields.required("parent")?)?;
        let digests = fields.optional("digests")?.map(decode_digests).transpose()?;
        let version = fields.required("version")?;
        let version = version.text_to(MAX_TOOL, "a version of 1 to 100 bytes")?;
        fields.done()?;
        Ok(Self {
            tool: tool.to_owned(),
            method,
            parent,
            digests: digests.unwrap_or_default(),
            version: version.to_owned(),
        })
    }
}

fn decode_item(reader: &mut Reader<'_>) -> Result<Uuid, CborError> {
    let offset = reader.offset();
    match decode_subject(reader)? {
        SubjectId::Item(id) => Ok(id),
        _ => Err(reader.out_of_range(offset, "an item's id")),
    }
}

/// Sends items on the way to `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What for.
    pub purpose: MovePurpose,
    /// By when they should be received: seconds since 1970.
    pub expected_s: Option<u64>,
}

impl Release {
    pub(super) fn to_value(&self) -> Value {
        let mut pairs = vec![("purpose", self.purpose.into())];
        pairs.extend(self.expected_s.map(|time| ("expected", Value::Uint(time))));
        Value::map(pairs)
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let purpose = MovePurpose::decode(fields.required("purpose")?)?;
        let expected_s = match fields.optional("expected")? {
            Some(reader) => Some(reader.uint_to(MAX_TIME_S, "a time before the year 10000")?),
            None => None,
        };
        fields.done()?;
        Ok(Self { purpose, expected_s })
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
        let offer = fields.optional("offer")?.map(decode_hash).transpose()?;
        let ground = RefusalGround::decode(fields.required("ground")?)?;
        let release = fields.optional("release")?.map(decode_hash).transpose()?;
        fields.done()?;
        let answers = match (release, offer) {
            (Some(digest), None) => Refused::Release(digest),
            (None, Some(digest)) => Refused::Offer(digest),
            _ => return Err(reader.out_of_range(start, "either `release` or `offer`").into()),
        };
        Ok(Self { answers, ground })
    }
}

/// Declares a body of one required field.
macro_rules! single_field_body {
    ($(#[$meta:meta])* $name:ident { $(#[$fmeta:meta])* $field:ident: $type:ty = $key:literal, $decode:path }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $(#[$fmeta])*
            pub $field: $type,
        }

        impl $name {
            pub(super) fn to_value(&self) -> Value {
                Value::map([($key, self.$field.into())])
            }

            pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
                let mut fields = reader.fields()?;
                let $field = $decode(fields.required($key)?)?;
                fields.done()?;
                Ok(Self { $field })
            }
        }
    };
}

single_field_body! {
    /// Puts a seal on. Its number is the sealed field `seal`.
    Seal {
        /// What kind of seal.
        kind: SealKind = "kind", SealKind::decode
    }
}

single_field_body! {
    /// Looks at a seal. The number read is the sealed field `seal`.
    SealCheck {
        /// How it was found.
        outcome: SealOutcome = "outcome", SealOutcome::decode
    }
}

single_field_body! {
    /// Hands items over from hand to hand: both sides sign this one record.
    Handoff {
        /// What for.
        purpose: MovePurpose = "purpose", MovePurpose::decode
    }
}

single_field_body! {
    /// Takes over what was released.
    Receive {
        /// Digest of the release.
        release: Hash = "release", decode_hash
    }
}

single_field_body! {
    /// Takes back what is still on the way.
    Recall {
        /// Digest of the release.
        release: Hash = "release", decode_hash
    }
}

single_field_body! {
    /// Ends an item. The authority for it is the sealed field `authority`.
    Dispose {
        /// How.
        method: DisposeMethod = "method", DisposeMethod::decode
    }
}

/// Recomputes a digest of an item. The digests found are the sealed field `digests`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyDigest {
    /// What it was computed over.
    pub scope: DigestScope,
    /// Whether it is the recorded one.
    pub outcome: DigestOutcome,
}

impl VerifyDigest {
    pub(super) fn to_value(&self) -> Value {
        Value::map([("scope", self.scope.into()), ("outcome", self.outcome.into())])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let scope = DigestScope::decode(fields.required("scope")?)?;
        let outcome = DigestOutcome::decode(fields.required("outcome")?)?;
        fields.done()?;
        Ok(Self { scope, outcome })
    }
}
