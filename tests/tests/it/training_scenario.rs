//! Training ledgers: what is planted is there, nothing else is, and a seed makes the same ledger again.
//!
//! What is there is found by the definitions of the audit's codes, written here a second time, naively, over all that the
//! ledger holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use custody_api::desk::Desk;
use custody_api::training::anomaly::Anomaly;
use custody_api::training::plan::{Deed, Load, Place, Plan, Step};
use custody_api::training::{Made, Scenario, make};
use custody_core::cbor::Reader;
use custody_core::cose::{Finding, Outcome};
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_core::record::body::{AgencyUpdate, Body, SealOutcome};
use tempfile::TempDir;

const HOUR_S: u64 = 3600;

/// A finding: its code, and the item.
type Found = (String, Uuid);

fn scenario(seed: u64, items: u64, anomalies: &[Anomaly]) -> Scenario {
    let anomalies = anomalies.to_vec();
    Scenario { seed, items, agencies: 4, custodians: 24, days: 90, opened: 10_000, anomalies }
}

fn made(scenario: &Scenario) -> (TempDir, Made) {
    let folder = TempDir::new().unwrap();
    let made = make(&folder.path().join("out"), scenario, &|_| {}).unwrap();
    (folder, made)
}

/// A record as an auditor has it.
struct Seen {
    record: Record,
    place: Option<String>,
    seal: Option<String>,
}

impl Seen {
    fn claimed_s(&self) -> u64 {
        self.record.payload().occurred.utc_s
    }

    fn custody(&self) -> impl Iterator<Item = Uuid> {
        self.record.payload().subjects.iter().filter_map(|link| match link.subject {
            SubjectId::Item(id) => Some(id),
            _ => None,
        })
    }
}

fn all(out: &Path) -> Vec<Seen> {
    let desk = Desk::read(&out.join("ledger")).unwrap();
    let size = desk.reader().head().size.0;
    let seen = |index| {
        let record = desk.record(LeafIndex(index)).unwrap();
        let openings = desk.openings(&record.digest()).unwrap();
        let text = |field: &str| {
            let opening = openings.iter().find(|opening| opening.field == field)?;
            Some(Reader::new(&opening.value).text().unwrap().to_owned())
        };
        Seen { place: text("place"), seal: text("seal"), record }
    };
    (0..size).map(seen).collect()
}

fn audit(records: &[Seen]) -> BTreeSet<Found> {
    let end_s = records.iter().map(Seen::claimed_s).max().unwrap();
    let mut chains: BTreeMap<Uuid, Vec<&Seen>> = BTreeMap::new();
    let mut found = two_places(records);
    for seen in records {
        seen.custody().for_each(|item| chains.entry(item).or_default().push(seen));
        if let (Body::LateEntry(_), SubjectId::Notes(item)) =
            (&seen.record.payload().body, &seen.record.payload().subjects[0].subject)
        {
            found.insert(("audit/late-entry".into(), *item));
        }
    }
    found.extend(carried_away(records));
    found.extend(substituted(records));
    let scanned = scanned(records);
    for (item, chain) in chains {
        for code in [overlaps(&chain), seals(&chain)].into_iter().flatten() {
            found.insert((code.into(), item));
        }
        for code in moves(&chain, end_s, &scanned) {
            found.insert((code.into(), item));
        }
        if last_finds_it_missing(&chain, item) {
            found.insert(("audit/missing".into(), item));
        }
    }
    found
}

fn overlaps(chain: &[&Seen]) -> Option<&'static str> {
    let is_earlier = |pair: &[&Seen]| pair[1].claimed_s() < pair[0].claimed_s();
    chain.windows(2).any(is_earlier).then_some("audit/overlap")
}

fn seals(chain: &[&Seen]) -> Option<&'static str> {
    let mut number = None;
    for seen in chain {
        let lines = seen.record.message().signatures();
        let outcomes = lines.iter().filter_map(|line| line.header.observed.as_ref());
        let is_mismatch = outcomes
            .flat_map(|observed| &observed.outcomes)
            .any(|outcome| outcome.finding == Finding::SealMismatch);
        let is_wrong = match &seen.record.payload().body {
            Body::Seal(_) => {
                number = seen.seal.clone();
                false
            }
            Body::SealCheck(body) => body.outcome != SealOutcome::Intact || seen.seal != number,
            _ => false,
        };
        if is_mismatch || is_wrong {
            return Some("audit/seal-mismatch");
        }
    }
    None
}

