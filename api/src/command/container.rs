//! Putting items into a bag or box that is an item itself, and taking them out.

pub mod pack;
pub mod unpack;
