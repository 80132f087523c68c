//! What waits for a custodian: what is on the way to them, what they sent, what they are to bring back.

use custody_core::custody::{ItemState, Whereabouts};
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{Body, MovePurpose, Release};

use crate::act::Basis as _;
use crate::books::Sought;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::holding::items_by_state;
use crate::people::{Name, People};

/// Something that waits for somebody.
pub struct Waiting {
    /// The item.
    pub item: Uuid,
    /// What is to be done, or waited for.
    pub what: What,
    /// What for, where it is on the way.
    pub purpose: Option<MovePurpose>,
    /// By when: seconds since 1970.
    pub due_s: Option<u64>,
    /// The release that nobody has answered yet, where that is what waits.
    pub release: Option<Hash>,
    /// Whether it was noted as missing when the rest of the release was received: then it is still open.
    pub is_noted_missing: bool,
}

/// What they are to do, or wait for.
pub enum What {
    /// Receive what this custodian sent, in the place of another one or not.
    Receive {
        /// Who sent it.
        from: Uuid,
        /// To whom it is addressed, where that is somebody else.
        instead_of: Option<Uuid>,
    },
    /// Wait until this custodian receives.
    Sent {
        /// To whom it is addressed.
        to: Uuid,
    },
    /// Bring back into the storage of this agency.
    BringBack {
        /// The agency.
        agency: Uuid,
    },
}

/// What waits for `me`: what is due first comes first. Cost: a look at every item, but where the books know
/// which are on the way.
///
/// # Errors
/// The ledger cannot be read.
pub fn waiting_for(desk: &Desk, me: Uuid) -> Result<Vec<Waiting>, Failure> {
    let mut waiting = Vec::new();
    let is_it = |state: &ItemState| what_waits(me, state).is_some();
    for (item, state) in items_by_state(desk, &Sought::WaitingFor(me), is_it)? {
        let Some(what) = what_waits(me, &state) else { continue };
        let sent = release_of(desk, &state)?;
        let due_s = match what {
            What::BringBack { .. } => due_back(desk, item)?,
            _ => sent.as_ref().and_then(|sent| sent.expected_s),
        };
        let purpose = sent.map(|sent| sent.purpose);
        let release = state.release.map(|open| open.record);
        let is_noted_missing = match release {
            Some(release) => ends_with_receive(desk, item, release)?,
            None => false,
        };
        waiting.push(Waiting { item, what, purpose, due_s, release, is_noted_missing });
    }
    // What has no due time comes last; among equals, what began first.
    waiting.sort_by_key(|row| row.due_s.unwrap_or(u64::MAX));
    Ok(waiting)
}

fn what_waits(me: Uuid, state: &ItemState) -> Option<What> {
    if state.end.is_some() {
        return None;
    }
    match (&state.release, state.place) {
        (Some(open), _) if open.to == me || open.substitutes.contains(&me) => {
            let instead_of = (open.to != me).then_some(open.to);
            Some(What::Receive { from: state.holder, instead_of })
        }
        (Some(open), _) if state.holder == me => Some(What::Sent { to: open.to }),
        (None, Whereabouts::CheckedOut { agency }) if state.holder == me => {
            Some(What::BringBack { agency })
        }
        _ => None,
    }
}

/// The release that is open, where whoever looks may read it.
fn release_of(desk: &Desk, state: &ItemState) -> Result<Option<Release>, Failure> {
    let Some(open) = &state.release else { return Ok(None) };
    let Some(index) = desk.by_digest(&open.record)? else { return Ok(None) };
    Ok(match &desk.record(index)?.payload().body {
        Body::Release(body) => Some(body.clone()),
        _ => None,
    })
}

/// Whether the newest record of the item is a `receive`. It closes the release of all but what it notes as missing: SPEC
/// section "Rules".
fn ends_with_receive(desk: &Desk, item: Uuid, release: Hash) -> Result<bool, Failure> {
    let Some(head) = desk.chain_head(&SubjectId::Item(item))? else { return Ok(false) };
    // As a rule it is the release, which need not be read for that.
    if head.digest == release {
        return Ok(false);
    }
    let Some(index) = desk.by_digest(&head.digest)? else { return Ok(false) };
    Ok(matches!(desk.record(index)?.payload().body, Body::Receive(_)))
}

/// By when an item that is out of storage is to be back.
fn due_back(desk: &Desk, item: Uuid) -> Result<Option<u64>, Failure> {
    for logged in desk.chain(&SubjectId::Item(item))?.iter().rev() {
        if let Body::CheckOut(body) = &Record::parse(&logged.record)?.payload().body {
            return Ok(body.due_s);
        }
    }
    Ok(None)
}

impl Waiting {
    /// By how many seconds it is overdue, if it is.
    pub fn overdue_s(&self, now_s: u64) -> Option<u64> {
        self.due_s.and_then(|due_s| now_s.checked_sub(due_s)).filter(|late_s| *late_s > 0)
    }
}

impl What {
    /// In a word for programs, in words for people, and who the other side is.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn words(&self, people: &People<'_>) -> Result<(&'static str, String, Name), Failure> {
        Ok(match self {
            Self::Receive { from, instead_of } => {
                let from = people.custodian(*from)?;
                let instead = instead_of.map(|id| people.custodian(id)).transpose()?;
                let instead = instead.map(|name| format!(" in the place of {name}"));
                let text = format!("to receive from {from}{}", instead.unwrap_or_default());
                ("receive", text, from)
            }
            Self::Sent { to } => {
                let to = people.custodian(*to)?;
                ("sent", format!("sent to {to}, not received yet"), to)
            }
            Self::BringBack { agency } => {
                let agency = people.name(&SubjectId::Agency(*agency))?;
                ("bring-back", format!("to bring back to the storage of {agency}"), agency)
            }
        })
    }
}
