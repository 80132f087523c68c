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

/// The custodian that `text` names, who must be somebody else than `me`.
///
/// # Errors
/// It names nobody, or `me`.
pub fn somebody_else(desk: &Desk, me: Uuid, option: &str, text: &str) -> Result<Uuid, Failure> {
    let other = desk.custodian(text)?;
    match other == me {
        true => {
            let message = format!("`{option}` names yourself, {}", SubjectId::Custodian(me));
            Err(Failure::could_not("usage", message)
                .hint("two people sign this, each with their key"))
        }
        false => Ok(other),
    }
}

/// Most items of one record.
pub const MAX_ITEMS: usize = 500;

/// The items that `texts` name.
///
/// # Errors
/// One of them names none, or they are more than a record takes.
pub fn items(desk: &Desk, texts: &[String]) -> Result<Vec<Uuid>, Failure> {
    if texts.len() > MAX_ITEMS {
        let message = format!("{} items are named, a record takes {MAX_ITEMS}", texts.len());
        return Err(Failure::could_not("usage", message).hint("make several records of it"));
    }
    texts.iter().map(|text| desk.item(text)).collect()
}

/// The items for programs.
pub fn items_json(items: &[Uuid]) -> Value {
    items.iter().map(|id| Value::from(SubjectId::Item(*id).to_string())).collect()
}
