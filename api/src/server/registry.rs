//! Who is enrolled, and what the ledger is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use custody_core::custody::{KeyState, Standing};
use custody_core::id::SubjectId;
use custody_core::record::body::KeySlot;
use custody_log::SubjectKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::problem::Problem;
use super::service::Service;
use super::view::Who;
use crate::command::end_text;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::ledger_keys::log_keys;
use crate::people::People;

/// The ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerView {
    /// Its name.
    origin: String,
    /// SHA-256 of entry 0.
    genesis: String,
    /// Whether it is for exercises: nothing in it is evidence.
    is_training: bool,
    /// Size of the tree.
    size: u64,
    /// Root of the tree.
    root: String,
    /// The log's two keys, as C2SP verifier keys.
    log_keys: Vec<String>,
}

/// Custodians, by agency and name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustodianList {
    custodians: Vec<CustodianView>,
}

/// A custodian.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustodianView {
    /// Who it is.
    #[serde(flatten)]
    who: Who,
    /// Their agency: `agency:` and a UUID.
    agency_id: String,
    /// The roles in which they may sign, by the numbers of SPEC.
    roles: Vec<u64>,
    /// Their keys, the newest last.
    keys: Vec<KeyView>,
}

/// A key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// Its thumbprint.
    thumbprint: String,
    /// `authority` or `recovery` for an agency's keys.
    slot: &'static str,
    /// `in use`, or how it ended.
    standing: String,
    /// Whether it is in use.
    is_in_use: bool,
}

/// Agencies, by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgencyList {
    agencies: Vec<AgencyView>,
}

/// An agency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgencyView {
    /// `agency:` and a UUID.
    id: String,
    /// Its name.
    name: String,
    /// Its country, ISO 3166.
    country: String,
    /// Its keys, the newest last.
    keys: Vec<KeyView>,
}

/// The ledger
#[utoipa::path(
    get, path = "/v1/ledger", tag = "ledger",
    responses((status = 200, description = "the ledger", body = LedgerView)),
    security(()),
)]
pub async fn ledger(State(service): State<Arc<Service>>) -> Result<Json<LedgerView>, Problem> {
    let view = service.look(|service| LedgerView::of(&Desk::live(service.ledger.reader()?)));
    view.await.map(Json)
}

/// Lists custodians
#[utoipa::path(
    get, path = "/v1/custodians", tag = "registry",
    responses((status = 200, description = "custodians", body = CustodianList)),
)]
pub async fn custodians(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<CustodianList>, Problem> {
    service.look_as(caller, CustodianList::of).await.map(Json)
}

/// Lists agencies
#[utoipa::path(
    get, path = "/v1/agencies", tag = "registry",
    responses((status = 200, description = "agencies", body = AgencyList)),
)]
pub async fn agencies(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<AgencyList>, Problem> {
    service.look_as(caller, AgencyList::of).await.map(Json)
}

impl LedgerView {
    fn of(desk: &Desk) -> Result<Self, Failure> {
        let (head, keys) = (desk.head(), log_keys(desk)?);
        Ok(Self {
            origin: desk.origin().to_string(),
            genesis: desk.genesis().to_string(),
            is_training: desk.origin().is_training(),
            size: head.size.0,
            root: head.root.to_string(),
            log_keys: vec![keys.ed25519().to_string(), keys.mldsa44().to_string()],
        })
    }
}

impl CustodianList {
    fn of(desk: &Desk<'_>) -> Result<Self, Failure> {
        let (people, mut custodians) = (People::of(desk), Vec::new());
        for subject in desk.subjects(SubjectKind::Custodian) {
            let (id, subject) = subject?;
            let Standing::Custodian(state) = subject.standing else { continue };
            custodians.push(CustodianView {
                who: people.name(&id)?.into(),
                agency_id: SubjectId::Agency(state.agency).to_string(),
                roles: state.roles.iter().map(|role| role.number()).collect(),
                keys: state.keys.iter().map(KeyView::of).collect(),
            });
        }
        custodians.sort_by_key(|one| (one.who.agency.clone(), one.who.name.clone()));
        Ok(Self { custodians })
    }
}

impl AgencyList {
    fn of(desk: &Desk<'_>) -> Result<Self, Failure> {
        let mut agencies = Vec::new();
        for subject in desk.subjects(SubjectKind::Agency) {
            let (id, subject) = subject?;
            let Standing::Agency(state) = subject.standing else { continue };
            agencies.push(AgencyView {
                id: id.to_string(),
                keys: state.keys.iter().map(KeyView::of).collect(),
                name: state.name,
                country: state.country,
            });
        }
        agencies.sort_by_key(|one| one.name.clone());
        Ok(Self { agencies })
    }
}

impl KeyView {
    fn of(state: &KeyState) -> Self {
        Self {
            thumbprint: state.key.kid().to_string(),
            slot: match state.slot {
                KeySlot::Recovery => "recovery",
                KeySlot::Authority => "authority",
                _ => "own",
            },
            standing: end_text(state.end),
            is_in_use: state.end.is_none(),
        }
    }
}
