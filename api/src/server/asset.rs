//! The pages, as they were built into the program: one document, one script, one stylesheet. Their sources are in
//! `api/web`.
//!
//! Script and stylesheet stand under the digest that the document names them by: what is under such a name never changes,
//! and a document of one version never meets the script of another.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use custody_core::hash::sha256;

use super::problem::Problem;
use super::segment::Segment;
use super::tile::FOREVER;

const DOCUMENT: &[u8] = include_bytes!("../../web/dist/index.html");
const SCRIPT: &[u8] = include_bytes!("../../web/dist/app.js");
const STYLE: &[u8] = include_bytes!("../../web/dist/app.css");

/// What a page may load: this server's own files, and nothing that is written into a document.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";
/// Scanning labels takes the camera; nothing else is asked for.
const PERMISSIONS: &str = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()";

/// The document.
pub async fn document(headers: HeaderMap) -> Response {
    let tag = format!("\"{}\"", sha256(DOCUMENT));
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == tag.as_str());
    let about = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, about, [(header::ETAG, tag)]).into_response(),
        false => (about, [(header::ETAG, tag)], DOCUMENT).into_response(),
    }
}

/// The script or the stylesheet, under its digest.
pub async fn asset(
    Segment((digest, name)): Segment<(String, String)>,
) -> Result<Response, Problem> {
    let (bytes, kind) = match name.as_str() {
        "app.js" => (SCRIPT, "text/javascript; charset=utf-8"),
        "app.css" => (STYLE, "text/css; charset=utf-8"),
        _ => return Err(Problem::not_found("the pages have no such file")),
    };
    if sha256(bytes).to_string() != digest {
        return Err(Problem::not_found("the pages have this file in another version"));
    }
    let about = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, FOREVER),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((about, bytes).into_response())
}
