//! Text from top to bottom on as many A4 pages as it takes.

use super::{A4, Font, Page, Paper, PrintError};

const MARGIN: f32 = 20.0;
/// Distance of baselines, in sizes of the font.
const LEADING: f32 = 1.4;

/// Paper that is being written.
pub struct Flow {
    font: Font,
    pages: Vec<Page>,
    y: f32,
    /// How much of the right is taken, above which height.
    aside: (f32, f32),
}

impl Flow {
    /// Begins a first page.
    ///
    /// # Errors
    /// [`PrintError::Draw`].
    pub fn new() -> Result<Self, PrintError> {
        let (pages, font) = (vec![Page::new(A4)], Font::new()?);
        Ok(Self { font, pages, y: MARGIN, aside: (0.0, 0.0) })
    }

    /// Keeps a column of `width` free on the right of this page, for `height` from here, and returns its top
    /// left corner.
    pub fn keep_aside(&mut self, width: f32, height: f32) -> (f32, f32) {
        self.aside = (width, self.y + height);
        (A4.0 - MARGIN - width, self.y)
    }

    /// The page that is being written.
    pub fn page(&mut self) -> &mut Page {
        if self.pages.is_empty() {
            self.pages.push(Page::new(A4));
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Leaves some room.
    pub fn gap(&mut self, height: f32) {
        self.y += height;
    }

    /// A paragraph, `indent` from the margin.
    pub fn text(&mut self, size: f32, indent: f32, text: &str) {
        let (taken, until) = self.aside;
        let taken = if self.y < until { taken } else { 0.0 };
        let width = A4.0 - 2.0 * MARGIN - indent - taken;
        for line in self.font.wrap(text, size, width) {
            if self.y + size * LEADING > A4.1 - MARGIN {
                self.pages.push(Page::new(A4));
                (self.y, self.aside) = (MARGIN, (0.0, 0.0));
            }
            self.y += size * LEADING;
            let at = (MARGIN + indent, self.y);
            self.page().text(at, size, &line);
        }
    }

    /// The pages, each numbered where there are several, and with `heading` small at its foot.
    pub fn finish(mut self, title: &str, heading: &str) -> Paper {
        let count = self.pages.len();
        for (number, page) in self.pages.iter_mut().enumerate() {
            let foot = format!("{heading}, page {} of {count}", number + 1);
            let foot = self.font.cut(&foot, 2.4, A4.0 - 2.0 * MARGIN);
            page.rule((MARGIN, A4.1 - 14.0), A4.0 - 2.0 * MARGIN);
            page.text((MARGIN, A4.1 - 10.0), 2.4, &foot);
        }
        Paper { title: title.to_owned(), pages: self.pages }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::print::Mark;

    /// A record of 500 items takes many pages: nothing is lost, and nothing runs over an edge.
    #[test]
    fn long_text_goes_on_on_the_next_page() {
        let mut flow = Flow::new().unwrap();
        flow.keep_aside(60.0, 40.0);
        (0..500).for_each(|line| flow.text(3.6, 5.0, &format!("line {line}")));
        let font = Font::new().unwrap();
        let paper = flow.finish("title", "heading");
        let (mut lines, mut feet) = (0, 0);
        for mark in paper.pages.iter().flat_map(|page| &page.marks) {
            let Mark::Text { x, y, size, text } = mark else { continue };
            assert!(x + font.width(text, *size) <= A4.0 - MARGIN && *y <= A4.1 - 10.0, "{text}");
            lines += usize::from(text == &format!("line {lines}"));
            feet += usize::from(text.starts_with("heading, page "));
        }
        assert_eq!((lines, feet), (500, paper.pages.len()));
        assert!(paper.pages.len() > 5, "{}", paper.pages.len());
    }
}
