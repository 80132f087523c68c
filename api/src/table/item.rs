use std::path::{Path, PathBuf};

use custody_core::id::Uuid;
use custody_core::record::body::{DigestScope, EvidenceDigest, ItemKind};

use super::MAX_ROWS;
use super::fault::{Fault, Faults, TableError};
use super::sheet::{Column, Form, Row};
use crate::act::{Act, Document};
use crate::command::{MAX_DOCUMENTS, MAX_FILES, check_document_name, sealed_text};
use crate::failure::Failure;
use crate::moment::Moment;

/// The table of items to be collected.
pub const ITEMS: Form = Form { columns: COLUMNS, rows: MAX_ROWS };

/// A column more is a line here, and one in [`ItemRow::read`] and [`ItemRow::act`].
const COLUMNS: &[Column] = &[
    Column { name: "description", is_required: true, example: "laptop, grey, no power supply" },
    Column { name: "place", is_required: false, example: "flat, kitchen" },
    Column { name: "reference", is_required: false, example: "K-2026-17/1" },
    Column { name: "kind", is_required: false, example: "physical" },
    Column { name: "file", is_required: false, example: "" },
    Column { name: "scope", is_required: false, example: "" },
    Column { name: "occurred", is_required: false, example: "2026-05-04T13:30:00+02:00" },
    Column { name: "attach", is_required: false, example: "" },
];

/// An item to be collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// Its line in the table.
    pub line: u64,
    /// What it is.
    pub description: String,
    /// Where it was taken.
    pub place: Option<String>,
    /// Case or exhibit number.
    pub reference: Option<String>,
    /// Thing or data.
    pub kind: ItemKind,
    /// Its data.
    pub files: Vec<PathBuf>,
    /// What a digest is over.
    pub scope: DigestScope,
    /// When it was taken, if the row says so.
    pub occurred: Option<Moment>,
    /// Documents about it.
    pub attach: Vec<PathBuf>,
}

impl ItemRow {
    /// Reads a row; files are looked for from `folder` on. What is wrong with it goes to `faults`.
    pub fn read(row: &Row, folder: &Path, faults: &mut Faults) -> Option<Self> {
        let description = row.required("description", faults).map(str::to_owned);
        row.read("description", faults, text);
        let files = row.files("file", folder, MAX_FILES, faults);
        let attach = row.files("attach", folder, MAX_DOCUMENTS, faults);
        for path in &attach {
            if let Err(failure) = check_document_name(path) {
                faults.push(Fault::said(row.line, Some("attach"), &failure));
            }
        }
        let implied = if files.is_empty() { ItemKind::Physical } else { ItemKind::Digital };
        let kind = row.read("kind", faults, word).unwrap_or(implied);
        if kind == ItemKind::Digital && files.is_empty() {
            faults.push(Fault::new(row.line, Some("file"), &TableError::EmptyCell));
        }
        Some(Self {
            line: row.line,
            description: description?,
            place: row.read("place", faults, text),
            reference: row.read("reference", faults, text),
            kind,
            files,
            scope: row.read("scope", faults, word).unwrap_or(DigestScope::Container),
            occurred: row.read("occurred", faults, |text| Ok(text.parse::<Moment>()?)),
            attach,
        })
    }

    /// The act of taking it into custody.
    pub fn act(
        &self,
        item: Uuid,
        holder: Uuid,
        digests: &[EvidenceDigest],
        documents: Vec<Document>,
    ) -> Act {
        Act::collect(item, holder, self.kind, digests)
            .sealing_text("description", Some(&self.description))
            .sealing_text("place", self.place.as_deref())
            .sealing_text("reference", self.reference.as_deref())
            .attaching(documents)
    }
}

/// A text that will be sealed.
pub(super) fn text(text: &str) -> Result<String, Failure> {
    Ok(sealed_text(text).map_err(|reason| TableError::value(text, reason))?)
}

/// A word of a list.
pub(super) fn word<T: std::str::FromStr<Err = String>>(text: &str) -> Result<T, Failure> {
    Ok(text.parse().map_err(|reason: String| TableError::value(text, reason))?)
}
