//! Shares as bars: in text, and as an SVG file.

use std::fmt::Write as _;

use super::Figures;

/// Longest bar, in characters.
const BAR: u64 = 40;
/// Longest name, in characters.
pub const NAME: usize = 28;

/// What was received by the time at which it was expected, as bars of `#`.
pub fn bars(rows: &[(String, &Figures)]) -> Vec<String> {
    let row = |(name, figures): &(String, &Figures)| {
        let percent = figures.on_time_percent()?;
        let filled = (percent * BAR / 100) as usize;
        let bar = format!("{:<width$}", "#".repeat(filled), width = BAR as usize);
        let of = format!("{} of {}", figures.on_time, figures.expected);
        Some(format!("{:<NAME$} {bar} {percent:>3} %  {of}", shortened(name)))
    };
    let lines: Vec<_> = rows.iter().filter_map(row).collect();
    if lines.is_empty() {
        return lines;
    }
    let title = "received by the time at which it was expected".to_owned();
    [vec![String::new(), title], lines].concat()
}

/// A name that fits its column.
pub fn shortened(name: &str) -> String {
    match name.chars().count() <= NAME {
        true => name.to_owned(),
        false => name.chars().take(NAME - 1).chain(['…']).collect(),
    }
}

/// The same as an SVG file. `caption` says of which tree.
pub fn svg(rows: &[(String, &Figures)], caption: &str) -> String {
    let rows: Vec<_> = rows
        .iter()
        .filter_map(|(name, figures)| Some((name, figures, figures.on_time_percent()?)))
        .collect();
    let height = 70 + 30 * rows.len();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 {height}\" \
         font-family=\"sans-serif\" font-size=\"14\">\n\
         <title>Received by the time at which it was expected</title>\n\
         <text x=\"10\" y=\"24\" font-size=\"16\">Received by the time at which it was expected</text>\n"
    );
    for (position, (name, figures, percent)) in rows.iter().enumerate() {
        let (top, text) = (40 + 30 * position, 55 + 30 * position);
        let (name, width) = (escaped(&shortened(name)), percent * 4);
        let label = format!("{percent} %, {} of {}", figures.on_time, figures.expected);
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<text x=\"10\" y=\"{text}\">{name}</text>\n\
             <rect x=\"240\" y=\"{top}\" width=\"400\" height=\"20\" fill=\"#e8e8e8\"/>\n\
             <rect x=\"240\" y=\"{top}\" width=\"{width}\" height=\"20\" fill=\"#2f5d8a\"/>\n\
             <text x=\"650\" y=\"{text}\">{label}</text>\n"
        );
    }
    let _ = write!(
        svg,
        "<text x=\"10\" y=\"{}\" font-size=\"9\">{}</text>\n</svg>\n",
        height - 10,
        escaped(caption)
    );
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
