//! Items: who holds them, where they are, and what may still be done with them.

use crate::cose::{Finding, Role};
use crate::custody::apply::Step;
use crate::custody::state::{
    Held, Holdings, ItemEnd, ItemState, NotesState, Standing, Whereabouts,
};
use crate::custody::violation::RuleViolation;
use crate::custody::{container, handoff, quantity};
use crate::id::{SubjectId, Uuid};
use crate::record::body::{Body, ItemKind};
use crate::record::{Link, Payload, Record};

/// What becomes of the custody of the item of `link`.
pub(super) fn next_item<H: Holdings>(
    step: &mut Step<'_, H>,
    link: &Link,
    before: Option<&Standing>,
) -> Result<Standing, RuleViolation> {
    let item = &link.subject;
    let before = match before {
        None => return begin(step, item).map(Standing::Item),
        Some(Standing::Item(before)) => before,
        Some(_) => return Err(RuleViolation::NoSuchSubject { subject: item.clone() }),
    };
    if let Some(end) = before.end {
        return Err(RuleViolation::Disposed { item: item.clone(), end });
    }
    let mut next = before.clone();
    let act = Act { item, before };
    match &step.record.payload().body {
        Body::Receive(body) => handoff::receive(step, &act, &body.release, &mut next)?,
        Body::Refuse(body) => handoff::refuse(step, &act, &body.answers, &mut next)?,
        Body::Recall(body) => handoff::recall(step, &act, &body.release, &mut next)?,
        Body::HandoffExternal(_) if handoff::is_back(step.record) => {
            handoff::take_back(step, &act, &mut next)?;
        }
        Body::Unpack(body) if SubjectId::Item(body.container) != *item => {
            container::take_out(step, &act, body.container, &mut next)?;
        }
        Body::Succession(_) => handoff::succeed(step, &act, &mut next)?,
        _ => act_of_holder(step, &act, &mut next)?,
    }
    Ok(Standing::Item(next))
}

/// What a record does to one of its items: which one, and how it stood before.
pub(super) struct Act<'a> {
    pub item: &'a SubjectId,
    pub before: &'a ItemState,
}

impl Act<'_> {
    pub fn id(&self) -> SubjectId {
        self.item.clone()
    }

    /// Nothing moves while a release is open, while the item is in another one, or while somebody has it
    /// who holds no key.
    pub fn check_at_hand(&self) -> Result<(), RuleViolation> {
        if let Some(open) = &self.before.release {
            return Err(RuleViolation::ReleaseOpen { item: self.id(), release: open.record });
        }
        match self.before.place {
            Whereabouts::Packed { container } => {
                let container = SubjectId::Item(container);
                Err(RuleViolation::Packed { item: self.id(), container })
            }
            Whereabouts::Outside { .. } => Err(RuleViolation::Outside { item: self.id() }),
            Whereabouts::AtHand | Whereabouts::Stored | Whereabouts::CheckedOut { .. } => Ok(()),
        }
    }

    /// What is out of somebody's storage goes back there first.
    pub fn check_not_lent(&self) -> Result<(), RuleViolation> {
        match self.before.place {
            Whereabouts::CheckedOut { agency } => {
                let agency = SubjectId::Agency(agency);
                Err(RuleViolation::CheckedOut { item: self.id(), agency })
            }
            _ => Ok(()),
        }
    }

    pub fn check_empty(&self) -> Result<(), RuleViolation> {
        match self.before.contents {
            0 => Ok(()),
            contents => Err(RuleViolation::NotEmpty { item: self.id(), contents }),
        }
    }

    fn check_holder(&self, payload: &Payload) -> Result<(), RuleViolation> {
        match acting(payload) {
            Some(actual) if actual == self.before.holder => Ok(()),
            _ => {
                let actual = &payload.signers[0].id;
                Err(RuleViolation::holder(self.item, self.before.holder, actual))
            }
        }
    }

    /// Only the holder does this, and only while the item is at hand.
    pub fn check_held(&self, payload: &Payload) -> Result<(), RuleViolation> {
        self.check_holder(payload)?;
        self.check_at_hand()
    }
}

/// A first record of an item: taking it into custody, or making it out of another.
fn begin<H: Holdings>(
    step: &mut Step<'_, H>,
    item: &SubjectId,
) -> Result<ItemState, RuleViolation> {
    let payload = step.record.payload();
    let missing = || RuleViolation::NoSuchSubject { subject: item.clone() };
    let holder = acting(payload).ok_or_else(missing)?;
    let physical = |kind| ItemState::held_by(holder, kind);
    match &payload.body {
        Body::Collect(body) => Ok(ItemState { quantity: body.quantity, ..physical(body.kind) }),
        Body::ProviderProduction(_) => Ok(ItemState::held_by(holder, ItemKind::Digital)),
        Body::RegisterLegacy(body) => Ok(physical(body.kind)),
        // An item that nobody took into custody cannot begin by being the parent of another.
        Body::Derive(body) if SubjectId::Item(body.parent) == *item => Err(missing()),
        Body::Split(body) if SubjectId::Item(body.parent) == *item => Err(missing()),
        Body::Derive(body) => {
            let bound = parent(step, body.parent).and_then(|parent| parent.bound);
            let parent = Some(body.parent);
            Ok(ItemState { parent, bound, ..ItemState::held_by(holder, ItemKind::Digital) })
        }
        Body::Split(body) => {
            let before = parent(step, body.parent);
            let kind = before.map_or(ItemKind::Physical, |parent| parent.kind);
            let bound = before.and_then(|parent| parent.bound);
            let quantity = quantity::of_part(before, body, item);
            let parent = Some(body.parent);
            Ok(ItemState { parent, bound, quantity, ..physical(kind) })
        }
        _ => Err(missing()),
    }
}

