use std::collections::HashMap;

use custody_core::id::{SubjectId, Uuid};

use super::MAX_MANIFEST;
use super::fault::{Fault, Faults, TableError};
use super::lookup::{Register, foresee, text_of};
use super::sheet::{Column, Form, Row};
use crate::desk::Desk;
use crate::failure::Failure;

/// The table of the items that move together.
pub const MANIFEST: Form = Form { columns: COLUMNS, rows: MAX_MANIFEST };

const COLUMNS: &[Column] = &[ITEM, REFERENCE, DESCRIPTION];

/// What names an item.
pub(super) const ITEM: Column = Column { name: "item", is_required: true, example: "K-2026-17/1" };
/// For people, and held against the ledger.
pub(super) const REFERENCE: Column = Column { name: "reference", is_required: false, example: "" };
/// For people, and held against the ledger.
pub(super) const DESCRIPTION: Column =
    Column { name: "description", is_required: false, example: "laptop, grey" };

/// The item that a row names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its line in the table.
    pub line: u64,
    /// The item.
    pub item: Uuid,
}

/// The items that the rows name, each once. Beside the id of an item stands what the ledger has of it, or nothing:
/// whoever sorts one column of a table alone would otherwise send, or find missing, the wrong things.
///
/// # Errors
/// The ledger cannot be read. What is wrong with the rows goes to `faults`.
pub fn name_items(
    desk: &Desk,
    register: &mut Register<'_>,
    rows: &[Row],
    faults: &mut Faults,
) -> Result<Vec<Named>, Failure> {
    let (mut named, mut lines) = (Vec::with_capacity(rows.len()), HashMap::new());
    let mut rows_of = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(text) = row.required("item", faults) else { continue };
        let item = match register.find(text) {
            Ok(item) => item,
            Err(failure) if is_about_id(&failure) => {
                faults.push(Fault::said(row.line, Some("item"), &failure));
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let id = SubjectId::Item(item).to_string();
        match lines.insert(item, row.line) {
            Some(first) => {
                let error = TableError::Twice { item: id, first };
                faults.push(Fault::new(row.line, Some("item"), &error));
            }
            None => named.push(Named { line: row.line, item }),
        }
        rows_of.push((row, item));
    }
    foresee(desk, &named.iter().map(|named| named.item).collect::<Vec<_>>())?;
    for (row, item) in rows_of {
        compare(desk, row, item, faults)?;
    }
    Ok(named)
}

/// Whether it is the cell that is wrong, and not the ledger that cannot be read.
fn is_about_id(failure: &Failure) -> bool {
    ["id/", "label-id/"].iter().any(|family| failure.code().starts_with(family))
}

fn compare(desk: &Desk, row: &Row, item: Uuid, faults: &mut Faults) -> Result<(), Failure> {
    for column in ["reference", "description"] {
        let Some(said) = row.get(column) else { continue };
        // What nobody can open says nothing.
        if let Some(known) = text_of(desk, item, column)?.filter(|known| known != said) {
            let (item, known) = (SubjectId::Item(item).to_string(), super::fault::excerpt(&known));
            faults.push(Fault::new(row.line, Some(column), &TableError::Differs { item, known }));
        }
    }
    Ok(())
}
