//! Subjects as rows: CBOR of the structs below, packed, so that fields have numbers. Nobody signs or hashes
//! these bytes; they only have to be small, and the same when they come back.

use custody_core::cose::Role;
use custody_core::custody::{
    AgencyState, CustodianState, ItemState, KeyEnd, KeyState, LedgerState, OpenRelease, Standing,
    Subject,
};
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::index::ChainHead;
use custody_core::key::CoseKey;
use custody_core::record::body::{ItemKind, KeySlot, LedgerPurpose};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::corrupt;
use crate::store::{StoreError, Table};

#[derive(Serialize, Deserialize)]
struct SubjectRow {
    length: u64,
    digest: Bytes<32>,
    standing: StandingRow,
}

#[derive(Serialize, Deserialize)]
enum StandingRow {
    Ledger(LedgerRow),
    Agency(AgencyRow),
    Custodian(CustodianRow),
    Item(ItemRow),
    Notes,
}

#[derive(Serialize, Deserialize)]
struct LedgerRow {
    origin: String,
    purpose: String,
    quorum: u64,
    founders: Vec<Bytes<16>>,
    operator: Bytes<32>,
}

#[derive(Serialize, Deserialize)]
struct AgencyRow {
    name: String,
    country: String,
    keys: Vec<KeyRow>,
}

#[derive(Serialize, Deserialize)]
struct CustodianRow {
    agency: Bytes<16>,
    roles: Vec<u64>,
    keys: Vec<KeyRow>,
}

#[derive(Serialize, Deserialize)]
struct KeyRow {
    key: Bytes<32>,
    slot: String,
    end: Option<EndRow>,
    is_by_others: bool,
}

#[derive(Serialize, Deserialize)]
enum EndRow {
    Replaced,
    Revoked,
    Compromised(u64),
}

#[derive(Serialize, Deserialize)]
struct ItemRow {
    is_physical: bool,
    holder: Bytes<16>,
    /// Everybody else who held it, end to end: 16 bytes each, without a head of their own.
    holders: ByteString,
    release: Option<(Bytes<32>, Bytes<16>)>,
    is_disposed: bool,
    parent: Option<Bytes<16>>,
}

/// The row of a subject.
///
/// # Errors
/// None in practice: numbers, strings and bytes are written to memory.
pub(crate) fn encode_subject(subject: &Subject) -> Result<Vec<u8>, serde_cbor::Error> {
    let row = SubjectRow {
        length: subject.chain.length,
        digest: subject.chain.digest.into(),
        standing: StandingRow::of(&subject.standing),
    };
    serde_cbor::ser::to_vec_packed(&row)
}

/// The subject of a row, with its key for the error's sake.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub(crate) fn decode_subject(key: &[u8], value: &[u8]) -> Result<Subject, StoreError> {
    let row: SubjectRow = serde_cbor::from_slice(value).map_err(|source| StoreError::Corrupt {
        table: Table::Head,
        key: key.to_vec(),
        expected: "a subject's state",
        source: Some(source.into()),
    })?;
    let standing = row.standing.into_standing();
    let standing = standing.ok_or_else(|| corrupt(Table::Head, key, "a subject's standing"))?;
    let chain = ChainHead { length: row.length, digest: row.digest.into() };
    Ok(Subject { chain, standing })
}

impl StandingRow {
    fn of(standing: &Standing) -> Self {
        match standing {
            Standing::Ledger(ledger) => Self::Ledger(LedgerRow {
                origin: ledger.origin.to_string(),
                purpose: ledger.purpose.to_string(),
                quorum: ledger.quorum,
                founders: ledger.founders.iter().map(|id| (*id).into()).collect(),
                operator: Bytes(*ledger.operator.as_bytes()),
            }),
            Standing::Agency(agency) => Self::Agency(AgencyRow {
                name: agency.name.clone(),
                country: agency.country.clone(),
                keys: agency.keys.iter().map(KeyRow::of).collect(),
            }),
            Standing::Custodian(person) => Self::Custodian(CustodianRow {
                agency: person.agency.into(),
                roles: person.roles.iter().map(|role| role.number()).collect(),
                keys: person.keys.iter().map(KeyRow::of).collect(),
            }),
            Standing::Item(item) => Self::Item(ItemRow::of(item)),
            Standing::Notes => Self::Notes,
        }
    }

