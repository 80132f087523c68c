//! What can be verified offline, and the reports that say how far it was. SPEC section "Verification".

mod compare;
mod exhibit;
mod findings;
mod pin;
mod receipt;
pub mod replay;
mod report;
mod signing;
mod time;

pub use compare::compare_exhibits;
pub use exhibit::{EvidenceFile, Inputs, Outcome, refused_exhibit, verify_exhibit};
pub use receipt::{ReceiptFiles, verify_receipt};
pub use report::{Line, LineId, Report, Status, Verdict};
pub use time::utc_text;

use std::error::Error;

/// An error with its causes, each once: variants carry facts, causes stand in `source`.
pub fn error_text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
