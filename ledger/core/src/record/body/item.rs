use crate::cbor::{CborError, Reader, Value};
use crate::hash::Hash;
use crate::id::Uuid;
use crate::record::body::part::{Code, Digest, Part, RequestId, body};
use crate::record::body::{DigestScope, DisposeMethod, ItemKind, LegacyFormat, LegalBasis, Unit};
use crate::record::error::RecordError;

/// Digests of one item, at most.
const MAX_DIGESTS: usize = 16;
/// Longest name or version of a tool in bytes.
pub(super) const MAX_TOOL: usize = 100;

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

/// The list as a part of bodies.
pub(super) struct Digests;

impl Part<Vec<EvidenceDigest>> for Digests {
    fn encode(value: &Vec<EvidenceDigest>) -> Value {
        digests_value(value)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Vec<EvidenceDigest>, CborError> {
        decode_digests(reader)
    }
}

/// How much of something there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// How many of the unit.
    pub amount: u64,
    /// In what it is counted.
    pub unit: Unit,
}

/// `[amount, unit]`.
struct Amount;

impl Part<Quantity> for Amount {
    fn encode(value: &Quantity) -> Value {
        Value::array([Value::Uint(value.amount), value.unit.into()])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Quantity, CborError> {
        reader.array(2, 2)?;
        Ok(Quantity { amount: reader.uint()?, unit: Unit::decode(reader)? })
    }
}

body! {
    /// Takes an item into custody. Description, place and, by default, digests are sealed.
    Collect {
        /// What it is.
        kind: ItemKind = required "kind" as Code,
        /// Its digests, where the agency does not seal them.
        digests: Vec<EvidenceDigest> = listed "digests" as Digests,
        /// The request for which it was taken.
        request: Uuid = optional "request" as RequestId,
        /// How much it is.
        quantity: Quantity = optional "quantity" as Amount,
    }
}

impl Collect {
    /// A thing, or data whose digests are sealed.
    pub fn of(kind: ItemKind) -> Self {
        Self { kind, digests: Vec::new(), request: None, quantity: None }
    }
}

body! {
    /// Takes over data from the provider of a service, which is the sealed field `provider`.
    ProviderProduction {
        /// What the production rests on.
        basis: LegalBasis = required "basis" as Code,
        /// Digests of the data, where the agency does not seal them.
        digests: Vec<EvidenceDigest> = listed "digests" as Digests,
        /// The request for which they were produced.
        request: Uuid = optional "request" as RequestId,
    }
}

body! {
    /// Takes over an item with a history that others assert: what is said of the time before is the sealed
    /// field `events`. The ledger vouches for nothing of it but that it was said.
    RegisterLegacy {
        /// What it is.
        kind: ItemKind = required "kind" as Code,
        /// In what form the history was handed over.
        format: LegacyFormat = required "format" as Code,
        /// Its digests, where they are known and not sealed.
        digests: Vec<EvidenceDigest> = listed "digests" as Digests,
        /// SHA-256 of the document that holds the history.
        document: Hash = required "document" as Digest,
    }
}

body! {
    /// Ends an item. The authority for it is the sealed field `authority`.
    Dispose {
        /// How.
        method: DisposeMethod = required "method" as Code,
    }
}
