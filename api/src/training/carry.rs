//! Carrying out a plan: its acts are signed by the people of the cast, with the real keys of their seed, and recorded in a
//! real ledger. The acts of a day are on their way together.

use std::collections::HashMap;
use std::sync::Arc;

use custody_core::cose::{Check, Finding, Observed, Outcome, Role};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{Origin, SubjectId};
use custody_core::index::ChainHead;
use custody_core::merkle::TreeHead;
use custody_core::record::TimeSource;
use custody_core::record::body::CustodianEnrol;
use custody_log::{Incoming, Ledger};
use ed25519_dalek::SigningKey;

use super::anomaly::{Anomaly, Planted};
use super::calendar::DAY_S;
use super::clock::HandClock;
use super::deed::{Deed, Load, Step};
use super::keys::Keys;
use crate::act::{Act, Basis, Proposal};
use crate::failure::Failure;
use crate::moment::Moment;

mod acts;

/// Most records that are on their way together: with their openings some 16 MiB.
const WINDOW: usize = 8192;

/// A plan being carried out.
pub struct Carrier<'a> {
    ledger: &'a Ledger,
    keys: &'a Keys,
    clock: Arc<HandClock>,
    /// Items from this number on, unless something is planted in them, keep no openings.
    opened: u64,
    heads: HashMap<SubjectId, ChainHead>,
    /// By item: the newest release, the record in which it was taken, a hold, a record that lost its place.
    releases: HashMap<u64, Hash>,
    taken: HashMap<u64, Hash>,
    holds: HashMap<u64, Hash>,
    lost: HashMap<u64, Vec<u8>>,
    seen: TreeHead,
    salts: u64,
    batch: Vec<Incoming>,
    size: u64,
    until_s: u64,
    planted: HashMap<u64, Planted>,
    /// Of items in which something is planted, the entry of the newest record of custody.
    newest: HashMap<u64, u64>,
}

impl<'a> Carrier<'a> {
    /// Begins with a ledger that was just founded.
    pub fn new(
        ledger: &'a Ledger,
        keys: &'a Keys,
        clock: Arc<HandClock>,
        opened: u64,
    ) -> Result<Self, Failure> {
        let seen = ledger.reader()?.head();
        Ok(Self {
            ledger,
            keys,
            clock,
            opened,
            heads: HashMap::new(),
            releases: HashMap::new(),
            taken: HashMap::new(),
            holds: HashMap::new(),
            lost: HashMap::new(),
            seen,
            salts: 0,
            batch: Vec::new(),
            size: seen.size.0,
            until_s: 0,
            planted: HashMap::new(),
            newest: HashMap::new(),
        })
    }

    /// Says what is planted, and into which items.
    pub fn plants(&mut self, plants: impl IntoIterator<Item = (u64, Anomaly)>) {
        let plant = |(number, anomaly)| {
            let item = self.keys.item(number);
            (number, Planted { anomaly, item, entries: Vec::new() })
        };
        self.planted = plants.into_iter().map(plant).collect();
    }

    /// What was planted, in the order of the entries.
    pub fn into_planted(self) -> Vec<Planted> {
        let mut planted: Vec<_> = self.planted.into_values().collect();
        planted.sort_by(|left, right| left.entries.cmp(&right.entries));
        planted
    }

    /// Entries so far, those on their way included.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Everybody is enrolled by their agency.
    pub fn enrol(&mut self, at_s: u64) -> Result<(), Failure> {
        for number in 0..self.keys.cast().people.len() {
            let person = &self.keys.cast().people[number];
            let roles = vec![
                Role::Releasing,
                Role::Receiving,
                Role::Witness,
                Role::Supervisor,
                Role::Acting,
            ];
            let (agency, name) = (person.agency, person.name.clone());
            let key = self.keys.person_public(number)?;
            let body = CustodianEnrol { key, roles, agency: self.keys.agency_id(agency) };
            let act = Act::enrol_custodian(self.keys.person_id(number), body)
                .sealing_text("name", Some(&name));
            let (authority, own) = (self.keys.authority(agency), self.keys.person(number));
            let proposal = self.propose(act, at_s, 0, [authority, own], &Observed::default())?;
            self.record(&proposal, true, at_s)?;
        }
        self.flush()
    }

    /// Carries out one step of the plan.
    pub fn carry_out(&mut self, step: &Step) -> Result<(), Failure> {
        if step.recorded_s / DAY_S != self.until_s / DAY_S || self.batch.len() >= WINDOW {
            self.flush()?;
        }
        let act = self.act(step)?;
        let (others, observed) = self.countersigners(step);
        let act = match self.is_placed(step) {
            true => act.sealing_text("place", Some(&self.place(step.place))),
            false => act,
        };
        let keys = self.signing_keys(step, others);
        let offset_min = self.keys.cast().offset_min(step.who) as i64;
        let proposal = self.propose(act, step.claimed_s, offset_min, keys, &observed)?;
        if let Deed::LostCheck { .. } = step.deed {
            self.lost.insert(step.item, proposal.to_bytes());
            return Ok(());
        }
        let is_planted = self.planted.contains_key(&step.item);
        let index = self.size;
        let until_s = step.recorded_s.max(step.claimed_s);
        let digest = self.record(&proposal, step.item < self.opened || is_planted, until_s)?;
        self.until_s = step.recorded_s;
        self.keep(step, digest);
        if is_planted {
            self.plant(step, index, &proposal);
        }
        Ok(())
    }

