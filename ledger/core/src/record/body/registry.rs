use crate::cbor::{CborError, Reader, Value};
use crate::cose::{MAX_TIME_S, Role};
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::key::{CoseKey, Kid};
use crate::record::body::{KeyReason, KeySlot, LedgerPurpose};
use crate::record::error::RecordError;
use crate::record::payload::decode_subject;

/// Founding agencies of one ledger, at most: 64 x 2 keys and the operator's sign entry 0.
const MAX_FOUNDERS: usize = 64;
/// Length of an ML-DSA-44 public key in bytes, FIPS 204 table 2.
const ML_DSA_44_PUBLIC_KEY: usize = 1312;
/// Longest name of an agency in bytes.
const MAX_NAME: usize = 200;

/// Founds a ledger: who runs it, who founded it, with which keys the log signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerOpen {
    /// The log's Ed25519 key, 32 bytes.
    pub log_ed25519: [u8; 32],
    /// The log's ML-DSA-44 key, 1312 bytes.
    pub log_mldsa44: Vec<u8>,
    /// How many founding agencies must sign to admit another, or to replace a lost authority key.
    pub quorum: u64,
    /// What the ledger is for.
    pub purpose: LedgerPurpose,
    /// The founding agencies, in the order of their ids.
    pub agencies: Vec<Enrolment>,
    /// The operator's key.
    pub operator: CoseKey,
}

/// An agency and its keys, as enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The agency.
    pub id: Uuid,
    /// Its authority key.
    pub key: CoseKey,
    /// Its name, in public use.
    pub name: String,
    /// Its country: ISO 3166-1 alpha-2.
    pub country: String,
    /// Its recovery key, kept offline.
    pub recovery: CoseKey,
}

impl Enrolment {
    fn to_value(&self) -> Value {
        Value::map([
            ("id", Value::text(SubjectId::Agency(self.id).to_string())),
            ("key", self.key.to_value()),
            ("name", Value::text(self.name.as_str())),
            ("country", Value::text(self.country.as_str())),
            ("recovery", self.recovery.to_value()),
        ])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let id = decode_agency(fields.required("id")?)?;
        let key = CoseKey::decode(fields.required("key")?)?;
        let name = fields.required("name")?.text_to(MAX_NAME, "a name of 1 to 200 bytes")?;
        let country = decode_country(fields.required("country")?)?;
        let recovery = CoseKey::decode(fields.required("recovery")?)?;
        fields.done()?;
        Ok(Self { id, key, name: name.to_owned(), country, recovery })
    }
}

impl LedgerOpen {
    pub(super) fn to_value(&self) -> Value {
        let log = [Value::bytes(self.log_ed25519), Value::bytes(&self.log_mldsa44)];
        Value::map([
            ("log", Value::array(log)),
            ("quorum", Value::Uint(self.quorum)),
            ("purpose", self.purpose.into()),
            ("agencies", Value::array(self.agencies.iter().map(Enrolment::to_value))),
            ("operator", self.operator.to_value()),
        ])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let start = reader.offset();
        let mut fields = reader.fields()?;
        let log = fields.required("log")?;
        log.array(2, 2)?;
        let log_ed25519 = log.array_of()?;
        let log_mldsa44 = log.array_of::<ML_DSA_44_PUBLIC_KEY>()?.to_vec();
        let quorum = fields.required("quorum")?.uint()?;
        let purpose = LedgerPurpose::decode(fields.required("purpose")?)?;
        let list = fields.required("agencies")?;
        let count = list.array(1, MAX_FOUNDERS)?;
        let agencies =
            (0..count).map(|_| Enrolment::decode(list)).collect::<Result<Vec<_>, _>>()?;
        let operator = CoseKey::decode(fields.required("operator")?)?;
        fields.done()?;
        if !(1..=count as u64).contains(&quorum) {
            let expected = "a quorum between 1 and the number of founders";
            return Err(reader.out_of_range(start, expected).into());
        }
        if agencies.windows(2).any(|pair| pair[0].id >= pair[1].id) {
            return Err(reader.out_of_range(start, "agencies in order, none twice").into());
        }
        Ok(Self { log_ed25519, log_mldsa44, quorum, purpose, agencies, operator })
    }
}

/// Admits an agency after the founding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyEnrol {
    /// The agency.
    pub agency: Enrolment,
}

