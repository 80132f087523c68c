//! Evidence files in the reader's hands against the digests in the records.

use std::collections::BTreeMap;

use crate::cbor::Reader;
use crate::exhibit::Placed;
use crate::hash::Hash;
use crate::merkle::LeafIndex;
use crate::record::body::{Body, DigestAlgorithm, DigestScope, EvidenceDigest, decode_digests};
use crate::sealed::Opening;
use crate::verify::exhibit::{Check, begun};
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

/// What a file is to the item, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kinship {
    Itself,
    Ancestor,
    MadeFromItem,
    MadeFromAncestor,
    Document,
}

/// Where a digest stands, and what it is a digest of.
#[derive(Clone, Copy, Debug)]
struct Recorded {
    kinship: Kinship,
    entry: LeafIndex,
    scope: DigestScope,
}

/// The recorded digests by algorithm and bytes. A digest that stands in several places is that of the
/// nearest kin.
type RecordedDigests = BTreeMap<(i64, Vec<u8>), Recorded>;

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
            let Some(known) = file.find(&recorded) else {
                let text = format!(
                    "`{}` has sha-256 {}, which no record of the item's history names",
                    file.name, file.sha256
                );
                return self.fail(id, "evidence/no-match", text);
            };
            matched.push((file, known));
        }
        self.report.add(matched_line(&matched).required());
    }

    /// Every digest that the history of the item shows. What else is in the exhibit does not count: the
    /// exporter may have added it.
    fn recorded_digests(&self) -> RecordedDigests {
        let mut recorded = RecordedDigests::new();
        for placed in self.history(true) {
            let documents = self.digests_of_documents(placed).into_iter();
            let documents = documents.map(|digest| (Kinship::Document, digest));
            for (kinship, digest) in self.digests_of_item(placed).into_iter().chain(documents) {
                let found = Recorded { kinship, entry: placed.index, scope: digest.scope };
                let known = recorded.entry((digest.algorithm.number(), digest.bytes));
                let known = known.or_insert(found);
                if kinship < known.kinship {
                    *known = found;
                }
            }
        }
        recorded
    }

    /// The digests of the item that a record began, and what that item is to the exhibit's.
    fn digests_of_item(&self, placed: &Placed) -> Vec<(Kinship, EvidenceDigest)> {
        let payload = placed.record.payload();
        let Some((begun, parent)) = begun(payload) else { return Vec::new() };
        let kinship = match begun {
            item if item == self.contents.item => Kinship::Itself,
            item if self.lineage.contains(&item) => Kinship::Ancestor,
            _ if parent == Some(self.contents.item) => Kinship::MadeFromItem,
            _ => Kinship::MadeFromAncestor,
        };
        let open = match &payload.body {
            Body::Collect(body) => body.digests.clone(),
            Body::Derive(body) => body.digests.clone(),
            Body::ProviderProduction(body) => body.digests.clone(),
            Body::RegisterLegacy(body) => body.digests.clone(),
            _ => Vec::new(),
        };
        let sealed = self.fitting_opening(placed, "digests");
        let sealed = sealed.and_then(|o| decode_digests(&mut Reader::new(&o.value)).ok());
        let digests = open.into_iter().chain(sealed.unwrap_or_default());
        digests.map(|digest| (kinship, digest)).collect()
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
    /// Where one of the file's digests stands; the nearest kin, if both are recorded.
    fn find(&self, recorded: &RecordedDigests) -> Option<Recorded> {
        let sha256 = (DigestAlgorithm::Sha256.number(), self.sha256.as_bytes().to_vec());
        let sha512 = self.sha512.map(|own| (DigestAlgorithm::Sha512.number(), own.to_vec()));
        let found = [Some(sha256), sha512].into_iter().flatten();
        found
            .filter_map(|digest| recorded.get(&digest).copied())
            .min_by_key(|known| (known.kinship, known.entry))
    }
}

impl Recorded {
    /// In words: what the file is, and where that is recorded.
    fn text(&self) -> String {
        let Self { entry, scope, .. } = self;
        let kin = match self.kinship {
            Kinship::Document => return format!("a document attached to entry {entry}"),
            Kinship::Itself => "the item itself",
            Kinship::Ancestor => "an item that it was made from",
            Kinship::MadeFromItem => "an item made from it",
            Kinship::MadeFromAncestor => "another item made from what it was made from",
        };
        format!("{kin} ({scope} digest of entry {entry})")
    }
}

/// The line where every file has a recorded digest: only one that is the item itself says something
/// about the item.
fn matched_line(matched: &[(&EvidenceFile, Recorded)]) -> Line {
    let id = LineId::EvidenceFiles;
    let row =
        |(file, known): &(&EvidenceFile, Recorded)| format!("`{}` is {}", file.name, known.text());
    let rows = matched.iter().map(row).collect::<Vec<_>>().join(", ");
    match matched.iter().any(|(_, known)| known.kinship == Kinship::Itself) {
        true => Line::pass(id, format!("bit for bit as recorded: {rows}")),
        false => {
            let text = format!("no file is the item itself; bit for bit as recorded: {rows}");
            Line::pass(id, text).with_code("evidence/related-only")
        }
    }
}
