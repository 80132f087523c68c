//! Subjects as rows: CBOR of the structs below, packed, so that fields have numbers. Nobody signs or hashes
//! these bytes; they only have to be small, and the same when they come back.

use custody_core::cose::Role;
use custody_core::custody::{
    AgencyState, CustodianState, HandlingState, Hold, ItemEnd, ItemState, KeyEnd, KeyState,
    LedgerState, NotesState, OpenRelease, Permission, RequestState, Standing, Subject, Whereabouts,
};
use custody_core::hash::Hash;
use custody_core::id::{Origin, Uuid};
use custody_core::index::ChainHead;
use custody_core::key::CoseKey;
use custody_core::record::body::{
    Bound, ExternalParty, HandlingCode, ItemKind, KeySlot, LedgerPurpose, OnwardUse, Quantity,
    RequestStep, Unit,
};
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
    /// Notes on which nothing is open: nearly all there are.
    Notes,
    OpenNotes(NotesRow),
    Request(Bytes<16>, Bytes<16>, String),
}

#[derive(Serialize, Deserialize)]
struct LedgerRow {
    origin: String,
    purpose: String,
    quorum: u64,
    founders: Vec<Bytes<16>>,
    operator: Bytes<32>,
    successor: Option<String>,
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
    release: Option<(Bytes<32>, Bytes<16>, ByteString, Option<Bytes<16>>)>,
    parent: Option<Bytes<16>>,
    /// Everything that few items have.
    rest: Option<Box<RareRow>>,
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
struct RareRow {
    place: PlaceRow,
    end: Option<EndOfItemRow>,
    quantity: Option<(u64, String)>,
    contents: u64,
    bound: Option<(Bytes<16>, Bytes<16>)>,
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
enum PlaceRow {
    #[default]
    AtHand,
    Stored,
    CheckedOut(Bytes<16>),
    Packed(Bytes<16>),
    Outside(Bytes<16>, String),
}

#[derive(PartialEq, Serialize, Deserialize)]
enum EndOfItemRow {
    Disposed,
    Returned,
    Consumed,
    Split,
}

#[derive(Serialize, Deserialize)]
struct NotesRow {
    holds: Vec<(Bytes<32>, Bytes<16>)>,
    disputes: Vec<Bytes<32>>,
    permissions: Vec<PermissionRow>,
    handling: Option<(Bytes<16>, Vec<String>)>,
}

#[derive(Serialize, Deserialize)]
struct PermissionRow {
    record: Bytes<32>,
    agency: Bytes<16>,
    usage: String,
    to: Option<Bytes<16>>,
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
                successor: ledger.successor.as_ref().map(Origin::to_string),
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
            Standing::Notes(notes) if *notes == NotesState::default() => Self::Notes,
            Standing::Notes(notes) => Self::OpenNotes(NotesRow::of(notes)),
            Standing::Request(request) => {
                Self::Request(request.from.into(), request.to.into(), request.step.to_string())
            }
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
                successor: row.successor.map(|origin| origin.parse()).transpose().ok()?,
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
            Self::Notes => Standing::Notes(NotesState::default()),
            Self::OpenNotes(row) => Standing::Notes(row.into_state()?),
            Self::Request(from, to, step) => Standing::Request(RequestState {
                from: from.into(),
                to: to.into(),
                step: RequestStep::from_word(&step)?,
            }),
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
        let rest = RareRow::of(item);
        let release = item.release.as_ref().map(|open| {
            let substitutes = ByteString::of_ids(&open.substitutes);
            (open.record.into(), open.to.into(), substitutes, open.request.map(Bytes::from))
        });
        Self {
            is_physical: item.kind == ItemKind::Physical,
            holder: item.holder.into(),
            holders: ByteString::of_ids(&item.holders),
            release,
            parent: item.parent.map(Bytes::from),
            rest: (rest != RareRow::default()).then(|| Box::new(rest)),
        }
    }

