//! What is sealed: every field is opened as it was sealed, or withheld for a reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::exhibit::{Withheld, WithholdReason};
use crate::hash::Hash;
use crate::record::body::{Body, EraseBasis};
use crate::verify::error_text;
use crate::verify::exhibit::Check;
use crate::verify::report::{Line, LineId};

/// By record and field: the entry that says so, and on what basis.
type ErasedFields<'a> = BTreeMap<(Hash, &'a str), (u64, EraseBasis)>;

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
        let erased = self.erased_fields();
        if let Some(known) = self.erased_unrecorded(withheld, &erased) {
            let text = format!(
                "`{}` of entry {} is said to be erased, and no `erase-opening` says so",
                known.field, known.index.0
            );
            return self.fail(id, "redactions/erased-unrecorded", text);
        }
        if let Some((entry, field)) = self.unlisted() {
            let text =
                format!("`{field}` of entry {entry} is neither open nor withheld by the manifest");
            return self.fail(id, "redactions/unlisted", text);
        }
        let open = self.contents.openings.len();
        let line = match withheld.len() {
            0 => Line::pass(id, format!("nothing is withheld; {open} sealed fields are open")),
            n => Line::pass(
                id,
                format!("{n} sealed fields are withheld: {}", self.list(withheld, &erased)),
            )
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

    /// The first field of the item's history of which the manifest says that it was erased, and no record does.
    /// What else is here belongs to people and other items, whose notes are not.
    fn erased_unrecorded<'m>(
        &self,
        withheld: &'m [Withheld],
        erased: &ErasedFields<'_>,
    ) -> Option<&'m Withheld> {
        let own: BTreeSet<_> = self.history(true).iter().map(|placed| placed.index).collect();
        withheld.iter().find(|known| {
            known.reason == WithholdReason::Erased
                && own.contains(&known.index)
                && self.erased_by(known, erased).is_none()
        })
    }

    /// What the records of the item's history say of openings that were erased.
    fn erased_fields(&self) -> ErasedFields<'_> {
        let mut erased = ErasedFields::new();
        for placed in self.history(true) {
            if let Body::EraseOpening(body) = &placed.record.payload().body {
                let by = (placed.index.0, body.basis);
                erased.extend(body.fields.iter().map(|field| ((field.record, &*field.field), by)));
            }
        }
        erased
    }

    /// The entry by which a withheld field was erased, and on what basis.
    fn erased_by(&self, known: &Withheld, erased: &ErasedFields<'_>) -> Option<(u64, EraseBasis)> {
        let record = self.contents.placed(known.index)?.record.digest();
        erased.get(&(record, known.field.as_str())).copied()
    }

    /// The withheld fields with their reasons, so that a reader sees at a glance what they are not shown.
    fn list(&self, withheld: &[Withheld], erased: &ErasedFields<'_>) -> String {
        let row = |known: &Withheld| {
            let reason = match self.erased_by(known, erased) {
                Some((entry, basis)) => format!("{}, {basis}, entry {entry}", known.reason),
                None => known.reason.to_string(),
            };
            format!("{} of entry {} ({reason})", known.field, known.index.0)
        };
        withheld.iter().map(row).collect::<Vec<_>>().join(", ")
    }
}
