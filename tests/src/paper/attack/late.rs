//! Attacks with late entries: what they embed, and why it is said to be too late.

use custody_core::record::body::LateReason;
use custody_core::verify::LineId::CustodyRules;

use super::exhibit::{Case, forced};
use crate::paper::PaperLedger;
use crate::paper::story::Story;

/// All of them.
pub fn cases() -> Vec<Case> {
    let late = |name, desc, code, record: fn(&mut Story) -> Vec<u8>, reason| {
        let file = forced(move |story| {
            let record = record(story);
            story.ledger.late_entry(&story.cast.caro, story.disk, record, reason)
        });
        Case::rejected(name, desc, CustodyRules, code, file)
    };
    vec![
        late(
            "late-entry-of-another-ledger",
            "a late entry embeds a record of another ledger",
            "custody/embedded",
            |story| {
                let cast = &story.cast;
                let other = PaperLedger::found_as("ledger.example/other", &[&cast.south]);
                other.handoff(&cast.caro, &cast.dora, &[story.disk], &[]).sign()
            },
            LateReason::Conflict,
        ),
        late(
            "late-entry-of-another-item",
            "a late entry embeds a record of another item",
            "custody/embedded-elsewhere",
            |story| {
                story.ledger.handoff(&story.cast.caro, &story.cast.dora, &[story.image], &[]).sign()
            },
            LateReason::Conflict,
        ),
        late(
            "late-entry-in-time",
            "a late entry embeds what could still take its place",
            "custody/not-late",
            |story| {
                story.ledger.handoff(&story.cast.caro, &story.cast.dora, &[story.disk], &[]).sign()
            },
            LateReason::Conflict,
        ),
        late(
            "late-entry-of-a-key-in-use",
            "a late entry says that a key had ended, which is in use",
            "custody/not-late",
            |story| {
                story.ledger.handoff(&story.cast.caro, &story.cast.dora, &[story.disk], &[]).sign()
            },
            LateReason::KeyEnded,
        ),
    ]
}
