//! Requests for mutual legal assistance.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use custody_core::custody::{ItemState, RequestState, Standing};
use custody_core::id::{SubjectId, Uuid};
use custody_log::SubjectKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Caller, GuardedBooks};
use super::catalogue::{Edition, Row};
use super::document::{Missing, RequestId};
use super::item::malformed;
use super::problem::Problem;
use super::segment::Segment;
use super::service::Service;
use super::view::{EventView, ItemView, Who};
use crate::books::Sought;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::history::Event;
use crate::people::People;
use crate::place::state_word;

/// Requests, in the order in which they were drawn up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestList {
    requests: Vec<RequestView>,
    /// Size of the tree at which they were looked at.
    size: u64,
}

/// A request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestView {
    /// `request:` and a UUID.
    request: String,
    /// How far it has come.
    step: &'static str,
    /// Whether that is the end.
    is_ended: bool,
    /// The requesting agency.
    from: Who,
    /// The requested agency.
    to: Who,
    /// How many items that whoever asks may see came under it, by their states.
    counts: BTreeMap<&'static str, u64>,
}

/// A request with its history.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestHistory {
    /// The request.
    #[serde(flatten)]
    request: RequestView,
    /// Its records.
    records: Vec<EventView>,
    /// The items that whoever asks may see and that moved under it.
    items: Vec<ItemView>,
    /// Size of the tree at which it was looked at.
    size: u64,
}

/// Lists requests
#[utoipa::path(
    get, path = "/v1/requests", tag = "requests",
    responses((status = 200, description = "requests", body = RequestList)),
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<RequestList>, Problem> {
    let list = service.look(move |service| {
        let (books, edition) = service.catalogued(&caller)?;
        let counts = count(&books, &edition)?;
        RequestList::of(&Desk::over(books), counts)
    });
    list.await.map(Json)
}

/// A request with its history
#[utoipa::path(
    get, path = "/v1/requests/{request}", tag = "requests",
    params(("request" = RequestId, Path, description = "id of the request")),
    responses((status = 200, description = "the request", body = RequestHistory), Missing),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(request): Segment,
) -> Result<Json<RequestHistory>, Problem> {
    let Ok(SubjectId::Request(request)) = request.parse() else {
        return Err(malformed("request", "the id of a request"));
    };
    service.look_by_catalogue(caller, move |desk| RequestHistory::of(desk, request)).await.map(Json)
}

/// Items by their states.
type Counts = BTreeMap<&'static str, u64>;

/// How many items that whoever asks may see came under each request.
fn count(books: &GuardedBooks<'_>, edition: &Edition) -> Result<HashMap<Uuid, Counts>, Failure> {
    let mut counts = HashMap::<_, Counts>::new();
    for one in books.listed(edition, Row::is_under_request) {
        let row = one?;
        let Some(request) = edition.request(row) else { continue };
        *counts.entry(request).or_default().entry(row.word()).or_default() += 1;
    }
    Ok(counts)
}

impl RequestList {
    fn of(desk: &Desk<'_>, mut counts: HashMap<Uuid, Counts>) -> Result<Self, Failure> {
        let (people, mut known) = (People::of(desk), Vec::new());
        for subject in desk.subjects(SubjectKind::Request) {
            let (id, subject) = subject?;
            let (SubjectId::Request(request), Standing::Request(state)) = (&id, &subject.standing)
            else {
                continue;
            };
            let counts = counts.remove(request).unwrap_or_default();
            let first = desk.books().first(&id)?.map(|logged| logged.index);
            known.push((first, RequestView::of(&people, &id, state, counts)?));
        }
        known.sort_by_key(|(first, _)| *first);
        let requests = known.into_iter().map(|(_, view)| view).collect();
        Ok(Self { requests, size: desk.head().size.0 })
    }
}

impl RequestView {
    fn of(
        people: &People<'_>,
        id: &SubjectId,
        state: &RequestState,
        counts: Counts,
    ) -> Result<Self, Failure> {
        Ok(Self {
            counts,
            request: id.to_string(),
            step: state.step.word(),
            is_ended: state.step.is_end(),
            from: people.name(&SubjectId::Agency(state.from))?.into(),
            to: people.name(&SubjectId::Agency(state.to))?.into(),
        })
    }
}

impl RequestHistory {
    fn of(desk: &Desk, request: Uuid) -> Result<Self, Failure> {
        let (people, id) = (People::of(desk), SubjectId::Request(request));
        let Standing::Request(state) = desk.subject(&id)?.standing else {
            return Err(Failure::could_not("store-corrupt", "a request has another kind's state"));
        };
        let mut records = Vec::new();
        for logged in desk.chain(&id)? {
            records.push(EventView::of(&Event::of_request(desk, &people, &logged, request)?));
        }
        let mut items = Vec::new();
        let is_under = |state: &ItemState| state.bound.is_some_and(|it| it.request == request);
        let mut counts = BTreeMap::new();
        for one in desk.items_where(None, &Sought::Under(request), is_under) {
            let (item, state) = one?;
            *counts.entry(state_word(&state)).or_default() += 1;
            items.push(ItemView::of(desk, &people, item, &state)?);
        }
        let request = RequestView::of(&people, &id, &state, counts)?;
        Ok(Self { request, records, items, size: desk.head().size.0 })
    }
}
