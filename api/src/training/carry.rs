//! Carrying out a plan: its acts are signed by the people of the cast, with the real keys of their seed, and recorded in a
//! real ledger. The acts of a day are on their way together.

use std::collections::HashMap;
use std::sync::Arc;

use custody_core::cose::{Check, Finding, Observed, Outcome, Role};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{Origin, SubjectId, Uuid};
use custody_core::index::ChainHead;
use custody_core::merkle::TreeHead;
use custody_core::record::TimeSource;
use custody_core::record::body::{
    Correct, CorrectReason, CustodianEnrol, Derive, DeriveMethod, DigestOutcome, DigestScope,
    Dispose, DisposeMethod, EvidenceDigest, ExternalParty, HandoffExternal, ItemKind, LateEntry,
    LateReason, MovePurpose, NoteKind, Pack, Release, Seal, SealCheck, SealKind, StandIn, Unpack,
    VerifyDigest,
};
use custody_log::{Incoming, Ledger};
use ed25519_dalek::SigningKey;

use super::anomaly::{Anomaly, Planted};
use super::calendar::DAY_S;
use super::clock::HandClock;
use super::keys::Keys;
use super::plan::{Deed, Place, Step};
use crate::act::{Act, Basis, Document, Parties, Proposal, Reply};
use crate::failure::Failure;
use crate::moment::Moment;

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
    /// By item: the newest release, the record in which it was taken, a record that lost its place.
    releases: HashMap<u64, Hash>,
    taken: HashMap<u64, Hash>,
    lost: HashMap<u64, Vec<u8>>,
    seen: TreeHead,
    salts: u64,
    batch: Vec<Incoming>,
    size: u64,
    until_s: u64,
    planted: HashMap<u64, Planted>,
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
            lost: HashMap::new(),
            seen,
            salts: 0,
            batch: Vec::new(),
            size: seen.size.0,
            until_s: 0,
            planted: HashMap::new(),
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
        let keys = std::iter::once(step.who).chain(others).map(|person| self.keys.person(person));
        let keys: Vec<_> = keys.collect();
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
        match step.deed {
            Deed::Release { .. } => drop(self.releases.insert(step.item, digest)),
            Deed::Collect => drop(self.taken.insert(step.item, digest)),
            _ => {}
        }
        if let (true, Some(planted)) = (step.is_planted, self.planted.get_mut(&step.item)) {
            planted.entries.push(index);
        }
        Ok(())
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
        let checked = vec![Check::Count, Check::Seal];
        let seen = |finding: Option<Finding>| {
            let outcome = |finding| Outcome { position: 0, finding };
            let outcomes = finding.map(outcome).into_iter().collect();
            Observed { checked: checked.clone(), outcomes }
        };
        match step.deed {
            Deed::Handoff { to, finding } => (Some(to), seen(finding)),
            Deed::Receive { .. } => (None, seen(None)),
            Deed::Correct { supervisor } => (Some(supervisor), Observed::default()),
            Deed::Dispose { witness } => (Some(witness), Observed::default()),
            _ => (None, Observed::default()),
        }
    }

    fn is_placed(&self, step: &Step) -> bool {
        !matches!(step.deed, Deed::Correct { .. } | Deed::KeepLost)
    }

    fn place(&self, place: Place) -> String {
        let agencies = &self.keys.cast().agencies;
        match place {
            Place::Site(agency) => agencies[agency].site.clone(),
            Place::Annex(agency) => format!("{}, annex", agencies[agency].site),
            Place::Found(number) => format!("flat {}, kitchen table", number + 1),
        }
    }

    fn act(&self, step: &Step) -> Result<Act, Failure> {
        let (item, me) = (self.keys.item(step.item), self.keys.person_id(step.who));
        let image = self.keys.image(step.item);
        let person = |number: usize| self.keys.person_id(number);
        Ok(match &step.deed {
            Deed::Collect => Act::collect(item, me, ItemKind::Physical, &[])
                .sealing_text("description", Some(description(step.item)))
                .sealing_text("reference", Some(&format!("T-{:07}", step.item + 1))),
            Deed::Seal { nth } => Act::alone(Seal { kind: SealKind::Bag }, &[item], me)
                .sealing_number(&seal(step.item, *nth)),
            Deed::SealCheck { nth, outcome } => {
                Act::alone(SealCheck { outcome: *outcome }, &[item], me)
                    .sealing_number(&seal(step.item, *nth))
            }
            Deed::LostCheck { nth } => {
                let body = SealCheck { outcome: custody_core::record::body::SealOutcome::Intact };
                Act::alone(body, &[item], me).sealing_number(&seal(step.item, *nth))
            }
            Deed::KeepLost => {
                let record = self.lost.get(&step.item).cloned().unwrap_or_default();
                Act::late_entry(item, me, LateEntry { reason: LateReason::Conflict, record })
            }
            Deed::Image => self.image(item, image, me),
            Deed::VerifyImage => {
                let (scope, outcome) = (DigestScope::Container, DigestOutcome::Match);
                Act::alone(VerifyDigest { scope, outcome }, &[image], me)
                    .sealing_digests(&[digest_of(image)])
            }
            Deed::Note { text } => Act::note(item, me, NoteKind::Remark, text),
            Deed::Correct { supervisor } => self.correct(step.item, me, person(*supervisor)),
            Deed::Dispose { witness } => {
                let body = Dispose { method: DisposeMethod::Destroyed };
                Act::dispose(item, me, person(*witness), body)
                    .sealing_text("authority", Some("order of the training court"))
            }
            _ => self.movement(step),
        })
    }

    /// An act after which the item is somewhere else, or in something else.
    fn movement(&self, step: &Step) -> Act {
        let (item, me) = (self.keys.item(step.item), self.keys.person_id(step.who));
        let carried = self.keys.carried_in(step.item);
        let person = |number: usize| self.keys.person_id(number);
        let reply = |from, to| self.reply(step.item, Parties { from, to });
        match &step.deed {
            Deed::Handoff { to, .. } => {
                let parties = Parties { from: me, to: person(*to) };
                Act::handoff(&[item], parties, MovePurpose::Examination)
            }
            Deed::Release { to, purpose, expected_s, substitute } => {
                let parties = Parties { from: me, to: person(*to) };
                let substitutes = substitute.iter().map(|number| person(*number)).collect();
                let body = Release::for_purpose(*purpose);
                let body = Release { expected_s: *expected_s, substitutes, ..body };
                Act::send(&[item], parties, body)
            }
            Deed::Pack => {
                Act::alone(Pack { bound: None, container: carried }, &[item, carried], me)
            }
            Deed::Unpack => Act::alone(Unpack { container: carried }, &[item, carried], me),
            Deed::GiveAway => give_away(carried, me),
            Deed::Receive { from } => Act::receive(&[item], reply(person(*from), me)),
            Deed::Refuse { from, ground } => {
                Act::refuse_release(&[item], reply(person(*from), me), *ground)
            }
            Deed::Recall { to } => Act::recall(&[item], reply(me, person(*to))),
            // A box is taken; all else is in the caller.
            _ => Act::collect(carried, me, ItemKind::Physical, &[])
                .sealing_text("description", Some("box of grey cardboard")),
        }
    }

    fn reply(&self, item: u64, parties: Parties) -> Reply {
        let to = self.releases.get(&item).copied().unwrap_or_else(|| sha256(b""));
        Reply { to, parties }
    }

    fn image(&self, item: Uuid, image: Uuid, me: Uuid) -> Act {
        let body = Derive {
            tool: "training imager".to_owned(),
            method: DeriveMethod::Image,
            parent: item,
            digests: Vec::new(),
            version: "1.0".to_owned(),
        };
        Act::derive(image, me, body, &[digest_of(image)])
            .sealing_text("description", Some("image of what the item stores"))
    }

    fn correct(&self, item: u64, me: Uuid, supervisor: Uuid) -> Act {
        let record = self.taken.get(&item).copied().unwrap_or_else(|| sha256(b""));
        let (field, reason) = ("place".to_owned(), CorrectReason::Typing);
        Act::correct(self.keys.item(item), me, supervisor, Correct { field, reason, record })
            .sealing_text("value", Some("the flat across the hall, kitchen table"))
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

/// A carrier without a key takes a box, on a waybill.
fn give_away(carried: Uuid, me: Uuid) -> Act {
    let (party, purpose) = (ExternalParty::Carrier, MovePurpose::Transport);
    let body = HandoffExternal { party, purpose, stand_in: StandIn::Waybill };
    let waybill = b"waybill of the training carrier";
    let document = Document {
        name: "waybill.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: waybill.len() as u64,
        sha256: sha256(waybill),
    };
    Act::give(&[carried], me, body)
        .sealing_text("party", Some("Training Couriers"))
        .attaching(vec![document])
}

fn description(item: u64) -> &'static str {
    const THINGS: [&str; 6] = [
        "mobile telephone, black",
        "laptop, grey",
        "hard disk, 3.5 inches",
        "memory card in a plastic case",
        "tablet with a cracked screen",
        "notebook with handwritten pages",
    ];
    THINGS[(item % THINGS.len() as u64) as usize]
}

/// The number of an item's nth seal.
fn seal(item: u64, nth: u64) -> String {
    format!("TR-{:07}-{nth:02}", item + 1)
}

/// The digest of an image that nobody has: of its id.
fn digest_of(image: Uuid) -> EvidenceDigest {
    EvidenceDigest::sha256(DigestScope::Container, &sha256(image.as_bytes()))
}
