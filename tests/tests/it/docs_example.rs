//! SPEC's examples, made again from their fixed seeds.

use custody_core::checkpoint::Checkpoint;
use custody_core::cose::Message;
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::merkle::{LeafIndex, NodeSource, TreeSize, prove_multi};

use crate::docs_diagnostic::{diagnostic, hex, squeeze};
use crate::docs_story::{Story, opening, public, uuid};
use crate::docs_text::{block, document};

/// Compares a block of hexadecimal digits, however it is broken into lines, with bytes.
#[track_caller]
fn assert_hex(name: &str, expected: &[u8]) {
    let spec = document("SPEC.md");
    let digits: String = block(&spec, &format!("hex {name}")).split_whitespace().collect();
    assert_eq!(digits, hex(expected), "block `hex {name}` of SPEC");
}

fn handoff(story: &Story) -> &Message {
    story.records.last().unwrap().message()
}

#[test]
fn the_record_is_as_printed() {
    let story = Story::tell();
    let bytes = handoff(&story).as_bytes();
    assert_hex("handoff", bytes);
    assert_hex("handoff-digest", handoff(&story).digest().as_ref());
    assert_hex("countersigned", handoff(&story).signatures()[0].digest().as_ref());
    let spec = document("SPEC.md");
    assert_eq!(squeeze(block(&spec, "cbor-diag handoff")), diagnostic(bytes));
    assert!(spec.contains(&format!("record, {} bytes", bytes.len())));
}

#[test]
fn the_key_and_its_thumbprint_are_as_printed() {
    assert_hex("cose-key", &public(0x31).to_value().encode());
    assert_hex("kid", public(0x31).kid().as_hash().as_ref());
}

#[test]
fn the_opening_is_as_printed() {
    let story = Story::tell();
    let opening = opening("place", 0x63, "Laboratory, room 4");
    opening.verify(story.records[5].payload()).unwrap();
    let head = [&[0x83, 0x50][..], &opening.salt, &[0x65], b"place", &opening.value].concat();
    assert_hex("opening", &[&opening.salt[..], &opening.value, &head].concat());
    assert_eq!(custody_core::hash::sha256(&head), opening.commitment());
}

#[test]
fn the_entry_and_the_genesis_are_as_printed() {
    let story = Story::tell();
    assert_hex("entry", &story.entries[5].encode());
    assert_hex("genesis", story.genesis.unwrap().as_ref());
    assert!(document("SPEC.md").contains(&format!("\ngenesis {}\n", story.genesis.unwrap())));
}

#[test]
fn the_index_is_as_printed() {
    let story = Story::tell();
    let [item, notes] = [SubjectId::Item(uuid(0x51)), SubjectId::Notes(uuid(0x51))];
    let present = story.index.prove(&item.key());
    let value = present.head.unwrap().to_bytes();
    assert_hex("index-present", &[item.key().as_bytes(), &value[..], &present.bytes].concat());
    let absent = story.index.prove(&notes.key());
    assert_hex("index-absent", &[notes.key().as_bytes(), &absent.bytes[..]].concat());
}

#[test]
fn the_tree_is_as_printed() {
    let story = Story::tell();
    let leaves: Vec<Hash> = story.entries.iter().map(|entry| entry.leaf_hash()).collect();
    assert_hex("leaves", &concat(&leaves));
    let head = story.heads.last().unwrap();
    assert_hex("root", head.root.as_ref());
    let indices = [0, 3, 5].map(LeafIndex);
    let proof = prove_multi(&indices, TreeSize(6), &Leaves(leaves.clone())).unwrap();
    assert_hex("multiproof", &concat(&proof.hashes));
    let known: Vec<_> = indices.iter().map(|&at| (at, leaves[at.0 as usize])).collect();
    proof.verify(&known, head).unwrap();
}

#[test]
fn the_checkpoint_is_as_printed() {
    let story = Story::tell();
    let checkpoint = story.checkpoint();
    checkpoint.verify_log(story.signer.keys()).unwrap();
    let spec = document("SPEC.md");
    assert!(spec.contains(&format!("```text\n{}\n", checkpoint.text())));
    assert_eq!(block(&spec, "text log-vkey"), story.signer.keys().ed25519().to_string());
    assert_eq!(Checkpoint::parse(checkpoint.as_bytes()).unwrap(), checkpoint);
}

fn concat(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// Nodes over a few leaves, by the definition.
struct Leaves(Vec<Hash>);

impl NodeSource for Leaves {
    type Error = std::convert::Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        if level == 0 {
            return Ok(self.0[index as usize]);
        }
        let [left, right] = [2 * index, 2 * index + 1].map(|child| self.node(level - 1, child));
        Ok(custody_core::hash::hash_children(&left?, &right?))
    }
}