    /// Notes the entries that show what is planted: those that an audit names.
    fn plant(&mut self, step: &Step, index: u64, proposal: &Proposal) {
        let before = self.newest.get(&step.item).copied();
        if proposal.payload().subjects.iter().any(|link| link.subject.item().is_some()) {
            self.newest.insert(step.item, index);
        }
        let Some(planted) = self.planted.get_mut(&step.item).filter(|_| step.is_planted) else {
            return;
        };
        // An earlier time is earlier than that of another record.
        let is_earlier = planted.anomaly == Anomaly::Overlap;
        planted.entries.extend(before.filter(|_| is_earlier));
        planted.entries.push(index);
    }

    /// Keeps what a later step of the plan answers.
    fn keep(&mut self, step: &Step, digest: Hash) {
        let items = match step.load {
            Load::Items(count) => step.item..step.item + count,
            Load::Box => step.item..step.item + 1,
        };
        let known = match step.deed {
            Deed::Release { .. } => &mut self.releases,
            Deed::Collect => &mut self.taken,
            Deed::HoldSet => &mut self.holds,
            _ => return,
        };
        known.extend(items.map(|item| (item, digest)));
    }

    /// Whoever acts, and those who sign with them. That somebody is away, their agency signs.
    fn signing_keys(&self, step: &Step, other: Option<usize>) -> Vec<&'a SigningKey> {
        if let Deed::Absence { .. } = step.deed {
            return vec![self.keys.authority(self.keys.cast().people[step.who].agency)];
        }
        let people = std::iter::once(step.who).chain(other);
        people.map(|person| self.keys.person(person)).collect()
    }

    /// Waits until all that is on its way is recorded.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        for answer in self.ledger.submit_all(batch) {
            answer?;
        }
        // What people have seen is yesterday's checkpoint: of a size that does not depend on how the log cuts batches.
        self.seen = self.ledger.reader()?.head();
        Ok(())
    }

    fn record(&mut self, proposal: &Proposal, is_open: bool, at_s: u64) -> Result<Hash, Failure> {
        let bytes = proposal.to_bytes();
        let digest = sha256(&bytes);
        for link in &proposal.payload().subjects {
            let head = ChainHead { length: link.seq + 1, digest };
            self.heads.insert(link.subject.clone(), head);
        }
        let openings = if is_open { proposal.openings().to_vec() } else { Vec::new() };
        self.batch.push((bytes, openings));
        self.clock.move_to(at_s);
        self.size += 1;
        Ok(digest)
    }

    fn propose<'k>(
        &mut self,
        act: Act,
        claimed_s: u64,
        offset_min: i64,
        keys: impl IntoIterator<Item = &'k SigningKey>,
        observed: &Observed,
    ) -> Result<Proposal, Failure> {
        let (seed, mut salts) = (self.keys.seed(), self.salts);
        let mut salt = || {
            salts += 1;
            Ok(seed.half("salt", salts))
        };
        let occurred = Moment { utc_s: claimed_s, offset_min }.claimed(TimeSource::Ntp);
        let mut proposal = act.propose_salted(self, occurred, &mut salt)?;
        self.salts = salts;
        for key in keys {
            let role = proposal.next_signer().map(|signer| signer.role);
            let found = match role {
                Some(Role::Receiving) => observed.clone(),
                _ => Observed::default(),
            };
            proposal.sign(key, claimed_s, found)?;
        }
        Ok(proposal)
    }

    /// Who else signs, and what the receiver finds.
    fn countersigners(&self, step: &Step) -> (Option<usize>, Observed) {
        let seen = |outcomes: Vec<Outcome>| Observed {
            checked: vec![Check::Count, Check::Seal],
            outcomes,
        };
        let first = |finding: Finding| Outcome { position: 0, finding };
        match step.deed {
            Deed::Handoff { to, finding } => {
                (Some(to), seen(finding.map(first).into_iter().collect()))
            }
            Deed::Receive { is_short: true, .. } => (None, seen(self.found_of_several(step))),
            Deed::Receive { .. } => (None, seen(Vec::new())),
            Deed::CheckOut { to, .. } | Deed::CheckIn { to } => (Some(to), Observed::default()),
            Deed::Correct { supervisor } | Deed::HoldRelease { supervisor } => {
                (Some(supervisor), Observed::default())
            }
            Deed::Dispose { witness } => (Some(witness), Observed::default()),
            _ => (None, Observed::default()),
        }
    }

    /// The last of several items is not there, and the first was not looked into. Positions are those of the ids.
    fn found_of_several(&self, step: &Step) -> Vec<Outcome> {
        let mut ids = self.ids(step);
        let ends = [ids.first().copied(), ids.last().copied()];
        ids.sort_unstable();
        let outcome = |(position, id): (usize, &_)| {
            let finding = match ends {
                [_, last] if last == Some(*id) => Finding::Missing,
                [first, _] if first == Some(*id) => Finding::NotInventoried,
                _ => return None,
            };
            Some(Outcome { position, finding })
        };
        ids.iter().enumerate().filter_map(outcome).collect()
    }
}

impl Basis for Carrier<'_> {
    type Error = Failure;

    fn origin(&self) -> &Origin {
        self.ledger.origin()
    }

    fn genesis(&self) -> Option<Hash> {
        Some(self.ledger.genesis())
    }

    fn seen(&self) -> Option<TreeHead> {
        Some(self.seen)
    }

    fn chain_head(&self, subject: &SubjectId) -> Result<Option<ChainHead>, Failure> {
        Ok(self.heads.get(subject).copied())
    }
}
