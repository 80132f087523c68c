//! What is on the way, out of storage, or with somebody who did not sign.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use custody_core::cose::Role;
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::record::body::{Body, Receive, Refused, Release, StandIn};

use super::finding::{Finding, Kind, minutes_between};
use super::seen::Seen;
use super::substitute::Absences;
use super::{Look, Pass};
use crate::failure::Failure;

/// Releases and what answers them.
#[derive(Default)]
pub struct OnTheWay {
    open: HashMap<Uuid, Open>,
    absences: Absences,
}

/// An item on the way.
struct Open {
    sent: Rc<Sent>,
    /// A carrier was seen with it.
    is_scanned: bool,
    /// The receiver looked for it, and it was not there.
    is_missing: bool,
}

/// A release.
pub(super) struct Sent {
    pub entry: u64,
    pub digest: Hash,
    pub claimed_s: u64,
    pub accepted_s: u64,
    pub expected_s: Option<u64>,
    pub from: Option<Uuid>,
    pub to: Option<Uuid>,
}

impl Look for OnTheWay {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Gap, Kind::OverdueTransit, Kind::UnsignedByReceiver, Kind::AlternateOutsideAbsence]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        match seen.body() {
            Body::Release(body) => self.send(seen, body),
            Body::CarrierScan(body) => {
                for item in seen.noted() {
                    let open = self.open.get_mut(&item);
                    if let Some(open) = open.filter(|open| open.sent.digest == body.release) {
                        open.is_scanned = true;
                    }
                }
            }
            Body::Receive(body) => self.receive(seen, body, pass),
            Body::Refuse(body) if matches!(body.answers, Refused::Release(_)) => self.close(seen),
            Body::Recall(_) => self.close(seen),
            Body::AgencyUpdate(body) => self.absences.see(seen, body),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, pass: &mut Pass<'_>) -> Result<(), Failure> {
        let mut by_release: BTreeMap<u64, (Rc<Sent>, Vec<Uuid>)> = BTreeMap::new();
        // What the receiver did not find is missing, not unanswered.
        for (item, open) in self.open.drain().filter(|(_, open)| !open.is_missing) {
            let group = by_release.entry(open.sent.entry);
            group.or_insert_with(|| (open.sent, Vec::new())).1.push(item);
        }
        for (sent, items) in by_release.into_values() {
            leave_open(&sent, &items, pass);
        }
        Ok(())
    }
}

impl OnTheWay {
    fn send(&mut self, seen: &Seen<'_>, body: &Release) {
        let payload = seen.payload();
        let sent = Rc::new(Sent {
            entry: seen.index,
            digest: seen.digest(),
            claimed_s: seen.claimed_s(),
            accepted_s: seen.accepted_s,
            expected_s: body.expected_s,
            from: payload.from,
            to: payload.to,
        });
        for item in seen.items() {
            let open = Open { sent: sent.clone(), is_scanned: false, is_missing: false };
            self.open.insert(item, open);
        }
    }

    fn close(&mut self, seen: &Seen<'_>) {
        for item in seen.items() {
            self.open.remove(&item);
        }
    }

    fn receive(&mut self, seen: &Seen<'_>, body: &Receive, pass: &mut Pass<'_>) {
        let missing = seen.missing();
        let (mut received, mut unseen, mut release) = (Vec::new(), Vec::new(), None);
        for item in seen.items() {
            let open = self.open.get_mut(&item);
            let Some(open) = open.filter(|open| open.sent.digest == body.release) else { continue };
            release = Some(open.sent.clone());
            if missing.contains(&item) {
                open.is_missing = true;
                continue;
            }
            if !open.is_scanned {
                unseen.push(item);
            }
            received.push(item);
        }
        for item in &received {
            self.open.remove(item);
        }
        let Some(sent) = release else { return };
        arrive(&sent, seen, (&received, &unseen), pass);
        if let Some(text) = self.absences.objection(&sent, seen) {
            let finding =
                Finding::new(Kind::AlternateOutsideAbsence, [sent.entry, seen.index], text);
            pass.find(finding.about(seen.items()).with(sent.to.into_iter().chain(seen.people())));
        }
    }
}

/// What of a release was received, and of that what no carrier was seen with.
fn arrive(
    sent: &Sent,
    seen: &Seen<'_>,
    (received, unseen): (&[Uuid], &[Uuid]),
    pass: &mut Pass<'_>,
) {
    let (claimed_s, entries) = (seen.claimed_s(), [sent.entry, seen.index]);
    if let Some(expected_s) = sent.expected_s.filter(|expected_s| *expected_s < claimed_s)
        && !received.is_empty()
    {
        let minutes = minutes_between(expected_s, claimed_s);
        let text = format!("received {minutes} minutes after it was expected");
        let finding = Finding::new(Kind::OverdueTransit, entries, text).lasting(minutes);
        pass.find(finding.about(received.iter().copied()).with(seen.people()));
    }
    let is_long = claimed_s.saturating_sub(sent.claimed_s) > pass.gap_s;
    if is_long && sent.expected_s.is_none() && !unseen.is_empty() {
        let minutes = minutes_between(sent.claimed_s, claimed_s);
        let text = format!(
            "on the way for {minutes} minutes, without a carrier's scan and without a time by which it was expected"
        );
        let finding = Finding::new(Kind::Gap, entries, text).lasting(minutes);
        pass.find(finding.about(unseen.iter().copied()).with(seen.people()));
    }
}

