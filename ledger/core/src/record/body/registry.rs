use crate::cbor::{CborError, Reader, Value};
use crate::cose::{MAX_TIME_S, Role};
use crate::hash::Hash;
use crate::id::{Origin, SubjectId, Uuid};
use crate::key::{CoseKey, Kid};
use crate::merkle::{TreeHead, TreeSize};
use crate::record::body::part::{
    AgencyId, ByteString, Code, CustodianId, Digest, LedgerName, Number, Part, Text, Time, body,
};
use crate::record::body::{AnchorKind, DigestAlgorithm, KeyReason, KeySlot, LedgerPurpose};
use crate::record::error::RecordError;

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
    /// The ledger that this one goes on from.
    pub succeeds: Option<Predecessor>,
}

/// The last state of a ledger that another one goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// Its name.
    pub origin: Origin,
    /// SHA-256 of its entry 0.
    pub genesis: Hash,
    /// Its final tree.
    pub head: TreeHead,
}

impl Predecessor {
    fn to_value(&self) -> Value {
        Value::array([
            Value::text(self.origin.as_str()),
            Value::bytes(self.genesis),
            Value::Uint(self.head.size.0),
            Value::bytes(self.head.root),
        ])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        reader.array(4, 4)?;
        let origin = LedgerName::decode(reader)?;
        let genesis = Digest::decode(reader)?;
        let size = TreeSize(reader.uint()?);
        Ok(Self { origin, genesis, head: TreeHead { size, root: Digest::decode(reader)? } })
    }
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
        let id = AgencyId::decode(fields.required("id")?)?;
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
        let mut pairs = vec![
            ("log", Value::array(log)),
            ("quorum", Value::Uint(self.quorum)),
            ("purpose", self.purpose.into()),
            ("agencies", Value::array(self.agencies.iter().map(Enrolment::to_value))),
            ("operator", self.operator.to_value()),
        ];
        pairs.extend(self.succeeds.as_ref().map(|before| ("succeeds", before.to_value())));
        Value::map(pairs)
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
        let succeeds = fields.optional("succeeds")?.map(Predecessor::decode).transpose()?;
        fields.done()?;
        if !(1..=count as u64).contains(&quorum) {
            let expected = "a quorum between 1 and the number of founders";
            return Err(reader.out_of_range(start, expected).into());
        }
        if agencies.windows(2).any(|pair| pair[0].id >= pair[1].id) {
            return Err(reader.out_of_range(start, "agencies in order, none twice").into());
        }
        Ok(Self { log_ed25519, log_mldsa44, quorum, purpose, agencies, operator, succeeds })
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
        let agency = AgencyId::decode(fields.required("agency")?)?;
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

fn decode_country(reader: &mut Reader<'_>) -> Result<String, CborError> {
    let offset = reader.offset();
    let country = reader.text()?;
    if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(country.to_owned())
    } else {
        Err(reader.out_of_range(offset, "an ISO 3166-1 alpha-2 code"))
    }
}

/// A country: ISO 3166-1 alpha-2.
struct Country;

impl Part<String> for Country {
    fn encode(value: &String) -> Value {
        Value::text(value.as_str())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<String, CborError> {
        decode_country(reader)
    }
}

/// Roles in which a custodian may sign.
struct Roles;

impl Part<Vec<Role>> for Roles {
    fn encode(value: &Vec<Role>) -> Value {
        Value::array(value.iter().map(|role| Value::Uint(role.number())))
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Vec<Role>, CborError> {
        decode_roles(reader)
    }
}

/// A time in which a custodian is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// From when: seconds since 1970.
    pub from_s: u64,
    /// Until when: seconds since 1970.
    pub until_s: u64,
    /// Who stands in, if anybody does.
    pub alternate: Option<Uuid>,
}

/// `[from, until, alternate]`.
struct Away;

impl Part<Absence> for Away {
    fn encode(value: &Absence) -> Value {
        let alternate = value.alternate.map_or(Value::Null, |id| CustodianId::encode(&id));
        Value::array([Value::Uint(value.from_s), Value::Uint(value.until_s), alternate])
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Absence, CborError> {
        let offset = reader.offset();
        reader.array(3, 3)?;
        let (from_s, until_s) = (Time::decode(reader)?, Time::decode(reader)?);
        let alternate = if reader.null() { None } else { Some(CustodianId::decode(reader)?) };
        match from_s < until_s {
            true => Ok(Absence { from_s, until_s, alternate }),
            false => Err(reader.out_of_range(offset, "an absence that ends after it begins")),
        }
    }
}

body! {
    /// What an agency says anew about itself, or about one of its custodians.
    AgencyUpdate {
        /// The agency's name.
        name: String = optional "name" as Text<MAX_NAME>,
        /// The roles in which the custodian may sign from now on.
        roles: Vec<Role> = optional "roles" as Roles,
        /// A time in which the custodian is away.
        absence: Absence = optional "absence" as Away,
        /// The agency's country.
        country: String = optional "country" as Country,
    }
}

body! {
    /// Changes how many founders must sign where founders decide.
    Policy {
        /// How many, from now on.
        quorum: u64 = required "quorum" as Number,
    }
}

/// Largest token of a time-stamping authority in bytes: with a chain of certificates about 8 KiB.
const MAX_TOKEN: usize = 16 * 1024;

body! {
    /// A time from outside over the checkpoint that the record has seen.
    Anchor {
        /// Of what kind.
        kind: AnchorKind = required "kind" as Code,
        /// What shows the time.
        token: Vec<u8> = required "token" as ByteString<MAX_TOKEN>,
    }
}

/// The one algorithm that entries are hashed with a second time: SHA-512.
struct SecondAlgorithm;

impl Part<DigestAlgorithm> for SecondAlgorithm {
    fn encode(value: &DigestAlgorithm) -> Value {
        Value::Int(value.number())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<DigestAlgorithm, CborError> {
        let offset = reader.offset();
        match reader.int()? == DigestAlgorithm::Sha512.number() {
            true => Ok(DigestAlgorithm::Sha512),
            false => Err(reader.out_of_range(offset, "-44 (SHA-512)")),
        }
    }
}

/// A root of that algorithm: 64 bytes.
struct SecondRoot;

impl Part<[u8; 64]> for SecondRoot {
    fn encode(value: &[u8; 64]) -> Value {
        Value::bytes(value)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<[u8; 64], CborError> {
        reader.array_of()
    }
}

body! {
    /// The root of a second tree, over the entries and records of the tree that the record has seen.
    Renewal {
        /// The root.
        root: [u8; 64] = required "root" as SecondRoot,
        /// What the second tree is hashed with.
        algorithm: DigestAlgorithm = required "algorithm" as SecondAlgorithm,
    }
}

body! {
    /// Ends the ledger: another one goes on from it.
    OperatorSuccession {
        /// The other ledger's name.
        origin: Origin = required "origin" as LedgerName,
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
