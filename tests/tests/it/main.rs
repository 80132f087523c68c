//! Everything that spans packages, in one binary: one link, and modules that share their helpers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cbor_faults;
mod checkpoint_rules;
mod checkpoint_vectors;
mod custody_rules;
mod docs_diagnostic;
mod docs_example;
mod docs_form;
mod docs_house;
mod docs_spec;
mod docs_story;
mod docs_text;
mod exhibit_story;
mod index_naive;
mod index_proof;
mod index_tree;
mod index_vectors;
mod merkle_consistency;
mod merkle_frontier;
mod merkle_inclusion;
mod merkle_large;
mod merkle_multiproof;
mod merkle_tree;
mod merkle_vectors;
mod note_ed25519;
mod note_format;
mod note_keys;
mod policy_rules;
mod receipt_rules;
mod record_limits;
mod record_vectors;
mod replay_core;
mod replay_directory;
mod store_contract;
mod store_crash;
mod store_damage;
mod store_fault;
mod store_high_water;
mod store_ledger;
mod store_rocks;
mod tile_geometry;
mod verify_cli_rules;
mod verify_cli_site;
mod verify_cli_transcripts;
mod walls;
