use crate::cbor::{Reader, Value};
use crate::id::Uuid;
use crate::record::body::part::{AgencyId, Code, Part, Text, Time, body};
use crate::record::body::{LegalBasis, RequestGround, RequestPurpose, RequestStep};
use crate::record::error::RecordError;

/// Longest name of a treaty, order or law in bytes.
const MAX_INSTRUMENT: usize = 200;

body! {
    /// A step of a request for mutual legal assistance. Numbers and points of contact are sealed fields,
    /// documents are attached.
    Request {
        /// The requested agency, in the first step.
        to: Uuid = optional "to" as AgencyId,
        /// Which step.
        step: RequestStep = required "step" as Code,
        /// What the request rests on, in the first step.
        basis: LegalBasis = optional "basis" as Code,
        /// On what ground it is refused, where it is.
        ground: RequestGround = optional "ground" as Code,
        /// What it is for, in the first step.
        purpose: RequestPurpose = optional "purpose" as Code,
        /// By when an answer is due: seconds since 1970.
        deadline_s: u64 = optional "deadline" as Time,
        /// The treaty, order or law, in the first step.
        instrument: String = optional "instrument" as Text<MAX_INSTRUMENT>,
    }
}
