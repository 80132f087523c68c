//! Where things are, counted: how much each agency holds, and how much is on the way from which to which.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use custody_core::custody::{ItemState, Whereabouts};
use custody_core::id::{SubjectId, Uuid};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::problem::Problem;
use super::service::Service;
use crate::desk::Desk;
use crate::failure::Failure;

/// Where the items are that whoever asks may see.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MapView {
    /// How much each agency has; agencies that have nothing are not here.
    agencies: Vec<HeldView>,
    /// What is on the way.
    ways: Vec<WayView>,
    /// Size of the tree at which they were counted.
    size: u64,
}

/// What an agency's custodians answer for, and have not sent away or given outside.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldView {
    /// `agency:` and a UUID.
    agency: String,
    /// How many items.
    items: u64,
}

/// What is on the way from an agency to another one, or within it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WayView {
    /// `agency:` and a UUID.
    from: String,
    /// `agency:` and a UUID.
    to: String,
    /// How many items.
    items: u64,
}

/// Counts items by where they are
///
/// Those that whoever asks would see in the list of items. Cost: a look at every item; nothing that is sealed is opened.
#[utoipa::path(
    get, path = "/v1/map", tag = "items",
    responses((status = 200, description = "how many are where", body = MapView)),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<MapView>, Problem> {
    service.look_as(caller, MapView::of).await.map(Json)
}

impl MapView {
    fn of(desk: &Desk<'_>) -> Result<Self, Failure> {
        let mut known = HashMap::new();
        let mut agency_of = |person: Uuid| match known.get(&person) {
            Some(agency) => Ok::<Uuid, Failure>(*agency),
            None => {
                let agency = desk.custodian_state(person)?.agency;
                known.insert(person, agency);
                Ok(agency)
            }
        };
        let (mut held, mut ways) = (BTreeMap::<_, u64>::new(), BTreeMap::<_, u64>::new());
        // What ended or is with somebody outside is nowhere on this map.
        for one in desk.items_where(None, |state| state.end.is_none() && !is_outside(state)) {
            let (_, state) = one?;
            let from = agency_of(state.holder)?;
            match &state.release {
                Some(open) => *ways.entry((from, agency_of(open.to)?)).or_default() += 1,
                None => *held.entry(from).or_default() += 1,
            }
        }
        let name = |agency| SubjectId::Agency(agency).to_string();
        let held = held.into_iter().map(|(id, items)| HeldView { agency: name(id), items });
        let way = |((from, to), items)| WayView { from: name(from), to: name(to), items };
        let ways = ways.into_iter().map(way).collect();
        Ok(Self { agencies: held.collect(), ways, size: desk.head().size.0 })
    }
}

fn is_outside(state: &ItemState) -> bool {
    state.release.is_none() && matches!(state.place, Whereabouts::Outside { .. })
}
