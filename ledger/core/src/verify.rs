//! What can be verified offline, and the reports that say how far it was. SPEC section "Verification".

mod report;

pub use report::{Line, LineId, Report, Status, Verdict};
