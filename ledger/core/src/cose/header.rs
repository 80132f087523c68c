use crate::cbor::{CborError, Reader, Value, check};
use crate::code::codes;
use crate::cose::error::CoseError;
use crate::hash::Hash;
use crate::id::Origin;
use crate::key::{ALG_ED25519, ALG_EDDSA, Kid};

const ALG: i64 = 1;
const CRIT: i64 = 2;
const CONTENT_TYPE: i64 = 3;
const KID: i64 = 4;
const CWT_CLAIMS: i64 = 15;
const CLAIM_AUD: i64 = 3;
const CLAIM_IAT: i64 = 6;
const ROLE: i64 = -65537;
const COUNTERSIGNED: i64 = -65538;
const OBSERVED: i64 = -65539;
const GENESIS: i64 = -65540;

/// Pairs of a header that are read at all: twice what any header has, so that an unknown label is named.
const MAX_LABELS: usize = 16;

/// Seconds since 1970 at the end of the year 9999: no claimed time lies beyond.
pub(crate) const MAX_TIME_S: u64 = 253_402_300_799;

/// A manifest of items is one record: this many chains at most.
pub(crate) const MAX_ITEMS: usize = 500;

/// What a signed message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// A record of the ledger.
    Record,
    /// The manifest of an exhibit.
    Manifest,
}

impl ContentType {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Record => "application/vnd.custody-ledger.record+cbor",
            Self::Manifest => "application/vnd.custody-ledger.manifest+cbor",
        }
    }
}

/// The body's protected header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyHeader {
    /// What the payload is.
    pub content_type: ContentType,
    /// The ledger that the message is meant for (CWT claim `aud`).
    pub origin: Origin,
    /// SHA-256 of the ledger's entry 0; absent in the record that makes that entry.
    pub genesis: Option<Hash>,
}

impl BodyHeader {
    pub(super) fn encode(&self) -> Vec<u8> {
        let audience = Value::labelled([(CLAIM_AUD, Value::text(self.origin.as_str()))]);
        let mut pairs = vec![
            (CONTENT_TYPE, Value::text(self.content_type.media_type())),
            (CWT_CLAIMS, audience),
        ];
        if let Some(genesis) = &self.genesis {
            pairs.push((CRIT, Value::array([Value::Int(GENESIS)])));
            pairs.push((GENESIS, Value::bytes(genesis)));
        }
        Value::labelled(pairs).encode()
    }

    pub(super) fn decode(bytes: &[u8], content_type: ContentType) -> Result<Self, CoseError> {
        let part = CoseError::part("body header");
        check(bytes).map_err(&part)?;
        let mut reader = Reader::new(bytes);
        let (mut crit, mut has_content_type) = (Vec::new(), false);
        let (mut origin, mut genesis) = (None, None);
        for _ in 0..reader.map(MAX_LABELS).map_err(&part)? {
            match reader.int().map_err(&part)? {
                CRIT => crit = decode_crit(&mut reader).map_err(&part)?,
                CONTENT_TYPE => {
                    has_content_type = reader.text().map_err(&part)? == content_type.media_type();
                }
                CWT_CLAIMS => origin = Some(decode_audience(&mut reader)?),
                GENESIS => genesis = Some(Hash::new(reader.array_of().map_err(&part)?)),
                label => return Err(CoseError::Header { label }),
            }
        }
        if !has_content_type {
            return Err(CoseError::ContentType { expected: content_type.media_type() });
        }
        if crit != genesis.iter().map(|_| GENESIS).collect::<Vec<_>>() {
            return Err(CoseError::Critical);
        }
        let origin = origin.ok_or(CoseError::Header { label: CWT_CLAIMS })?;
        Ok(Self { content_type, origin, genesis })
    }
}

fn decode_audience(reader: &mut Reader<'_>) -> Result<Origin, CoseError> {
    let part = CoseError::part("body header");
    if reader.map(MAX_LABELS).map_err(&part)? != 1 || reader.int().map_err(&part)? != CLAIM_AUD {
        return Err(CoseError::Header { label: CWT_CLAIMS });
    }
    reader.text().map_err(&part)?.parse().map_err(|_| CoseError::Header { label: CWT_CLAIMS })
}

