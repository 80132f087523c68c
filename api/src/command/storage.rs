//! Putting items into storage, giving them out and taking them back in.

pub mod check_in;
pub mod check_out;
pub mod store;
