//! Pages as PDF, through krilla, with the font in the file.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};

use super::font::BYTES;
use super::{Mark, Paper, PrintError};

/// A millimetre in points, of which an inch has 72.
const MM: f32 = 72.0 / 25.4;

pub(super) fn draw(paper: &Paper) -> Result<Vec<u8>, PrintError> {
    let font = Font::new(BYTES.to_vec().into(), 0).ok_or_else(|| failed("the font is damaged"))?;
    let mut document = Document::new();
    // No date: the same paper gives the same bytes.
    document.set_metadata(Metadata::new().title(paper.title.clone()).language("en".to_owned()));
    for page in &paper.pages {
        let size = PageSettings::from_wh(page.width * MM, page.height * MM);
        let mut leaf = document.start_page_with(size.ok_or_else(|| failed("a page without size"))?);
        let mut surface = leaf.surface();
        surface.set_fill(Some(Fill { paint: rgb::Color::new(0, 0, 0).into(), ..Fill::default() }));
        page.marks.iter().for_each(|mark| draw_mark(&mut surface, mark, &font));
        surface.finish();
        leaf.finish();
    }
    document.finish().map_err(|error| failed(&format!("{error:?}")))
}

fn draw_mark(surface: &mut Surface<'_>, mark: &Mark, font: &Font) {
    match mark {
        Mark::Text { x, y, size, text } => {
            let start = Point::from_xy(x * MM, y * MM);
            let direction = TextDirection::LeftToRight;
            surface.draw_text(start, font.clone(), size * MM, text, false, direction);
        }
        Mark::Qr { x, y, side, qr } => {
            let module = side * MM / qr.width() as f32;
            let run = |(row, column, length): (usize, usize, usize)| {
                let (left, top) = (column as f32 * module, row as f32 * module);
                (x * MM + left, y * MM + top, length as f32 * module, module)
            };
            fill(surface, qr.runs().into_iter().map(run));
        }
        Mark::Rule { x, y, width } => fill(surface, [(x * MM, y * MM, width * MM, 0.2 * MM)]),
    }
}

/// Fills rectangles, each left, top, width, height, as one path.
fn fill(surface: &mut Surface<'_>, rectangles: impl IntoIterator<Item = (f32, f32, f32, f32)>) {
    let mut builder = PathBuilder::new();
    for (left, top, width, height) in rectangles {
        if let Some(rect) = Rect::from_xywh(left, top, width, height) {
            builder.push_rect(rect);
        }
    }
    if let Some(path) = builder.finish() {
        surface.draw_path(&path);
    }
}

fn failed(reason: &str) -> PrintError {
    PrintError::Draw { reason: reason.to_owned() }
}
