//! What an operator sees of requests: an id for each, a line in the log, figures for Prometheus.
//!
//! A line names the path's pattern and never the path, the query or a body: ids of items and names of people do not belong
//! into logs.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use tracing::Instrument as _;

use super::access::Caller;
use super::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Says what the figures mean.
pub fn describe() {
    describe_counter!(
        "custody_http_requests_total",
        "answered requests by path pattern and status"
    );
    describe_histogram!("custody_http_request_seconds", "time to the answer by path pattern");
    describe_counter!("custody_records_total", "records that were submitted, by what came of it");
    describe_gauge!("custody_tree_size", "entries in the tree of the newest checkpoint");
    describe_gauge!("custody_witness_size", "newest size that a witness cosigned, by its name");
    describe_gauge!(
        "custody_witness_alarm",
        "1 where a witness knows another history or a newer head"
    );
    describe_gauge!("custody_index_subjects", "subjects in the custody index");
    describe_gauge!("custody_index_bytes", "memory of the custody index in bytes");
    describe_gauge!(
        "custody_snapshot_time_seconds",
        "when the last snapshot for a backup was taken, seconds since 1970"
    );
    describe_gauge!("custody_http_requests_open", "requests that are being answered");
}

/// A request that is being answered. Where the client goes away nobody waits for the answer any more, and this is dropped
/// with it: a figure that only grew would say that the server is full.
struct Open;

impl Open {
    fn count() -> Self {
        gauge!("custody_http_requests_open").increment(1);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!("custody_http_requests_open").decrement(1);
    }
}

/// Gives a request its id, and writes down what came of it.
pub async fn observe(request: Request, next: Next) -> Response {
    let pattern = request.extensions().get::<MatchedPath>();
    let pattern = pattern.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let id = request_id();
    let span = tracing::info_span!("request", id, %method, path = pattern);
    let begun = Instant::now();
    let open = Open::count();
    let response = next.run(request).instrument(span.clone()).await;
    drop(open);
    let (status, taken) = (response.status(), begun.elapsed());
    let who = response.extensions().get::<Caller>().map(|caller| caller.id.to_string());
    span.in_scope(|| {
        let ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        let status = status.as_u16();
        // What went well is counted; that it did is worth a line to those who look for something.
        match status {
            ..400 => tracing::debug!(status, ms, who, "answered"),
            _ => tracing::info!(status, ms, who, "answered"),
        }
    });
    let labels = [("path", pattern), ("status", status.as_u16().to_string())];
    histogram!("custody_http_request_seconds", "path" => labels[0].1.clone()).record(taken);
    counter!("custody_http_requests_total", &labels).increment(1);
    finish(response, &id)
}

/// Writes the request's id where the client finds it, and headers that belong on every answer.
fn finish(mut response: Response, id: &str) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let kept = response.headers().clone();
        let problem = Problem { instance: Some(format!("urn:request:{id}")), ..problem };
        response = problem.into_response();
        let own =
            |name: &HeaderName| *name == header::CONTENT_LENGTH || *name == header::CONTENT_TYPE;
        let kept = kept.into_iter().filter_map(|(name, value)| Some((name?, value)));
        for (name, value) in kept.filter(|(name, _)| !own(name)) {
            response.headers_mut().insert(name, value);
        }
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// 16 hexadecimal digits, or none where the system has no randomness: a request is answered all the same.
fn request_id() -> String {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
