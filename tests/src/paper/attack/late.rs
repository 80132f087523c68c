//! Attacks with late entries: what they embed, and why it is said to be too late.

use custody_core::merkle::LeafIndex;
use custody_core::record::body::LateReason;
use custody_core::verify::LineId::{CustodyRules, KeyStanding};

use super::exhibit::{Case, forced};
use super::people::witness_only;
use crate::paper::PaperLedger;
use crate::paper::story::{Story, entry};

/// All of them.
pub fn cases() -> Vec<Case> {
    [elsewhere(), in_time(), vec![role_not_granted()]].concat()
}

/// A late entry at the end of the story, which embeds `record`.
fn late(
    [name, desc, code]: [&str; 3],
    record: fn(&mut Story) -> Vec<u8>,
    reason: LateReason,
) -> Case {
    let file = forced(move |story| {
        let record = record(story);
        story.ledger.late_entry(&story.cast.caro, story.disk, record, reason)
    });
    Case::rejected(name, desc, CustodyRules, code, file)
}

fn elsewhere() -> Vec<Case> {
    vec![
        late(
            [
                "late-entry-of-another-ledger",
                "a late entry embeds a record of another ledger",
                "custody/embedded",
            ],
            |story| {
                let cast = &story.cast;
                let other = PaperLedger::found_as("ledger.example/other", &[&cast.south]);
                other.handoff(&cast.caro, &cast.dora, &[story.disk], &[]).sign()
            },
            LateReason::Conflict,
        ),
        late(
            [
                "late-entry-of-another-item",
                "a late entry embeds a record of another item",
                "custody/embedded-elsewhere",
            ],
            |story| {
                story.ledger.handoff(&story.cast.caro, &story.cast.dora, &[story.image], &[]).sign()
            },
            LateReason::Conflict,
        ),
    ]
}

fn in_time() -> Vec<Case> {
    vec![
        late(
            [
                "late-entry-in-time",
                "a late entry embeds what could still take its place",
                "custody/not-late",
            ],
            |story| {
                story.ledger.handoff(&story.cast.caro, &story.cast.dora, &[story.disk], &[]).sign()
            },
            LateReason::Conflict,
        ),
        late(
            [
                "late-entry-of-a-key-in-use",
                "a late entry says that a key had ended, which is in use",
                "custody/not-late",
            ],
            |story| {
                story.ledger.handoff(&story.cast.caro, &story.cast.dora, &[story.disk], &[]).sign()
            },
            LateReason::KeyEnded,
        ),
        late(
            [
                "late-entry-of-the-newest-record",
                "a late entry embeds the record that took the place",
                "custody/not-late",
            ],
            |story| story.ledger.records[entry::DERIVE as usize].clone(),
            LateReason::Conflict,
        ),
        late(
            [
                "late-entry-of-an-older-record",
                "a late entry embeds a record that took its place, further back in the chain",
                "custody/not-late",
            ],
            |story| story.ledger.records[entry::SEAL as usize].clone(),
            LateReason::Conflict,
        ),
        late(
            [
                "late-entry-of-a-record-in-time",
                "a late entry says that a key had ended, which ended after the record took its place",
                "custody/not-late",
            ],
            |story| {
                let Story { cast, ledger, .. } = story;
                ledger.write(&ledger.key_revoke(&cast.north, &cast.ana));
                ledger.records[entry::SEAL as usize].clone()
            },
            LateReason::KeyEnded,
        ),
    ]
}

/// Somebody who was enrolled to witness put a seal on, says the late entry.
fn role_not_granted() -> Case {
    let file = forced(|story| {
        let clerk = witness_only(story);
        let record = story.ledger.put_seal(&clerk, story.disk, "PT-1");
        let record = record.with(|payload| {
            payload.subjects =
                vec![story.ledger.record(LeafIndex(entry::SEAL)).payload().subjects[0].clone()];
        });
        story.ledger.late_entry(&story.cast.caro, story.disk, record.sign(), LateReason::Conflict)
    });
    let desc = "a late entry embeds an act of somebody who was enrolled to witness";
    let name = "late-entry-in-a-role-not-granted";
    Case::rejected(name, desc, KeyStanding, "custody/role-not-granted", file)
}
