//! Tables that people fill in with a spreadsheet: items to be collected, manifests, outcomes.
//!
//! A table is CSV (RFC 4180) in UTF-8, its columns in any order under their names in the first line. Everything that is
//! wrong with it is found at once and told by line and column. What is written here is read back to the same text, also
//! where a spreadsheet would have taken it for a formula. Nothing here records anything.

mod cell;
mod fault;
mod ids;
mod item;
mod lookup;
mod manifest;
mod outcome;
mod sheet;
mod survey;

pub use cell::{guard, unguard, write_table};
pub use fault::{Fault, Faults, TableError};
pub use ids::{Ids, ids_path};
pub use item::{ITEMS, ItemRow};
pub use lookup::{Register, foresee, text_of};
pub use manifest::{MANIFEST, Named, name_items};
pub use outcome::{Answered, OUTCOMES, read_outcomes, read_unaided};
pub(crate) use sheet::BOM;
pub use sheet::{Column, Form, Row, Sheet};

/// Most rows of a table of items: as many records are signed before the first is recorded, 20,000 x 4 KiB = 80 MiB.
pub const MAX_ROWS: usize = 20_000;
/// Most rows of a manifest: a record has at most as many items.
pub const MAX_MANIFEST: usize = 500;
/// Largest table in bytes: [`MAX_ROWS`] with 3 KiB each.
pub const MAX_TABLE: u64 = 64 << 20;
/// Longest cell in bytes, as that of a sealed text.
pub const MAX_CELL: usize = 16 * 1024;
/// Most cells of a line: every column that there is, four times over.
pub const MAX_CELLS: usize = 64;
