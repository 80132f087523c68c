//! Training ledgers: invented people act over months, and a seed decides on everything. What an audit should find in them
//! is planted, and written down.
//!
//! The *plan* says who does what, when and where, and signs nothing; *carrying it out* signs with real keys and records in
//! a real ledger. Only the clock is not real: accepted times follow the claimed ones, so that months pass in seconds.
//! All keys follow from the seed, and so are worthless.

pub mod anomaly;
pub mod calendar;
pub mod carry;
pub mod cast;
pub mod clock;
pub mod deed;
pub mod exercise;
pub mod keys;
mod life;
pub mod plan;
pub mod seed;
mod staging;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use custody_core::cose::Observed;
use custody_core::id::Origin;
use custody_core::policy::Policy;
use custody_core::record::TimeSource;
use custody_log::{Ledger, LedgerOptions};
use serde_json::json;

use crate::act::{Act, Unfounded};
use crate::demo::cast::passphrase;
use crate::demo::{PASSPHRASE, check_empty, workshop};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::key_file::{KeyKind, Seed as KeySeed};
use crate::ledger_keys::{log_keys, pins};
use crate::log_key_files::LogKeyFiles;
use crate::moment::Moment;
use crate::terminal::is_about;
use anomaly::{Anomaly, Planted};
use calendar::{DAY_S, HOUR_S};
use carry::Carrier;
use cast::Cast;
use clock::HandClock;
use keys::Keys;
use plan::{Outline, Plan};
use seed::Seed;

/// The name of every training ledger that is made from a seed.
const ORIGIN: &str = "training-not-evidence/custody.example/scenario";

/// When the first item is taken: Monday, 6 January 2025, 8 hours UTC. Fixed, so that a seed makes the same ledger for ever.
pub const START_S: u64 = 1_736_121_600 + 8 * HOUR_S;

/// Of so many people the keys are written as files: each file costs a tenth of a second.
const KEY_FILES: usize = 12;

/// One item in so many carries an anomaly of each kind that was asked for.
const ITEMS_PER_PLANT: u64 = 300;

/// What a training ledger is made from.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What everything follows from.
    pub seed: u64,
    /// Items that are taken.
    pub items: u64,
    /// Agencies, two at least; every second one is a laboratory.
    pub agencies: usize,
    /// People, three for an agency at least.
    pub custodians: usize,
    /// Over how many days.
    pub days: u64,
    /// Items whose sealed fields can be opened; what is planted always can.
    pub opened: u64,
    /// What is planted.
    pub anomalies: Vec<Anomaly>,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Where.
    pub out: PathBuf,
    /// Entries in the ledger.
    pub size: u64,
    /// What is planted.
    pub planted: Vec<Planted>,
}

/// How far it is: entries so far.
pub type Tell<'a> = &'a dyn Fn(u64);

impl Scenario {
    /// What is planted into which item: into the first third, so that there is time for it to show.
    fn plants(&self) -> BTreeMap<u64, Anomaly> {
        let (mut dice, third) = (Seed(self.seed).dice("plants", 0), (self.items / 3).max(1));
        let mut plants = BTreeMap::new();
        for &anomaly in &self.anomalies {
            for _ in 0..(self.items / ITEMS_PER_PLANT).max(1) {
                let mut item = dice.between(0, third - 1);
                while plants.contains_key(&item) && (plants.len() as u64) < third {
                    item = (item + 1) % third;
                }
                plants.insert(item, anomaly);
            }
        }
        plants
    }

    /// The plan of this scenario.
    pub fn outline(&self) -> Outline {
        Outline {
            seed: Seed(self.seed),
            items: self.items,
            start_s: START_S,
            days: self.days,
            plants: self.plants(),
        }
    }

    /// Who plays in it.
    pub fn cast(&self) -> Cast {
        Cast::new(Seed(self.seed), self.agencies, self.custodians)
    }

    /// About how many entries it makes.
    pub fn entries(&self) -> u64 {
        self.items * 12 + self.custodians as u64 + 1
    }
}

/// Makes a training ledger in `out`, which must be absent or empty. All of it appears at once, or nothing.
///
/// # Errors
/// `out` holds something, or anything on the way fails.
pub fn make(out: &Path, scenario: &Scenario, tell: Tell<'_>) -> Result<Made, Failure> {
    check_empty(out)?;
    let workshop = workshop(out)?;
    let made = make_in(&workshop, scenario, tell).and_then(|made| {
        fs::rename(&workshop, out).map_err(file::cannot("make", out))?;
        Ok(Made { out: out.to_owned(), ..made })
    });
    made.inspect_err(|_| {
        // What cannot be removed is named for what it is; the first error is the one to tell.
        let _ = fs::remove_dir_all(&workshop);
    })
}

