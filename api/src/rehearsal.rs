//! What the ledger would say to records, without recording them: the same rules, on the state as it stands.

use std::collections::HashMap;

use custody_core::custody::{Applied, Held, Holdings, RuleViolation, Subject, apply};
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::key::Kid;
use custody_core::merkle::LeafIndex;
use custody_core::record::{Link, Record};
use custody_core::verify::error_text;
use serde_json::{Value, json};

use crate::act::Proposal;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::session::merge;
use crate::summary::{describe_signer, summarise};
use crate::terminal::Answer;

/// A ledger's state as far as the records at hand need it, and what they would make of it.
///
/// Signatures are not verified: whoever rehearses has just made them. They are when the records are submitted.
pub struct Rehearsal<'d> {
    desk: &'d Desk<'d>,
    known: HashMap<SubjectId, Option<Subject>>,
    next: u64,
}

impl<'d> Rehearsal<'d> {
    /// The state as it stands.
    pub fn of(desk: &'d Desk) -> Self {
        Self { desk, known: HashMap::new(), next: desk.head().size.0 }
    }

    /// Judges a complete proposal, and goes on as if it were recorded.
    ///
    /// # Errors
    /// What it is refused for; or the ledger cannot be read.
    pub fn take(&mut self, proposal: &Proposal) -> Result<(), Failure> {
        let applied = self.judge(proposal)?;
        self.known.extend(applied.changes.into_iter().map(|(id, subject)| (id, Some(subject))));
        self.next += 1;
        Ok(())
    }

    /// Judges a complete proposal as if nothing else were recorded.
    ///
    /// # Errors
    /// As [`Rehearsal::take`].
    pub fn judge(&mut self, proposal: &Proposal) -> Result<Applied, Failure> {
        let record = Record::parse(&proposal.to_bytes())?;
        proposal.openings().iter().try_for_each(|opening| opening.verify(record.payload()))?;
        let ids = subjects_of(&record);
        self.desk.books().foresee(&ids, false)?;
        ids.iter().try_for_each(|id| self.learn(id))?;
        loop {
            // What a rule asks for besides is looked up when it says so.
            let missing = match apply(self, &record, LeafIndex(self.next)) {
                Ok(applied) if applied.unchecked.is_empty() => return Ok(applied),
                Ok(applied) => applied.unchecked,
                Err(RuleViolation::NotHeld { subject }) => vec![subject],
                Err(violation) => return Err(refused(&violation)),
            };
            let before = self.known.len();
            for id in &missing {
                self.learn(id)?;
            }
            if self.known.len() == before {
                let message = format!("the rules cannot be judged without {}", missing[0]);
                return Err(Failure::could_not("internal", message));
            }
        }
    }

    fn learn(&mut self, id: &SubjectId) -> Result<(), Failure> {
        if !self.known.contains_key(id) {
            let subject = self.desk.look_up(id)?;
            self.known.insert(id.clone(), subject);
        }
        Ok(())
    }
}

/// What a dry run answers: what would be signed, that nothing was recorded, and whose signature is still needed.
///
/// # Errors
/// What the ledger would refuse the record for, as far as all have signed.
pub fn rehearsed(desk: &Desk, proposal: &Proposal, facts: Value) -> Result<Answer, Failure> {
    let mut lines = summarise(proposal, Some(desk))?;
    lines.extend(found_lines(proposal)?);
    match proposal.next_signer() {
        None if is_any_hidden(desk, proposal)? => {
            lines.push("not judged: what it is about is not open to you here".to_owned());
        }
        None => drop(Rehearsal::of(desk).judge(proposal)?),
        Some(_) => {
            let who = describe_signer(proposal.payload(), proposal.signed(), Some(desk));
            lines.push(format!("the signature of {who} is still needed"));
        }
    }
    lines.push("nothing was recorded".to_owned());
    Ok(Answer::done(lines, merge(facts, json!({ "dry_run": true }))))
}

/// Whether a server has a chain that it does not show whoever asks: what is said to go on is not shown to be there.
///
/// # Errors
/// The server cannot be asked.
pub fn is_hidden(desk: &Desk, link: &Link) -> Result<bool, Failure> {
    Ok(desk.is_served() && link.seq > 0 && desk.look_up(&link.subject)?.is_none())
}

fn is_any_hidden(desk: &Desk, proposal: &Proposal) -> Result<bool, Failure> {
    for link in &proposal.payload().subjects {
        if is_hidden(desk, link)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a receiver found, as it stands beside their signature.
fn found_lines(proposal: &Proposal) -> Result<Vec<String>, Failure> {
    let (offer, subjects) = (proposal.to_offer()?, &proposal.payload().subjects);
    let mut lines = Vec::new();
    for signature in offer.message().signatures() {
        for outcome in signature.header.observed.iter().flat_map(|observed| &observed.outcomes) {
            // The receiver's own program made these positions from the same list.
            let Some(link) = subjects.get(outcome.position) else { continue };
            lines.push(format!("  found: {}, {}", link.subject, outcome.finding.word()));
        }
    }
    Ok(lines)
}

/// Whatever a rule may look at without saying that it lacks it: the ledger, and an item's custody and notes together.
fn subjects_of(record: &Record) -> Vec<SubjectId> {
    let payload = record.payload();
    let mut ids = vec![SubjectId::Ledger(record.message().header().origin.clone())];
    ids.extend(payload.signers.iter().map(|signer| signer.id.clone()));
    for link in &payload.subjects {
        ids.push(link.subject.clone());
        match link.subject {
            SubjectId::Item(id) => ids.push(SubjectId::Notes(id)),
            SubjectId::Notes(id) => ids.push(SubjectId::Item(id)),
            _ => {}
        }
    }
    ids
}

fn refused(violation: &RuleViolation) -> Failure {
    Failure::rejected(violation.code(), error_text(violation))
}

impl Holdings for Rehearsal<'_> {
    fn get(&self, id: &SubjectId) -> Held<'_> {
        match self.known.get(id) {
            Some(Some(subject)) => Held::Present(subject),
            Some(None) => Held::Absent,
            None => Held::Unknown,
        }
    }

    /// Among the subjects at hand: nothing that is rehearsed enrols a key.
    fn owner_of(&self, kid: &Kid) -> Option<SubjectId> {
        let has_key =
            |subject: &Subject| subject.standing.enrolled_keys().any(|key| key.kid() == *kid);
        let owner = self.known.iter().find(|(_, known)| known.as_ref().is_some_and(has_key));
        owner.map(|(id, _)| id.clone())
    }

    fn has_record(&self, _digest: &Hash) -> Option<bool> {
        None
    }
}
