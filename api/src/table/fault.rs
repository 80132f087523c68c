use thiserror::Error;

use crate::failure::{Coded, Failure};

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TableError {
    /// It has no header.
    #[error("there is no line with the columns' names")]
    NoHeader,
    /// Below the header there is nothing, or nothing but examples.
    #[error("there is no row to import")]
    NoRows,
    /// It is not UTF-8.
    #[error("the text is not UTF-8: save it as `CSV UTF-8`")]
    Encoding,
    /// A quote stands within a cell that is not quoted, or something follows the quote that ends a cell.
    #[error(
        "a quote stands where none may: a cell with quotes is quoted, and its quotes are doubled"
    )]
    Quote,
    /// A quoted cell has no end.
    #[error("the quoted cell that begins here has no end")]
    Unclosed,
    /// A cell is too long.
    #[error("a cell has more than the {limit} bytes that are allowed")]
    CellLength {
        /// The limit in bytes.
        limit: usize,
    },
    /// Too many rows.
    #[error("the table has more than the {limit} rows that are allowed")]
    Rows {
        /// The limit.
        limit: usize,
    },
    /// A line has more cells than any table has columns, or another number than its header.
    #[error("the line has {actual} cells, its header has {expected}")]
    Cells {
        /// Columns of the header.
        expected: usize,
        /// Cells of the line.
        actual: usize,
    },
    /// A column that this kind of table does not have.
    #[error("there is no column `{name}`, there are: {known}")]
    UnknownColumn {
        /// Its name, shortened.
        name: String,
        /// The columns' names.
        known: String,
    },
    /// A column that must be there is not.
    #[error("the column is missing")]
    MissingColumn,
    /// A column stands in the header twice.
    #[error("the column is there twice")]
    ColumnTwice,
    /// A cell that must be filled in is empty.
    #[error("the cell is empty")]
    EmptyCell,
    /// A cell says something that its column does not take.
    #[error("`{text}` does not fit: {reason}")]
    Value {
        /// The cell, shortened.
        text: String,
        /// What it should be.
        reason: String,
    },
    /// A cell names more files than a record has room for.
    #[error("the cell names {actual} files, at most {limit} are allowed")]
    Files {
        /// Files named.
        actual: usize,
        /// The limit.
        limit: usize,
    },
    /// What a row names is no file that could be hashed.
    #[error("`{path}` is not a file")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// Two rows name one item.
    #[error("{item} stands in line {first} already")]
    Twice {
        /// The item.
        item: String,
        /// The line of the first.
        first: u64,
    },
    /// What stands beside an item's id is not what the ledger has.
    #[error("the ledger has `{known}` of {item}: was the table sorted by one column only?")]
    Differs {
        /// The item.
        item: String,
        /// What the ledger has.
        known: String,
    },
    /// An item that was recorded by an earlier import of this table is not the row's.
    #[error("{item} stands for this row in the file of ids, and is something else in the ledger")]
    OtherItem {
        /// The item.
        item: String,
    },
    /// The file of ids cannot be read as one.
    #[error("line {line} is not that of a file of ids")]
    Ids {
        /// Its line.
        line: usize,
    },
    /// The file of ids belongs to something else.
    #[error("it belongs to {to}")]
    OtherIds {
        /// To what.
        to: &'static str,
    },
}

impl TableError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoHeader => "table/no-header",
            Self::NoRows => "table/no-rows",
            Self::Encoding => "table/encoding",
            Self::Quote | Self::Unclosed => "table/quote",
            Self::CellLength { .. } => "table/cell-length",
            Self::Rows { .. } => "table/rows",
            Self::Cells { .. } => "table/cells",
            Self::UnknownColumn { .. } => "table/unknown-column",
            Self::MissingColumn => "table/missing-column",
            Self::ColumnTwice => "table/column-twice",
            Self::EmptyCell => "table/empty-cell",
            Self::Value { .. } => "table/value",
            Self::Files { .. } => "table/files",
            Self::NotAFile { .. } => "table/not-a-file",
            Self::Twice { .. } => "table/twice",
            Self::Differs { .. } => "table/differs",
            Self::OtherItem { .. } => "table/other-item",
            Self::Ids { .. } => "table/ids",
            Self::OtherIds { .. } => "table/other-ids",
        }
    }

    /// A cell that does not fit, with enough of it to be recognised.
    pub fn value(text: &str, reason: impl Into<String>) -> Self {
        Self::Value { text: excerpt(text), reason: reason.into() }
    }
}

/// Something wrong in one place of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its line, from 1. A row that spans several begins there.
    pub line: u64,
    /// Its column; absent where the whole line is meant.
    pub column: Option<String>,
    /// The stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// Everything that is wrong with a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Fault {
    /// Something wrong with a table in itself.
    pub fn new(line: u64, column: Option<&str>, error: &TableError) -> Self {
        Self::said(line, column, &Failure::could_not(error.code(), error.to_string()))
    }

    /// Something that was found out elsewhere, in the words used there.
    pub fn said(line: u64, column: Option<&str>, failure: &Failure) -> Self {
        let (code, message) = (failure.code().to_owned(), failure.message().to_owned());
        Self { line, column: column.map(str::to_owned), code, message }
    }
}

impl Faults {
    /// One more.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Where nothing is wrong, `value`.
    ///
    /// # Errors
    /// Everything that is wrong, by line.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by line.
    pub fn into_sorted(mut self) -> Vec<Fault> {
        // Stable: within a line in the order in which they were found.
        self.0.sort_by_key(|fault| fault.line);
        self.0
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl Coded for TableError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }
}

/// Enough of a text to recognise it.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
