//! The demo's three exhibits, and what the verifier says about them.

use std::path::Path;

use custody_core::checkpoint::Checkpoint;
use custody_core::exhibit::{Exhibit, WithholdReason};
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::pins::Pins;
use custody_core::policy::Policy;
use custody_core::verify::{
    EvidenceFile, Inputs, Outcome, Verdict, refused_exhibit, verify_exhibit,
};

use super::Judged;
use super::cast::Cast;
use crate::desk::{Desk, now_s};
use crate::export::{Export, Exporter, make};
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::handling::Recipient;

/// What the tampered exhibit changes: one digit of the number on the bag.
const SEAL: &[u8] = b"NL-204431";
const OTHER_SEAL: &[u8] = b"NL-204439";

pub fn export_and_verify(
    desk: &Desk,
    dir: &Path,
    cast: &Cast,
    item: Uuid,
    image: (&Path, Hash),
) -> Result<Vec<Judged>, Failure> {
    let export = Export {
        item,
        recipient: "Court of Example".to_owned(),
        purpose: "training".to_owned(),
        since: Vec::new(),
        handling: Vec::new(),
        withhold: Vec::new(),
        to: Recipient::Court,
        permissions: Vec::new(),
    };
    let reasons = [
        ("name", WithholdReason::PersonalData),
        ("place", WithholdReason::PersonalData),
        ("reference", WithholdReason::Investigation),
        ("value", WithholdReason::PersonalData),
    ];
    let withhold = reasons.map(|(field, reason)| (field.to_owned(), reason)).to_vec();
    let redacted = Export { withhold, ..export.clone() };
    let exporter = Exporter { id: cast.analyst.id, key: &cast.analyst.pair.key };
    let full = make(desk, &export, exporter)?.bytes;
    let redacted = make(desk, &redacted, exporter)?.bytes;
    let tampered = tamper(&full)?;
    let reader = Reader::new(dir, image)?;
    let mut judged = Vec::new();
    for (file, bytes, expected) in [
        ("demo.exhibit", full, Verdict::Verified),
        ("redacted.exhibit", redacted, Verdict::Verified),
        ("tampered.exhibit", tampered, Verdict::Rejected),
    ] {
        file::create(&dir.join(file), &bytes, Access::Shared)?;
        let report = reader.verify(&bytes).report;
        let lines = report.lines().iter().map(ToString::to_string).collect();
        judged.push(Judged { file, expected, verdict: report.verdict(), lines });
    }
    Ok(judged)
}

/// The stranger who verifies: the files that lie beside the exhibits, and the image.
struct Reader {
    policy: Policy,
    pins: Pins,
    checkpoint: Checkpoint,
    evidence: EvidenceFile,
}

impl Reader {
    fn new(dir: &Path, (path, sha256): (&Path, Hash)) -> Result<Self, Failure> {
        let read = |name: &str| file::read(&dir.join(name), 1 << 20);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            policy: Policy::parse(&read("policy.txt")?)?,
            pins: Pins::parse(&read("agencies.txt")?)?,
            checkpoint: Checkpoint::parse(&read("tiles/checkpoint")?)?,
            evidence: EvidenceFile { name, sha256, sha512: None },
        })
    }

    fn verify(&self, bytes: &[u8]) -> Outcome {
        let inputs = Inputs {
            policy: &self.policy,
            pins: Some(&self.pins),
            checkpoints: std::slice::from_ref(&self.checkpoint),
            evidence: std::slice::from_ref(&self.evidence),
            at_s: Some(now_s()),
        };
        match Exhibit::parse(bytes) {
            Ok(exhibit) => verify_exhibit(&exhibit, &inputs),
            Err(error) => refused_exhibit(&error),
        }
    }
}

/// Changes one digit in an opening, as somebody would who wants another bag to fit the papers.
fn tamper(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let place = bytes.windows(SEAL.len()).position(|window| window == SEAL);
    let missing = || Failure::could_not("internal", "the exhibit does not show the seal's number");
    let place = place.ok_or_else(missing)?;
    let mut tampered = bytes.to_vec();
    tampered[place..place + SEAL.len()].copy_from_slice(OTHER_SEAL);
    Ok(tampered)
}