/// The item that another one is made from, where it is at hand.
fn parent<'a, H: Holdings>(step: &mut Step<'a, H>, id: Uuid) -> Option<&'a ItemState> {
    // Its own chain is extended by the same record: whether it exists is judged there.
    match step.state.get(&SubjectId::Item(id)) {
        Held::Present(subject) => match &subject.standing {
            Standing::Item(state) => Some(state),
            _ => None,
        },
        Held::Absent | Held::Unknown => None,
    }
}

/// Everything that only the holder may do, and only while the item is at hand.
fn act_of_holder<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    act.check_held(step.record.payload())?;
    let others = step.record.payload().subjects.len() as u64 - 1;
    match &step.record.payload().body {
        Body::Handoff(body) => handoff::hand_over(step, act, body, next),
        Body::Release(body) => handoff::release(step, act, body, next),
        Body::HandoffExternal(body) => handoff::give_outside(step, act, body.party, next),
        Body::CheckOut(_) => handoff::check_out(step, act, next),
        Body::CheckIn(_) => handoff::check_in(step, act, next),
        Body::Store(_) => {
            act.check_not_lent()?;
            next.place = Whereabouts::Stored;
            Ok(())
        }
        Body::Pack(body) => container::put_in(act, body, next, others),
        Body::Unpack(_) => {
            // Each of the others is known to be in it, where it is at hand.
            next.contents = next.contents.saturating_sub(others);
            Ok(())
        }
        Body::Split(body) => quantity::split(act, body, next),
        Body::Consume(body) => quantity::consume(act, body, next),
        Body::Dispose(_) => {
            check_outside_witness(act, step.record.payload())?;
            give_up(step, act, ItemEnd::Disposed, next)
        }
        Body::ReturnToOwner(_) => give_up(step, act, ItemEnd::Returned, next),
        _ => Ok(()),
    }
}

/// Ends an item on purpose: one that nobody wants kept.
fn give_up<H: Holdings>(
    step: &mut Step<'_, H>,
    act: &Act<'_>,
    by: ItemEnd,
    next: &mut ItemState,
) -> Result<(), RuleViolation> {
    end(act, by, next)?;
    match notes(step, act.item).and_then(|notes| notes.holds.first()) {
        Some(hold) => Err(RuleViolation::OnHold { item: act.id(), hold: hold.record }),
        None => Ok(()),
    }
}

/// Ends an item: an empty one, in nobody else's storage.
pub(super) fn end(act: &Act<'_>, end: ItemEnd, next: &mut ItemState) -> Result<(), RuleViolation> {
    act.check_not_lent()?;
    act.check_empty()?;
    next.end = Some(end);
    Ok(())
}

/// Whether a rule may ask what is open on the notes of the record's items. Whoever brings the state a record is
/// judged by ([`super::Holdings`]) needs them for these, and for no other record on custody chains.
pub fn asks_notes(body: &Body) -> bool {
    match body {
        Body::Handoff(body) => body.onward.is_some(),
        Body::Release(body) => body.onward.is_some(),
        Body::Dispose(_) | Body::ReturnToOwner(_) => true,
        _ => false,
    }
}

/// Notes on which nothing is open.
static NOTHING_OPEN: NotesState =
    NotesState { holds: Vec::new(), disputes: Vec::new(), permissions: Vec::new(), handling: None };

/// What is open on the notes of `item`, or `None` where they are not at hand.
pub(super) fn notes<'a, H: Holdings>(
    step: &mut Step<'a, H>,
    item: &SubjectId,
) -> Option<&'a NotesState> {
    let SubjectId::Item(id) = item else { return None };
    let notes = SubjectId::Notes(*id);
    match step.state.get(&notes) {
        Held::Present(subject) => match &subject.standing {
            Standing::Notes(notes) => Some(notes),
            _ => None,
        },
        Held::Absent => Some(&NOTHING_OPEN),
        Held::Unknown => {
            step.applied.unchecked.push(notes);
            None
        }
    }
}

/// The custodian who acts alone or hands over.
pub(super) fn acting(payload: &Payload) -> Option<Uuid> {
    let signer = payload
        .signers
        .iter()
        .find(|signer| matches!(signer.role, Role::Acting | Role::Releasing))?;
    match signer.id {
        SubjectId::Custodian(id) => Some(id),
        _ => None,
    }
}

fn check_outside_witness(act: &Act<'_>, payload: &Payload) -> Result<(), RuleViolation> {
    let held = |id: &SubjectId| act.before.holders.iter().any(|h| SubjectId::Custodian(*h) == *id);
    let witnesses = payload.signers.iter().filter(|signer| signer.role == Role::Witness);
    match witnesses.map(|signer| &signer.id).find(|id| held(id)) {
        Some(witness) => {
            Err(RuleViolation::WitnessInChain { item: act.id(), witness: witness.clone() })
        }
        None => Ok(()),
    }
}

/// Whether the receiver found that the item was not there: it then stays with the releasing side.
pub(super) fn is_missing(record: &Record, item: &SubjectId) -> bool {
    let position = record.payload().subjects.iter().position(|link| link.subject == *item);
    let lines = record.message().signatures().iter();
    lines
        .filter_map(|line| line.header.observed.as_ref())
        .flat_map(|observed| &observed.outcomes)
        .any(|outcome| Some(outcome.position) == position && outcome.finding == Finding::Missing)
}
