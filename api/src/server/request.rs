//! Requests for mutual legal assistance.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use custody_core::custody::{ItemState, RequestState, Standing};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{Body, Request as Step};
use custody_core::verify::utc_text;
use custody_log::{Logged, SubjectKind};
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
use crate::desk::{Desk, now_s};
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
    /// What it is for, as it was prepared: by the code of SPEC.
    purpose: Option<&'static str>,
    /// What it rests on, as it was prepared: by the code of SPEC.
    basis: Option<&'static str>,
    /// The treaty, order or law, as it was prepared.
    instrument: Option<String>,
    /// By when an answer is due, UTC: as it was said last, and of a request that has ended as it was prepared.
    deadline: Option<String>,
    /// Whether that is over, and no answer there.
    is_overdue: bool,
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
    records: Vec<StepView>,
    /// The items that whoever asks may see and that moved under it.
    items: Vec<ItemView>,
    /// Size of the tree at which it was looked at.
    size: u64,
}

/// A record of a request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StepView {
    /// The record.
    #[serde(flatten)]
    event: EventView,
    /// The step that it takes, where it takes one.
    step: Option<&'static str>,
    /// On what ground it is refused, where it is: by the code of SPEC.
    ground: Option<&'static str>,
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
            // Of one that has ended it does not matter any more whether a later step set another time.
            let logged = match state.step.is_end() {
                true => desk.books().first(&id)?.into_iter().collect(),
                false => desk.chain(&id)?,
            };
            let first = logged.first().map(|logged| logged.index);
            let steps = logged.iter().filter_map(|logged| step_of(logged).transpose());
            let steps = steps.collect::<Result<Vec<_>, _>>()?;
            known.push((first, RequestView::of(&people, (&id, state), &steps, counts)?));
        }
        known.sort_by_key(|(first, _)| *first);
        let requests = known.into_iter().map(|(_, view)| view).collect();
        Ok(Self { requests, size: desk.head().size.0 })
    }
}

impl RequestView {
    fn of(
        people: &People<'_>,
        (id, state): (&SubjectId, &RequestState),
        steps: &[Step],
        counts: Counts,
    ) -> Result<Self, Failure> {
        let prepared = steps.first();
        let deadline_s = steps.iter().rev().find_map(|step| step.deadline_s);
        let is_over = deadline_s.is_some_and(|deadline_s| deadline_s < now_s());
        Ok(Self {
            purpose: prepared.and_then(|step| Some(step.purpose?.word())),
            basis: prepared.and_then(|step| Some(step.basis?.word())),
            deadline: deadline_s.map(utc_text),
            is_overdue: is_over && !state.step.is_end(),
            instrument: prepared.and_then(|step| step.instrument.clone()),
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
        let (mut records, mut steps) = (Vec::new(), Vec::new());
        for logged in desk.chain(&id)? {
            let event = EventView::of(&Event::of_request(desk, &people, &logged, request)?);
            let step = step_of(&logged)?;
            records.push(StepView {
                event,
                step: step.as_ref().map(|step| step.step.word()),
                ground: step.as_ref().and_then(|step| Some(step.ground?.word())),
            });
            steps.extend(step);
        }
        let mut items = Vec::new();
        let is_under = |state: &ItemState| state.bound.is_some_and(|it| it.request == request);
        let mut counts = BTreeMap::new();
        for one in desk.items_where(None, &Sought::Under(request), is_under) {
            let (item, state) = one?;
            *counts.entry(state_word(&state)).or_default() += 1;
            items.push(ItemView::of(desk, &people, item, &state)?);
        }
        let request = RequestView::of(&people, (&id, &state), &steps, counts)?;
        Ok(Self { request, records, items, size: desk.head().size.0 })
    }
}

/// The step of a request that a record takes.
fn step_of(logged: &Logged) -> Result<Option<Step>, Failure> {
    Ok(match &Record::parse(&logged.record)?.payload().body {
        Body::Request(step) => Some(step.clone()),
        _ => None,
    })
}
