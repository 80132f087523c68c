//! What an operator sees of requests: an id for each, a line in the log, figures for Prometheus.
//!
//! A line names the path's pattern and never the path, the query or a body: ids of items and names of people do not belong
//! into logs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};

use super::access::Caller;
use super::limit::Counted;
use super::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

tokio::task_local! {
    static REQUEST: RequestId;
}

/// What tells a request from others: in its answer, and in every line of the log that it is the cause of.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(u64);

impl RequestId {
    /// The one of the request that this task answers; of what nobody asked for, all zeros.
    pub fn at_hand() -> Self {
        REQUEST.try_with(|id| *id).unwrap_or(Self(0))
    }

    /// Does `work`, on another thread, as part of this request.
    pub fn during<T>(self, work: impl FnOnce() -> T) -> T {
        REQUEST.sync_scope(self, work)
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Says what the figures mean.
pub fn describe() {
    describe_counter!(
        "custody_http_requests_total",
        "answered requests by path pattern and status"
    );
    describe_histogram!("custody_http_request_seconds", "time to the answer by path pattern");
    describe_counter!("custody_records_total", "records that were submitted, by what came of it");
    describe_gauge!(
        "custody_trouble",
        "1 where the ledger takes no records, cannot write openings, or its store was found damaged"
    );
    describe_gauge!("custody_tree_size", "entries in the tree of the newest checkpoint");
    describe_gauge!("custody_witness_size", "newest size that a witness cosigned, by its name");
    describe_gauge!(
        "custody_witness_alarm",
        "1 where a witness knows another history or a newer head"
    );
    describe_gauge!("custody_index_subjects", "subjects in the custody index");
    describe_gauge!("custody_index_bytes", "memory of the custody index in bytes");
    describe_gauge!("custody_store_bytes", "memory of the store in bytes, by what it is for");
    describe_gauge!(
        "custody_snapshot_time_seconds",
        "when the last snapshot for a backup was taken, seconds since 1970"
    );
    describe_gauge!(
        "custody_tls_expires_seconds",
        "when the certificate that is served ends, seconds since 1970"
    );
    describe_gauge!("custody_http_requests_open", "requests that are being answered");
}

/// Watches the requests of a server.
pub struct Observer {
    open: Gauge,
    /// Figures by status and path pattern, looked up once: by their names that takes longer than all the rest here.
    answers: RwLock<HashMap<StatusCode, HashMap<String, Figures>>>,
}

/// What is counted of answers with one status at one path pattern.
struct Figures {
    count: Counter,
    seconds: Histogram,
}

impl Figures {
    fn of(pattern: &str, status: StatusCode) -> Self {
        let (path, status) = (pattern.to_owned(), status.as_str().to_owned());
        let seconds = histogram!("custody_http_request_seconds", "path" => path.clone());
        Self {
            count: counter!("custody_http_requests_total", "path" => path, "status" => status),
            seconds,
        }
    }

    fn count(&self, taken: Duration) {
        self.count.increment(1);
        self.seconds.record(taken);
    }
}

/// A request that is being answered. Where the client goes away nobody waits for the answer any more, and this is dropped
/// with it: a figure that only grew would say that the server is full.
struct Open<'o>(&'o Gauge);

impl<'o> Open<'o> {
    fn count(gauge: &'o Gauge) -> Self {
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

impl Observer {
    /// Counts for whoever reads the process' figures, if they are read.
    pub fn new() -> Self {
        Self { open: gauge!("custody_http_requests_open"), answers: RwLock::default() }
    }

    /// Gives a request its id, has `answer` made, and writes down what came of it.
    pub async fn observe<F: Future<Output = Response>>(
        &self,
        request: Request,
        answer: impl FnOnce(Request) -> F,
    ) -> Response {
        let pattern = request.extensions().get::<MatchedPath>().cloned();
        let pattern = pattern.as_ref().map_or("none", MatchedPath::as_str);
        let method = request.method().clone();
        let (id, begun) = (RequestId(fastrand::u64(..)), Instant::now());
        let open = Open::count(&self.open);
        let response = REQUEST.scope(id, answer(request)).await;
        drop(open);
        let (status, taken) = (response.status().as_u16(), begun.elapsed());
        let ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        // What went well is counted; that it did is worth a line to those who look for something. So is who asks too often again
        // and again.
        let is_again = status == 429 && response.extensions().get::<Counted>().is_none();
        if status < 400 || is_again {
            tracing::debug!(%id, %method, path = pattern, status, ms, who = who(&response), "answered");
        } else {
            let (who, address) = (who(&response), address(&response));
            tracing::info!(%id, %method, path = pattern, status, ms, who, address, "answered");
        }
        self.count(pattern, response.status(), taken);
        finish(response, id)
    }

    fn count(&self, pattern: &str, status: StatusCode, taken: Duration) {
        let known = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        match known.get(&status).and_then(|patterns| patterns.get(pattern)) {
            Some(figures) => figures.count(taken),
            None => {
                drop(known);
                let mut known = self.answers.write().unwrap_or_else(PoisonError::into_inner);
                let patterns = known.entry(status).or_default();
                let figures = patterns.entry(pattern.to_owned());
                figures.or_insert_with(|| Figures::of(pattern, status)).count(taken);
            }
        }
    }
}

/// Who has asked, if that is known.
fn who(response: &Response) -> Option<String> {
    let extensions = response.extensions();
    let caller = extensions.get::<Caller>().map(|caller| caller.id.to_string());
    caller.or_else(|| extensions.get::<Counted>()?.known().map(str::to_owned))
}

/// The address of who asks too often, where nobody knows more of them.
fn address(response: &Response) -> Option<String> {
    response.extensions().get::<Counted>()?.address()
}

/// Writes the request's id where the client finds it, and headers that belong on every answer.
fn finish(mut response: Response, id: RequestId) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let kept = response.headers().clone();
        response = problem.of_request(id).into_response();
        let own =
            |name: &HeaderName| *name == header::CONTENT_LENGTH || *name == header::CONTENT_TYPE;
        let kept = kept.into_iter().filter_map(|(name, value)| Some((name?, value)));
        for (name, value) in kept.filter(|(name, _)| !own(name)) {
            response.headers_mut().insert(name, value);
        }
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
