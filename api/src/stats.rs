//! Figures of a whole ledger, by agency and by request, in one pass over its records. Whoever has the same entries
//! gets the same figures: nothing sealed is read, and no clock.
//!
//! A figure counts for the agency of who signed first; what is on the way, for the agency that sent it. It counts
//! for the request under which its items were taken or last moved.

mod figures;
mod picture;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::TreeHead;
use custody_core::record::Sides;
use custody_core::record::body::{Body, Receive, Refuse, Refused, Release, Request, RequestStep};

pub use figures::{Figures, Spread};
pub use picture::{bars, shortened, svg};

use crate::audit::{Seen, WalkProgress, minutes_between, newest_s, walk};
use crate::desk::Desk;
use crate::failure::Failure;

/// Which entries count: those recorded in `[since_s, until_s)`, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// From when.
    pub since_s: u64,
    /// Until when.
    pub until_s: u64,
}

impl Window {
    /// All entries.
    pub const ALL: Self = Self { since_s: 0, until_s: u64::MAX };

    fn has(self, accepted_s: u64) -> bool {
        (self.since_s..self.until_s).contains(&accepted_s)
    }
}

/// Figures of a ledger.
#[derive(Clone, Debug)]
pub struct Stats {
    /// The tree from which anyone can compute them again.
    pub head: TreeHead,
    /// When the newest entry was recorded, at which what is open is judged: seconds since 1970.
    pub as_of_s: u64,
    /// Of everybody.
    pub all: Figures,
    /// By agency.
    pub agencies: BTreeMap<Uuid, Figures>,
    /// By request.
    pub requests: BTreeMap<Uuid, Figures>,
}

/// Goes through the whole ledger. Cost: one scan; memory by items, people and disputes.
///
/// # Errors
/// The ledger cannot be read, or a record is not what was stored, or `progress`'s own.
pub fn stats(desk: &Desk, window: Window, progress: WalkProgress<'_>) -> Result<Stats, Failure> {
    let mut count = Count { window, ..Count::default() };
    walk(desk, progress, |seen| {
        count.see(seen);
        Ok(())
    })?;
    let as_of_s = newest_s(desk)?;
    count.finish(as_of_s);
    let Count { all, agencies, requests, .. } = count;
    Ok(Stats { head: desk.head(), as_of_s, all, agencies, requests })
}

impl Default for Window {
    fn default() -> Self {
        Self::ALL
    }
}

#[derive(Default)]
struct Count {
    window: Window,
    all: Figures,
    agencies: BTreeMap<Uuid, Figures>,
    requests: BTreeMap<Uuid, Figures>,
    /// Of each custodian.
    agency_of: HashMap<Uuid, Uuid>,
    /// Under which each item was taken or last moved.
    request_of: HashMap<Uuid, Uuid>,
    /// Items that were counted for a request.
    counted: HashSet<(Uuid, Uuid)>,
    on_the_way: HashMap<Uuid, Rc<Sent>>,
    disputes: HashMap<Hash, Whose>,
    steps: BTreeMap<Uuid, Progress>,
}

/// For whom something counts.
#[derive(Clone, Debug, Default)]
struct Whose {
    agency: Option<Uuid>,
    requests: BTreeSet<Uuid>,
}

/// A release.
struct Sent {
    digest: Hash,
    entry: u64,
    claimed_s: u64,
    accepted_s: u64,
    expected_s: Option<u64>,
    whose: Whose,
}

/// How far a request is.
struct Progress {
    from: Option<Uuid>,
    step: RequestStep,
    accepted_s: u64,
    transmitted_s: Option<u64>,
}

