//! Deterministic CBOR: RFC 8949 section 4.2.1, without floats and tags.
//!
//! Three parts and no more: [`check`] accepts exactly the canonical encodings, [`Reader`] pulls typed
//! items out of bytes that passed it, and [`Value`] is what our own records are written from. There is
//! no lenient mode, and nothing here guesses: what is hashed or signed is always the original bytes.

mod check;
mod error;
mod reader;
mod value;

pub(crate) use check::is_bidi_control;
pub use check::{MAX_DEPTH, check};
pub use error::{CborError, CborFault};
pub use reader::{Fields, Reader};
pub use value::Value;
pub(crate) use value::encode_bytes;
