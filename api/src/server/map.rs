//! Where things are, counted: how much each agency holds, and how much is on the way from which to which.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use custody_core::id::SubjectId;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Caller, GuardedBooks};
use super::catalogue::{Edition, Row};
use super::problem::Problem;
use super::service::Service;
use crate::books::Books as _;
use crate::failure::Failure;

/// States of what is on the way.
const ON_THE_WAY: &str = "on-the-way";
/// States of what is where its holder's agency is.
const HERE: [&str; 4] = ["held", "stored", "packed", "checked-out"];

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
/// Those that whoever asks would see in the list of items. Nothing that is sealed is opened.
#[utoipa::path(
    get, path = "/v1/map", tag = "items",
    responses((status = 200, description = "how many are where", body = MapView)),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<MapView>, Problem> {
    let map = service.look(move |service| {
        let (books, edition) = service.catalogued(&caller)?;
        MapView::of(&books, &edition)
    });
    map.await.map(Json)
}

impl MapView {
    fn of(books: &GuardedBooks<'_>, edition: &Edition) -> Result<Self, Failure> {
        let (mut held, mut ways) = (BTreeMap::<_, u64>::new(), BTreeMap::<_, u64>::new());
        // What ended or is with somebody outside is nowhere on this map.
        for one in books.listed(edition, is_somewhere) {
            let row = one?;
            let from = edition.holders_agency(row).ok_or_else(nowhere)?;
            if row.word() == ON_THE_WAY {
                let to = edition.addressees_agency(row).ok_or_else(nowhere)?;
                *ways.entry((from, to)).or_default() += 1;
            } else {
                *held.entry(from).or_default() += 1;
            }
        }
        let name = |agency| SubjectId::Agency(agency).to_string();
        let held = held.into_iter().map(|(id, items)| HeldView { agency: name(id), items });
        let way = |((from, to), items)| WayView { from: name(from), to: name(to), items };
        let ways = ways.into_iter().map(way).collect();
        Ok(Self { agencies: held.collect(), ways, size: books.head().size.0 })
    }
}

fn is_somewhere(row: &Row) -> bool {
    HERE.contains(&row.word()) || row.word() == ON_THE_WAY
}

/// A custodian who answers for something is enrolled.
fn nowhere() -> Failure {
    Failure::could_not("store-corrupt", "an item is with somebody who is not enrolled")
}