/// In what capacity somebody signs: header label -65537.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// Hands the items over.
    Releasing = 1,
    /// Takes the items over.
    Receiving = 2,
    /// Was there.
    Witness = 3,
    /// Answers for the signer's work.
    Supervisor = 4,
    /// Acts for an agency with its authority key.
    Authority = 5,
    /// Runs the ledger.
    Operator = 6,
    /// Takes part in another way.
    OtherParty = 7,
    /// Proves possession of a key that this record enrols.
    NewKey = 8,
    /// Acts alone on what they hold.
    Acting = 9,
}

impl Role {
    /// The role with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::Releasing,
            2 => Self::Receiving,
            3 => Self::Witness,
            4 => Self::Supervisor,
            5 => Self::Authority,
            6 => Self::Operator,
            7 => Self::OtherParty,
            8 => Self::NewKey,
            9 => Self::Acting,
            _ => return None,
        })
    }

    /// The number that stands in headers and payloads.
    pub const fn number(self) -> u64 {
        self as u64
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        let offset = reader.offset();
        Self::from_number(reader.uint()?)
            .ok_or_else(|| reader.out_of_range(offset, "a role, 1 to 9"))
    }
}

codes! {
    /// How closely a receiver looked.
    pub enum Check {
        /// Recomputed a digest.
        Digest = "digest",
        /// Opened the package and went through it.
        Inventory = "inventory",
        /// Counted the items.
        Count = "count",
        /// Looked at the seal.
        Seal = "seal",
    }
}

codes! {
    /// What a receiver found of one item. An item that is not mentioned was accepted.
    pub enum Finding {
        /// Taken over; something differs from what was announced.
        Discrepancy = "discrepancy",
        /// Not there: it stays with the releasing side.
        Missing = "missing",
        /// Taken over sealed, contents not looked at.
        NotInventoried = "not-inventoried",
        /// Taken over; the seal is not the one announced.
        SealMismatch = "seal-mismatch",
    }
}

/// What was found of the item at one position of the payload's `subjects`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Position in `subjects`, from 0.
    pub position: usize,
    /// What was found.
    pub finding: Finding,
}

impl Outcome {
    pub(crate) fn to_value(self) -> Value {
        Value::array([Value::Uint(self.position as u64), self.finding.into()])
    }

    /// Reads a list of 1 to 500 outcomes, by ascending position.
    pub(crate) fn decode_list(reader: &mut Reader<'_>) -> Result<Vec<Self>, CborError> {
        let offset = reader.offset();
        let count = reader.array(1, MAX_ITEMS)?;
        let outcome = |_| {
            reader.array(2, 2)?;
            let position = reader.uint_to(MAX_ITEMS as u64 - 1, "a position below 500")? as usize;
            Ok(Self { position, finding: Finding::decode(reader)? })
        };
        let outcomes = (0..count).map(outcome).collect::<Result<Vec<_>, CborError>>()?;
        match outcomes.windows(2).all(|pair| pair[0].position < pair[1].position) {
            true => Ok(outcomes),
            false => Err(reader.out_of_range(offset, "outcomes in order of their positions")),
        }
    }
}

/// What the receiver checked and found, written when the receiver signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What was checked, in the order of the words, without repetition.
    pub checked: Vec<Check>,
    /// Exceptions, by ascending position. What is not mentioned was accepted.
    pub outcomes: Vec<Outcome>,
}

impl Observed {
    /// Whether there is nothing to write: an empty map never stands in a header.
    pub fn is_empty(&self) -> bool {
        self.checked.is_empty() && self.outcomes.is_empty()
    }

    fn to_value(&self) -> Value {
        let mut pairs = Vec::new();
        if !self.checked.is_empty() {
            pairs.push(("checked", Value::array(self.checked.iter().map(|&check| check.into()))));
        }
        if !self.outcomes.is_empty() {
            let rows = self.outcomes.iter().copied().map(Outcome::to_value);
            pairs.push(("outcomes", Value::array(rows)));
        }
        Value::map(pairs)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        let offset = reader.offset();
        let mut observed = Self::default();
        let mut fields = reader.fields()?;
        if let Some(reader) = fields.optional("checked")? {
            for _ in 0..reader.array(1, Check::ALL.len())? {
                observed.checked.push(Check::decode(reader)?);
            }
        }
        if let Some(reader) = fields.optional("outcomes")? {
            observed.outcomes = Outcome::decode_list(reader)?;
        }
        fields.done()?;
        let checks_ascend = observed.checked.is_sorted_by_key(|check| check.word());
        let is_strict = observed.checked.windows(2).all(|pair| pair[0] != pair[1]);
        if observed.is_empty() || !checks_ascend || !is_strict {
            return Err(reader.out_of_range(offset, "checks in order, or outcomes, at least one"));
        }
        Ok(observed)
    }
}

