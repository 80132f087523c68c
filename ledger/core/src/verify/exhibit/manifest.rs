//! The exporter's word on what the file holds.

use crate::cose::Role;
use crate::custody::{Held, Holdings, Standing};
use crate::id::{Origin, SubjectId};
use crate::verify::error_text;
use crate::verify::exhibit::Check;
use crate::verify::report::LineId;

impl Check<'_> {
    pub(super) fn check_manifest(&mut self) {
        let manifest = self.exhibit.manifest();
        if manifest.contents != self.exhibit.contents_digest() {
            let text = format!(
                "the manifest was signed for contents {}, these are {}",
                manifest.contents,
                self.exhibit.contents_digest()
            );
            return self.fail(LineId::Manifest, "manifest/contents-differ", text);
        }
        if manifest.item != self.contents.item {
            let text = "the manifest was signed for another item";
            return self.fail(LineId::Manifest, "manifest/item-differs", text);
        }
        match self.check_exporter() {
            Ok(()) => {
                let text = format!(
                    "made for {} ({}), signed by custodian:{}",
                    manifest.recipient, manifest.purpose, manifest.exporter
                );
                self.pass(LineId::Manifest, text);
            }
            Err((code, text)) => self.fail(LineId::Manifest, code, text),
        }
    }

    fn check_exporter(&self) -> Result<(), (&'static str, String)> {
        let signed = self.exhibit.signed_manifest();
        let exporter = SubjectId::Custodian(self.exhibit.manifest().exporter);
        let [line] = signed.signatures() else {
            return Err(("manifest/signers", "exactly one signature is needed".to_owned()));
        };
        if line.header.role != Role::Acting {
            return Err(("manifest/signers", "the exporter signs as acting custodian".to_owned()));
        }
        let ours: Option<Origin> = self.contents.checkpoint.origin().as_str().parse().ok();
        if Some(&signed.header().origin) != ours.as_ref() || signed.header().genesis != self.genesis
        {
            let text = "the manifest was signed for another ledger".to_owned();
            return Err(("manifest/other-ledger", text));
        }
        let Held::Present(subject) = self.book.get(&exporter) else {
            return Err(("manifest/exporter-unknown", format!("{exporter} is not enrolled")));
        };
        let Standing::Custodian(person) = &subject.standing else {
            return Err(("manifest/exporter-unknown", format!("{exporter} is not a custodian")));
        };
        if !person.roles.contains(&Role::Acting) {
            let text = format!("{exporter} was not enrolled to act alone");
            return Err(("manifest/role-not-granted", text));
        }
        let state = person.keys.iter().find(|state| state.key.kid() == line.header.kid);
        let Some(state) = state else {
            let text = format!("key {} is not one of {exporter}", line.header.kid);
            return Err(("manifest/key-not-enrolled", text));
        };
        if state.end.is_some() {
            let text = format!("key {} of {exporter} had ended", line.header.kid);
            return Err(("manifest/key-ended", text));
        }
        signed
            .verify_signature(0, &state.key)
            .map_err(|error| ("manifest/signature", error_text(&error)))
    }
}