impl AgencyEnrol {
    pub(super) fn to_value(&self) -> Value {
        Value::map([("agency", self.agency.to_value())])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let agency = Enrolment::decode(fields.required("agency")?)?;
        fields.done()?;
        Ok(Self { agency })
    }
}

/// Enrols a custodian. Their name is a sealed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodianEnrol {
    /// The custodian's key.
    pub key: CoseKey,
    /// The roles in which the key may sign, ascending; of 1, 2, 3, 4, 7 and 9.
    pub roles: Vec<Role>,
    /// The agency they work for.
    pub agency: Uuid,
}

impl CustodianEnrol {
    pub(super) fn to_value(&self) -> Value {
        let roles = self.roles.iter().map(|role| Value::Uint(role.number()));
        Value::map([
            ("key", self.key.to_value()),
            ("roles", Value::array(roles)),
            ("agency", Value::text(SubjectId::Agency(self.agency).to_string())),
        ])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let key = CoseKey::decode(fields.required("key")?)?;
        let roles = decode_roles(fields.required("roles")?)?;
        let agency = decode_agency(fields.required("agency")?)?;
        fields.done()?;
        Ok(Self { key, roles, agency })
    }
}

/// Replaces the key in one slot of a custodian or an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRotate {
    /// The new key.
    pub key: CoseKey,
    /// The slot it takes.
    pub slot: KeySlot,
    /// Why.
    pub reason: KeyReason,
}

impl KeyRotate {
    pub(super) fn to_value(&self) -> Value {
        Value::map([
            ("key", self.key.to_value()),
            ("slot", self.slot.into()),
            ("reason", self.reason.into()),
        ])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let key = CoseKey::decode(fields.required("key")?)?;
        let slot = KeySlot::decode(fields.required("slot")?)?;
        let reason = KeyReason::decode(fields.required("reason")?)?;
        fields.done()?;
        Ok(Self { key, slot, reason })
    }
}

/// Ends a key from this record on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRevoke {
    /// The key.
    pub kid: Kid,
    /// Why.
    pub reason: KeyReason,
}

impl KeyRevoke {
    pub(super) fn to_value(&self) -> Value {
        Value::map([("kid", Value::bytes(self.kid.as_hash())), ("reason", self.reason.into())])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let kid = Kid::new(Hash::new(fields.required("kid")?.array_of()?));
        let reason = KeyReason::decode(fields.required("reason")?)?;
        fields.done()?;
        Ok(Self { kid, reason })
    }
}

/// Ends a key that others may have used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCompromised {
    /// The key.
    pub kid: Kid,
    /// Since when others may have had it: seconds since 1970.
    pub since_s: u64,
}

impl KeyCompromised {
    pub(super) fn to_value(&self) -> Value {
        Value::map([
            ("kid", Value::bytes(self.kid.as_hash())),
            ("since", Value::Uint(self.since_s)),
        ])
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let mut fields = reader.fields()?;
        let kid = Kid::new(Hash::new(fields.required("kid")?.array_of()?));
        let since = fields.required("since")?;
        let since_s = since.uint_to(MAX_TIME_S, "a time before the year 10000")?;
        fields.done()?;
        Ok(Self { kid, since_s })
    }
}

fn decode_agency(reader: &mut Reader<'_>) -> Result<Uuid, CborError> {
    let offset = reader.offset();
    match decode_subject(reader)? {
        SubjectId::Agency(id) => Ok(id),
        _ => Err(reader.out_of_range(offset, "an agency's id")),
    }
}

fn decode_country(reader: &mut Reader<'_>) -> Result<String, CborError> {
    let offset = reader.offset();
    let country = reader.text()?;
    if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(country.to_owned())
    } else {
        Err(reader.out_of_range(offset, "an ISO 3166-1 alpha-2 code"))
    }
}

fn decode_roles(reader: &mut Reader<'_>) -> Result<Vec<Role>, CborError> {
    let offset = reader.offset();
    let count = reader.array(1, 6)?;
    let roles = (0..count).map(|_| Role::decode(reader)).collect::<Result<Vec<_>, _>>()?;
    let is_personal =
        |role: &Role| !matches!(role, Role::Authority | Role::Operator | Role::NewKey);
    if roles.iter().all(is_personal) && roles.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(roles)
    } else {
        Err(reader.out_of_range(offset, "roles of 1, 2, 3, 4, 7, 9, ascending"))
    }
}
