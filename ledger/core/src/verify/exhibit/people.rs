//! Whether the people are those whom the reader knows: pins.

use std::collections::BTreeSet;

use crate::custody::{AgencyState, Held, Holdings, Standing};
use crate::exhibit::Placed;
use crate::id::{SubjectId, Uuid};
use crate::key::Kid;
use crate::merkle::LeafIndex;
use crate::pins::Pins;
use crate::verify::exhibit::Check;
use crate::verify::pin::check_pin;
use crate::verify::report::{Line, LineId};

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
            if let Err(line) = self.check_agency(*agency, pins) {
                return self.report.add(line.required());
            }
        }
        self.pass(id, format!("all {} agencies that acted are pinned", agencies.len()));
    }

    fn check_agency(&self, agency: Uuid, pins: &Pins) -> Result<(), Line> {
        let state = self.agency(agency);
        let mut own = pins.agencies.iter().filter(|pin| pin.0 == agency).peekable();
        if own.peek().is_none() {
            let name = state.map_or("", |state| state.name.as_str());
            let text = format!("{} ({name}) is not pinned", SubjectId::Agency(agency));
            return Err(Line::not_checked(LineId::AgenciesPinned, "pins/not-pinned", text));
        }
        own.try_for_each(|pin| check_pin(*pin, state, |kid| self.entry_that_enrols(kid)))
    }

    fn entry_that_enrols(&self, kid: Kid) -> Option<LeafIndex> {
        let enrols = |placed: &&Placed| {
            let keys = placed.record.payload().body.enrolled_keys();
            keys.iter().any(|key| key.kid() == kid)
        };
        self.contents.records.iter().find(enrols).map(|placed| placed.index)
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
