//! The ledger as C2SP tlog-tiles, at the root: checkpoint, tiles and bundles of entries for everybody, bundles of records
//! for overseers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use custody_core::hash::sha256;
use custody_core::tile::{TileKind, TilePath};

use super::access::Caller;
use super::problem::Problem;
use super::segment::Segment;
use super::service::Service;
use crate::failure::Failure;

/// What never changes under its name may be kept for a year.
pub const FOREVER: &str = "public, max-age=31536000, immutable";

/// The newest checkpoint.
pub async fn checkpoint(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let note = service.look(|service| Ok(service.ledger.reader()?.checkpoint().to_vec())).await?;
    Ok(self::note(note, &headers))
}

/// A checkpoint, unless whoever asks has it.
pub fn note(note: Vec<u8>, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", sha256(&note));
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == tag.as_str());
    let about = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, about).into_response(),
        false => (about, note).into_response(),
    }
}

/// A tile or a bundle of entries.
pub async fn tile(
    State(service): State<Arc<Service>>,
    Segment(path): Segment,
) -> Result<Response, Problem> {
    let path = parse(&format!("tile/{path}"))?;
    Ok(answer(cut(&service, path).await?, FOREVER))
}

/// A bundle of records.
pub async fn records(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(path): Segment,
) -> Result<Response, Problem> {
    let path = parse(&format!("records/{path}"))?;
    if !caller.is_overseer {
        return Err(Problem::forbidden("only overseers read whole bundles of records"));
    }
    Ok(answer(cut(&service, path).await?, "private, no-store"))
}

/// Reads the name of a tile or bundle.
///
/// # Errors
/// [`Problem`] 404.
pub fn parse(path: &str) -> Result<TilePath, Problem> {
    TilePath::parse(path).map_err(|error| {
        Problem::new(StatusCode::NOT_FOUND, error.code(), format!("no tile has this name: {error}"))
    })
}

async fn cut(service: &Arc<Service>, path: TilePath) -> Result<Vec<u8>, Problem> {
    let cut = service.look(move |service| {
        let reader = service.ledger.reader()?;
        let is_there = path.is_within(reader.head().size);
        is_there.then(|| reader.tile_bytes(&path).map_err(Failure::from)).transpose()
    });
    let missing = || {
        let kind = if path.kind() == TileKind::Entries { "bundle" } else { "tile" };
        Problem::not_found(format!("the tree has no such {kind} yet"))
    };
    cut.await?.ok_or_else(missing)
}

/// The bytes of a tile or bundle.
pub fn answer(bytes: Vec<u8>, cache: &'static str) -> Response {
    let about =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, cache)];
    (about, bytes).into_response()
}
