//! The rules of custody: one pure function, [`apply`], used unchanged by the sequencer, by mirrors, by
//! the replayer and by the verifier. SPEC section "Rules" lists each with its code.
//!
//! A rule only ever reads unsealed fields and what earlier records made of their subjects. What is
//! merely unusual is no rule: it is recorded, and reports point at it.

mod apply;
mod book;
mod container;
mod handoff;
mod item;
mod key;
mod late;
mod notes;
mod quantity;
mod registry;
mod request;
mod state;
mod violation;

pub use apply::{Applied, apply};
pub use book::Book;
pub use item::asks_notes;
pub use key::{KeyEnd, KeyState};
pub use state::{
    AgencyState, CustodianState, HandlingState, Held, Hold, Holdings, ItemEnd, ItemState,
    LedgerState, NotesState, OpenRelease, Permission, RequestState, Standing, Subject, Whereabouts,
};
pub use violation::RuleViolation;
