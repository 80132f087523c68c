//! What exhibit vectors have in common: the story they are about, the reader who looks at them, and what
//! that reader must find.

use custody_core::cbor::Value;
use custody_core::verify::{LineId, Verdict, utc_text};
use serde_json::json;

use crate::paper::story::Story;
use crate::paper::vector::Vector;
use crate::paper::{At, Page, PaperExhibit, edit};

/// The usual policy, pins and evidence.
pub const POLICY: &str = "policy.txt";
/// See [`POLICY`].
pub const AGENCIES: &str = "agencies.txt";
/// See [`POLICY`].
pub const EVIDENCE: &str = "evidence/image.raw";

/// An exhibit, who reads it, and what comes of it.
#[derive(Clone)]
pub struct Case {
    name: String,
    desc: String,
    file: Vec<u8>,
    verdict: Verdict,
    line: Option<(LineId, String)>,
    policy: &'static str,
    agencies: Option<&'static str>,
    evidence: Vec<&'static str>,
    checkpoints: Vec<&'static str>,
    at_s: Option<u64>,
}

/// Name, what it does, the line at which it fails, the code, and the file.
pub type Attack = (&'static str, &'static str, LineId, &'static str, fn() -> Vec<u8>);

/// Attacks that are rejected.
pub fn rejected(attacks: &[Attack]) -> Vec<Case> {
    let case =
        |(name, desc, id, code, file): &Attack| Case::rejected(name, desc, *id, code, file());
    attacks.iter().map(case).collect()
}

/// Attacks that leave a line open.
pub fn open(attacks: &[Attack]) -> Vec<Case> {
    let case = |(name, desc, id, code, file): &Attack| Case::open(name, desc, *id, code, file());
    attacks.iter().map(case).collect()
}

impl Case {
    fn new(name: &str, desc: &str, verdict: Verdict, file: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            desc: desc.to_owned(),
            file,
            verdict,
            line: None,
            policy: POLICY,
            agencies: Some(AGENCIES),
            evidence: vec![EVIDENCE],
            checkpoints: Vec::new(),
            at_s: None,
        }
    }

    /// An exhibit that is as it should be.
    pub fn verified(name: &str, desc: &str, file: Vec<u8>) -> Self {
        Self::new(name, desc, Verdict::Verified, file)
    }

    /// An attack that fails at the line `id`.
    pub fn rejected(name: &str, desc: &str, id: LineId, code: &str, file: Vec<u8>) -> Self {
        let case = Self::new(name, desc, Verdict::Rejected, file);
        Self { line: Some((id, code.to_owned())), ..case }
    }

    /// Something that the line `id` cannot check.
    pub fn open(name: &str, desc: &str, id: LineId, code: &str, file: Vec<u8>) -> Self {
        let case = Self::new(name, desc, Verdict::CouldNotCheck, file);
        Self { line: Some((id, code.to_owned())), ..case }
    }

    /// With a line that must be there, with this code.
    pub fn with_line(self, id: LineId, code: &str) -> Self {
        Self { line: Some((id, code.to_owned())), ..self }
    }

    /// With another policy.
    pub fn policy(self, policy: &'static str) -> Self {
        Self { policy, ..self }
    }

    /// With other pins.
    pub fn agencies(self, agencies: Option<&'static str>) -> Self {
        Self { agencies, ..self }
    }

    /// With other evidence.
    pub fn evidence(self, evidence: &[&'static str]) -> Self {
        Self { evidence: evidence.to_vec(), ..self }
    }

    /// With another checkpoint at hand.
    pub fn checkpoint(mut self, checkpoint: &'static str) -> Self {
        self.checkpoints.push(checkpoint);
        self
    }

    /// Asked at another time.
    pub fn at(self, at_s: u64) -> Self {
        Self { at_s: Some(at_s), ..self }
    }

    /// The file and its entry in `want.json`; `at_s` is when its reader asks, unless it says otherwise.
    pub fn vector(self, at_s: u64) -> Vector {
        let at_s = self.at_s.unwrap_or(at_s);
        let mut want = json!({
            "desc": self.desc,
            "verdict": self.verdict.word(),
            "policy": self.policy,
            "evidence": self.evidence,
            "checkpoints": self.checkpoints,
            "at": utc_text(at_s),
        });
        if let Some(agencies) = self.agencies {
            want["agencies"] = json!(agencies);
        }
        if let Some((id, code)) = self.line {
            want["line"] = json!(id.word());
            want["code"] = json!(code);
        }
        Vector { name: format!("{}.exhibit", self.name), bytes: self.file, want }
    }
}

/// The whole story's exhibit with a change that its exporter signs.
pub fn signed(change: impl FnOnce(&Story, &mut PaperExhibit)) -> Vec<u8> {
    let story = Story::whole();
    let mut exhibit = story.exhibit();
    change(&story, &mut exhibit);
    exhibit.encode()
}

/// The exhibit of the whole story after something that a log without duty took in.
pub fn afterwards(change: impl FnOnce(&mut Story)) -> Vec<u8> {
    let mut story = Story::whole();
    change(&mut story);
    story.exhibit().encode()
}

/// The exhibit of the whole story after the log took in `page`, whatever it is.
pub fn forced(page: impl FnOnce(&mut Story) -> Page) -> Vec<u8> {
    afterwards(|story| {
        let page = page(story);
        story.ledger.force_page(&page);
    })
}

/// The whole story's exhibit with a change to the tree of its contents, which its exporter signs.
pub fn edited(path: &[At<'_>], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let exhibit = Story::whole().exhibit();
    exhibit.encode_contents(&edit(&exhibit.contents.encode(), path, change))
}

/// The whole story's exhibit with a change that nobody signs.
pub fn tampered(path: &[At<'_>], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    edit(&Story::whole().exhibit().encode(), path, change)
}

impl PaperExhibit {
    /// Leaves a record out, with its openings.
    pub fn drop_record(&mut self, index: u64) {
        self.contents.records.retain(|placed| placed.index.0 != index);
        self.contents.openings.retain(|known| known.index.0 != index);
    }

    /// Leaves a history out: the lookup, and the records that belong to nothing else here.
    pub fn drop_subject(&mut self, subject: &custody_core::id::SubjectId) {
        self.contents.subjects.retain(|lookup| lookup.subject != *subject);
        let listed: Vec<_> =
            self.contents.subjects.iter().map(|lookup| lookup.subject.clone()).collect();
        let belongs = |placed: &custody_core::exhibit::Placed| {
            placed.record.payload().subjects.iter().any(|link| listed.contains(&link.subject))
        };
        let strays: Vec<_> =
            self.contents.records.iter().filter(|placed| !belongs(placed)).collect();
        let strays: Vec<_> = strays.into_iter().map(|placed| placed.index.0).collect();
        strays.into_iter().for_each(|index| self.drop_record(index));
    }
}