/// A signature's protected header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerHeader {
    /// COSE algorithm: -8, or -19 as others may write it.
    pub alg: i64,
    /// Thumbprint of the signer's key.
    pub kid: Kid,
    /// What the signer's clock said, in seconds since 1970.
    pub iat_s: u64,
    /// In what capacity.
    pub role: Role,
    /// SHA-256 of the encoded COSE_Signature before this one; absent in the first.
    pub countersigned: Option<Hash>,
    /// What a receiver checked and found; in a receiving signature only, absent where empty.
    pub observed: Option<Observed>,
}

impl SignerHeader {
    fn critical_labels(&self) -> Vec<i64> {
        let mut labels = vec![ROLE];
        labels.extend(self.countersigned.map(|_| COUNTERSIGNED));
        labels.extend(self.observed.as_ref().map(|_| OBSERVED));
        labels
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let crit = self.critical_labels().into_iter().map(Value::Int);
        let mut pairs = vec![
            (ALG, Value::Int(self.alg)),
            (CRIT, Value::array(crit)),
            (KID, Value::bytes(self.kid.as_hash())),
            (CWT_CLAIMS, Value::labelled([(CLAIM_IAT, Value::Uint(self.iat_s))])),
            (ROLE, Value::Uint(self.role.number())),
        ];
        pairs.extend(self.countersigned.map(|digest| (COUNTERSIGNED, Value::bytes(digest))));
        pairs.extend(self.observed.as_ref().map(|observed| (OBSERVED, observed.to_value())));
        Value::labelled(pairs).encode()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, CoseError> {
        let part = CoseError::part("signature header");
        check(bytes).map_err(&part)?;
        let mut reader = Reader::new(bytes);
        let mut crit = Vec::new();
        let (mut alg, mut kid, mut iat_s, mut role) = (None, None, None, None);
        let (mut countersigned, mut observed) = (None, None);
        for _ in 0..reader.map(MAX_LABELS).map_err(&part)? {
            match reader.int().map_err(&part)? {
                ALG => alg = Some(reader.int().map_err(&part)?),
                CRIT => crit = decode_crit(&mut reader).map_err(&part)?,
                KID => kid = Some(Kid::new(Hash::new(reader.array_of().map_err(&part)?))),
                CWT_CLAIMS => iat_s = Some(decode_issued_at(&mut reader)?),
                ROLE => role = Some(Role::decode(&mut reader).map_err(&part)?),
                COUNTERSIGNED => {
                    countersigned = Some(Hash::new(reader.array_of().map_err(&part)?));
                }
                OBSERVED => observed = Some(Observed::decode(&mut reader).map_err(&part)?),
                label => return Err(CoseError::Header { label }),
            }
        }
        let header = Self {
            alg: alg
                .filter(|alg| [ALG_EDDSA, ALG_ED25519].contains(alg))
                .ok_or(CoseError::Header { label: ALG })?,
            kid: kid.ok_or(CoseError::Header { label: KID })?,
            iat_s: iat_s.ok_or(CoseError::Header { label: CWT_CLAIMS })?,
            role: role.ok_or(CoseError::Header { label: ROLE })?,
            countersigned,
            observed,
        };
        if crit != header.critical_labels() {
            return Err(CoseError::Critical);
        }
        if header.observed.is_some() && header.role != Role::Receiving {
            return Err(CoseError::Header { label: OBSERVED });
        }
        Ok(header)
    }
}

fn decode_crit(reader: &mut Reader<'_>) -> Result<Vec<i64>, CborError> {
    let length = reader.array(1, 8)?;
    (0..length).map(|_| reader.int()).collect()
}

fn decode_issued_at(reader: &mut Reader<'_>) -> Result<u64, CoseError> {
    let part = CoseError::part("signature header");
    if reader.map(MAX_LABELS).map_err(&part)? != 1 || reader.int().map_err(&part)? != CLAIM_IAT {
        return Err(CoseError::Header { label: CWT_CLAIMS });
    }
    reader.uint_to(MAX_TIME_S, "a time before the year 10000").map_err(&part)
}
