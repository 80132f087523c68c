use super::fault::{Fault, TableError};
use super::sheet::Form;
use super::{MAX_CELL, MAX_CELLS};

/// Where in a line a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing of the line was read.
    Line,
    /// A cell begins.
    Cell,
    /// In a cell without quotes.
    Plain,
    /// In a quoted cell.
    Quoted,
    /// After a quote in a quoted cell: it ends there, or the quote is doubled.
    Closing,
}

struct Survey {
    separator: u8,
    form: Form,
    place: Place,
    line: u64,
    quoted_since: u64,
    length: usize,
    cells: usize,
    starts: Vec<u64>,
}

/// The lines in which records begin, the header's first; empty lines are none. Checks the quotes strictly and holds
/// everything against its limit before anything is allocated for it.
///
/// # Errors
/// The first fault: what follows a quote in the wrong place cannot be trusted.
pub fn survey(bytes: &[u8], separator: u8, form: &Form) -> Result<Vec<u64>, Fault> {
    let mut survey = Survey {
        separator,
        form: *form,
        place: Place::Line,
        line: 1,
        quoted_since: 1,
        length: 0,
        cells: 0,
        starts: Vec::new(),
    };
    for (position, byte) in bytes.iter().enumerate() {
        survey.take(*byte).map_err(|error| Fault::new(survey.line, None, &error))?;
        let is_crlf = *byte == b'\r' && bytes.get(position + 1) == Some(&b'\n');
        survey.line += u64::from(matches!(byte, b'\r' | b'\n') && !is_crlf);
    }
    match survey.place {
        Place::Quoted => Err(Fault::new(survey.quoted_since, None, &TableError::Unclosed)),
        _ => Ok(survey.starts),
    }
}

impl Survey {
    fn take(&mut self, byte: u8) -> Result<(), TableError> {
        let is_end = matches!(byte, b'\r' | b'\n');
        self.place = match (self.place, byte) {
            (Place::Quoted, b'"') => Place::Closing,
            (Place::Quoted, _) => self.grow(Place::Quoted)?,
            (Place::Closing, b'"') => self.grow(Place::Quoted)?,
            (Place::Line, _) if is_end => Place::Line,
            (Place::Line, _) => {
                self.begin_line()?;
                return self.take(byte);
            }
            (_, _) if is_end => Place::Line,
            (_, byte) if byte == self.separator => self.begin_cell()?,
            (Place::Cell, b'"') => {
                self.quoted_since = self.line;
                Place::Quoted
            }
            (Place::Plain, b'"') | (Place::Closing, _) => return Err(TableError::Quote),
            _ => self.grow(Place::Plain)?,
        };
        Ok(())
    }

    fn begin_line(&mut self) -> Result<(), TableError> {
        // The header is no row.
        if self.starts.len() > self.form.rows {
            return Err(TableError::Rows { limit: self.form.rows });
        }
        self.starts.push(self.line);
        (self.cells, self.length, self.place) = (1, 0, Place::Cell);
        Ok(())
    }

    fn begin_cell(&mut self) -> Result<Place, TableError> {
        (self.cells, self.length) = (self.cells + 1, 0);
        match self.cells > MAX_CELLS {
            true => {
                Err(TableError::Cells { expected: self.form.columns.len(), actual: self.cells })
            }
            false => Ok(Place::Cell),
        }
    }

    fn grow(&mut self, place: Place) -> Result<Place, TableError> {
        self.length += 1;
        match self.length > MAX_CELL {
            true => Err(TableError::CellLength { limit: MAX_CELL }),
            false => Ok(place),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use csv::ReaderBuilder;

    use super::*;
    use crate::table::ITEMS;

    /// The naive rule of quotes, on one cell as it is written.
    fn is_strict(cell: &str) -> bool {
        match cell.strip_prefix('"') {
            None => !cell.contains('"'),
            Some(rest) => {
                rest.strip_suffix('"').is_some_and(|cell| !cell.replace("\"\"", "").contains('"'))
            }
        }
    }

    /// Every text of up to seven characters of those that matter: what passes here the library cuts into as many records
    /// and the same cells, so that a row's line is its own.
    #[test]
    fn what_passes_is_cut_as_the_library_cuts_it() {
        let letters = [b'a', b'"', b',', b'\n', b'\r'];
        let (mut passed, mut refused) = (0, 0);
        for length in 0..=7_u32 {
            for number in 0..5_usize.pow(length) {
                let digits = (0..length).map(|place| number / 5_usize.pow(place) % 5);
                let bytes: Vec<u8> = digits.map(|digit| letters[digit]).collect();
                let mut reader = ReaderBuilder::new()
                    .has_headers(false)
                    .flexible(true)
                    .from_reader(bytes.as_slice());
                let records = reader.records().map(Result::unwrap).collect::<Vec<_>>();
                match survey(&bytes, b',', &ITEMS) {
                    Ok(starts) => {
                        passed += 1;
                        assert_eq!(starts.len(), records.len(), "{bytes:?}");
                        assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "{bytes:?}");
                    }
                    Err(_) => refused += 1,
                }
                // Where no line break is quoted, each line can be looked at by itself.
                let text = String::from_utf8(bytes.clone()).unwrap();
                let is_plain = !text.contains(['\n', '\r', ',']);
                if is_plain {
                    assert_eq!(survey(&bytes, b',', &ITEMS).is_ok(), is_strict(&text), "{text:?}");
                }
            }
        }
        assert!(passed > 5_000 && refused > 5_000, "{passed} {refused}");
    }
}
