//! The part of a path that names something.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::item::malformed;
use super::problem::Problem;

/// What is not the same in all paths of a pattern. What it names is the handler's to find out.
pub struct Segment<T = String>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // The framework's own refusal is no problem details.
        let read = Path::<T>::from_request_parts(parts, state).await;
        let Path(named) = read.map_err(|_| malformed("path", "UTF-8"))?;
        Ok(Self(named))
    }
}
