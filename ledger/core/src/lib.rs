//! Formats, hashing, proofs, custody rules and verification of Custody Ledger.
//!
//! Everything that decides whether evidence history is authentic lives here, and nothing else does:
//! no I/O, no clock, no randomness, no thread. Every input is bytes that another party may have
//! made, every output is a value or an error with a stable code. docs/SPEC.md is the reference; the
//! modules carry its names.

pub mod cbor;
pub mod checkpoint;
mod code;
pub mod cose;
pub mod custody;
mod decimal;
pub mod ed25519;
pub mod entry;
pub mod exhibit;
pub mod hash;
pub mod id;
pub mod index;
pub mod key;
pub mod merkle;
pub mod note;
pub mod pins;
pub mod policy;
pub mod printable;
pub mod receipt;
pub mod record;
pub mod sealed;
pub mod tile;
pub mod verify;
