//! The part of a path that names something.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize as _, Deserializer};

use super::item::malformed;
use super::problem::Problem;
use crate::number::parse_number;

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

/// Such a number in a query.
///
/// # Errors
/// It is none.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_number(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a number")))
}

/// The same where it may be left out.
///
/// # Errors
/// It is none.
pub fn number_if_there<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    number(deserializer).map(Some)
}
