//! Whether the people are those whom the reader knows: pins.

use std::collections::BTreeSet;

use crate::custody::{AgencyState, Held, Holdings, KeyEnd, Standing};
use crate::id::{SubjectId, Uuid};
use crate::key::Kid;
use crate::record::body::KeySlot;
use crate::verify::exhibit::Check;
use crate::verify::report::LineId;

impl Check<'_> {
    pub(super) fn check_pins(&mut self) {
        let id = LineId::AgenciesPinned;
        let Some(pins) = self.inputs.pins else {
            let text = "no pinned agency keys were given: the people could be anybody";
            return self.not_checked(id, "pins/none", text);
        };
        if self.genesis != Some(pins.genesis) {
            let actual = self.genesis.map_or("none".to_owned(), |genesis| genesis.to_string());
            let text =
                format!("pinned is the ledger with genesis {}, this is {actual}", pins.genesis);
            return self.fail(id, "pins/genesis-differs", text);
        }
        if !self.is_whole {
            let text = "the history does not hold together, so it names nobody";
            return self.not_checked(id, "history/stopped", text);
        }
        let agencies = self.acting_agencies();
        for agency in &agencies {
            let kids: Vec<_> = pins.agencies.iter().filter(|pin| pin.0 == *agency).collect();
            if let Err((is_wrong, code, text)) = self.check_agency(*agency, &kids) {
                return match is_wrong {
                    true => self.fail(id, code, text),
                    false => self.not_checked(id, code, text),
                };
            }
        }
        self.pass(id, format!("all {} agencies that acted are pinned", agencies.len()));
    }

    fn check_agency(
        &self,
        agency: Uuid,
        pins: &[&(Uuid, Kid)],
    ) -> Result<(), (bool, &'static str, String)> {
        let id = SubjectId::Agency(agency);
        let state = self.agency(agency);
        let name = state.map_or("", |state| state.name.as_str());
        if pins.is_empty() {
            return Err((false, "pins/not-pinned", format!("{id} ({name}) is not pinned")));
        }
        let keys = state.map_or(&[][..], |state| state.keys.as_slice());
        for (_, kid) in pins {
            let key = keys.iter().find(|key| key.key.kid() == *kid);
            match key.filter(|key| key.slot == KeySlot::Authority).map(|key| key.end) {
                None => {
                    let text = format!("{id} ({name}) has no authority key {kid}, which is pinned");
                    return Err((true, "pins/key-differs", text));
                }
                Some(Some(KeyEnd::Compromised { .. })) => {
                    let text = format!("the pinned key {kid} of {id} ({name}) is compromised");
                    return Err((false, "pins/key-compromised", text));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn agency(&self, agency: Uuid) -> Option<&AgencyState> {
        match self.book.get(&SubjectId::Agency(agency)) {
            Held::Present(subject) => match &subject.standing {
                Standing::Agency(state) => Some(state),
                _ => None,
            },
            _ => None,
        }
    }

    /// The agencies of everybody who signed a record about evidence, or the exhibit itself.
    fn acting_agencies(&self) -> BTreeSet<Uuid> {
        let records = self.contents.records.iter().map(|placed| placed.record.payload());
        let signers = records.flat_map(|payload| &payload.signers).filter_map(|s| match s.id {
            SubjectId::Custodian(id) => Some(id),
            _ => None,
        });
        let people = signers.chain([self.exhibit.manifest().exporter]);
        people.filter_map(|id| self.agency_of(id)).collect()
    }

    fn agency_of(&self, custodian: Uuid) -> Option<Uuid> {
        match self.book.get(&SubjectId::Custodian(custodian)) {
            Held::Present(subject) => match &subject.standing {
                Standing::Custodian(state) => Some(state.agency),
                _ => None,
            },
            _ => None,
        }
    }
}