/// The releases that a carrier was seen with.
fn scanned(records: &[Seen]) -> BTreeSet<Hash> {
    let of = |seen: &Seen| match &seen.record.payload().body {
        Body::CarrierScan(body) => Some(body.release),
        _ => None,
    };
    records.iter().filter_map(of).collect()
}

/// Whether the newest record of an item's custody says that it was not there.
fn last_finds_it_missing(chain: &[&Seen], item: Uuid) -> bool {
    let last = &chain[chain.len() - 1].record;
    let lines = last.message().signatures().iter();
    let observed = lines.filter_map(|line| line.header.observed.as_ref());
    let is_it = |outcome: &Outcome| {
        let subject = &last.payload().subjects[outcome.position].subject;
        outcome.finding == Finding::Missing && *subject == SubjectId::Item(item)
    };
    observed.flat_map(|observed| &observed.outcomes).any(is_it)
}

fn moves(chain: &[&Seen], end_s: u64, scanned: &BTreeSet<Hash>) -> Vec<&'static str> {
    let mut found = Vec::new();
    for (at, seen) in chain.iter().enumerate() {
        if let Body::CheckOut(body) = &seen.record.payload().body {
            let back_s = chain.get(at + 1).map_or(end_s, |back| back.claimed_s());
            found.extend((body.due_s.unwrap() < back_s).then_some("audit/overdue-transit"));
        }
        let Body::Release(body) = &seen.record.payload().body else { continue };
        let answer_s = chain.get(at + 1).map(|answer| answer.claimed_s());
        let until_s = answer_s.unwrap_or(end_s);
        let is_scanned = scanned.contains(&seen.record.digest());
        if body.expected_s.is_none() && !is_scanned && until_s - seen.claimed_s() > 72 * HOUR_S {
            found.push("audit/gap");
        }
        if body.expected_s.is_some_and(|expected_s| expected_s < until_s) {
            found.push("audit/overdue-transit");
        }
        if answer_s.is_none() && end_s - seen.claimed_s() > 30 * 24 * HOUR_S {
            found.push("audit/unsigned-by-receiver");
        }
    }
    found
}

/// What is in a container that went to somebody who holds no key.
fn carried_away(records: &[Seen]) -> BTreeSet<Found> {
    let (mut inside, mut found) = (BTreeMap::new(), BTreeSet::new());
    for seen in records {
        match &seen.record.payload().body {
            Body::Pack(body) => {
                seen.custody().filter(|item| *item != body.container).for_each(|item| {
                    inside.insert(item, body.container);
                })
            }
            Body::Unpack(_) => inside.retain(|item, _| !seen.custody().any(|out| out == *item)),
            Body::HandoffExternal(_) => {
                let gone: Vec<_> = seen.custody().collect();
                let is_gone = |(_, container): &(&Uuid, &Uuid)| gone.contains(container);
                let orphans = inside.iter().filter(is_gone).map(|(item, _)| *item);
                found.extend(orphans.map(|item| ("audit/orphaned-container".to_owned(), item)));
            }
            _ => {}
        }
    }
    found
}

/// Who received for an addressee of whom no agency had said that they are away then, or who was not named for it.
fn substituted(records: &[Seen]) -> BTreeSet<Found> {
    let digests: BTreeMap<_, _> = records.iter().map(|seen| (seen.record.digest(), seen)).collect();
    let (mut found, mut away) = (BTreeSet::new(), Vec::new());
    for seen in records {
        let payload = seen.record.payload();
        if let Body::AgencyUpdate(AgencyUpdate { absence: Some(absence), .. }) = &payload.body {
            away.push((payload.subjects[0].subject.clone(), *absence));
        }
        let Body::Receive(body) = &payload.body else { continue };
        let addressee = digests[&body.release].record.payload().to;
        let person = SubjectId::Custodian(addressee.unwrap());
        let is_away = away.iter().any(|(id, absence)| {
            let is_then = (absence.from_s..absence.until_s).contains(&seen.claimed_s());
            *id == person
                && is_then
                && absence.alternate.is_none_or(|named| Some(named) == payload.to)
        });
        if addressee != payload.to && !is_away {
            let code = "audit/alternate-outside-absence".to_owned();
            found.extend(seen.custody().map(|item| (code.clone(), item)));
        }
    }
    found
}

