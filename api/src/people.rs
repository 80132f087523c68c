//! People by name: what the openings of enrolments show, and ids where they do not.

use std::cell::RefCell;
use std::collections::HashMap;

use custody_core::custody::Standing;
use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};

use crate::desk::Desk;
use crate::failure::Failure;

/// Looks names up, each once.
pub struct People<'d> {
    desk: &'d Desk<'d>,
    known: RefCell<HashMap<SubjectId, Name>>,
    shows_names: bool,
}

/// How somebody is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Who.
    pub id: SubjectId,
    /// Their own name, where it is open.
    pub name: Option<String>,
    /// The agency they work for.
    pub agency: Option<String>,
}

impl<'d> People<'d> {
    /// The people of a ledger.
    pub fn of(desk: &'d Desk) -> Self {
        Self { desk, known: RefCell::default(), shows_names: true }
    }

    /// The people of a ledger by their ids alone, whatever openings are at hand.
    pub fn nameless(desk: &'d Desk) -> Self {
        Self { shows_names: false, ..Self::of(desk) }
    }

    /// How `id` is called. Whoever is not enrolled, as an offer may name them, has no name.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn name(&self, id: &SubjectId) -> Result<Name, Failure> {
        if let Some(name) = self.known.borrow().get(id) {
            return Ok(name.clone());
        }
        let name = self.look_up(id)?;
        self.known.borrow_mut().insert(id.clone(), name.clone());
        Ok(name)
    }

    /// As [`People::name`], for a custodian.
    ///
    /// # Errors
    /// As there.
    pub fn custodian(&self, id: Uuid) -> Result<Name, Failure> {
        self.name(&SubjectId::Custodian(id))
    }

    fn look_up(&self, id: &SubjectId) -> Result<Name, Failure> {
        let (name, agency) = match id {
            SubjectId::Custodian(_) => match self.desk.look_up(id)?.map(|found| found.standing) {
                Some(Standing::Custodian(state)) => {
                    (self.enrolled_name(id)?, self.agency_name(state.agency)?)
                }
                _ => (None, None),
            },
            SubjectId::Agency(agency) => (self.agency_name(*agency)?, None),
            SubjectId::Ledger(_) => (Some("the operator".to_owned()), None),
            _ => (None, None),
        };
        Ok(Name { id: id.clone(), name, agency })
    }

    fn agency_name(&self, id: Uuid) -> Result<Option<String>, Failure> {
        let found = self.desk.look_up(&SubjectId::Agency(id))?;
        Ok(found.and_then(|found| match found.standing {
            Standing::Agency(state) => Some(format!("{}, {}", state.name, state.country)),
            _ => None,
        }))
    }

    fn enrolled_name(&self, id: &SubjectId) -> Result<Option<String>, Failure> {
        if !self.shows_names {
            return Ok(None);
        }
        let Some(enrolment) = self.desk.books().first(id)? else { return Ok(None) };
        let openings = self.desk.openings(&sha256(&enrolment.record))?;
        let name = openings.iter().find(|opening| opening.field == "name");
        Ok(name.and_then(|opening| opening.as_text()).map(str::to_owned))
    }
}

/// `Anna Berg (Example Police, NL)`; the id where the name is not open.
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name)?,
            None => write!(f, "{}", self.id)?,
        }
        match &self.agency {
            Some(agency) => write!(f, " ({agency})"),
            None => Ok(()),
        }
    }
}
