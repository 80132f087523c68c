//! CASE, the Cyber-investigation Analysis Standard Expression: documents in JSON-LD, written and read.
//!
//! What is written is an extract of an item's history for programs that know CASE. It carries no signature
//! and no proof; it says where in which ledger each act stands, so that a reader can go back to an exhibit.
//! What is read becomes an asserted history: the ledger vouches for nothing of it but that it was said.

mod document;
mod export;
mod graph;
mod legacy;

pub use document::{CaseError, Document, MAX_DOCUMENT};
pub use export::{CaseFile, export};
pub use legacy::{LegacyEvent, LegacyItem, Reading, decode_events, read};

/// Where the terms of CASE and UCO are defined.
const INVESTIGATION: &str = "https://ontology.caseontology.org/case/investigation/";
/// The part of UCO called `part`.
fn uco(part: &str, name: &str) -> String {
    format!("https://ontology.unifiedcyberontology.org/uco/{part}/{name}")
}