fn two_places(records: &[Seen]) -> BTreeSet<Found> {
    let mut days: BTreeMap<&SubjectId, Vec<(u64, &str, Uuid)>> = BTreeMap::new();
    for seen in records {
        let Some(place) = &seen.place else { continue };
        // A shelf, and where a carrier is, is not where somebody acts.
        let body = &seen.record.payload().body;
        if matches!(body, Body::Store(_) | Body::CheckIn(_) | Body::CarrierScan(_)) {
            continue;
        }
        let item = seen.record.payload().subjects.iter().find_map(|link| match link.subject {
            SubjectId::Item(id) | SubjectId::Notes(id) => Some(id),
            _ => None,
        });
        for signer in &seen.record.payload().signers {
            let act = (seen.claimed_s(), place.as_str(), item.unwrap());
            days.entry(&signer.id).or_default().push(act);
        }
    }
    let mut found = BTreeSet::new();
    for acts in days.values_mut() {
        acts.sort();
        for pair in acts.windows(2) {
            if pair[0].1 != pair[1].1 && pair[1].0 - pair[0].0 < HOUR_S / 2 {
                found.extend([pair[0].2, pair[1].2].map(|item| ("audit/two-places".into(), item)));
            }
        }
    }
    found
}

#[test]
fn everything_that_is_planted_is_there_and_nothing_else() {
    for seed in [1, 2, 3, 12] {
        let (_folder, made) = made(&scenario(seed, 60, Anomaly::ALL));
        let planted: BTreeSet<_> =
            made.planted.iter().map(|planted| (planted.anomaly.code(), planted.item)).collect();
        assert_eq!(planted.len(), Anomaly::ALL.len(), "seed {seed}");
        assert_eq!(audit(&all(&made.out)), planted, "seed {seed}");
    }
}

#[test]
fn what_planted_json_points_at_is_the_act_that_is_wrong() {
    let (_folder, made) = made(&scenario(4, 30, Anomaly::ALL));
    let records = all(&made.out);
    for planted in &made.planted {
        assert!(!planted.entries.is_empty(), "{planted:?}");
        for &entry in &planted.entries {
            let subjects = &records[entry as usize].record.payload().subjects;
            // Of a box that was given away, the entry is the box's.
            if planted.anomaly == Anomaly::OrphanedContainer {
                assert!(matches!(
                    records[entry as usize].record.payload().body,
                    Body::HandoffExternal(_)
                ));
                continue;
            }
            assert!(planted.entries.is_sorted(), "{planted:?}");
            let ids = [SubjectId::Item(planted.item), SubjectId::Notes(planted.item)];
            assert!(ids.contains(&subjects[0].subject), "{planted:?}");
        }
    }
}

#[test]
fn a_clean_scenario_gives_no_finding() {
    for seed in [5, 6] {
        let (_folder, made) = made(&scenario(seed, 60, &[]));
        assert_eq!(made.planted, []);
        assert_eq!(audit(&all(&made.out)), BTreeSet::new(), "seed {seed}");
    }
}

/// What people do besides: everything that has an act of its own in the plan is there, in a ledger without findings.
#[test]
fn a_clean_scenario_has_the_whole_of_custody() {
    let (_folder, made) = made(&scenario(13, 240, &[]));
    let records = all(&made.out);
    let mut words = BTreeSet::new();
    for seen in &records {
        let payload = seen.record.payload();
        words.insert(payload.body.record_type().word().to_owned());
        let several = if payload.subjects.len() > 1 { "several " } else { "" };
        let lines = seen.record.message().signatures().iter();
        let outcomes = lines.filter_map(|line| line.header.observed.as_ref());
        for outcome in outcomes.flat_map(|observed| &observed.outcomes) {
            words.insert(format!("{several}{}", outcome.finding.word()));
        }
        match &payload.body {
            Body::Release(body) => {
                let is_requested = body.request.is_some();
                let sealed = |name: &str| payload.commitment(name).is_some();
                words.extend((!body.substitutes.is_empty()).then(|| "substitute".to_owned()));
                words.extend(is_requested.then(|| format!("{several}under a request")));
                words.extend(sealed("waybill").then(|| "waybill".to_owned()));
                words.extend(sealed("carrier").then(|| "carrier".to_owned()));
                words.insert(format!("{several}release"));
            }
            Body::Handoff(_) => drop(words.insert(format!("{several}handoff"))),
            Body::Request(body) => drop(words.insert(body.step.word().to_owned())),
            _ => {}
        }
    }
    for word in [
        "store",
        "check-out",
        "check-in",
        "carrier-scan",
        "waybill",
        "carrier",
        "substitute",
        "agency-update",
        "pack",
        "unpack",
        "several release",
        "several handoff",
        "several missing",
        "several not-inventoried",
        "several under a request",
        "prepared",
        "transmitted",
        "received",
        "accepted",
        "executing",
        "fulfilled",
        "hold-set",
        "hold-release",
        "correct",
        "refuse",
        "recall",
        "dispose",
    ] {
        assert!(words.contains(word), "{word} is not in {words:?}");
    }
    assert!(has_moved_in_a_box(&records));
    assert_eq!(audit(&records), BTreeSet::new());
}

