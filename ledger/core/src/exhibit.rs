//! The exhibit: one self-contained file about one item. SPEC section "Exhibit".
//!
//! This module reads and writes the file; what it proves is for [`crate::verify`]. A parsed exhibit is
//! well formed and in order, and nothing in it is to be believed yet.

mod contents;
mod error;
mod excess;
mod kin;
mod manifest;

pub use contents::{Consistency, Contents, ContentsOpening, Lookup, Placed};
pub use error::ExhibitError;
pub use excess::Excess;
pub use kin::{Kin, chains_of};
pub use manifest::{Manifest, Withheld, WithholdReason};

use crate::cbor::{Reader, Value, check};
use crate::cose::{ContentType, Message};
use crate::hash::{Hash, sha256};

/// Largest exhibit in bytes. 20 records with their keys and proofs take 40 KiB; the bound leaves room
/// for 500 records of 96 KiB. Reading one takes at most eight times its size in memory.
pub const MAX_EXHIBIT: usize = 64 * 1024 * 1024;

/// Largest manifest in bytes: 1,000 withheld fields of 60 bytes.
const MAX_MANIFEST: usize = 96 * 1024;

/// First item of the file, so that a person with an editor knows what it is.
const MAGIC: &str = "custody-exhibit";

/// A parsed exhibit.
#[derive(Clone, Debug)]
pub struct Exhibit {
    contents: Contents,
    digest: Hash,
    manifest: Manifest,
    signed: Message,
}

impl Exhibit {
    /// Parses an exhibit file.
    ///
    /// # Errors
    /// [`ExhibitError`] names the first deviation from SPEC.
    pub fn parse(bytes: &[u8]) -> Result<Self, ExhibitError> {
        if bytes.len() > MAX_EXHIBIT {
            return Err(ExhibitError::Oversize { limit: MAX_EXHIBIT, actual: bytes.len() });
        }
        check(bytes)?;
        let mut reader = Reader::new(bytes);
        reader.array(4, 4)?;
        if reader.text()? != MAGIC {
            return Err(ExhibitError::NotAnExhibit);
        }
        reader.uint_exactly(1, "version 1")?;
        let contents = reader.bytes()?;
        let signed = Message::parse(reader.bytes()?, ContentType::Manifest, MAX_MANIFEST)?;
        reader.end()?;
        Ok(Self {
            manifest: Manifest::decode(signed.payload())?,
            digest: sha256(contents),
            contents: Contents::decode(contents)?,
            signed,
        })
    }

    /// Writes the file of `contents` (encoded by [`Contents::encode`]) and their signed manifest.
    pub fn encode(contents: &[u8], manifest: &[u8]) -> Vec<u8> {
        Value::array([
            Value::text(MAGIC),
            Value::Uint(1),
            Value::bytes(contents),
            Value::bytes(manifest),
        ])
        .encode()
    }

    /// What the file holds.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// SHA-256 of the encoded contents: what the manifest must name.
    pub fn contents_digest(&self) -> Hash {
        self.digest
    }

    /// What the exporter says about the file.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The manifest's signed envelope.
    pub fn signed_manifest(&self) -> &Message {
        &self.signed
    }
}
