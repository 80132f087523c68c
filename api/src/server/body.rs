//! Bodies of JSON that are not what their path takes.

use std::error::Error;
use std::fmt::Write as _;

use axum::extract::rejection::JsonRejection;
use serde_path_to_error::{Path, Segment};

use super::problem::Problem;

/// The body is not the JSON that the path takes; with the field that is not, where it is one.
pub fn bad_body(error: JsonRejection) -> Problem {
    let problem = Problem::new(error.status(), "http/json", error.body_text());
    match place(&error) {
        Some(pointer) => problem.in_field(pointer),
        None => problem,
    }
}

/// Where in the body it went wrong.
fn place(error: &JsonRejection) -> Option<String> {
    let mut cause: &dyn Error = error;
    loop {
        if let Some(error) = cause.downcast_ref::<serde_path_to_error::Error<serde_json::Error>>() {
            return Some(pointer(error.path())).filter(|pointer| !pointer.is_empty());
        }
        cause = cause.source()?;
    }
}

/// The path as a JSON pointer (RFC 6901), as far as it is known.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let _ = match segment {
            Segment::Seq { index } => write!(pointer, "/{index}"),
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                write!(pointer, "/{}", name.replace('~', "~0").replace('/', "~1"))
            }
            Segment::Unknown => break,
        };
    }
    pointer
}
