//! The signed envelope of records and manifests: COSE_Sign, RFC 9052 section 4.1, narrowed until one
//! byte sequence is the only way to write a given message. SPEC section "Signed messages".
//!
//! Parsing settles everything that needs no key: form, order, critical headers, the countersigned
//! chain. Signatures are checked by [`Message::verify_signature`], who may sign by `custody`.

mod draft;
mod error;
mod header;
mod message;

pub use draft::{Draft, SignerParams};
pub use error::CoseError;
pub use header::{BodyHeader, Check, ContentType, Finding, Observed, Outcome, Role, SignerHeader};
pub(crate) use header::{MAX_ITEMS, MAX_TIME_S};
pub use message::{Message, SignatureLine};
