//! An answer for whoever asked alone.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// `bytes` of this media type, which nobody on the way keeps.
pub fn private(media_type: &'static str, bytes: impl Into<Body>) -> Response {
    let about = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "private, no-store")];
    (about, bytes.into()).into_response()
}
