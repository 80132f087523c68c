use std::path::{Path, PathBuf};

use custody_core::id::Uuid;
use custody_core::record::body::{
    Collect, DigestScope, EvidenceDigest, HandlingCode, ItemKind, Quantity,
};

use super::MAX_ROWS;
use super::fault::{Fault, Faults, TableError};
use super::sheet::{Column, Form, Row, SEVERAL};
use crate::act::{Act, Document};
use crate::command::{
    MAX_CODES, MAX_DOCUMENTS, MAX_FILES, check_document_name, parse_quantity, sealed_text,
};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::moment::Moment;

/// The table of items to be collected.
pub const ITEMS: Form = Form { columns: COLUMNS, rows: MAX_ROWS };

/// A column more is a line here, and one in [`ItemRow::read`] and [`ItemRow::act`].
const COLUMNS: &[Column] = &[
    Column { name: "description", is_required: true, example: "laptop, grey, no power supply" },
    Column { name: "place", is_required: false, example: "flat, kitchen" },
    Column { name: "reference", is_required: false, example: "K-2026-17/1" },
    Column { name: "quantity", is_required: false, example: "" },
    Column { name: "unit", is_required: false, example: "" },
    Column { name: "request", is_required: false, example: "" },
    Column { name: "handling", is_required: false, example: "" },
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
    /// How much it is.
    pub quantity: Option<Quantity>,
    /// The request for mutual legal assistance for which it was taken.
    pub request: Option<Uuid>,
    /// How it may be used, by the codes' bytes.
    pub handling: Vec<HandlingCode>,
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
    /// Reads a row; files are looked for from `folder` on, requests in `desk`'s ledger. What is wrong with it goes to
    /// `faults`.
    pub fn read(row: &Row, desk: &Desk, folder: &Path, faults: &mut Faults) -> Option<Self> {
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
            quantity: read_quantity(row, faults),
            request: row.read("request", faults, |text| desk.request(text)),
            handling: Self::read_handling(row, faults),
            kind,
            files,
            scope: row.read("scope", faults, word).unwrap_or(DigestScope::Container),
            occurred: row.read("occurred", faults, |text| Ok(text.parse::<Moment>()?)),
            attach,
        })
    }

    /// How a row says that its item may be used: each code once, by their bytes, as a record has them.
    pub fn read_handling(row: &Row, faults: &mut Faults) -> Vec<HandlingCode> {
        row.read("handling", faults, codes).unwrap_or_default()
    }

    /// The act of taking it into custody.
    pub fn act(
        &self,
        item: Uuid,
        holder: Uuid,
        digests: &[EvidenceDigest],
        documents: Vec<Document>,
    ) -> Act {
        let (request, quantity) = (self.request, self.quantity);
        let body = Collect { request, quantity, ..Collect::of(self.kind) };
        Act::collect_as(item, holder, body)
            .sealing_digests(digests)
            .sealing_text("description", Some(&self.description))
            .sealing_text("place", self.place.as_deref())
            .sealing_text("reference", self.reference.as_deref())
            .attaching(documents)
    }
}

/// How much it is. The unit stands in its own column, or behind the number.
fn read_quantity(row: &Row, faults: &mut Faults) -> Option<Quantity> {
    let unit = row.get("unit");
    if row.get("quantity").is_none() && unit.is_some() {
        faults.push(Fault::new(row.line, Some("quantity"), &TableError::EmptyCell));
    }
    row.read("quantity", faults, |number| {
        let said = unit.map_or_else(|| number.to_owned(), |unit| format!("{number} {unit}"));
        Ok(parse_quantity(&said).map_err(|reason| TableError::value(&said, reason))?)
    })
}

fn codes(text: &str) -> Result<Vec<HandlingCode>, Failure> {
    let said = text.split(SEVERAL).map(str::trim).filter(|code| !code.is_empty());
    let read = |code: &str| code.parse().map_err(|reason| TableError::value(code, reason));
    let mut codes: Vec<HandlingCode> = said.map(read).collect::<Result<_, _>>()?;
    codes.sort();
    codes.dedup();
    if codes.len() > MAX_CODES {
        let reason = format!("an item has at most {MAX_CODES} codes");
        return Err(TableError::value(text, reason).into());
    }
    Ok(codes)
}

/// A text that will be sealed.
pub(super) fn text(text: &str) -> Result<String, Failure> {
    Ok(sealed_text(text).map_err(|reason| TableError::value(text, reason))?)
}

/// A word of a list.
pub(super) fn word<T: std::str::FromStr<Err = String>>(text: &str) -> Result<T, Failure> {
    Ok(text.parse().map_err(|reason: String| TableError::value(text, reason))?)
}