    fn into_standing(self) -> Option<Standing> {
        Some(match self {
            Self::Ledger(row) => Standing::Ledger(LedgerState {
                origin: row.origin.parse().ok()?,
                purpose: LedgerPurpose::from_word(&row.purpose)?,
                quorum: row.quorum,
                founders: row.founders.into_iter().map(Uuid::from).collect(),
                operator: CoseKey::from_bytes(&row.operator.0).ok()?,
            }),
            Self::Agency(row) => Standing::Agency(AgencyState {
                name: row.name,
                country: row.country,
                keys: row.keys.into_iter().map(KeyRow::into_state).collect::<Option<_>>()?,
            }),
            Self::Custodian(row) => Standing::Custodian(CustodianState {
                agency: row.agency.into(),
                roles: row.roles.into_iter().map(Role::from_number).collect::<Option<_>>()?,
                keys: row.keys.into_iter().map(KeyRow::into_state).collect::<Option<_>>()?,
            }),
            Self::Item(row) => Standing::Item(row.into_state()?),
            Self::Notes => Standing::Notes,
        })
    }
}

impl KeyRow {
    fn of(state: &KeyState) -> Self {
        let end = state.end.map(|end| match end {
            KeyEnd::Replaced => EndRow::Replaced,
            KeyEnd::Revoked => EndRow::Revoked,
            KeyEnd::Compromised { since_s } => EndRow::Compromised(since_s),
        });
        let (key, slot) = (Bytes(*state.key.as_bytes()), state.slot.to_string());
        Self { key, slot, end, is_by_others: state.is_by_others }
    }

    fn into_state(self) -> Option<KeyState> {
        let end = self.end.map(|end| match end {
            EndRow::Replaced => KeyEnd::Replaced,
            EndRow::Revoked => KeyEnd::Revoked,
            EndRow::Compromised(since_s) => KeyEnd::Compromised { since_s },
        });
        let key = CoseKey::from_bytes(&self.key.0).ok()?;
        let slot = KeySlot::from_word(&self.slot)?;
        Some(KeyState { key, slot, end, is_by_others: self.is_by_others })
    }
}

impl ItemRow {
    fn of(item: &ItemState) -> Self {
        Self {
            is_physical: item.kind == ItemKind::Physical,
            holder: item.holder.into(),
            holders: ByteString(item.holders.iter().flat_map(|id| *id.as_bytes()).collect()),
            release: item.release.map(|open| (open.record.into(), open.to.into())),
            is_disposed: item.is_disposed,
            parent: item.parent.map(Bytes::from),
        }
    }

    fn into_state(self) -> Option<ItemState> {
        let (holders, rest) = self.holders.0.as_chunks::<16>();
        if !rest.is_empty() {
            return None;
        }
        let kind = if self.is_physical { ItemKind::Physical } else { ItemKind::Digital };
        let open = |(record, to): (Bytes<32>, Bytes<16>)| OpenRelease {
            record: record.into(),
            to: to.into(),
        };
        Some(ItemState {
            kind,
            holder: self.holder.into(),
            holders: holders.iter().map(|id| Uuid::from_random(*id)).collect(),
            release: self.release.map(open),
            is_disposed: self.is_disposed,
            parent: self.parent.map(Uuid::from),
        })
    }
}

/// A byte string of fixed length: serde would write an array as a list of numbers.
#[derive(Clone, Copy)]
struct Bytes<const N: usize>([u8; N]);

/// A byte string.
struct ByteString(Vec<u8>);

impl From<Uuid> for Bytes<16> {
    fn from(id: Uuid) -> Self {
        Self(*id.as_bytes())
    }
}

impl From<Bytes<16>> for Uuid {
    fn from(bytes: Bytes<16>) -> Self {
        Self::from_random(bytes.0)
    }
}

impl From<Hash> for Bytes<32> {
    fn from(hash: Hash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl From<Bytes<32>> for Hash {
    fn from(bytes: Bytes<32>) -> Self {
        Self::new(bytes.0)
    }
}

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl Serialize for ByteString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_bytes(BytesVisitor)?;
        bytes.0.try_into().map(Self).map_err(|_| D::Error::custom("wrong length"))
    }
}

impl<'de> Deserialize<'de> for ByteString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = ByteString;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<ByteString, E> {
        Ok(ByteString(bytes.to_vec()))
    }
}
