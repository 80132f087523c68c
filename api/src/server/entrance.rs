//! What every request passes before anything is done for it. One layer with everything in it: each layer of a router costs
//! every request some microseconds.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::Next;
use axum::response::Response;

use super::identify::identify;
use super::intake::Intake;
use super::limit::Door;
use super::observe::Observer;
use super::service::Service;
use super::setting::Limits;

const NO_STORE: HeaderValue = HeaderValue::from_static("private, no-store");

/// The way into a server.
pub struct Entrance {
    observer: Observer,
    door: Door,
    intake: Intake,
}

impl Entrance {
    /// As wide as the limits say.
    pub fn new(limits: &Limits) -> Arc<Self> {
        let (door, intake) = (Door::new(limits), Intake::new(limits));
        Arc::new(Self { observer: Observer::new(), door, intake })
    }
}

/// For paths where nobody is asked who they are.
pub async fn enter(
    State(entrance): State<Arc<Entrance>>,
    request: Request,
    next: Next,
) -> Response {
    let Entrance { observer, door, .. } = &*entrance;
    observer.observe(request, |request| door.enter(door.in_time(next.run(request)))).await
}

/// For all others.
pub async fn enter_known(
    State((entrance, service)): State<(Arc<Entrance>, Arc<Service>)>,
    request: Request,
    next: Next,
) -> Response {
    let Entrance { observer, door, intake } = &*entrance;
    let answer = |request| door.enter(identify(service, (door, intake), request, next));
    let mut response = observer.observe(request, answer).await;
    // What was answered to one is kept for nobody else, on whatever way it goes.
    response.headers_mut().entry(CACHE_CONTROL).or_insert(NO_STORE);
    response
}
