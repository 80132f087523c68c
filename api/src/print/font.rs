//! The one font: its bytes, how wide its text is, and what it lacks.

use custody_core::printable::printable;
use ttf_parser::Face;

use super::PrintError;

/// A part of DejaVu Sans: `api/font/NOTICE`.
pub(super) const BYTES: &[u8] = include_bytes!("../../font/DejaVuSans-subset.ttf");

/// The font, to measure with.
pub struct Font(Face<'static>);

impl Font {
    /// Reads the font that is part of the program.
    ///
    /// # Errors
    /// [`PrintError::Draw`], where it was damaged when the program was built.
    pub fn new() -> Result<Self, PrintError> {
        let damaged =
            |error: ttf_parser::FaceParsingError| PrintError::Draw { reason: error.to_string() };
        Ok(Self(Face::parse(BYTES, 0).map_err(damaged)?))
    }

    /// The text on one line with nothing in it that the font cannot show: what it lacks, and what would
    /// move or turn text, stands escaped.
    pub fn plain(&self, text: &str) -> String {
        let mut plain = String::with_capacity(text.len());
        for c in printable(text).chars() {
            match self.0.glyph_index(c) {
                Some(_) => plain.push(c),
                None => plain.extend(c.escape_unicode()),
            }
        }
        plain
    }

    /// How wide a line of `text` is at `size`, in the unit of `size`.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |c| self.0.glyph_index(c).and_then(|glyph| self.0.glyph_hor_advance(glyph));
        let units: u32 = text.chars().filter_map(advance).map(u32::from).sum();
        units as f32 * size / f32::from(self.0.units_per_em())
    }

    /// As much of `text` as fits into `width`, with an ellipsis where it was cut. Cost: linear.
    pub fn cut(&self, text: &str, size: f32, width: f32) -> String {
        let text = self.plain(text);
        if self.width(&text, size) <= width {
            return text;
        }
        let (room, mut used) = (width - self.width("…", size), 0.0);
        let fits = |c: &char| {
            used += self.width(c.encode_utf8(&mut [0; 4]), size);
            used <= room
        };
        let kept: String = text.chars().take_while(fits).collect();
        kept.trim_end().to_owned() + "…"
    }

    /// `text` in lines of at most `width`, broken at spaces, and inside a word where it is longer than that.
    pub fn wrap(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let text = self.plain(text);
        let (mut lines, mut line) = (Vec::new(), String::new());
        for word in text.split(' ') {
            for (at, piece) in self.pieces(word, size, width).into_iter().enumerate() {
                let joined = format!("{line} {piece}");
                if line.is_empty() {
                    line = piece;
                } else if at == 0 && self.width(&joined, size) <= width {
                    line = joined;
                } else {
                    lines.push(std::mem::replace(&mut line, piece));
                }
            }
        }
        lines.push(line);
        lines
    }

    /// A word in pieces that fit a line.
    fn pieces(&self, word: &str, size: f32, width: f32) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for c in word.chars() {
            match pieces.last_mut() {
                Some(last)
                    if last.is_empty() || self.width(&format!("{last}{c}"), size) <= width =>
                {
                    last.push(c);
                }
                _ => pieces.push(c.to_string()),
            }
        }
        pieces
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_the_font_lacks_stands_escaped() {
        let font = Font::new().unwrap();
        let latin = "Größe 12 µm, Łódź, Αθήνα, Київ – “so”";
        assert_eq!(font.plain(latin), latin);
        assert_eq!(font.plain("広 ש a\nb"), r"\u{5e83} \u{5e9} a\nb");
    }

    #[test]
    fn no_line_is_wider_than_asked_and_nothing_is_lost() {
        let font = Font::new().unwrap();
        let text = format!("a few short words, then {} and more", "x".repeat(90));
        let lines = font.wrap(&text, 3.0, 40.0);
        assert!(lines.iter().all(|line| font.width(line, 3.0) <= 40.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        assert!(lines.len() > 4, "{lines:?}");
    }

    #[test]
    fn a_text_that_is_cut_shows_it() {
        let font = Font::new().unwrap();
        assert_eq!(font.cut("short", 3.0, 40.0), "short");
        let cut = font.cut("a text that is much too long for a label", 3.0, 40.0);
        assert!(cut.ends_with('…') && font.width(&cut, 3.0) <= 40.0, "{cut}");
    }
}
