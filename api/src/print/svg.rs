//! A page as SVG 1.1, written by hand. Text stays text; its width is stated, so that a viewer that has
//! another font keeps to it.

use std::fmt::Write as _;

use super::{Font, Mark, Page, PrintError};
use crate::qr::Qr;

pub(super) fn draw(page: &Page, title: &str, font: &Font) -> Result<Vec<u8>, PrintError> {
    let (width, height) = (page.width, page.height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" \
         viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <g fill=\"#000\" font-family=\"DejaVu Sans, Verdana, sans-serif\">\n",
        escape(title)
    );
    for mark in &page.marks {
        // Writing to a string does not fail.
        let _ = match mark {
            Mark::Text { x, y, size, text } => {
                let length = font.width(text, *size);
                writeln!(
                    svg,
                    "<text x=\"{x:.3}\" y=\"{y:.3}\" font-size=\"{size:.3}\" textLength=\"{length:.3}\" \
                     lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">{}</text>",
                    escape(text)
                )
            }
            Mark::Qr { x, y, side, qr } => {
                let scale = side / qr.width() as f32;
                writeln!(
                    svg,
                    "<path transform=\"translate({x:.3} {y:.3}) scale({scale:.6})\" \
                     shape-rendering=\"crispEdges\" d=\"{}\"/>",
                    path(qr)
                )
            }
            Mark::Rule { x, y, width } => {
                writeln!(
                    svg,
                    "<rect x=\"{x:.3}\" y=\"{y:.3}\" width=\"{width:.3}\" height=\"0.2\"/>"
                )
            }
        };
    }
    svg.push_str("</g>\n</svg>\n");
    Ok(svg.into_bytes())
}

/// The dark modules, one unit each.
fn path(qr: &Qr) -> String {
    let run = |(row, column, length): (usize, usize, usize)| {
        format!("M{column} {row}h{length}v1h-{length}z")
    };
    qr.runs().into_iter().map(run).collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
