//! Items: where they are, and what happened to them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use custody_core::custody::{ItemState, Standing};
use custody_core::id::{SubjectId, Uuid};
use custody_log::SubjectKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Caller;
use super::document::{CustodianId, ItemId, Missing};
use super::problem::Problem;
use super::segment::Segment;
use super::service::Service;
use super::view::{ItemHistory, ItemView};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::people::People;
use crate::place::state_word;

/// Items of one answer, at most.
const PAGE: usize = 200;

/// Which items.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemQuery {
    /// Only items that this custodian holds.
    #[param(value_type = Option<CustodianId>)]
    holder: Option<String>,
    /// Only items in this state: a word.
    state: Option<String>,
    /// Only items after this one, in the order of ids: the `next` of the answer before.
    #[param(value_type = Option<ItemId>)]
    after: Option<String>,
}

/// Items in the order of their ids.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ItemList {
    /// The items.
    items: Vec<ItemView>,
    /// What to ask for with `after` to see more.
    next: Option<String>,
    /// Size of the tree at which they were looked at.
    size: u64,
}

/// Lists items
///
/// Those that whoever asks holds, held or is to receive, and those of their agency; for overseers all. What was disclosed
/// to somebody is opened by its id and not listed.
#[utoipa::path(
    get, path = "/v1/items", tag = "items", params(ItemQuery),
    responses((status = 200, description = "items", body = ItemList)),
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Result<Query<ItemQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<ItemList>, Problem> {
    let Query(query) = query.map_err(bad_query)?;
    let wanted = Wanted::parse(&query)?;
    service.look_as(caller, move |desk| wanted.list(desk)).await.map(Json)
}

/// An item with its history
#[utoipa::path(
    get, path = "/v1/items/{item}", tag = "items",
    params(("item" = ItemId, Path, description = "id of the item")),
    responses((status = 200, description = "the item", body = ItemHistory), Missing),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(item): Segment,
) -> Result<Json<ItemHistory>, Problem> {
    let item = parse_item(&item)?;
    service.look_as(caller, move |desk| ItemHistory::of(desk, item)).await.map(Json)
}

struct Wanted {
    holder: Option<Uuid>,
    state: Option<String>,
    after: Option<SubjectId>,
}

impl Wanted {
    fn parse(query: &ItemQuery) -> Result<Self, Problem> {
        let holder = match query.holder.as_deref().map(str::parse) {
            None => None,
            Some(Ok(SubjectId::Custodian(id))) => Some(id),
            Some(_) => return Err(malformed("holder", "the id of a custodian")),
        };
        let after = query.after.as_deref().map(str::parse::<SubjectId>).transpose();
        let after = after.map_err(|_| malformed("after", "the id of an item"))?;
        Ok(Self { holder, state: query.state.clone(), after })
    }

    fn list(&self, desk: &Desk) -> Result<ItemList, Failure> {
        let people = People::of(desk);
        let (mut items, mut next) = (Vec::new(), None);
        for subject in desk.subjects(SubjectKind::Item) {
            let (id, subject) = subject?;
            let (SubjectId::Item(item), Standing::Item(state)) = (&id, &subject.standing) else {
                continue;
            };
            if self.after.as_ref().is_some_and(|after| id <= *after) || !self.is_wanted(state) {
                continue;
            }
            if items.len() == PAGE {
                next = items.last().map(|last: &ItemView| last.item.clone());
                break;
            }
            items.push(ItemView::of(desk, &people, *item, state)?);
        }
        Ok(ItemList { items, next, size: desk.head().size.0 })
    }

    fn is_wanted(&self, state: &ItemState) -> bool {
        self.holder.is_none_or(|holder| state.holder == holder)
            && self.state.as_deref().is_none_or(|word| state_word(state) == word)
    }
}

/// Reads the id of an item in a path.
///
/// # Errors
/// [`Problem`] 400.
pub fn parse_item(text: &str) -> Result<Uuid, Problem> {
    match text.parse() {
        Ok(SubjectId::Item(item)) => Ok(item),
        _ => Err(malformed("item", "the id of an item")),
    }
}

/// A part of the path or the query is not what it should be.
pub fn malformed(what: &str, expected: &str) -> Problem {
    let detail = format!("`{what}` is not {expected}");
    Problem::new(StatusCode::BAD_REQUEST, "id/malformed", detail)
}

/// The query is not one of this path.
pub fn bad_query(error: axum::extract::rejection::QueryRejection) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "http/query", error.body_text())
}
