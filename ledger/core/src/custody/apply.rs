use crate::custody::state::{Held, Holdings, Standing, Subject};
use crate::custody::violation::RuleViolation;
use crate::custody::{item, notes, registry, request};
use crate::hash::Hash;
use crate::id::{SubjectId, Uuid};
use crate::index::ChainHead;
use crate::merkle::LeafIndex;
use crate::record::body::RecordType;
use crate::record::{Link, Record};

/// What a record that breaks no rule changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The new state of every subject at hand that the record extends, in the order of the record.
    pub changes: Vec<(SubjectId, Subject)>,
    /// Subjects that rules would have looked at and whose history is not at hand.
    pub unchecked: Vec<SubjectId>,
    /// Items at hand of which nobody can tell any more how they stand, since they come out of a container whose
    /// history is not at hand. From now on they are not at hand either.
    pub lost: Vec<SubjectId>,
    /// The record that a `late-entry` embeds, where [`Holdings::has_record`] could not tell whether an earlier
    /// entry has it: then that is still to be found out, and [`RuleViolation::NotLate`] where one has.
    pub embedded: Option<Hash>,
}

/// Applies `record` as entry `index` to `state`: every rule of SPEC section "Rules".
///
/// Pure: the caller stores the changes. Signatures are the caller's to verify
/// ([`Record::verify_signatures`]); here is judged whether the keys that made them were entitled to, just
/// before this record. A subject that is not at hand ([`Held::Unknown`]) is not judged and not changed.
///
/// # Errors
/// The first rule that is broken.
pub fn apply(
    state: &impl Holdings,
    record: &Record,
    index: LeafIndex,
) -> Result<Applied, RuleViolation> {
    let is_opening = record.record_type() == RecordType::LedgerOpen;
    if is_opening != (index.0 == 0) {
        return Err(RuleViolation::GenesisPlace { index: index.0 });
    }
    let mut step = Step { state, record, applied: Applied::default() };
    let payload = record.payload();
    step.check_ledger_open()?;
    payload.subjects.iter().try_for_each(|link| step.check_link(link))?;
    registry::check_signers(&mut step)?;
    for link in &payload.subjects {
        if let Some(standing) = step.next_standing(link)? {
            let chain = ChainHead { length: link.seq + 1, digest: record.digest() };
            step.applied.changes.push((link.subject.clone(), Subject { chain, standing }));
        }
    }
    Ok(step.applied)
}

/// One application in progress.
pub(super) struct Step<'a, H> {
    pub state: &'a H,
    pub record: &'a Record,
    pub applied: Applied,
}

impl<'a, H: Holdings> Step<'a, H> {
    fn check_link(&mut self, link: &Link) -> Result<(), RuleViolation> {
        let subject = link.subject.clone();
        let (length, head) = match self.state.get(&link.subject) {
            Held::Unknown => {
                self.applied.unchecked.push(subject);
                return Ok(());
            }
            Held::Absent => (0, None),
            Held::Present(known) => (known.chain.length, Some(known.chain.digest)),
        };
        match link.seq == length && link.prev == head {
            true => Ok(()),
            false => Err(RuleViolation::Conflict { subject, length, head, seq: link.seq }),
        }
    }

    /// What becomes of the subject of `link`, or `None` where it is not at hand.
    fn next_standing(&mut self, link: &Link) -> Result<Option<Standing>, RuleViolation> {
        let before = match self.state.get(&link.subject) {
            Held::Present(subject) => Some(&subject.standing),
            Held::Absent => None,
            Held::Unknown => return Ok(None),
        };
        match &link.subject {
            SubjectId::Item(_) => item::next_item(self, link, before),
            SubjectId::Notes(_) => notes::next_notes(self, link, before),
            SubjectId::Request(_) => request::next_request(self, link, before),
            SubjectId::Agency(_) | SubjectId::Custodian(_) | SubjectId::Ledger(_) => {
                registry::next_standing(self, link, before)
            }
        }
        .map(Some)
    }

    /// A ledger that another one goes on from takes nothing more.
    fn check_ledger_open(&self) -> Result<(), RuleViolation> {
        let ledger = SubjectId::Ledger(self.record.message().header().origin.clone());
        match self.state.get(&ledger) {
            Held::Present(Subject { standing: Standing::Ledger(ledger), .. }) => {
                match &ledger.successor {
                    Some(successor) => {
                        Err(RuleViolation::LedgerClosed { successor: successor.clone() })
                    }
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// The subject `id`, which a rule must know.
    pub fn need(&self, id: &SubjectId) -> Result<&'a Subject, RuleViolation> {
        match self.state.get(id) {
            Held::Present(subject) => Ok(subject),
            Held::Absent => Err(RuleViolation::NoSuchSubject { subject: id.clone() }),
            Held::Unknown => Err(RuleViolation::NotHeld { subject: id.clone() }),
        }
    }

    /// Checks that `id` exists, where that is at hand.
    pub fn expect(&mut self, id: &SubjectId) -> Result<Option<&'a Subject>, RuleViolation> {
        match self.need(id) {
            Err(RuleViolation::NotHeld { subject }) => {
                self.applied.unchecked.push(subject);
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// The agency of a custodian, where that is at hand.
    pub fn agency_of(&mut self, custodian: Uuid) -> Result<Option<Uuid>, RuleViolation> {
        let id = SubjectId::Custodian(custodian);
        match self.expect(&id)?.map(|subject| &subject.standing) {
            Some(Standing::Custodian(person)) => Ok(Some(person.agency)),
            Some(_) => Err(RuleViolation::NoSuchSubject { subject: id }),
            None => Ok(None),
        }
    }

    /// Checks that a custodian is of `agency`, where that is at hand.
    pub fn check_of_agency(&mut self, custodian: Uuid, agency: Uuid) -> Result<(), RuleViolation> {
        match self.agency_of(custodian)? {
            Some(actual) if actual != agency => Err(RuleViolation::OtherAgency {
                expected: SubjectId::Agency(agency),
                actual: SubjectId::Custodian(custodian),
            }),
            _ => Ok(()),
        }
    }
}
