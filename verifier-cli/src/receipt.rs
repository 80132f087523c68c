//! `custody-verify receipt`

use custody_core::receipt::MAX_RECEIPT_LEN;
use custody_core::record::MAX_LATE_ENTRY;
use custody_core::tile::MAX_ENTRY_LEN;
use custody_core::verify::{ReceiptFiles, verify_receipt};

use crate::arguments::ReceiptOptions;
use crate::failure::Failure;
use crate::input::{self, Anchors};
use crate::output::{Answer, Nothing};

/// Verifies a receipt with the entry and the record that it is about.
pub fn run(options: &ReceiptOptions) -> Result<Answer, Failure> {
    let anchors = Anchors::read(&options.trust)?;
    let proof = input::read_beyond(&options.proof, MAX_RECEIPT_LEN)?;
    let entry = input::read_beyond(&options.entry, MAX_ENTRY_LEN)?;
    let record = input::read_beyond(&options.record, MAX_LATE_ENTRY)?;
    let files = ReceiptFiles { proof: &proof, entry: &entry, record: &record };
    let outcome = verify_receipt(files, &anchors.policy, anchors.pins.as_ref());
    Ok(Answer::of_outcome(&outcome, options.trust.json, Nothing::default(), Vec::new()))
}
