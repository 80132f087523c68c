use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::sheet::{Column, EXAMPLE};

/// Characters with which spreadsheets begin a formula, or which they strip and then look again; the wide forms too.
const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// The text as it is written into a cell: with an apostrophe before it where a spreadsheet would take it for a formula,
/// or we for an example. Texts that begin like a guarded one get another, so that [`unguard`] gives back the very text.
pub fn guard(text: &str) -> String {
    if is_guarded(text) || is_special(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text that [`guard`] wrote.
pub fn unguard(cell: &str) -> &str {
    if is_guarded(cell) { &cell[1..] } else { cell }
}

fn is_guarded(cell: &str) -> bool {
    cell.starts_with('\'') && is_special(cell.trim_start_matches('\''))
}

fn is_special(text: &str) -> bool {
    text.starts_with(FORMULA) || text.starts_with(EXAMPLE)
}

/// A table as CSV: every cell quoted, so that no other separator cuts it, and guarded. An example stands first.
///
/// # Errors
/// None that is known: the bytes are kept in memory.
pub fn write_table(
    columns: &[Column],
    example: bool,
    rows: &[Vec<String>],
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| column.name))?;
    if example {
        let marks = std::iter::once(EXAMPLE).chain(std::iter::repeat(""));
        let cells = columns.iter().zip(marks);
        writer.write_record(cells.map(|(column, mark)| format!("{mark}{}", column.example)))?;
    }
    for row in rows {
        writer.write_record(row.iter().map(|cell| guard(cell)))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_that_is_written_begins_a_formula_and_all_are_read_back() {
        let mut texts = vec![String::new(), "laptop".into(), "'tis".into(), "''".into()];
        for first in FORMULA {
            for quotes in 0..4 {
                texts.push(format!("{}{first}cmd|' /C calc'!A0", "'".repeat(quotes)));
            }
        }
        texts.extend(["# example: x", "'# example: x", "# 12"].map(String::from));
        for text in texts {
            let cell = guard(&text);
            assert!(!is_special(&cell), "{cell}");
            assert_eq!(unguard(&cell), text);
        }
    }
}