impl Count {
    fn see(&mut self, seen: &Seen<'_>) {
        self.learn(seen);
        let whose = self.whose(seen);
        let is_counted = self.window.has(seen.accepted_s);
        if is_counted {
            let begun = begun(seen).len() as u64;
            self.add(&Whose { requests: BTreeSet::new(), ..whose.clone() }, |figures| {
                figures.items += begun;
            });
            if seen.payload().sides() == Some(Sides::One) {
                self.add(&whose, |figures| figures.one_side_only += 1);
            }
        }
        match seen.body() {
            Body::Handoff(_) | Body::CheckOut(_) | Body::CheckIn(_) if is_counted => {
                self.add(&whose, |figures| figures.handoffs += 1);
            }
            Body::Release(body) => self.send(seen, body, whose),
            Body::Receive(body) => self.receive(seen, body, is_counted),
            Body::Refuse(body) => self.refuse(seen, body, is_counted),
            Body::Recall(_) => {
                if is_counted {
                    self.add(&whose, |figures| figures.recalled += 1);
                }
                self.answer(seen, &BTreeSet::new());
            }
            Body::Correct(_) if is_counted => self.add(&whose, |figures| figures.corrected += 1),
            Body::LateEntry(_) if is_counted => {
                self.add(&whose, |figures| figures.late_entries += 1);
            }
            Body::Dispute(_) => {
                if is_counted {
                    self.add(&whose, |figures| figures.disputes_raised += 1);
                }
                self.disputes.insert(seen.digest(), whose);
            }
            Body::DisputeResolution(body) => {
                if let Some(whose) = self.disputes.remove(&body.dispute)
                    && is_counted
                {
                    self.add(&whose, |figures| figures.disputes_resolved += 1);
                }
            }
            Body::Request(body) => self.step(seen, body, is_counted),
            _ => {}
        }
    }

    fn finish(&mut self, as_of_s: u64) {
        let sent = std::mem::take(&mut self.on_the_way).into_values();
        let open: BTreeMap<u64, Rc<Sent>> = sent.map(|sent| (sent.entry, sent)).collect();
        let window = self.window;
        for sent in open.into_values().filter(|sent| window.has(sent.accepted_s)) {
            let is_overdue = sent.expected_s.is_some_and(|expected_s| expected_s < as_of_s);
            self.add(&sent.whose, |figures| {
                figures.open_transits += 1;
                figures.overdue += u64::from(is_overdue);
            });
        }
        let steps = std::mem::take(&mut self.steps).into_iter();
        for (request, at) in steps.filter(|(_, at)| window.has(at.accepted_s)) {
            let whose = Whose { agency: at.from, requests: [request].into() };
            self.add(&whose, |figures| *figures.requests.entry(at.step.word()).or_default() += 1);
        }
    }

    fn add(&mut self, whose: &Whose, change: impl Fn(&mut Figures)) {
        change(&mut self.all);
        if let Some(agency) = whose.agency {
            change(self.agencies.entry(agency).or_default());
        }
        for request in &whose.requests {
            change(self.requests.entry(*request).or_default());
        }
    }

    /// Who is of which agency, and which item came under which request.
    fn learn(&mut self, seen: &Seen<'_>) {
        let subjects = &seen.payload().subjects;
        if let (Body::CustodianEnrol(body), SubjectId::Custodian(person)) =
            (seen.body(), &subjects[0].subject)
        {
            self.agency_of.insert(*person, body.agency);
        }
        let parent = match seen.body() {
            Body::Derive(body) => self.request_of.get(&body.parent),
            Body::Split(body) => self.request_of.get(&body.parent),
            _ => None,
        };
        let Some(request) = seen.body().request().or(parent.copied()) else { return };
        for item in seen.items() {
            self.request_of.insert(item, request);
            if self.window.has(seen.accepted_s) && self.counted.insert((item, request)) {
                self.requests.entry(request).or_default().items += 1;
            }
        }
    }

    fn whose(&self, seen: &Seen<'_>) -> Whose {
        let agency = match &seen.payload().signers[0].id {
            SubjectId::Custodian(id) => self.agency_of.get(id).copied(),
            SubjectId::Agency(id) => Some(*id),
            _ => None,
        };
        let items = seen.about().into_iter();
        let requests = items.filter_map(|item| self.request_of.get(&item).copied()).collect();
        Whose { agency, requests }
    }

