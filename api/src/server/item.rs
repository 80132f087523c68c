//! Items: where they are, and what happened to them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use custody_core::custody::ItemState;
use custody_core::id::{SubjectId, Uuid};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::access::Caller;
use super::document::{CustodianId, ItemId, Missing, words};
use super::problem::Problem;
use super::segment::Segment;
use super::service::Service;
use super::view::{ItemHistory, ItemView};
use crate::books::Sought;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::number::parse_number;
use crate::people::People;
use crate::place::{STATES, state_word};

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
    /// Only items in this state.
    #[param(value_type = Option<StateWord>, inline)]
    state: Option<String>,
    /// Only items after this one, in the order of ids: the `next` of the answer before.
    #[param(value_type = Option<ItemId>)]
    after: Option<String>,
    /// Items of the answer, at most: 1 to 200, which it is if left out.
    #[param(value_type = Option<Limit>, inline)]
    limit: Option<String>,
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
    service.look_by_catalogue(caller, move |desk| wanted.list(desk)).await.map(Json)
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

/// The word of a state.
struct StateWord;

impl ToSchema for StateWord {}

impl PartialSchema for StateWord {
    fn schema() -> RefOr<Schema> {
        words(STATES).into()
    }
}

/// How many.
struct Limit;

impl ToSchema for Limit {}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        number.minimum(Some(1)).maximum(Some(PAGE)).into()
    }
}

struct Wanted {
    holder: Option<Uuid>,
    state: Option<&'static str>,
    after: Option<SubjectId>,
    limit: usize,
}

impl Wanted {
    fn parse(query: &ItemQuery) -> Result<Self, Problem> {
        let holder = match query.holder.as_deref().map(str::parse) {
            None => None,
            Some(Ok(SubjectId::Custodian(id))) => Some(id),
            Some(_) => return Err(malformed("holder", "the id of a custodian")),
        };
        let state = query.state.as_deref().map(parse_state).transpose()?;
        let after = query.after.as_deref().map(str::parse::<SubjectId>).transpose();
        let after = after.map_err(|_| malformed("after", "the id of an item"))?;
        let limit = query.limit.as_deref().map_or(Ok(PAGE), parse_limit)?;
        Ok(Self { holder, state, after, limit })
    }

    fn list(&self, desk: &Desk) -> Result<ItemList, Failure> {
        let people = People::of(desk);
        let (mut items, mut next) = (Vec::new(), None);
        let sought = match self.holder {
            Some(holder) => Sought::HeldBy(holder, self.state),
            None => Sought::InState(self.state),
        };
        for one in desk.items_where(self.after.as_ref(), &sought, |state| self.is_wanted(state)) {
            let (item, state) = one?;
            if items.len() == self.limit {
                next = items.last().map(|last: &ItemView| last.item.clone());
                break;
            }
            items.push(ItemView::of(desk, &people, item, &state)?);
        }
        Ok(ItemList { items, next, size: desk.head().size.0 })
    }

    fn is_wanted(&self, state: &ItemState) -> bool {
        self.holder.is_none_or(|holder| state.holder == holder)
            && self.state.is_none_or(|word| state_word(state) == word)
    }
}

fn parse_state(text: &str) -> Result<&'static str, Problem> {
    let known = STATES.into_iter().find(|word| *word == text);
    known.ok_or_else(|| malformed("state", &format!("one of: {}", STATES.join(", "))))
}

fn parse_limit(text: &str) -> Result<usize, Problem> {
    let limit = parse_number(text).and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| (1..=PAGE).contains(limit));
    limit.ok_or_else(|| malformed("limit", &format!("a number from 1 to {PAGE}")))
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
