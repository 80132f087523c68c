//! The rules of custody: one pure function, [`apply`], used unchanged by the sequencer, by mirrors, by
//! the replayer and by the verifier. SPEC section "Rules" lists each with its code.
//!
//! A rule only ever reads unsealed fields and what earlier records made of their subjects. What is
//! merely unusual is no rule: it is recorded, and reports point at it.

mod apply;
mod book;
mod item;
mod key;
mod registry;
mod state;
mod violation;

pub use apply::{Applied, apply};
pub use book::Book;
pub use key::{KeyEnd, KeyState};
pub use state::{
    AgencyState, CustodianState, Held, Holdings, ItemState, LedgerState, OpenRelease, Standing,
    Subject,
};
pub use violation::RuleViolation;
