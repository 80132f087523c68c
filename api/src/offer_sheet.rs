//! An offer as QR codes on paper or a screen: six to a page, each with its number.

use crate::failure::Failure;
use crate::offer_file::OfferFile;
use crate::offer_part::format_parts;
use crate::print::{A4, Page, Paper};
use crate::qr::Qr;

/// Side of a code in millimetres: a module of the largest version, 17, is 0.9 mm.
const SIDE: f32 = 77.0;
/// Distance of codes, white and number included.
const STEP: (f32, f32) = (95.0, 90.0);
const COLUMNS: usize = 2;
const ROWS: usize = 3;

/// The pages that carry `offer`, and how many codes they have.
///
/// # Errors
/// It is too large.
pub fn offer_sheet(offer: &OfferFile) -> Result<(Paper, usize), Failure> {
    let parts = format_parts(&offer.encode())
        .map_err(|error| Failure::from(error).hint("hand over the file itself"))?;
    let (count, digest) = (parts.len(), offer.digest().to_string());
    let mut pages = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let place = number % (COLUMNS * ROWS);
        if place == 0 {
            pages.push(Page::new(A4));
        }
        let Some(page) = pages.last_mut() else { continue };
        let left = 19.0 + (place % COLUMNS) as f32 * STEP.0;
        let top = 16.0 + (place / COLUMNS) as f32 * STEP.1;
        page.qr((left, top), SIDE, Qr::encode(part)?);
        let text = format!("part {} of {count}, offer {}", number + 1, &digest[..16]);
        page.text((left, top + SIDE + 7.5), 3.2, &text);
    }
    Ok((Paper { title: format!("offer {digest}"), pages }, count))
}
