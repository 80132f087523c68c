//! Server-sent events: what was recorded and offered, for those who may see it, as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use custody_core::id::SubjectId;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

use super::access::Caller;
use super::change::{Change, Offered, Recorded};
use super::identify::Cookie;
use super::problem::Problem;
use super::service::Service;
use crate::desk::now_s;

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
    cookie: Option<Extension<Cookie>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let busy = || Problem::busy("as many streams as there is room for are open");
    let place = service.streams.enter(&caller.id).ok_or_else(busy)?;
    let mut changes = service.changes.subscribe();
    let audience = Audience::new(&service, caller, cookie);
    let (to, events) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let _place = place;
        loop {
            let change = tokio::select! {
                change = changes.recv() => change,
                () = to.closed() => return,
            };
            let event = match change {
                Ok(Change::Stopping) | Err(RecvError::Closed) => return,
                Ok(change) => audience.visible(&service, change).await,
                Err(RecvError::Lagged(_)) => Ok(Some(lost())),
            };
            let event = match event {
                Ok(event) => event,
                // Who comes again learns why.
                Err(Gone) => return,
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

/// Who listens to a stream.
struct Audience {
    caller: Caller,
    /// By which session, if it is one.
    cookie: Option<String>,
}

/// Nobody may listen any more: the session has ended, or the key.
struct Gone;

impl Audience {
    fn new(service: &Service, caller: Caller, cookie: Option<Extension<Cookie>>) -> Self {
        let cookie = cookie.map(|Extension(Cookie(cookie))| cookie);
        let cookie = cookie.filter(|cookie| service.sessions.find(cookie, now_s()).is_some());
        Self { caller, cookie }
    }

    /// The change as an event, if they may know of it now. What they might and what could not be looked at is `lost`.
    async fn visible(&self, service: &Arc<Service>, change: Change) -> Result<Option<Event>, Gone> {
        let ended = |cookie| service.sessions.find(cookie, now_s()).is_none();
        if self.cookie.as_ref().is_some_and(|cookie| ended(cookie)) {
            return Err(Gone);
        }
        let kid = self.caller.kid;
        let seen = service.look(move |service| {
            // What was theirs when the stream began may be so no longer.
            let Some(caller) = service.caller(kid)? else { return Ok(None) };
            let event = match change {
                Change::Recorded(recorded) => {
                    let desk = service.desk(&caller)?;
                    desk.by_digest(&recorded.digest)?.map(|_| of_record(&recorded))
                }
                Change::Offered(offered) => {
                    offered.signers.contains(&caller.id).then(|| of_offer(&offered))
                }
                Change::Stopping => None,
            };
            Ok(Some(event))
        });
        match seen.await {
            Ok(Some(event)) => Ok(event),
            Ok(None) => Err(Gone),
            Err(_) => Ok(Some(lost())),
        }
    }
}

fn of_record(recorded: &Recorded) -> Event {
    let items = recorded.subjects.iter().filter_map(SubjectId::about_item);
    let items = items.map(|item| SubjectId::Item(item).to_string());
    let data = json!({
        "entry": recorded.index.0,
        "record": recorded.digest.to_string(),
        "type": recorded.record_type,
        "items": items.collect::<Vec<_>>(),
    });
    Event::default().event("record").id(recorded.index.0.to_string()).data(data.to_string())
}

fn of_offer(offered: &Offered) -> Event {
    let data = json!({ "offer": offered.digest.to_string() }).to_string();
    Event::default().event("offer").data(data)
}

fn lost() -> Event {
    Event::default().event("lost").data("{}")
}
