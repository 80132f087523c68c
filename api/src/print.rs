//! Paper: what is printed for people, as pages of marks that become a PDF or an SVG.
//!
//! A page knows millimetres and nothing of evidence. The same pages give the same bytes: there is no
//! date, no random name and no compression level of the machine's in them. Text is Latin, Greek or
//! Cyrillic, from left to right; a character that the font lacks stands escaped, as `\u{5e83}`.

mod flow;
mod font;
mod pdf;
mod svg;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use crate::qr::Qr;

pub use flow::Flow;
pub use font::Font;

/// A4, in millimetres.
pub const A4: (f32, f32) = (210.0, 297.0);

/// Pages that are printed together.
#[derive(Clone, Debug)]
pub struct Paper {
    /// What a viewer shows as its name.
    pub title: String,
    /// The pages in order.
    pub pages: Vec<Page>,
}

/// One page. All measures are in millimetres from its top left corner.
#[derive(Clone, Debug)]
pub struct Page {
    width: f32,
    height: f32,
    marks: Vec<Mark>,
}

/// What stands on a page.
#[derive(Clone, Debug)]
enum Mark {
    /// A line of text on the baseline `y`; `size` is the font's.
    Text { x: f32, y: f32, size: f32, text: String },
    /// A QR code whose dark and white modules begin here; the white around it is not part of `side`.
    Qr { x: f32, y: f32, side: f32, qr: Qr },
    /// A horizontal rule.
    Rule { x: f32, y: f32, width: f32 },
}

/// In what form paper is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintForm {
    /// One page as a picture.
    Svg,
    /// Any number of pages.
    Pdf,
}

/// A file for paper, whose name says its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintFile {
    /// The file.
    pub path: PathBuf,
    /// Its form.
    pub form: PrintForm,
}

/// Why something cannot be printed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PrintError {
    /// An SVG holds one page.
    #[error("{pages} pages do not fit into an SVG, which has one")]
    Pages {
        /// How many there are.
        pages: usize,
    },
    /// The font or the PDF cannot be made: a mistake of ours.
    #[error("the page cannot be drawn: {reason}")]
    Draw {
        /// What the library says.
        reason: String,
    },
}

impl PrintError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pages { .. } => "print/pages",
            Self::Draw { .. } => "print/draw",
        }
    }
}

impl Paper {
    /// The bytes of the file. The same paper gives the same bytes.
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn draw(&self, form: PrintForm) -> Result<Vec<u8>, PrintError> {
        match (form, self.pages.as_slice()) {
            (PrintForm::Pdf, _) => pdf::draw(self),
            (PrintForm::Svg, [page]) => svg::draw(page, &self.title, &Font::new()?),
            (PrintForm::Svg, pages) => Err(PrintError::Pages { pages: pages.len() }),
        }
    }
}

impl Page {
    /// An empty page of this width and height.
    pub fn new((width, height): (f32, f32)) -> Self {
        Self { width, height, marks: Vec::new() }
    }

    /// A line of text that begins at (x, y) on its baseline. `size` is the font's.
    pub fn text(&mut self, (x, y): (f32, f32), size: f32, text: &str) {
        self.marks.push(Mark::Text { x, y, size, text: text.to_owned() });
    }

    /// A QR code with its top left corner at (x, y). The white that it needs around it is the caller's.
    pub fn qr(&mut self, (x, y): (f32, f32), side: f32, qr: Qr) {
        self.marks.push(Mark::Qr { x, y, side, qr });
    }

    /// A thin line from (x, y) to the right.
    pub fn rule(&mut self, (x, y): (f32, f32), width: f32) {
        self.marks.push(Mark::Rule { x, y, width });
    }
}

impl FromStr for PrintForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "svg" => Ok(Self::Svg),
            "pdf" => Ok(Self::Pdf),
            _ => Err("expected svg or pdf".to_owned()),
        }
    }
}

impl PrintForm {
    /// The form that a file's name ends in.
    pub fn of(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.to_ascii_lowercase().parse().ok()
    }
}

impl FromStr for PrintFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = PathBuf::from(text);
        let form = PrintForm::of(&path).ok_or("expected a name that ends in .svg or .pdf")?;
        Ok(Self { path, form })
    }
}