    fn send(&mut self, seen: &Seen<'_>, body: &Release, whose: Whose) {
        let sent = Rc::new(Sent {
            digest: seen.digest(),
            entry: seen.index,
            claimed_s: seen.claimed_s(),
            accepted_s: seen.accepted_s,
            expected_s: body.expected_s,
            whose,
        });
        self.on_the_way.extend(seen.items().map(|item| (item, sent.clone())));
    }

    /// What is not on the way any more; the release that it was sent with.
    fn answer(&mut self, seen: &Seen<'_>, but: &BTreeSet<Uuid>) -> Option<Rc<Sent>> {
        let mut sent = None;
        for item in seen.items().filter(|item| !but.contains(item)) {
            sent = self.on_the_way.remove(&item).or(sent);
        }
        sent
    }

    fn receive(&mut self, seen: &Seen<'_>, body: &Receive, is_counted: bool) {
        let sent = self.answer(seen, &seen.missing());
        let sent = sent.filter(|sent| sent.digest == body.release && is_counted);
        let Some(sent) = sent else { return };
        let claimed = minutes_between(sent.claimed_s, seen.claimed_s());
        let recorded = minutes_between(sent.accepted_s, seen.accepted_s);
        let is_late = sent.expected_s.map(|expected_s| expected_s < seen.claimed_s());
        self.add(&sent.whose, |figures| {
            figures.handoffs += 1;
            figures.claimed_minutes.add(claimed);
            figures.recorded_minutes.add(recorded);
            figures.expected += u64::from(is_late.is_some());
            figures.on_time += u64::from(is_late == Some(false));
        });
    }

    fn refuse(&mut self, seen: &Seen<'_>, body: &Refuse, is_counted: bool) {
        let sent = match body.answers {
            Refused::Release(_) => self.answer(seen, &BTreeSet::new()),
            Refused::Offer(_) => None,
        };
        // What was only offered was offered by `from`.
        let from = seen.payload().from.and_then(|from| self.agency_of.get(&from).copied());
        let whose = match sent {
            Some(sent) => sent.whose.clone(),
            None => Whose { agency: from, ..self.whose(seen) },
        };
        if is_counted {
            self.add(&whose, |figures| {
                *figures.refused.entry(body.ground.word()).or_default() += 1
            });
        }
    }

    fn step(&mut self, seen: &Seen<'_>, body: &Request, is_counted: bool) {
        let SubjectId::Request(request) = seen.payload().subjects[0].subject else { return };
        let from = self.whose(seen).agency;
        let (step, accepted_s) = (body.step, seen.accepted_s);
        let first = Progress { from, step, accepted_s, transmitted_s: None };
        let at = self.steps.entry(request).or_insert(first);
        (at.step, at.accepted_s) = (step, accepted_s);
        if step == RequestStep::Transmitted {
            at.transmitted_s = Some(seen.claimed_s());
        }
        let (from, transmitted_s) = (at.from, at.transmitted_s);
        if let (RequestStep::Fulfilled, Some(transmitted_s), true) =
            (step, transmitted_s, is_counted)
        {
            let days = seen.claimed_s().saturating_sub(transmitted_s) / 86_400;
            let whose = Whose { agency: from, requests: [request].into() };
            self.add(&whose, |figures| figures.fulfilled_days.add(days));
        }
    }
}

/// The items that a record takes into the ledger.
fn begun(seen: &Seen<'_>) -> Vec<Uuid> {
    match seen.body() {
        Body::Collect(_) | Body::ProviderProduction(_) | Body::RegisterLegacy(_) => {
            seen.items().collect()
        }
        Body::Derive(body) => seen.items().filter(|item| *item != body.parent).collect(),
        Body::Split(body) => seen.items().filter(|item| *item != body.parent).collect(),
        _ => Vec::new(),
    }
}
