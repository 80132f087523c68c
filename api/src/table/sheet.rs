use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use super::cell::unguard;
use super::fault::{Fault, Faults, TableError, excerpt};
use super::survey::survey;
use crate::failure::Failure;

/// A column of a kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// Whether a table without it makes no sense.
    pub is_required: bool,
    /// What stands in it in a template's example.
    pub example: &'static str,
}

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its columns, in the order of templates.
    pub columns: &'static [Column],
    /// Most rows, header and empty lines not counted.
    pub rows: usize,
}

/// A table that was read: whole, and nothing in it judged yet.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The separator, `,` or `;`.
    pub separator: char,
    /// The rows, without empty ones and examples.
    pub rows: Vec<Row>,
    /// How many examples were left out.
    pub examples: usize,
    /// What is wrong with rows that could not be read: told together with what is wrong with the others.
    pub faults: Faults,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line in which it begins, from 1.
    pub line: u64,
    cells: Vec<(&'static str, String)>,
}

/// How the first cell of an example begins, which is never imported.
pub(crate) const EXAMPLE: &str = "# example: ";

/// What separates several names in one cell.
pub(super) const SEVERAL: char = '|';

/// U+FEFF in UTF-8, which spreadsheets write first.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

impl Sheet {
    /// Reads a table of this kind.
    ///
    /// # Errors
    /// What keeps it from being read as a table: the first fault of its bytes, or all of its header's.
    pub fn parse(bytes: &[u8], form: &Form) -> Result<Self, Faults> {
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            Fault::new(line, None, &TableError::Encoding)
        })?;
        let separator = find_separator(text);
        let starts = survey(bytes, separator, form)?;
        let mut reader = ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        let mut records = starts.into_iter().zip(reader.records());
        let header = records.next();
        let (line, header) = header.ok_or_else(|| Fault::new(1, None, &TableError::NoHeader))?;
        let header = header.map_err(|_| Fault::new(line, None, &TableError::Encoding))?;
        let names = read_header(&header, line, form.columns)?;
        let separator = char::from(separator);
        let (rows, faults) = (Vec::new(), Faults::default());
        let mut sheet = Self { separator, rows, examples: 0, faults };
        for (line, record) in records {
            let record = record.map_err(|_| Fault::new(line, None, &TableError::Encoding))?;
            if let Err(fault) = sheet.take(line, &record, &names) {
                sheet.faults.push(fault);
            }
        }
        match sheet.rows.is_empty() && sheet.faults.is_empty() {
            true => Err(Fault::new(line, None, &TableError::NoRows).into()),
            false => Ok(sheet),
        }
    }

    fn take(
        &mut self,
        line: u64,
        record: &StringRecord,
        names: &[&'static str],
    ) -> Result<(), Fault> {
        if record.iter().all(str::is_empty) {
            return Ok(());
        }
        if record.get(0).is_some_and(|cell| cell.starts_with(EXAMPLE)) {
            self.examples += 1;
            return Ok(());
        }
        if record.len() != names.len() {
            let error = TableError::Cells { expected: names.len(), actual: record.len() };
            return Err(Fault::new(line, None, &error));
        }
        let cells = names.iter().zip(record).map(|(name, cell)| (*name, unguard(cell).to_owned()));
        self.rows.push(Row { line, cells: cells.collect() });
        Ok(())
    }
}

impl Row {
    /// What stands in a column; nothing where the cell is empty or the column is not there.
    pub fn get(&self, column: &str) -> Option<&str> {
        let cell = self.cells.iter().find(|(name, _)| *name == column);
        cell.map(|(_, text)| text.as_str()).filter(|text| !text.is_empty())
    }

    /// What `read` makes of a cell that may be empty; what is wrong with it goes to `faults`.
    pub fn read<T>(
        &self,
        column: &str,
        faults: &mut Faults,
        read: impl FnOnce(&str) -> Result<T, Failure>,
    ) -> Option<T> {
        match read(self.get(column)?) {
            Ok(value) => Some(value),
            Err(failure) => {
                faults.push(Fault::said(self.line, Some(column), &failure));
                None
            }
        }
    }

    /// The cell, which must not be empty.
    pub fn required(&self, column: &str, faults: &mut Faults) -> Option<&str> {
        let cell = self.get(column);
        if cell.is_none() {
            faults.push(Fault::new(self.line, Some(column), &TableError::EmptyCell));
        }
        cell
    }

    /// The files that a cell names, `|` between them, from `folder` on. Each is there, is a file, and can be opened.
    pub fn files(
        &self,
        column: &str,
        folder: &Path,
        limit: usize,
        faults: &mut Faults,
    ) -> Vec<PathBuf> {
        let paths = self.get(column).unwrap_or_default().split(SEVERAL);
        let paths: Vec<_> =
            paths.filter(|path| !path.is_empty()).map(|path| folder.join(path)).collect();
        if paths.len() > limit {
            let error = TableError::Files { actual: paths.len(), limit };
            faults.push(Fault::new(self.line, Some(column), &error));
        }
        for path in &paths {
            if let Err(failure) = check_file(path) {
                faults.push(Fault::said(self.line, Some(column), &failure));
            }
        }
        paths
    }
}

/// A device or a pipe might never end.
fn check_file(path: &Path) -> Result<(), Failure> {
    let cannot = crate::file::cannot("read", path);
    match path.metadata().map_err(&cannot)?.is_file() {
        true => Ok(std::fs::File::open(path).map(drop).map_err(cannot)?),
        false => Err(TableError::NotAFile { path: path.display().to_string() }.into()),
    }
}

/// What separates the columns' names: whichever of the two stands there more often. None of the names has one.
fn find_separator(text: &str) -> u8 {
    let header =
        text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next().unwrap_or_default();
    let count = |separator| header.bytes().filter(|byte| *byte == separator).count();
    if count(b';') > count(b',') { b';' } else { b',' }
}

fn read_header(
    header: &StringRecord,
    line: u64,
    columns: &'static [Column],
) -> Result<Vec<&'static str>, Faults> {
    let (mut faults, mut names) = (Faults::default(), Vec::new());
    let known = || columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
    for name in header {
        match columns.iter().find(|column| column.name == name) {
            Some(column) if names.contains(&column.name) => {
                faults.push(Fault::new(line, Some(name), &TableError::ColumnTwice));
            }
            Some(column) => names.push(column.name),
            None => {
                let error = TableError::UnknownColumn { name: excerpt(name), known: known() };
                faults.push(Fault::new(line, None, &error));
            }
        }
    }
    for column in
        columns.iter().filter(|column| column.is_required && !names.contains(&column.name))
    {
        faults.push(Fault::new(line, Some(column.name), &TableError::MissingColumn));
    }
    faults.or(names)
}
