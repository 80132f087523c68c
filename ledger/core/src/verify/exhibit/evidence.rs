//! Evidence files in the reader's hands against the digests in the records.

use crate::cbor::Reader;
use crate::exhibit::Placed;
use crate::hash::Hash;
use crate::record::body::{Body, DigestAlgorithm, DigestScope, EvidenceDigest, decode_digests};
use crate::sealed::Opening;
use crate::verify::exhibit::Check;
use crate::verify::report::{Line, LineId};

/// A file that the reader holds, hashed by the caller.
#[derive(Clone, Debug)]
pub struct EvidenceFile {
    /// Its name, for the report.
    pub name: String,
    /// Its SHA-256 digest.
    pub sha256: Hash,
    /// Its SHA-512 digest, needed only where records have such digests.
    pub sha512: Option<[u8; 64]>,
}

impl Check<'_> {
    pub(super) fn check_evidence(&mut self) {
        let id = LineId::EvidenceFiles;
        let recorded = self.recorded_digests();
        if self.inputs.evidence.is_empty() {
            let text = format!(
                "no evidence file was given to compare with the {} recorded digests",
                recorded.len()
            );
            return self.report.add(Line::not_checked(id, "evidence/none", text));
        }
        if recorded.is_empty() {
            let text = "the exhibit opens no digest to compare the files with";
            return self.not_checked(id, "evidence/digests-withheld", text);
        }
        let mut matched = Vec::new();
        for file in self.inputs.evidence {
            let Some(entry) = recorded.iter().find(|(_, digest)| file.has(digest)) else {
                let text =
                    format!("`{}` has sha-256 {}, which no record names", file.name, file.sha256);
                return self.fail(id, "evidence/no-match", text);
            };
            matched
                .push(format!("`{}` ({} digest of entry {})", file.name, entry.1.scope, entry.0));
        }
        self.pass(id, format!("bit for bit as recorded: {}", matched.join(", ")));
    }

    /// Every digest that the exhibit shows, with the entry that records it: of items and of documents.
    fn recorded_digests(&self) -> Vec<(u64, EvidenceDigest)> {
        let records = self.contents.records.iter();
        records
            .flat_map(|placed| {
                let digests = [self.digests_of_item(placed), self.digests_of_documents(placed)];
                digests.concat().into_iter().map(|digest| (placed.index.0, digest))
            })
            .collect()
    }

    fn digests_of_item(&self, placed: &Placed) -> Vec<EvidenceDigest> {
        let open = match &placed.record.payload().body {
            Body::Collect(body) => body.digests.clone(),
            Body::Derive(body) => body.digests.clone(),
            _ => return Vec::new(),
        };
        let sealed = self.fitting_opening(placed, "digests");
        let sealed = sealed.and_then(|o| decode_digests(&mut Reader::new(&o.value)).ok());
        [open, sealed.unwrap_or_default()].concat()
    }

    /// A document's name and digest are sealed as `[name, [-16, SHA-256]]`.
    fn digests_of_documents(&self, placed: &Placed) -> Vec<EvidenceDigest> {
        let names = (0..placed.record.payload().attached.len()).map(|at| format!("attached/{at}"));
        let digest = |name: String| {
            let mut reader = Reader::new(&self.fitting_opening(placed, &name)?.value);
            reader.array(2, 2).ok()?;
            reader.text().ok()?;
            reader.array(2, 2).ok()?;
            let is_sha256 = reader.int().ok()? == DigestAlgorithm::Sha256.number();
            let digest = Hash::new(reader.array_of().ok()?);
            is_sha256.then(|| EvidenceDigest::sha256(DigestScope::Logical, &digest))
        };
        names.filter_map(digest).collect()
    }

    /// The opening of `field`. One that does not fit its commitment is reported with the redactions.
    fn fitting_opening(&self, placed: &Placed, field: &str) -> Option<&Opening> {
        let opening = self.contents.opening(placed.index, field)?;
        opening.verify(placed.record.payload()).ok().map(|()| opening)
    }
}

impl EvidenceFile {
    fn has(&self, digest: &EvidenceDigest) -> bool {
        match digest.algorithm {
            DigestAlgorithm::Sha256 => digest.bytes == self.sha256.as_bytes(),
            DigestAlgorithm::Sha512 => self.sha512.is_some_and(|own| digest.bytes == own),
        }
    }
}
