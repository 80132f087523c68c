//! Server-sent events: what was recorded and offered, for those who may see it, as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use custody_core::id::SubjectId;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

use super::access::Caller;
use super::change::Change;
use super::problem::Problem;
use super::service::Service;

/// Events that wait for a slow reader before it is disconnected, and comes again.
const WAITING: usize = 64;
/// How often a stream says that it is there.
const ALIVE: Duration = Duration::from_secs(20);

/// What is recorded, as it happens
///
/// `text/event-stream`. An event `record` for each record that whoever asks may see, `{entry, record, type, items}`; an event
/// `offer` where one that they sign came or went, `{offer}`; an event `lost` where more happened than the stream could keep up with: look again at what is shown.
#[utoipa::path(
    get, path = "/v1/events", tag = "events",
    responses((status = 200, description = "events", body = String, content_type = "text/event-stream")),
)]
pub async fn stream(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let busy = |_| Problem::busy("as many streams as there is room for are open");
    let place = service.streams.clone().try_acquire_owned().map_err(busy)?;
    let mut changes = service.changes.subscribe();
    let (to, events) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let _place = place;
        loop {
            let change = tokio::select! {
                change = changes.recv() => change,
                () = to.closed() => return,
            };
            let event = match change {
                Ok(change) => visible(&service, &caller, change).await,
                Err(RecvError::Lagged(_)) => Some(Event::default().event("lost").data("{}")),
                Err(RecvError::Closed) => return,
            };
            if let Some(event) = event
                && to.try_send(Ok(event)).is_err()
            {
                return;
            }
        }
    });
    let alive = KeepAlive::new().interval(ALIVE);
    Ok(Sse::new(ReceiverStream::new(events)).keep_alive(alive))
}

/// The change as an event, if the caller may know of it.
async fn visible(service: &Arc<Service>, caller: &Caller, change: Change) -> Option<Event> {
    let change = match change {
        Change::Recorded(recorded) => recorded,
        Change::Offered(offered) => {
            let data = json!({ "offer": offered.digest.to_string() }).to_string();
            let is_theirs = offered.signers.contains(&caller.id);
            return is_theirs.then(|| Event::default().event("offer").data(data));
        }
    };
    let digest = change.digest;
    let seen = service.look_as(caller.clone(), move |desk| desk.by_digest(&digest)).await;
    seen.ok().flatten()?;
    let items = change.subjects.iter().filter_map(|id| match id {
        SubjectId::Item(item) | SubjectId::Notes(item) => Some(SubjectId::Item(*item).to_string()),
        _ => None,
    });
    let data = json!({
        "entry": change.index.0,
        "record": change.digest.to_string(),
        "type": change.record_type,
        "items": items.collect::<Vec<_>>(),
    });
    Some(Event::default().event("record").id(change.index.0.to_string()).data(data.to_string()))
}