    fn into_state(self) -> Option<ItemState> {
        let rest = self.rest.map(|rest| *rest).unwrap_or_default();
        let release = match self.release {
            Some((record, to, substitutes, request)) => Some(OpenRelease {
                record: record.into(),
                to: to.into(),
                substitutes: substitutes.into_ids()?,
                request: request.map(Uuid::from),
            }),
            None => None,
        };
        let quantity = match rest.quantity {
            Some((amount, unit)) => Some(Quantity { amount, unit: Unit::from_word(&unit)? }),
            None => None,
        };
        let bound = rest
            .bound
            .map(|(agency, request)| Bound { agency: agency.into(), request: request.into() });
        Some(ItemState {
            kind: if self.is_physical { ItemKind::Physical } else { ItemKind::Digital },
            holder: self.holder.into(),
            holders: self.holders.into_ids()?,
            place: rest.place.into_state()?,
            release,
            end: rest.end.map(EndOfItemRow::into_state),
            parent: self.parent.map(Uuid::from),
            quantity,
            contents: rest.contents,
            bound,
        })
    }
}

impl RareRow {
    fn of(item: &ItemState) -> Self {
        Self {
            place: PlaceRow::of(item.place),
            end: item.end.map(EndOfItemRow::of),
            quantity: item.quantity.map(|known| (known.amount, known.unit.to_string())),
            contents: item.contents,
            bound: item.bound.map(|bound| (bound.agency.into(), bound.request.into())),
        }
    }
}

impl PlaceRow {
    fn of(place: Whereabouts) -> Self {
        match place {
            Whereabouts::AtHand => Self::AtHand,
            Whereabouts::Stored => Self::Stored,
            Whereabouts::CheckedOut { agency } => Self::CheckedOut(agency.into()),
            Whereabouts::Packed { container } => Self::Packed(container.into()),
            Whereabouts::Outside { agency, party } => {
                Self::Outside(agency.into(), party.to_string())
            }
        }
    }

    fn into_state(self) -> Option<Whereabouts> {
        Some(match self {
            Self::AtHand => Whereabouts::AtHand,
            Self::Stored => Whereabouts::Stored,
            Self::CheckedOut(agency) => Whereabouts::CheckedOut { agency: agency.into() },
            Self::Packed(container) => Whereabouts::Packed { container: container.into() },
            Self::Outside(agency, party) => {
                let party = ExternalParty::from_word(&party)?;
                Whereabouts::Outside { agency: agency.into(), party }
            }
        })
    }
}

impl EndOfItemRow {
    fn of(end: ItemEnd) -> Self {
        match end {
            ItemEnd::Disposed => Self::Disposed,
            ItemEnd::Returned => Self::Returned,
            ItemEnd::Consumed => Self::Consumed,
            ItemEnd::Split => Self::Split,
        }
    }

    fn into_state(self) -> ItemEnd {
        match self {
            Self::Disposed => ItemEnd::Disposed,
            Self::Returned => ItemEnd::Returned,
            Self::Consumed => ItemEnd::Consumed,
            Self::Split => ItemEnd::Split,
        }
    }
}

impl NotesRow {
    fn of(notes: &NotesState) -> Self {
        let holds = notes.holds.iter().map(|hold| (hold.record.into(), hold.agency.into()));
        let permission = |known: &Permission| PermissionRow {
            record: known.record.into(),
            agency: known.agency.into(),
            usage: known.usage.to_string(),
            to: known.to.map(Bytes::from),
        };
        let handling = notes.handling.as_ref().map(|known| {
            (known.agency.into(), known.codes.iter().map(HandlingCode::to_string).collect())
        });
        Self {
            holds: holds.collect(),
            disputes: notes.disputes.iter().map(|record| (*record).into()).collect(),
            permissions: notes.permissions.iter().map(permission).collect(),
            handling,
        }
    }

    fn into_state(self) -> Option<NotesState> {
        let hold = |(record, agency): (Bytes<32>, Bytes<16>)| Hold {
            record: record.into(),
            agency: agency.into(),
        };
        let permission = |row: PermissionRow| {
            Some(Permission {
                record: row.record.into(),
                agency: row.agency.into(),
                usage: OnwardUse::from_word(&row.usage)?,
                to: row.to.map(Uuid::from),
            })
        };
        let handling = match self.handling {
            Some((agency, codes)) => {
                let codes: Result<Vec<HandlingCode>, _> =
                    codes.iter().map(|code| code.parse()).collect();
                Some(HandlingState { agency: agency.into(), codes: codes.ok()? })
            }
            None => None,
        };
        Some(NotesState {
            holds: self.holds.into_iter().map(hold).collect(),
            disputes: self.disputes.into_iter().map(Hash::from).collect(),
            permissions: self.permissions.into_iter().map(permission).collect::<Option<_>>()?,
            handling,
        })
    }
}

/// A byte string of fixed length: serde would write an array as a list of numbers.
#[derive(Clone, Copy, PartialEq)]
struct Bytes<const N: usize>([u8; N]);

/// A byte string.
struct ByteString(Vec<u8>);

impl ByteString {
    /// Ids end to end.
    fn of_ids(ids: &[Uuid]) -> Self {
        Self(ids.iter().flat_map(|id| *id.as_bytes()).collect())
    }

    fn into_ids(self) -> Option<Vec<Uuid>> {
        let (ids, rest) = self.0.as_chunks::<16>();
        rest.is_empty().then(|| ids.iter().map(|id| Uuid::from_random(*id)).collect())
    }
}

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
