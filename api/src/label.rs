//! Labels for items: a QR code, the id with check characters, and which ledger it is of.

use custody_core::id::{SubjectId, Uuid};

use crate::failure::Failure;
use crate::label_id::format_label_id;
use crate::print::{A4, Font, Page, Paper};
use crate::qr::Qr;

/// A label in millimetres: three columns and eight rows of them fill A4.
const LABEL: (f32, f32) = (70.0, 37.125);
const COLUMNS: usize = 3;
const PER_SHEET: usize = 24;
/// What printers cannot reach at the edge of a sheet.
const MARGIN: f32 = 4.0;
/// Side of the QR code, version 3 of 29 modules: 0.86 mm each.
const SIDE: f32 = 25.0;
/// Where text begins, right of the code and the white that it needs.
const TEXT: f32 = MARGIN + SIDE + 3.5;

/// What is printed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// A4 with 3 x 8 labels of 70 x 37.1 mm.
    A4,
    /// One label of 70 x 37.1 mm on each page.
    Single,
}

/// What stands on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The item.
    pub item: Uuid,
    /// The ledger's name.
    pub origin: String,
    /// What the item is, if that may be read by whoever passes.
    pub description: Option<String>,
    /// Whether it is an exercise.
    pub is_training: bool,
}

/// The labels on their sheets, the first `skip` places of the first sheet left empty.
///
/// # Errors
/// The font is damaged.
pub fn label_sheets(labels: &[Label], sheet: Sheet, skip: usize) -> Result<Paper, Failure> {
    let font = Font::new()?;
    let (size, per_page, skip) = match sheet {
        Sheet::A4 => (A4, PER_SHEET, skip % PER_SHEET),
        Sheet::Single => (LABEL, 1, 0),
    };
    let mut pages: Vec<Page> = Vec::new();
    for (place, label) in (skip..).zip(labels) {
        let place = place % per_page;
        if place == 0 || pages.is_empty() {
            pages.push(Page::new(size));
        }
        let Some(page) = pages.last_mut() else { continue };
        let (column, row) = (place % COLUMNS, place / COLUMNS);
        draw_label(page, (column as f32 * LABEL.0, row as f32 * LABEL.1), label, &font)?;
    }
    Ok(Paper { title: "labels".to_owned(), pages })
}

fn draw_label(
    page: &mut Page,
    (left, top): (f32, f32),
    label: &Label,
    font: &Font,
) -> Result<(), Failure> {
    let id = SubjectId::Item(label.item).to_string();
    page.qr((left + MARGIN, top + MARGIN), SIDE, Qr::encode(&id)?);
    let room = LABEL.0 - TEXT - 2.0;
    let mut write = |y: f32, size: f32, text: &str| {
        page.text((left + TEXT, top + y), size, &font.cut(text, size, room));
    };
    let groups = format_label_id(label.item);
    write(6.5, 2.2, &label.origin);
    for (at, line) in groups.chunks(3).enumerate() {
        let hyphen = if at < 2 { "-" } else { "" };
        write(11.5 + 4.2 * at as f32, 3.3, &format!("{}{hyphen}", line.join("-")));
    }
    let description = label.description.iter();
    let lines = description.flat_map(|text| font.wrap(text, 2.4, room)).collect::<Vec<_>>();
    let second = lines.iter().skip(1).cloned().collect::<Vec<_>>().join(" ");
    lines.iter().take(1).for_each(|line| write(24.5, 2.4, line));
    if !second.is_empty() {
        write(27.8, 2.4, &second);
    }
    if label.is_training {
        page.text((left + MARGIN, top + LABEL.1 - 2.6), 3.9, TRAINING);
    }
    Ok(())
}

/// What everything of a training ledger says.
pub const TRAINING: &str = "TRAINING - NOT EVIDENCE";

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Nothing may reach over the edge of a label, however wide its text is.
    #[test]
    fn everything_on_a_label_fits_it() {
        let font = Font::new().unwrap();
        assert!(
            font.width(TRAINING, 3.9) <= LABEL.0 - 2.0 * MARGIN,
            "{}",
            font.width(TRAINING, 3.9)
        );
        let widest = "DDDD-DDDD-DDDD-";
        assert!(font.width(widest, 3.3) <= LABEL.0 - TEXT - 2.0, "{}", font.width(widest, 3.3));
        assert!((LABEL.0 * COLUMNS as f32 - A4.0).abs() < 0.01);
        assert!((LABEL.1 * (PER_SHEET / COLUMNS) as f32 - A4.1).abs() < 0.01);
    }

    #[test]
    fn labels_fill_sheets_after_those_that_are_used() {
        let item = Uuid::from_random([7; 16]);
        let label = Label { item, origin: "x".into(), description: None, is_training: true };
        let pages = |count, sheet, skip| {
            label_sheets(&vec![label.clone(); count], sheet, skip).unwrap().pages.len()
        };
        assert_eq!(pages(24, Sheet::A4, 0), 1);
        assert_eq!(pages(24, Sheet::A4, 1), 2);
        assert_eq!(pages(25, Sheet::A4, 0), 2);
        assert_eq!(pages(3, Sheet::Single, 0), 3);
    }
}
