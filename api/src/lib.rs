//! The `custody` program as a library: what custodians and operators do, in their words.
//!
//! Everything that is signed or hashed is made by custody-core, everything that is stored by
//! custody-log. Here are key files, the making of acts, the files that travel between people, and the
//! commands.

pub mod act;
pub mod agency_card;
mod alias;
mod answering;
pub mod audit;
pub mod backup;
pub mod books;
pub mod case;
pub mod check_words;
pub mod client;
pub mod command;
pub mod demo;
pub mod desk;
pub mod evidence;
pub mod ewf;
pub mod export;
pub mod failure;
pub mod file;
mod flag;
pub mod handling;
mod headline;
pub mod history;
mod holding;
pub mod http_signature;
pub mod key_file;
pub mod label;
pub mod label_id;
pub mod ledger_keys;
pub mod log_key_files;
pub mod mirror;
pub mod moment;
mod number;
pub mod offer_file;
pub mod offer_part;
pub mod offer_sheet;
pub mod passphrase;
pub mod pen;
pub mod people;
mod place;
pub mod print;
pub mod qr;
mod receipt_page;
pub mod rehearsal;
mod remains;
pub mod server;
pub mod session;
pub mod stats;
pub mod summary;
pub mod table;
pub mod terminal;
pub mod training;
mod waiting;
pub mod witness;
