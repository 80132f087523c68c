//! The ledger that the story happens in, and a clock that runs faster than ours.

use std::fs;
use std::path::Path;

use custody_core::cose::Observed;
use custody_core::hash::Hash;
use custody_core::id::{Origin, SubjectId};
use custody_core::index::ChainHead;
use custody_core::merkle::TreeHead;
use custody_core::note::KeyName;
use custody_core::record::body::{AgencyEnrol, CustodianEnrol, LedgerOpen, LedgerPurpose};
use custody_core::record::{Occurred, TimeSource};
use custody_log::signing::{LogSeeds, LogSigner};
use custody_log::{Acknowledged, Ledger, LedgerOptions, LogSecrets};
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::ORIGIN;
use super::cast::{Agency, Cast, passphrase};
use crate::act::{Act, Basis, Proposal, Unfounded};
use crate::desk::now_s;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::key_file::{KeyKind, Seed};
use crate::log_key_files::LogKeyFiles;
use crate::moment::Moment;
use crate::terminal::is_about;

/// How long before now the story begins: all of it lies within a day, so that nothing counts as late.
const DURATION_S: u64 = 20 * 3600;

/// Local time of the story: two hours ahead of UTC.
const OFFSET_MIN: i64 = 120;

/// A ledger being filled.
pub struct Stage {
    ledger: Ledger,
    now_s: u64,
}

impl Stage {
    /// Founds the ledger in `dir/ledger` and enrols everybody.
    pub fn found(dir: &Path, cast: &Cast) -> Result<Self, Failure> {
        let path = dir.join("ledger");
        let origin: Origin = ORIGIN.parse()?;
        is_about(&origin);
        let seeds = (Seed::random(KeyKind::Ed25519)?, Seed::random(KeyKind::MlDsa44)?);
        let body = founding(&origin, cast, &seeds)?;
        let first = now_s().saturating_sub(DURATION_S);
        let mut proposal =
            Act::found(&origin, body).propose(&Unfounded(&origin), claimed(first))?;
        let agencies = founders(cast);
        let keys = agencies.iter().flat_map(|agency| [&agency.authority.key, &agency.recovery.key]);
        for key in std::iter::once(&cast.operator.key).chain(keys) {
            proposal.sign(key, first, Observed::default())?;
        }
        write_log_keys(&path, &seeds)?;
        let keys = LogSecrets {
            ed25519: Zeroizing::new(*seeds.0.as_bytes()),
            mldsa44: Zeroizing::new(*seeds.1.as_bytes()),
        };
        let ledger = Ledger::create(LedgerOptions::new(&path), keys, proposal.to_bytes())?;
        let mut stage = Self { ledger, now_s: first };
        stage.enrol(cast)?;
        Ok(stage)
    }

    fn enrol(&mut self, cast: &Cast) -> Result<(), Failure> {
        let agencies = founders(cast);
        let ids = agencies.map(|agency| agency.enrolment.id);
        let body = AgencyEnrol { agency: cast.carrier.enrolment.clone() };
        let act = Act::enrol_agency(&ORIGIN.parse()?, &ids, body);
        let carrier = [&cast.carrier.authority.key, &cast.carrier.recovery.key];
        let keys = agencies.map(|agency| &agency.authority.key);
        self.play(5, act, &[keys.as_slice(), carrier.as_slice()].concat())?;
        for (person, agency) in cast.people() {
            let (key, roles) = (person.pair.public.clone(), person.roles.clone());
            let body = CustodianEnrol { key, roles, agency: person.agency };
            let act = Act::enrol_custodian(person.id, body).sealing_text("name", Some(person.name));
            self.play(1, act, &[&agency.authority.key, &person.pair.key])?;
        }
        Ok(())
    }

    /// Where the story is: seconds since 1970.
    pub fn now_s(&self) -> u64 {
        self.now_s
    }

