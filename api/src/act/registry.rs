//! Acts about the ledger, its agencies, its people and their keys.

use custody_core::cose::Role;
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::record::Signer;
use custody_core::record::body::{
    AgencyEnrol, AgencyUpdate, Body, CustodianEnrol, KeyCompromised, KeyRevoke, KeyRotate,
    LedgerOpen,
};

use super::{Act, agency};

impl Act {
    /// The operator and all founding agencies found the ledger `origin`. The operator signs first, then
    /// each agency with its authority key and its recovery key.
    pub fn found(origin: &Origin, body: LedgerOpen) -> Self {
        let ledger = SubjectId::Ledger(origin.clone());
        let ids: Vec<_> = body.agencies.iter().map(|founder| founder.id).collect();
        let mut signers = vec![Signer { role: Role::Operator, id: ledger.clone() }];
        let pairs =
            ids.iter().flat_map(|id| [agency(Role::Authority, *id), agency(Role::NewKey, *id)]);
        signers.extend(pairs);
        let chains = ids.into_iter().map(SubjectId::Agency).chain([ledger]).collect();
        Self::new(body, chains, signers)
    }

    /// A quorum of founders admits an agency, which signs with both of its keys.
    pub fn enrol_agency(origin: &Origin, founders: &[Uuid], body: AgencyEnrol) -> Self {
        let id = body.agency.id;
        let mut signers = authorities(founders);
        signers.extend([agency(Role::NewKey, id), agency(Role::NewKey, id)]);
        let chains = vec![SubjectId::Agency(id), SubjectId::Ledger(origin.clone())];
        Self::new(body, chains, signers)
    }

    /// An agency enrols a custodian, who signs with the new key.
    pub fn enrol_custodian(person: Uuid, body: CustodianEnrol) -> Self {
        let id = SubjectId::Custodian(person);
        let signers = vec![
            agency(Role::Authority, body.agency),
            Signer { role: Role::NewKey, id: id.clone() },
        ];
        Self::new(body, vec![id], signers)
    }

    /// `agencies` replace a key of `owner`; the new key signs last.
    pub fn rotate_key(owner: SubjectId, agencies: &[Uuid], body: KeyRotate) -> Self {
        let mut signers = authorities(agencies);
        signers.push(Signer { role: Role::NewKey, id: owner.clone() });
        Self::new(body, vec![owner], signers)
    }

    /// `agencies` revoke a key of `owner`.
    pub fn revoke_key(owner: SubjectId, agencies: &[Uuid], body: KeyRevoke) -> Self {
        Self::end_key(owner, agencies, body)
    }

    /// `agencies` declare a key of `owner` compromised.
    pub fn compromise_key(owner: SubjectId, agencies: &[Uuid], body: KeyCompromised) -> Self {
        Self::end_key(owner, agencies, body)
    }

    /// `agency` says something anew about itself or one of its custodians.
    pub fn update(subject: SubjectId, by: Uuid, body: AgencyUpdate) -> Self {
        Self::new(body, vec![subject], vec![agency(Role::Authority, by)])
    }

    /// A quorum of founders decides about the ledger.
    pub fn decide(origin: &Origin, founders: &[Uuid], body: impl Into<Body>) -> Self {
        Self::new(body, vec![SubjectId::Ledger(origin.clone())], authorities(founders))
    }

    /// The operator writes into the ledger's own chain.
    pub fn operate(origin: &Origin, body: impl Into<Body>) -> Self {
        let ledger = SubjectId::Ledger(origin.clone());
        let signers = vec![Signer { role: Role::Operator, id: ledger.clone() }];
        Self::new(body, vec![ledger], signers)
    }

    fn end_key(owner: SubjectId, agencies: &[Uuid], body: impl Into<Body>) -> Self {
        Self::new(body, vec![owner], authorities(agencies))
    }
}

/// Authorities sign in the order of their ids.
fn authorities(agencies: &[Uuid]) -> Vec<Signer> {
    let mut agencies = agencies.to_vec();
    agencies.sort();
    agencies.into_iter().map(|id| agency(Role::Authority, id)).collect()
}
