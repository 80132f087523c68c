//! What a client is told when something is not done: problem details (RFC 9457) with the stable codes of commands.
//!
//! Two messages are made of one failure. The client's says what clashes in what it sent. What went wrong in here is for
//! the log, under the request's id, and the client gets the id.

use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::observe::RequestId;
use crate::failure::{Ending, Failure};

/// Seconds after which something that failed for want of room is worth another attempt.
const RETRY_AFTER_S: u32 = 1;
/// What the client is told of what went wrong in here.
const INSIDE: &str = "the server could not do it; its log has more under the request's id";

/// A problem, as small as a pointer: whatever may fail returns one.
#[derive(Clone, Debug, Serialize)]
pub struct Problem(Box<Details>);

/// Problem details (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Details {
    /// What kind of problem: `about:blank`, the status says it.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The stable code.
    code: String,
    /// What clashes.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The request's id, under which the server's log has more.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// What is wrong where in the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// Seconds after which to try again.
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

/// What is wrong with one field of a body.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// A problem with a status and a stable code.
    pub fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            hint: None,
            instance: None,
            errors: Vec::new(),
            retry_after_s: None,
        }))
    }

    /// There is nothing under this name, or nothing that whoever asks may know of. Both look the same, so that nobody
    /// learns by asking.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "http/not-found", detail)
    }

    /// Nobody has said who asks, or not in a way that counts.
    pub fn who_asks(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// It is known who asks, and they may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "access/forbidden", detail)
    }

    /// What was sent is understood, and refused.
    pub fn unprocessable(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// There is no room now.
    pub fn busy(detail: impl Into<String>) -> Self {
        Self::not_now("http/busy", detail)
    }

    /// It cannot be done now, and soon perhaps.
    pub fn not_now(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(RETRY_AFTER_S)
    }

    /// Whoever asks has asked too often.
    pub fn too_often(retry_after_s: u32) -> Self {
        let detail = format!("too many requests, the next one in {retry_after_s} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "http/too-often", detail)
            .retry_after(retry_after_s)
    }

    /// Something in here went wrong. The log is told what.
    pub fn internal(code: &str, cause: &dyn Display) -> Self {
        tracing::error!(id = %RequestId::at_hand(), code, "{cause}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, INSIDE)
    }

    /// The same problem with the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same problem of the request with this id.
    #[must_use]
    pub fn of_request(mut self, id: RequestId) -> Self {
        self.0.instance = Some(format!("urn:request:{id}"));
        self
    }

    /// The same problem, with the field of the body that it is about: a JSON pointer (RFC 6901).
    #[must_use]
    pub fn in_field(mut self, pointer: impl Into<String>) -> Self {
        let detail = self.0.detail.clone();
        self.0.errors.push(FieldProblem { pointer: pointer.into(), detail });
        self
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.code
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let status = status_of(&failure);
        if status.is_server_error() {
            let id = RequestId::at_hand();
            tracing::error!(%id, code = failure.code(), "{}", failure.message());
            let problem = Self::new(status, failure.code(), INSIDE);
            return match status {
                StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(RETRY_AFTER_S),
                _ => problem,
            };
        }
        let mut problem = Self::new(status, failure.code(), failure.message());
        problem.0.hint = failure.next_step().map(str::to_owned);
        match failure.field() {
            Some(field) => problem.in_field(field),
            None => problem,
        }
    }
}

/// What was looked at and refused is the client's; what could not be looked at is ours, but for what names nothing.
fn status_of(failure: &Failure) -> StatusCode {
    let code = failure.code();
    match (code, failure.ending()) {
        ("custody/no-such-subject" | "id/unknown" | "read/no-record" | "read/no-entry", _)
        | ("export/no-such-item", _) => StatusCode::NOT_FOUND,
        ("act/twice" | "usage" | "id/malformed" | "id/ambiguous" | "export/limit", _) => {
            StatusCode::BAD_REQUEST
        }
        ("access/forbidden" | "handling/permission-needed", _) => StatusCode::FORBIDDEN,
        ("offer/oversize" | "record/oversize", _) => StatusCode::PAYLOAD_TOO_LARGE,
        // A disk that is full is so for a while.
        ("ledger/closed" | "vault/io", _) => StatusCode::SERVICE_UNAVAILABLE,
        (_, Ending::CouldNot) => StatusCode::INTERNAL_SERVER_ERROR,
        (code, _) if code.starts_with("custody/") || code.starts_with("seen/") => {
            StatusCode::CONFLICT
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        let form = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, form);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Signature, Session");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        // The outermost layer writes the request's id into it.
        response.extensions_mut().insert(self);
        response
    }
}
