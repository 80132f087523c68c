//! What an agency does about its people and their keys. An agency's authority key signs, and where a key is new, that one too.

use custody_core::cose::Role;
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::key::{CoseKey, Kid};
use custody_core::record::body::{
    AgencyUpdate, CustodianEnrol, KeyCompromised, KeyReason, KeyRevoke, KeyRotate, KeySlot,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ArrayItems, Schema};

use super::{bad, code, said};
use crate::act::{Act, random_id};
use crate::command::{ROLES, ordered_roles, parse_role};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::moment::Moment;
use crate::server::document::{CustodianId, Digest, MomentText, SealedText, words};

/// Somebody new.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolAsked {
    /// What they are called (sealed).
    #[schema(value_type = SealedText)]
    name: String,
    /// In which roles they may sign.
    #[schema(schema_with = roles)]
    roles: Vec<String>,
    /// Their public key, Ed25519: 64 hexadecimal digits.
    #[schema(value_type = Digest)]
    key: String,
}

/// A new key in the place of somebody's.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateAsked {
    /// Whose.
    #[schema(value_type = CustodianId)]
    custodian: String,
    /// The new public key, Ed25519: 64 hexadecimal digits.
    #[schema(value_type = Digest)]
    key: String,
    /// `routine`, `left`, `lost` or `stolen`.
    #[schema(schema_with = reasons)]
    reason: String,
}

/// The end of a key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeAsked {
    /// Whose.
    #[schema(value_type = CustodianId)]
    custodian: String,
    /// Its thumbprint: 64 hexadecimal digits.
    #[schema(value_type = Digest)]
    kid: String,
    /// `routine`, `left`, `lost` or `stolen`.
    #[schema(schema_with = reasons)]
    reason: String,
}

/// The end of a key that others may have used.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompromisedAsked {
    /// Whose.
    #[schema(value_type = CustodianId)]
    custodian: String,
    /// Its thumbprint: 64 hexadecimal digits.
    #[schema(value_type = Digest)]
    kid: String,
    /// Since when others may have had it.
    #[schema(value_type = MomentText)]
    since: String,
}

/// Roles in which somebody may sign from now on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAsked {
    /// Who.
    #[schema(value_type = CustodianId)]
    custodian: String,
    /// The roles.
    #[schema(schema_with = roles)]
    roles: Vec<String>,
}

impl EnrolAsked {
    pub(super) fn act(&self, agency: Uuid) -> Result<Act, Failure> {
        let name = said("name", &self.name)?;
        let body =
            CustodianEnrol { key: key(&self.key)?, roles: parse_roles(&self.roles)?, agency };
        Ok(Act::enrol_custodian(random_id()?, body).sealing_text("name", Some(&name)))
    }
}

impl RotateAsked {
    pub(super) fn act(&self, desk: &Desk, agency: Uuid) -> Result<Act, Failure> {
        let owner = custodian(desk, &self.custodian)?;
        let reason = code::<KeyReason>("reason", &self.reason)?;
        let body = KeyRotate { key: key(&self.key)?, slot: KeySlot::Custodian, reason };
        Ok(Act::rotate_key(owner, &[agency], body))
    }
}

impl RevokeAsked {
    pub(super) fn act(&self, desk: &Desk, agency: Uuid) -> Result<Act, Failure> {
        let owner = custodian(desk, &self.custodian)?;
        let body = KeyRevoke { kid: kid(&self.kid)?, reason: code("reason", &self.reason)? };
        Ok(Act::revoke_key(owner, &[agency], body))
    }
}

impl CompromisedAsked {
    pub(super) fn act(&self, desk: &Desk, agency: Uuid) -> Result<Act, Failure> {
        let owner = custodian(desk, &self.custodian)?;
        let since: Moment =
            self.since.parse().map_err(|_| bad("since", "a time with its offset"))?;
        let body = KeyCompromised { kid: kid(&self.kid)?, since_s: since.utc_s };
        Ok(Act::compromise_key(owner, &[agency], body))
    }
}

impl UpdateAsked {
    pub(super) fn act(&self, desk: &Desk, agency: Uuid) -> Result<Act, Failure> {
        let owner = custodian(desk, &self.custodian)?;
        let roles = Some(parse_roles(&self.roles)?);
        let body = AgencyUpdate { name: None, country: None, roles, absence: None };
        Ok(Act::update(owner, agency, body))
    }
}

fn roles() -> Schema {
    let role = ArrayItems::RefOrSchema(Box::new(words(ROLES.map(|(word, _)| word)).into()));
    ArrayBuilder::new().items(role).min_items(Some(1)).max_items(Some(ROLES.len())).into()
}

fn reasons() -> Schema {
    words(KeyReason::ALL.iter().map(|word| word.word()))
}

fn parse_roles(texts: &[String]) -> Result<Vec<Role>, Failure> {
    if texts.is_empty() || texts.len() > ROLES.len() {
        return Err(bad("roles", "a list of 1 to 6 roles"));
    }
    let role = |text: &String| {
        parse_role(text).map_err(|reason| bad("roles", &format!("of roles: {reason}")))
    };
    Ok(ordered_roles(texts.iter().map(role).collect::<Result<_, _>>()?))
}

fn key(text: &str) -> Result<CoseKey, Failure> {
    let point = Hash::from_hex(text).ok_or_else(|| bad("key", "64 hexadecimal digits"))?;
    CoseKey::from_bytes(point.as_bytes()).map_err(|error| Failure::from(error).in_field("/key"))
}

fn kid(text: &str) -> Result<Kid, Failure> {
    Hash::from_hex(text).map(Kid::new).ok_or_else(|| bad("kid", "64 hexadecimal digits"))
}

fn custodian(desk: &Desk, text: &str) -> Result<SubjectId, Failure> {
    match text.parse() {
        Ok(id @ SubjectId::Custodian(person)) => {
            desk.custodian_state(person).map_err(|failure| failure.in_field("/custodian"))?;
            Ok(id)
        }
        _ => Err(bad("custodian", "the id of a custodian")),
    }
}