/// As [`make`], into a directory that is there and empty.
pub(crate) fn make_in(dir: &Path, scenario: &Scenario, tell: Tell<'_>) -> Result<Made, Failure> {
    let keys = Keys::new(Seed(scenario.seed), scenario.cast());
    let planted = record(dir, scenario, &keys, tell)?;
    let desk = Desk::read(&dir.join("ledger"))?;
    let create = |name: &str, bytes: &[u8]| file::create(&dir.join(name), bytes, Access::Shared);
    let policy = Policy::for_log(log_keys(&desk)?, Vec::new(), None)?;
    create("policy.txt", &policy.format())?;
    create("agencies.txt", pins(&desk)?.to_string().as_bytes())?;
    write_keys(dir, &keys)?;
    let size = desk.head().size.0;
    let list: Vec<_> = planted.iter().map(Planted::to_json).collect();
    let json = json!({ "training": true, "seed": scenario.seed, "size": size, "planted": list });
    create("planted.json", format!("{json:#}\n").as_bytes())?;
    Ok(Made { out: dir.to_owned(), size, planted })
}

/// Founds the ledger and carries out the plan.
fn record(
    dir: &Path,
    scenario: &Scenario,
    keys: &Keys,
    tell: Tell<'_>,
) -> Result<Vec<Planted>, Failure> {
    let origin: Origin = ORIGIN.parse()?;
    is_about(&origin);
    let clock = Arc::new(HandClock::at(START_S - 2 * DAY_S));
    let options = LedgerOptions { clock: clock.clone(), ..LedgerOptions::new(dir.join("ledger")) };
    let ledger = Ledger::create(options, keys.log(), founding(&origin, keys)?)?;
    let mut carrier = Carrier::new(&ledger, keys, clock, scenario.opened)?;
    let outline = scenario.outline();
    carrier.plants(outline.plants.clone());
    carrier.enrol(START_S - DAY_S)?;
    for step in Plan::new(outline, keys.cast()) {
        carrier.carry_out(&step)?;
        tell(carrier.size());
    }
    carrier.flush()?;
    Ok(carrier.into_planted())
}

/// The signed founding record.
fn founding(origin: &Origin, keys: &Keys) -> Result<Vec<u8>, Failure> {
    let at_s = START_S - 2 * DAY_S;
    let occurred = Moment::utc(at_s).claimed(TimeSource::Ntp);
    let body = keys.founding(origin)?;
    let mut proposal = Act::found(origin, body).propose(&Unfounded(origin), occurred)?;
    proposal.sign(keys.operator(), at_s, Observed::default())?;
    for agency in keys.founders() {
        proposal.sign(keys.authority(agency), at_s, Observed::default())?;
        proposal.sign(keys.recovery(agency), at_s, Observed::default())?;
    }
    Ok(proposal.to_bytes())
}

/// The log's keys, so that one can go on recording, and those of the first people and of the agencies.
fn write_keys(dir: &Path, keys: &Keys) -> Result<(), Failure> {
    let [ed25519, mldsa44] = keys.log_seeds();
    let files = LogKeyFiles::of(&dir.join("ledger"));
    let mut wanted = vec![
        (files.ed25519, KeySeed::known(KeyKind::Ed25519, ed25519)),
        (files.mldsa44, KeySeed::known(KeyKind::MlDsa44, mldsa44)),
    ];
    let own = dir.join("keys");
    let seed_of =
        |key: &ed25519_dalek::SigningKey| KeySeed::known(KeyKind::Ed25519, key.to_bytes());
    for agency in 0..keys.cast().agencies.len().min(KEY_FILES) {
        let path = own.join(format!("agency-{}.key", keys.agency_id(agency)));
        wanted.push((path, seed_of(keys.authority(agency))));
    }
    for person in 0..keys.cast().people.len().min(KEY_FILES) {
        let path = own.join(format!("custodian-{}.key", keys.person_id(person)));
        wanted.push((path, seed_of(keys.person(person))));
    }
    for directory in [own.clone(), dir.join("ledger/keys")] {
        fs::create_dir_all(&directory).map_err(file::cannot("make", &directory))?;
    }
    let line = format!("{PASSPHRASE}\n");
    file::create(&own.join("passphrase.txt"), line.as_bytes(), Access::Owner)?;
    for (path, seed) in wanted {
        let pem = seed.encode_private(&passphrase()?)?;
        file::create(&path, pem.as_bytes(), Access::Owner)?;
    }
    Ok(())
}
