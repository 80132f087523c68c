//! People and items named on the command line.

use custody_core::id::{SubjectId, Uuid};
use serde_json::Value;

use crate::desk::Desk;
use crate::failure::Failure;

/// The custodians that `texts` name.
///
/// # Errors
/// One of them names nobody.
pub fn custodians(desk: &Desk, texts: &[String]) -> Result<Vec<Uuid>, Failure> {
    texts.iter().map(|text| desk.custodian(text)).collect()
}

/// The items that `texts` name.
///
/// # Errors
/// One of them names none.
pub fn items(desk: &Desk, texts: &[String]) -> Result<Vec<Uuid>, Failure> {
    texts.iter().map(|text| desk.item(text)).collect()
}

/// The items for programs.
pub fn items_json(items: &[Uuid]) -> Value {
    items.iter().map(|id| Value::from(SubjectId::Item(*id).to_string())).collect()
}
