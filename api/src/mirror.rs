//! A mirror at work: it follows a ledger that somebody else serves, serves its copy, and cosigns what it has replayed.
//!
//! ```text
//! the log's server <── follow ──> custody_log::mirror ──> copy/
//!                        ^   │
//!       add-checkpoint ──┘   └──> settled ──> tiles, cosignatures
//! ```
//!
//! What is judged, and in which order it becomes durable, is in [`custody_log::mirror`]; here are HTTP, keys and time.

mod fetch;
mod follow;
pub mod home;
mod serve;
mod setting;
mod standing;
mod witness;

pub use follow::follow_once;
pub use serve::MirrorServer;
pub use setting::MirrorSetting;

use custody_log::mirror::MirrorError;

use crate::failure::Failure;

/// Where a mirror has everything from.
pub use fetch::Upstream;

/// The failure of a command that ends with this error.
pub fn failed(error: &MirrorError) -> Failure {
    let message = custody_core::verify::error_text(error);
    let code = error.code();
    let hint = match error {
        MirrorError::Evidence { .. } => {
            "read `what.txt` there; the mirror cosigns nothing more of this log, and that is for people to settle"
        }
        MirrorError::Copy { .. } => {
            "keep the directory; a new mirror in another one, with keys of its own, replays everything anew"
        }
        MirrorError::Served { .. } | MirrorError::Source(_) => {
            "it is tried again; nothing of it was believed"
        }
        MirrorError::Stale { .. } => {
            "it is tried again, and nothing is cosigned until then; a cache that lags looks like this, and so does a log that lost its end: if it lasts, ask the operator"
        }
        _ if error.is_alarm() => {
            "both heads are in `evidence`: show them to the agencies, by another way than this ledger"
        }
        _ => return Failure::could_not(code, message),
    };
    match error.is_alarm() || matches!(error, MirrorError::Evidence { .. }) {
        true => Failure::rejected(code, message).hint(hint),
        false => Failure::could_not(code, message).hint(hint),
    }
}
