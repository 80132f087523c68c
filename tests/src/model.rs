//! A naive model of the rules of custody, written from SPEC section "Rules" and not from the code, and what it takes
//! to drive both with the same acts.
//!
//! The model knows nothing of records: people, agencies and items are numbers, containers are sets, and what earlier
//! acts said is named by their place. It shares no line with `custody_core::custody`.

// Whatever goes wrong here is a mistake in a test, and a test may stop.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod act;
mod draw;
mod family;
mod invariant;
mod item;
mod run;
mod stage;
mod world;

pub use act::{Act, Kind};
pub use draw::Dice;
pub use run::{Tally, run};
pub use world::World;
