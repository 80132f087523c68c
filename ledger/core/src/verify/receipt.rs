//! Verifying a receipt: one record, one entry, one tlog-proof. SPEC section "Verifying a receipt".

use crate::entry::Entry;
use crate::hash::{Hash, hash_leaf, sha256};
use crate::pins::Pins;
use crate::policy::{Policy, Verified};
use crate::receipt::Receipt;
use crate::record::Record;
use crate::record::body::RecordType;
use crate::verify::error_text;
use crate::verify::exhibit::Outcome;
use crate::verify::findings::{accepted_line, freshness_line, witnesses_line};
use crate::verify::report::{Line, LineId, Report};

/// The three files that a receipt consists of.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptFiles<'a> {
    /// The C2SP tlog-proof.
    pub proof: &'a [u8],
    /// The log entry that it is about.
    pub entry: &'a [u8],
    /// The record that the entry names.
    pub record: &'a [u8],
}

/// Verifies that a record stands in a log's tree.
///
/// A receipt says where a record stands, not who was entitled to sign it and whether it keeps the rules:
/// that takes histories, which are in exhibits and in the ledger. The report says so in lines that are
/// not checked.
pub fn verify_receipt(files: ReceiptFiles<'_>, policy: &Policy, pins: Option<&Pins>) -> Outcome {
    let mut report = Report::new();
    let receipt = required(&mut report, Receipt::parse(files.proof), |error| error.code());
    let entry = required(&mut report, Entry::decode(files.entry), |error| error.code());
    let record = required(&mut report, Record::parse(files.record), |error| error.code());
    let origin = receipt.as_ref().map(|r| r.checkpoint().origin().as_str().to_owned());
    let size = receipt.as_ref().map(|receipt| receipt.checkpoint().size());
    if let (Some(receipt), Some(entry), Some(record)) = (receipt, entry, record) {
        report
            .add(Line::pass(LineId::Format, "proof, entry and record are well formed").required());
        let verified = check_checkpoint(&mut report, &receipt, policy);
        report.add(inclusion_line(&receipt, files.entry, &entry, &record).required());
        let accepted = (receipt.proof().index, entry.accepted_ms);
        accepted_line(verified.as_ref(), &[accepted]).into_iter().for_each(|line| report.add(line));
        check_pins(&mut report, pins, files.entry, &record);
        report.add(witnesses_line(verified.as_ref()));
        report.add(freshness_line(verified.as_ref(), None));
        leave_open(&mut report);
    }
    Outcome { origin, size, item: None, report }
}

fn required<T, E: std::error::Error>(
    report: &mut Report,
    parsed: Result<T, E>,
    code: impl Fn(&E) -> &'static str,
) -> Option<T> {
    match parsed {
        Ok(value) => Some(value),
        Err(error) => {
            report.add(Line::fail(LineId::Format, code(&error), error_text(&error)).required());
            None
        }
    }
}

fn check_checkpoint(report: &mut Report, receipt: &Receipt, policy: &Policy) -> Option<Verified> {
    let id = LineId::Checkpoint;
    match policy.verify(receipt.checkpoint()) {
        Ok(verified) => {
            let text = format!("signed by the log {} with both of its keys", verified.origin);
            report.add(Line::pass(id, text).required());
            Some(verified)
        }
        Err(error) => {
            report.add(Line::fail(id, error.code(), error_text(&error)).required());
            None
        }
    }
}

/// The entry is in the tree, names the record, and the record was made for this log.
fn inclusion_line(receipt: &Receipt, leaf: &[u8], entry: &Entry, record: &Record) -> Line {
    let id = LineId::Inclusion;
    let checkpoint = receipt.checkpoint();
    let header = record.message().header();
    if let Err(error) = receipt.proof().verify(&hash_leaf(leaf), checkpoint.tree_head()) {
        Line::fail(id, error.code(), error_text(&error))
    } else if entry.record != record.digest() {
        let text = format!("the entry names {}, the record is {}", entry.record, record.digest());
        Line::fail(id, "entry/other-record", text)
    } else if header.origin.as_str() != checkpoint.origin().as_str() {
        let (made_for, origin) = (&header.origin, checkpoint.origin());
        let text = format!("the record was made for {made_for}, the log is {origin}");
        Line::fail(id, "record/other-ledger", text)
    } else {
        let (index, size) = (receipt.proof().index.0, checkpoint.size().0);
        let record_type = record.record_type();
        Line::pass(id, format!("the record, a `{record_type}`, is entry {index} of {size}"))
    }
}

/// What takes the histories of the signers and of what they signed about.
fn leave_open(report: &mut Report) {
    let (keys, before) = (
        "a receipt does not carry the histories of keys: ask for an exhibit",
        "a receipt does not carry what was recorded before: ask for an exhibit",
    );
    for (id, text) in
        [(LineId::Signatures, keys), (LineId::KeyStanding, keys), (LineId::CustodyRules, before)]
    {
        report.add(Line::not_checked(id, "receipt/no-key-history", text));
    }
}

fn check_pins(report: &mut Report, pins: Option<&Pins>, entry: &[u8], record: &Record) {
    let id = LineId::AgenciesPinned;
    let Some(pins) = pins else {
        let text = "no pins were given: any ledger of this name would do";
        return report.add(Line::not_checked(id, "pins/none", text));
    };
    let genesis: Option<Hash> = match record.record_type() {
        RecordType::LedgerOpen => Some(sha256(entry)),
        _ => record.message().header().genesis,
    };
    let line = match genesis {
        Some(genesis) if genesis == pins.genesis => {
            Line::pass(id, "the record was made for the pinned ledger")
        }
        _ => {
            let text =
                format!("the record was not made for the ledger with genesis {}", pins.genesis);
            Line::fail(id, "pins/genesis-differs", text)
        }
    };
    report.add(line.required());
}
