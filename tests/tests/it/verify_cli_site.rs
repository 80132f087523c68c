//! The folder in which the verifier's transcripts play: a story, its files, and a few forgeries.

use std::fs;
use std::path::Path;

use custody_core::exhibit::WithholdReason;
use custody_core::hash::sha256;
use custody_core::merkle::{LeafIndex, TreeHead, TreeSize, prove_inclusion};
use custody_core::receipt::Receipt;
use custody_core::record::Signer;
use custody_tests::paper::PaperLedger;
use custody_tests::paper::story::{IMAGE, Story, entry};
use custody_tests::published::publish;
use tempfile::TempDir;

/// Writes every file that a transcript may name.
pub fn build() -> TempDir {
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    let story = Story::whole();
    let write = |name: &str, bytes: &[u8]| fs::write(root.join(name), bytes).unwrap();
    write("policy.txt", &story.policy().format());
    write("agencies.txt", story.pins().to_string().as_bytes());
    write("image.raw", IMAGE);
    write("other.raw", b"sector 0 of another disk\n");
    write_exhibits(&story, &write);
    write_receipt(&story, &write);
    write_checkpoints(&story, &write, root);
    write_offer(&story, &write);
    folder
}

type Write<'a> = dyn Fn(&str, &[u8]) + 'a;

fn write_exhibits(story: &Story, write: &Write<'_>) {
    let exhibit = story.exhibit();
    let bytes = exhibit.encode();
    write("image.exhibit", &bytes);
    let mut tampered = bytes.clone();
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    write("tampered.exhibit", &tampered);
    let (place, reason) = ((entry::COLLECT, "place"), WithholdReason::Investigation);
    let redacted = story.exhibit_of(story.disk, &story.cast.caro);
    write("redacted.exhibit", &redacted.withhold(&[(place.0, place.1, reason)]).encode());
    let mut early = Story::released();
    early.image = early.disk;
    let exporter = early.cast.caro.clone();
    write("early.exhibit", &early.exhibit_of(early.disk, &exporter).encode());
    let mut late = story.exhibit_of(story.disk, &story.cast.caro);
    late.contents.consistency.push(story.ledger.consistency(early.ledger.head().size));
    write("late.exhibit", &late.encode());
}

fn write_receipt(story: &Story, write: &Write<'_>) {
    let (ledger, index) = (&story.ledger, LeafIndex(entry::HANDOFF));
    let proof = prove_inclusion(index, ledger.head().size, ledger).unwrap();
    let receipt = Receipt::new(None, proof, story.cosigned(&ledger.checkpoint())).unwrap();
    write("receipt.tlog-proof", &receipt.format());
    write("receipt.entry", &ledger.entries[index.0 as usize].encode());
    write("receipt.record", &ledger.records[index.0 as usize]);
    write("other.record", &ledger.records[index.0 as usize + 1]);
}

fn write_checkpoints(story: &Story, write: &Write<'_>, root: &Path) {
    let ledger = &story.ledger;
    publish(ledger, &root.join("tiles")).unwrap();
    let cosigned = story.cosigned(&ledger.checkpoint());
    fs::write(root.join("tiles/checkpoint"), cosigned.as_bytes()).unwrap();
    let old = ledger.at_size(TreeSize(11));
    write("old.checkpoint", old.checkpoint().as_bytes());
    let forked = TreeHead { size: TreeSize(11), root: sha256(b"another history") };
    write("forked.checkpoint", ledger.checkpoint_of(forked).as_bytes());
    let strange = TreeHead { root: sha256(b"another history"), ..ledger.head() };
    write("strange.checkpoint", ledger.checkpoint_of(strange).as_bytes());
    let other = PaperLedger::found_as("ledger.example/other", &[&story.cast.north]);
    write("other-log.checkpoint", other.checkpoint().as_bytes());
}

fn write_offer(story: &Story, write: &Write<'_>) {
    let (ledger, cast) = (&story.ledger, &story.cast);
    let mut page = ledger.handoff(&cast.caro, &cast.ben, &[story.image], &[]);
    let signer =
        |hand: &custody_tests::paper::Hand| Signer { role: hand.role, id: hand.id.clone() };
    page.payload.signers = page.hands.iter().map(signer).collect();
    page.hands.truncate(1);
    write("image.offer", &page.sign_payload(page.payload.encode()));
}
