//! QR codes: a text as a square of modules, to be drawn by whoever prints. ISO/IEC 18004.

use qrcode::{Color, EcLevel, QrCode};
use thiserror::Error;

/// Modules of white that a reader needs on each side.
pub const QUIET: usize = 4;

/// A QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    width: usize,
    dark: Vec<bool>,
}

/// Why a text has no QR code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QrError {
    /// It is longer than a code holds.
    #[error("{bytes} bytes do not fit into one QR code")]
    Oversize {
        /// The text's length.
        bytes: usize,
    },
}

impl QrError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Oversize { .. } => "qr/oversize",
        }
    }
}

impl Qr {
    /// The code of `text` that still reads with a seventh of it damaged (level M), in the smallest version
    /// that holds it. The same text gives the same code.
    ///
    /// # Errors
    /// [`QrError::Oversize`].
    pub fn encode(text: &str) -> Result<Self, QrError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M);
        let code = code.map_err(|_| QrError::Oversize { bytes: text.len() })?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { width: code.width(), dark })
    }

    /// Modules on each side, without the white around.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Dark modules as runs from left to right, row by row: row, first column, length.
    pub fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for (position, _) in self.dark.iter().enumerate().filter(|(_, dark)| **dark) {
            let (row, column) = (position / self.width, position % self.width);
            match runs.last_mut() {
                Some((last, first, length)) if *last == row && *first + *length == column => {
                    *length += 1;
                }
                _ => runs.push((row, column, 1)),
            }
        }
        runs
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_the_dark_modules_and_no_others() {
        let qr = Qr::encode("item:0f3c1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b").unwrap();
        assert_eq!(qr.width(), 29, "version 3");
        let mut dark = vec![false; qr.width() * qr.width()];
        for (row, column, length) in qr.runs() {
            dark[row * qr.width() + column..][..length].fill(true);
        }
        assert_eq!(dark, qr.dark);
    }

    #[test]
    fn a_text_that_is_too_long_has_a_code() {
        assert_eq!(Qr::encode(&"x".repeat(2332)).unwrap_err().code(), "qr/oversize");
        assert!(Qr::encode(&"x".repeat(2331)).is_ok());
    }
}