/// A release that nobody has answered.
fn leave_open(sent: &Sent, items: &[Uuid], pass: &mut Pass<'_>) {
    let people = || sent.from.into_iter().chain(sent.to);
    if let Some(expected_s) = sent.expected_s.filter(|expected_s| *expected_s < pass.as_of_s) {
        let minutes = minutes_between(expected_s, pass.as_of_s);
        let text = format!("expected {minutes} minutes ago, and still on the way");
        let finding = Finding::new(Kind::OverdueTransit, [sent.entry], text).lasting(minutes);
        pass.find(finding.about(items.iter().copied()).with(people()));
    }
    if pass.is_long_ago(sent.accepted_s) {
        let minutes = minutes_between(sent.accepted_s, pass.as_of_s);
        let text = format!("sent {minutes} minutes ago, and nobody has answered");
        let finding = Finding::new(Kind::UnsignedByReceiver, [sent.entry], text).lasting(minutes);
        pass.find(finding.about(items.iter().copied()).with(people()));
    }
}

/// What is out of somebody's storage.
#[derive(Default)]
pub struct CheckedOut {
    out: HashMap<Uuid, Rc<Lent>>,
}

struct Lent {
    entry: u64,
    due_s: Option<u64>,
    people: Vec<Uuid>,
}

impl Look for CheckedOut {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::OverdueTransit]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        match seen.body() {
            Body::CheckOut(body) => {
                let (missing, people) = (seen.missing(), seen.people());
                let lent = Rc::new(Lent { entry: seen.index, due_s: body.due_s, people });
                let taken = seen.items().filter(|item| !missing.contains(item));
                self.out.extend(taken.map(|item| (item, lent.clone())));
            }
            Body::CheckIn(_) => self.bring_back(seen, pass),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, pass: &mut Pass<'_>) -> Result<(), Failure> {
        let mut by_loan: BTreeMap<u64, (Rc<Lent>, Vec<Uuid>)> = BTreeMap::new();
        for (item, lent) in self.out.drain() {
            by_loan.entry(lent.entry).or_insert_with(|| (lent, Vec::new())).1.push(item);
        }
        for (lent, items) in by_loan.into_values() {
            let Some(due_s) = lent.due_s.filter(|due_s| *due_s < pass.as_of_s) else { continue };
            let minutes = minutes_between(due_s, pass.as_of_s);
            let text = format!("due {minutes} minutes ago, and not back in storage");
            let finding = Finding::new(Kind::OverdueTransit, [lent.entry], text).lasting(minutes);
            pass.find(finding.about(items).with(lent.people.iter().copied()));
        }
        Ok(())
    }
}

impl CheckedOut {
    fn bring_back(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) {
        let (missing, claimed_s) = (seen.missing(), seen.claimed_s());
        let mut late: BTreeMap<(u64, u64), Vec<Uuid>> = BTreeMap::new();
        for item in seen.items().filter(|item| !missing.contains(item)) {
            let Some(lent) = self.out.remove(&item) else { continue };
            if let Some(due_s) = lent.due_s.filter(|due_s| *due_s < claimed_s) {
                late.entry((lent.entry, due_s)).or_default().push(item);
            }
        }
        for ((entry, due_s), items) in late {
            let minutes = minutes_between(due_s, claimed_s);
            let text = format!("brought back {minutes} minutes after it was due");
            let entries = [entry, seen.index];
            let finding = Finding::new(Kind::OverdueTransit, entries, text).lasting(minutes);
            pass.find(finding.about(items).with(seen.people()));
        }
    }
}

/// Moves of which one side alone signed, because the other one would not or could not.
#[derive(Default)]
pub struct OneSide;

impl Look for OneSide {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::UnsignedByReceiver]
    }

    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure> {
        let stand_in = match seen.body() {
            Body::HandoffExternal(body) => body.stand_in,
            Body::ReturnToOwner(body) => body.stand_in,
            _ => return Ok(()),
        };
        let why = match stand_in {
            StandIn::Refused => "would not sign",
            StandIn::Unable => "could not sign",
            _ => return Ok(()),
        };
        let side = match seen.signer(Role::Receiving) {
            Some(_) => "whoever gave it",
            None => "whoever took it",
        };
        let text = format!("one side only: {side} {why}");
        let finding = Finding::new(Kind::UnsignedByReceiver, [seen.index], text);
        pass.find(finding.about(seen.items()).with(seen.people()));
        Ok(())
    }
}
