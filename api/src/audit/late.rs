//! Records that came too late to take their place.

use custody_core::record::Record;
use custody_core::record::body::{Body, LateReason};

use super::finding::{Finding, Kind};
use super::seen::{Seen, as_custodian};
use super::{Look, Pass};
use crate::failure::Failure;

/// Every late entry.
#[derive(Default)]
pub struct LateEntries;

impl Look for LateEntries {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::LateEntry]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        let Body::LateEntry(body) = seen.body() else { return Ok(()) };
        // A rule has parsed it before: it is one.
        let embedded = Record::parse(&body.record)?;
        let why = match body.reason {
            LateReason::Conflict => "another record had taken its place",
            LateReason::KeyEnded => "a key that signed it was ended before",
            _ => body.reason.word(),
        };
        let text = format!("a `{}` came too late: {why}", embedded.record_type());
        let signers = embedded.payload().signers.iter();
        let signers = signers.filter_map(|signer| as_custodian(&signer.id));
        let finding = Finding::new(Kind::LateEntry, [seen.index], text);
        pass.find(finding.about(seen.noted()).with(seen.people()).with(signers));
        Ok(())
    }
}
