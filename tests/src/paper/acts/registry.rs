//! What agencies, founders and the operator say about the ledger itself.

use custody_core::cose::Role;
use custody_core::id::SubjectId;
use custody_core::record::body::*;

use crate::paper::cast::{Agency, Person};
use crate::paper::ledger::PaperLedger;
use crate::paper::page::{Hand, Page};

impl PaperLedger {
    /// An agency has another name from now on.
    pub fn agency_rename(&self, agency: &Agency, name: &str) -> Page {
        let body = AgencyUpdate { name: Some(name.to_owned()), ..no_update() };
        self.page(&[agency.subject()], vec![Hand::authority(agency)], body)
    }

    /// An agency changes what a custodian may sign.
    pub fn custodian_roles(&self, agency: &Agency, person: &Person, roles: &[Role]) -> Page {
        let body = AgencyUpdate { roles: Some(roles.to_vec()), ..no_update() };
        self.page(&[person.subject()], vec![Hand::authority(agency)], body)
    }

    /// A custodian is away for a day, and somebody stands in.
    pub fn absence(&self, agency: &Agency, person: &Person, alternate: &Person) -> Page {
        let from_s = self.now_s();
        let absence = Absence { from_s, until_s: from_s + 86_400, alternate: Some(alternate.id) };
        let body = AgencyUpdate { absence: Some(absence), ..no_update() };
        self.page(&[person.subject()], vec![Hand::authority(agency)], body)
    }

    /// Founders change how many of them decide.
    pub fn policy_change(&self, founders: &[&Agency], quorum: u64) -> Page {
        self.decided(founders, Policy { quorum })
    }

    /// The operator has a time from outside.
    pub fn anchor(&self) -> Page {
        let body = Anchor { kind: AnchorKind::Rfc3161, token: b"a token of an authority".to_vec() };
        self.operated(body)
    }

    /// The operator hashes the tree with a second algorithm.
    pub fn renewal(&self) -> Page {
        self.operated(Renewal { root: [0x5a; 64], algorithm: DigestAlgorithm::Sha512 })
    }

    /// Founders end the ledger: another one goes on from it.
    pub fn operator_succession(&self, founders: &[&Agency], origin: &str) -> Page {
        self.decided(founders, OperatorSuccession { origin: origin.parse().unwrap() })
    }

    fn decided(&self, founders: &[&Agency], body: impl Into<Body>) -> Page {
        let mut founders = founders.to_vec();
        founders.sort_by_key(|founder| founder.id);
        let hands = founders.into_iter().map(Hand::authority).collect();
        self.page(&[self.subject()], hands, body)
    }

    fn operated(&self, body: impl Into<Body>) -> Page {
        let ledger: SubjectId = self.subject();
        let hands = vec![Hand::new(&self.operator(), ledger.clone(), Role::Operator)];
        self.page(&[ledger], hands, body)
    }
}

fn no_update() -> AgencyUpdate {
    AgencyUpdate { name: None, roles: None, absence: None, country: None }
}
