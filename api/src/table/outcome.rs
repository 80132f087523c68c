use std::collections::HashMap;

use custody_core::cose::Finding;
use custody_core::id::{SubjectId, Uuid};

use super::fault::{Fault, Faults, TableError};
use super::lookup::Register;
use super::manifest::{DESCRIPTION, ITEM, REFERENCE, name_items};
use super::sheet::{Column, Form};
use super::{MAX_MANIFEST, Sheet};
use crate::command::full_id;
use crate::desk::Desk;
use crate::failure::Failure;

/// The table in which a receiver says of each item what became of it.
pub const OUTCOMES: Form = Form { columns: COLUMNS, rows: MAX_MANIFEST };

const COLUMNS: &[Column] = &[
    ITEM,
    Column { name: "outcome", is_required: true, example: "accepted" },
    REFERENCE,
    DESCRIPTION,
];

/// The word for an item of which there is nothing to say: it does not stand in the record.
const ACCEPTED: &str = "accepted";

/// What the receiver says of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Its line in the table.
    pub line: u64,
    /// The item.
    pub item: Uuid,
    /// What was found; nothing where it was simply accepted.
    pub finding: Option<Finding>,
}

/// The items that have an outcome, in the table's order. A row without one is not answered: nobody has taken over what
/// nobody has spoken of.
///
/// # Errors
/// The ledger cannot be read. What is wrong with the rows goes to `faults`.
pub fn read_outcomes(
    desk: &Desk,
    register: &mut Register<'_>,
    sheet: &Sheet,
    faults: &mut Faults,
) -> Result<Vec<Answered>, Failure> {
    let named = name_items(desk, register, &sheet.rows, faults)?;
    let mut answered = Vec::new();
    for row in &sheet.rows {
        let Some(finding) = row.read("outcome", faults, parse_outcome) else { continue };
        let item = named.iter().find(|named| named.line == row.line).map(|named| named.item);
        answered.extend(item.map(|item| Answered { line: row.line, item, finding }));
    }
    Ok(answered)
}

/// As [`read_outcomes`] where there is no ledger in which to look up an item: its whole id stands in the row, or the
/// one on its label.
pub fn read_unaided(items: &[Uuid], sheet: &Sheet, faults: &mut Faults) -> Vec<Answered> {
    let (mut answered, mut lines) = (Vec::new(), HashMap::new());
    for row in &sheet.rows {
        let item = row.required("item", faults).map(str::to_owned);
        let item = item.and_then(|_| row.read("item", faults, |text| among(items, text)));
        let finding = row.read("outcome", faults, parse_outcome);
        let Some(item) = item else { continue };
        if let Some(first) = lines.insert(item, row.line) {
            let error = TableError::Twice { item: SubjectId::Item(item).to_string(), first };
            faults.push(Fault::new(row.line, Some("item"), &error));
        }
        answered.extend(finding.map(|finding| Answered { line: row.line, item, finding }));
    }
    answered
}

fn among(items: &[Uuid], text: &str) -> Result<Uuid, Failure> {
    let item = full_id(text)?;
    match items.contains(&item) {
        true => Ok(item),
        false => {
            let message = format!("{} is not one of the items", SubjectId::Item(item));
            Err(Failure::could_not("record/outcome", message))
        }
    }
}

fn parse_outcome(text: &str) -> Result<Option<Finding>, Failure> {
    if text == ACCEPTED {
        return Ok(None);
    }
    let finding = text.parse().map_err(|reason: String| {
        TableError::value(text, reason.replacen("one of: ", "one of: accepted, ", 1))
    })?;
    Ok(Some(finding))
}
