//! Verifying a receipt: one record, one entry, one tlog-proof. SPEC section "Verifying a receipt".

use crate::entry::Entry;
use crate::hash::{Hash, sha256};
use crate::pins::Pins;
use crate::policy::{Policy, Verified};
use crate::receipt::Receipt;
use crate::record::Record;
use crate::record::body::RecordType;
use crate::verify::error_text;
use crate::verify::exhibit::Outcome;
use crate::verify::findings::{freshness_line, witnesses_line};
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
/// A receipt says where a record stands, not who was entitled to sign it: the histories of the keys are
/// in exhibits and in the ledger. The report says so in a line that is not checked.
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
        let verified = check_tree(&mut report, &receipt, files.entry, policy);
        check_record(&mut report, &receipt, &entry, &record);
        check_pins(&mut report, pins, files.entry, &record);
        report.add(witnesses_line(verified.as_ref()));
        report.add(freshness_line(verified.as_ref(), None));
        let text = "a receipt does not carry the histories of keys: ask for an exhibit";
        report.add(Line::not_checked(LineId::Signatures, "receipt/no-key-history", text));
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

fn check_tree(
    report: &mut Report,
    receipt: &Receipt,
    entry: &[u8],
    policy: &Policy,
) -> Option<Verified> {
    let verified = match policy.verify(receipt.checkpoint()) {
        Ok(verified) => {
            let text = format!("signed by the log {} with both of its keys", verified.origin);
            report.add(Line::pass(LineId::Checkpoint, text).required());
            Some(verified)
        }
        Err(error) => {
            let text = error_text(&error);
            report.add(Line::fail(LineId::Checkpoint, error.code(), text).required());
            None
        }
    };
    let leaf = crate::hash::hash_leaf(entry);
    let (index, size) = (receipt.proof().index.0, receipt.checkpoint().size().0);
    let line = match receipt.proof().verify(&leaf, receipt.checkpoint().tree_head()) {
        Ok(()) => Line::pass(LineId::Inclusion, format!("entry {index} of {size}")),
        Err(error) => Line::fail(LineId::Inclusion, error.code(), error_text(&error)),
    };
    report.add(line.required());
    verified
}

/// The entry names the record, and the record was made for this log.
fn check_record(report: &mut Report, receipt: &Receipt, entry: &Entry, record: &Record) {
    let id = LineId::CustodyRules;
    let origin = receipt.checkpoint().origin().as_str();
    let header = record.message().header();
    let line = if entry.record != record.digest() {
        let text = format!("the entry names {}, the record is {}", entry.record, record.digest());
        Line::fail(id, "entry/other-record", text)
    } else if header.origin.as_str() != origin {
        let text = format!("the record was made for {}, the log is {origin}", header.origin);
        Line::fail(id, "record/other-ledger", text)
    } else {
        Line::pass(id, format!("the entry names the record, a `{}`", record.record_type()))
    };
    report.add(line.required());
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