    /// Something happens, `minutes` after what happened before.
    pub fn play(
        &mut self,
        minutes: u64,
        act: Act,
        keys: &[&SigningKey],
    ) -> Result<Acknowledged, Failure> {
        self.play_observed(minutes, act, keys, &Observed::default())
    }

    /// As [`Stage::play`], with what the receiver found.
    pub fn play_observed(
        &mut self,
        minutes: u64,
        act: Act,
        keys: &[&SigningKey],
        observed: &Observed,
    ) -> Result<Acknowledged, Failure> {
        let proposal = self.propose(minutes, act, keys, observed)?;
        self.record(&proposal)
    }

    /// An act that is signed, but not recorded: an offer.
    pub fn propose(
        &mut self,
        minutes: u64,
        act: Act,
        keys: &[&SigningKey],
        observed: &Observed,
    ) -> Result<Proposal, Failure> {
        // The story never overtakes the clock on the wall.
        self.now_s = (self.now_s + minutes * 60).min(now_s());
        let mut proposal = act.propose(self, claimed(self.now_s))?;
        for key in keys {
            let role = proposal.next_signer().map(|signer| signer.role);
            let receives = role == Some(custody_core::cose::Role::Receiving);
            let found = if receives { observed.clone() } else { Observed::default() };
            proposal.sign(key, self.now_s, found)?;
        }
        Ok(proposal)
    }

    /// Records what all have signed.
    pub fn record(&self, proposal: &Proposal) -> Result<Acknowledged, Failure> {
        Ok(self.ledger.submit(proposal.to_bytes(), proposal.openings().to_vec())?)
    }

    /// Waits until all is recorded, and lets go of the store.
    pub fn close(self) {
        drop(self.ledger);
    }
}

fn claimed(utc_s: u64) -> Occurred {
    Moment { utc_s, offset_min: OFFSET_MIN }.claimed(TimeSource::Ntp)
}

/// The founding agencies in the order of their ids, in which they sign.
fn founders(cast: &Cast) -> [&Agency; 2] {
    let mut agencies = [&cast.police, &cast.laboratory];
    agencies.sort_by_key(|agency| agency.enrolment.id);
    agencies
}

fn founding(origin: &Origin, cast: &Cast, seeds: &(Seed, Seed)) -> Result<LedgerOpen, Failure> {
    let name = KeyName::parse(origin.as_str())?;
    let of_log = LogSeeds { ed25519: seeds.0.as_bytes(), mldsa44: seeds.1.as_bytes() };
    let signer = LogSigner::from_seeds(&name, of_log)?;
    Ok(LedgerOpen {
        log_ed25519: *seeds.0.signing_key().verifying_key().as_bytes(),
        log_mldsa44: signer.keys().mldsa44().key().encode(),
        quorum: 2,
        purpose: LedgerPurpose::Training,
        agencies: founders(cast).map(|agency| agency.enrolment.clone()).to_vec(),
        operator: cast.operator.public.clone(),
        succeeds: None,
    })
}

fn write_log_keys(ledger: &Path, seeds: &(Seed, Seed)) -> Result<(), Failure> {
    let files = LogKeyFiles::of(ledger);
    let dir = ledger.join("keys");
    fs::create_dir_all(&dir).map_err(file::cannot("make", &dir))?;
    for (path, seed) in [(&files.ed25519, &seeds.0), (&files.mldsa44, &seeds.1)] {
        let pem = seed.encode_private(&passphrase()?)?;
        file::create(path, pem.as_bytes(), Access::Owner)?;
    }
    Ok(())
}

impl Basis for Stage {
    type Error = Failure;

    fn origin(&self) -> &Origin {
        self.ledger.origin()
    }

    fn genesis(&self) -> Option<Hash> {
        Some(self.ledger.genesis())
    }

    fn seen(&self) -> Option<TreeHead> {
        self.ledger.reader().ok().map(|reader| reader.head())
    }

    fn chain_head(&self, subject: &SubjectId) -> Result<Option<ChainHead>, Failure> {
        Ok(self.ledger.reader()?.subject(subject)?.map(|subject| subject.chain))
    }
}
