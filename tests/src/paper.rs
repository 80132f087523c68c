//! A ledger on paper: everything in vectors, one record after another, nothing clever.
//!
//! The verifier's tests need ledgers and exhibits, honest and dishonest ones, and must not need a
//! database to make them. All keys, ids, salts and times follow from names, so the same calls give the
//! same bytes on every machine; that is what lets vectors be checked in. It is written from SPEC with
//! the core's formats, and shares nothing with the sequencer that it stands beside.
//!
//! Not for use: private keys follow from public names.

// Whatever goes wrong here is a mistake in a test, and a test may stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acts;
pub mod attack;
mod cast;
mod exhibit;
mod ledger;
mod page;
mod raw;
mod spoil;
pub mod story;
mod tree;
pub mod vector;

pub use acts::{ALL_ROLES, digests_of};
pub use cast::{Agency, ORIGIN, Person, START_S, public, salt, seed, signing_key, uuid};
pub use exhibit::{PaperExhibit, Withhold};
pub use ledger::PaperLedger;
pub use page::{Hand, Page};
pub use raw::{RawMessage, RawSignature};
pub use tree::{At, decode, edit, get};