/// Whether a box was filled by one person and emptied by another.
fn has_moved_in_a_box(records: &[Seen]) -> bool {
    let mut packed = BTreeMap::new();
    records.iter().any(|seen| {
        let signer = &seen.record.payload().signers[0].id;
        match &seen.record.payload().body {
            Body::Pack(body) => {
                packed.insert(body.container, signer);
                false
            }
            Body::Unpack(body) => packed[&body.container] != signer,
            _ => false,
        }
    })
}

#[test]
fn the_same_seed_makes_the_same_ledger() {
    let head = |seed: u64, items: u64| {
        let (_folder, made) = made(&scenario(seed, items, &[]));
        let desk = Desk::read(&made.out.join("ledger")).unwrap();
        (*desk.reader().head().root.as_bytes(), made.size)
    };
    assert_eq!(head(7, 12), head(7, 12));
    assert_ne!(head(7, 12), head(8, 12));
}

/// Large plans cost nothing as long as nobody signs them.
#[test]
fn in_a_large_plan_nobody_is_in_two_places_and_nothing_is_late() {
    for seed in 9..12 {
        let mut scenario = scenario(seed, 20_000, &[]);
        scenario.custodians = 700;
        let cast = scenario.cast();
        let mut last: BTreeMap<usize, (u64, Place)> = BTreeMap::new();
        let mut due: BTreeMap<u64, u64> = BTreeMap::new();
        let mut count = 0;
        for step in Plan::new(scenario.outline(), &cast) {
            for person in everybody(&step) {
                let before = last.insert(person, (step.claimed_s, step.place));
                let Some((before_s, place)) = before else { continue };
                let pause_s = if place == step.place { 1 } else { HOUR_S };
                assert!(step.claimed_s >= before_s + pause_s, "seed {seed}: {step:?} {place:?}");
            }
            match step.deed {
                // What goes without a time by which it is expected has been seen on its way.
                Deed::Release { expected_s, .. } => {
                    due.insert(step.item, expected_s.unwrap_or(0));
                }
                Deed::Scan => {
                    due.entry(step.item).and_modify(|due_s| {
                        if *due_s == 0 {
                            *due_s = u64::MAX;
                        }
                    });
                }
                Deed::CheckOut { due_s, .. } => drop(due.insert(step.item, due_s)),
                // The rest comes under the number of the last of several.
                Deed::Receive { is_short: true, .. } => {
                    let due_s = due.remove(&step.item).unwrap();
                    let Load::Items(count) = step.load else { panic!("{step:?}") };
                    assert!(step.claimed_s < due_s, "seed {seed}");
                    due.insert(step.item + count - 1, due_s);
                }
                Deed::Receive { .. }
                | Deed::Refuse { .. }
                | Deed::Recall { .. }
                | Deed::CheckIn { .. } => {
                    assert!(step.claimed_s < due.remove(&step.item).unwrap(), "seed {seed}");
                }
                _ => {}
            }
            count += 1;
        }
        assert!(due.is_empty() && count > 200_000, "seed {seed}: {count}");
    }
}

fn everybody(step: &Step) -> Vec<usize> {
    let other = match step.deed {
        Deed::Handoff { to, .. } | Deed::CheckOut { to, .. } | Deed::CheckIn { to } => Some(to),
        Deed::Correct { supervisor } | Deed::HoldRelease { supervisor } => Some(supervisor),
        Deed::Dispose { witness } => Some(witness),
        _ => None,
    };
    [Some(step.who), other].into_iter().flatten().collect()
}
