//! The ledger's log: what is stored, in which order it becomes durable, and the marks kept beside it.

pub mod high_water;
pub mod store;
