//! Who may receive in somebody's place: while that one is away, and whoever was named for it.

use std::collections::HashMap;

use custody_core::id::Uuid;
use custody_core::record::body::{Absence, AgencyUpdate};

use super::seen::{Seen, as_custodian};
use super::transit::Sent;

/// The absences that agencies have recorded so far.
#[derive(Default)]
pub struct Absences(HashMap<Uuid, Vec<Absence>>);

impl Absences {
    /// An agency may have said that a custodian is away.
    pub fn see(&mut self, seen: &Seen<'_>, body: &AgencyUpdate) {
        let links = seen.payload().subjects.iter();
        for person in links.filter_map(|link| as_custodian(&link.subject)) {
            self.0.entry(person).or_default().extend(body.absence);
        }
    }

    /// Why whoever receives should not have received in the place of the addressee, if that is so.
    pub(super) fn objection(&self, sent: &Sent, seen: &Seen<'_>) -> Option<&'static str> {
        let (addressee, to) = (sent.to?, seen.payload().to?);
        if addressee == to {
            return None;
        }
        let claimed_s = seen.claimed_s();
        let is_then = |absence: &&Absence| (absence.from_s..absence.until_s).contains(&claimed_s);
        let known = self.0.get(&addressee).map_or(&[][..], Vec::as_slice);
        let mut then = known.iter().filter(is_then).peekable();
        if then.peek().is_none() {
            return Some(
                "received by a substitute, and no absence of the addressee was recorded for then",
            );
        }
        let is_named = |absence: &Absence| absence.alternate.is_none_or(|named| named == to);
        match then.any(is_named) {
            true => None,
            false => Some("received by a substitute, and another one was named for the absence"),
        }
    }
}
