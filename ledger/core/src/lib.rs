//! Formats, hashing, proofs, custody rules and verification of Custody Ledger.
//!
//! Everything that decides whether evidence history is authentic lives here, and nothing else does:
//! no I/O, no clock, no randomness, no thread. Every input is bytes that another party may have
//! made, every output is a value or an error with a stable code. docs/SPEC.md is the reference; the
//! modules carry its names.

pub mod cbor;
pub mod ed25519;
pub mod hash;
pub mod merkle;
pub mod note;
