//! What is sealed: every field is opened as it was sealed, or withheld for a reason.

use crate::exhibit::Withheld;
use crate::verify::error_text;
use crate::verify::exhibit::Check;
use crate::verify::report::{Line, LineId};

impl Check<'_> {
    pub(super) fn check_redactions(&mut self) {
        let id = LineId::Redactions;
        for known in &self.contents.openings {
            let payload = self.contents.placed(known.index).map(|placed| placed.record.payload());
            let entry = known.index.0;
            let Some(payload) = payload else {
                let text = format!("an opening belongs to entry {entry}, which is not here");
                return self.fail(id, "opening/no-such-record", text);
            };
            if let Err(error) = known.opening.verify(payload) {
                let text = format!("entry {entry}: {}", error_text(&error));
                return self.fail(id, error.code(), text);
            }
        }
        let withheld = &self.exhibit.manifest().withheld;
        if let Some(known) = withheld.iter().find(|known| !self.is_withheld(known)) {
            let text = format!(
                "the manifest withholds `{}` of entry {}, which is not sealed there or is open",
                known.field, known.index.0
            );
            return self.fail(id, "redactions/not-withheld", text);
        }
        if let Some((entry, field)) = self.unlisted() {
            let text =
                format!("`{field}` of entry {entry} is neither open nor withheld by the manifest");
            return self.fail(id, "redactions/unlisted", text);
        }
        let open = self.contents.openings.len();
        let line = match withheld.len() {
            0 => Line::pass(id, format!("nothing is withheld; {open} sealed fields are open")),
            n => Line::pass(id, format!("{n} sealed fields are withheld: {}", list(withheld)))
                .with_code("redactions/withheld"),
        };
        self.report.add(line.required());
    }

    fn is_withheld(&self, known: &Withheld) -> bool {
        let placed = self.contents.placed(known.index);
        let is_sealed =
            placed.is_some_and(|p| p.record.payload().commitment(&known.field).is_some());
        is_sealed && self.contents.opening(known.index, &known.field).is_none()
    }

    fn unlisted(&self) -> Option<(u64, String)> {
        let withheld = &self.exhibit.manifest().withheld;
        self.contents.records.iter().find_map(|placed| {
            let index = placed.index;
            let is_listed = |field: &String| {
                self.contents.opening(index, field).is_some()
                    || withheld
                        .binary_search_by_key(&(index, field.as_bytes()), Withheld::place)
                        .is_ok()
            };
            let mut names = placed.record.payload().sealed_names();
            names.find(|field| !is_listed(field)).map(|field| (index.0, field))
        })
    }
}

/// The withheld fields by reason, so that a reader sees at a glance what they are not shown.
fn list(withheld: &[Withheld]) -> String {
    let row =
        |known: &Withheld| format!("{} of entry {} ({})", known.field, known.index.0, known.reason);
    withheld.iter().map(row).collect::<Vec<_>>().join(", ")
}
