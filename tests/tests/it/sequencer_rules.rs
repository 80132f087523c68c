//! What the sequencer refuses, what it recognises, and what stops it.

use std::sync::Arc;

use custody_core::cose::Role;
use custody_core::custody::RuleViolation;
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::record::body::{AgencyEnrol, KeyReason, KeyRotate, KeySlot};
use custody_core::sealed::Opening;
use custody_log::high_water::{HighWater, LocalDisk};
use custody_log::store::{RocksConfig, RocksStore};
use custody_log::{BatchLimits, Ledger, LedgerOptions, Parts, SeenError, SubmitError, check};
use custody_tests::paper::{public, signing_key};
use custody_tests::world::{Agency, Hand, Made, Scene, World, digest_of};

/// The code with which a record is refused.
fn refusal(ledger: &Ledger, made: Made) -> &'static str {
    ledger.submit(made.0, made.1).unwrap_err().code()
}

#[test]
fn the_same_record_gets_the_same_answer() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 3);
    let (one, two) = (scene.world.note(0, 1), scene.world.handoff(1, 2));
    let batch = vec![one.clone(), two.clone(), one.clone(), two.clone()];
    let answers = scene.submit_all(&ledger, batch.clone());
    let places = |answers: &[custody_log::Acknowledged]| {
        answers.iter().map(|answer| (answer.index, answer.entry)).collect::<Vec<_>>()
    };
    let known = |answers: &[custody_log::Acknowledged]| {
        answers.iter().map(|answer| answer.was_known).collect::<Vec<_>>()
    };
    assert_eq!(places(&answers[..2]), places(&answers[2..]));
    assert_eq!(known(&answers), [false, false, true, true]);

    drop(ledger);
    let ledger = scene.open().unwrap();
    let again = scene.submit_all(&ledger, batch);
    assert_eq!(places(&again), places(&answers));
    assert_eq!(known(&again), [true; 4]);
    assert_eq!(ledger.reader().unwrap().head().size, TreeSize(9));
}

#[test]
fn a_conflict_names_the_record_that_won() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 4);
    let item = SubjectId::Item(scene.world.items[0].0);
    let loser = scene.world.clone().handoff(0, 2);
    let mut other = scene.world.clone();
    let winner = scene.world.handoff(0, 1);
    let third = scene.world.handoff(0, 3);
    let winners = [digest_of(&winner), digest_of(&third)];
    // What builds on the loser, at a place that is free by then.
    other.handoff(0, 2);
    let orphan = other.handoff(0, 3);

    let won_by = |answer: Result<custody_log::Acknowledged, SubmitError>| match answer {
        Err(SubmitError::Conflict { subject, seq, winner }) => {
            assert_eq!(subject, item);
            (seq, winner)
        }
        other => panic!("{other:?}"),
    };
    let mut answers =
        ledger.submit_all(vec![winner, loser.clone(), orphan.clone(), third]).into_iter();
    assert!(answers.next().unwrap().is_ok());
    assert_eq!(won_by(answers.next().unwrap()), (1, Some(winners[0])), "within the batch");
    assert_eq!(won_by(answers.next().unwrap()), (2, Some(winners[0])), "another `prev`");
    assert!(answers.next().unwrap().is_ok(), "a refusal concerns one record");
    assert_eq!(won_by(ledger.submit(loser.0, Vec::new())), (1, Some(winners[0])));
    assert_eq!(won_by(ledger.submit(orphan.0, Vec::new())), (2, Some(winners[1])));

    let mut ahead = scene.world.clone();
    ahead.handoff(0, 0);
    let gap = ahead.handoff(0, 1);
    assert_eq!(won_by(ledger.submit(gap.0, Vec::new())), (4, None), "nothing there yet");
    check(&ledger.reader().unwrap(), &|_| ()).unwrap();
}

#[test]
fn a_key_serves_from_the_record_after_its_enrolment() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::founded(dir.path());
    let world = &mut scene.world;
    let mut records = vec![world.enrol(), world.collect(0), world.enrol(), world.handoff(0, 1)];
    let old = world.clone().note(0, 1);
    records.extend([world.rotate_key(1), world.note(0, 1)]);
    // A stranger whose enrolment comes too late in the same batch.
    let mut hasty = world.clone();
    let late = hasty.enrol();
    let early = hasty.note(0, 2);
    records.extend([early.clone(), late, old]);
    let codes: Vec<_> = ledger
        .submit_all(records)
        .into_iter()
        .map(|answer| answer.map_or_else(|error| error.code(), |_| "ok"))
        .collect();
    assert_eq!(codes[..6], ["ok"; 6]);
    assert_eq!(codes[6..], ["record/unknown-key", "ok", "custody/conflict"]);
    assert!(ledger.submit(early.0, early.1).is_ok(), "by then the key is enrolled");
    check(&ledger.reader().unwrap(), &|_| ()).unwrap();
}

#[test]
fn seen_names_what_the_log_signed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let head = ledger.reader().unwrap().head();
    let with_seen = |seen: TreeHead| {
        let mut world = scene.world.clone();
        world.seen = Some(seen);
        world.handoff(0, 1)
    };
    let future = with_seen(TreeHead { size: TreeSize(6), root: head.root });
    match ledger.submit(future.0, Vec::new()) {
        Err(SubmitError::Seen(SeenError::Future { size, limit })) => {
            assert_eq!((size, limit), (TreeSize(6), TreeSize(5)));
        }
        other => panic!("{other:?}"),
    }
    let wrong = TreeHead { root: sha256(b"another tree"), ..head };
    assert_eq!(refusal(&ledger, with_seen(wrong)), "seen/unknown-head");
    let unsigned = TreeHead { size: TreeSize(4), root: head.root };
    assert_eq!(refusal(&ledger, with_seen(unsigned)), "seen/unknown-head");

    scene.world.seen = Some(head);
    scene.world.handoff(0, 1);
    let current = scene.world.note(1, 1);
    assert!(ledger.submit(current.0, current.1).is_ok(), "its own index is the limit");
    check(&ledger.reader().unwrap(), &|_| ()).unwrap();
}

/// Where the state is new, and where it was read from the store.
#[test]
fn the_operators_key_is_nobody_elses() {
    let dir = tempfile::tempdir().unwrap();
    let (scene, ledger) = Scene::new(dir.path(), 1);
    assert_eq!(refusal(&ledger, scene.world.enrol_operator()), "custody/key-enrolled-twice");
    drop(ledger);
    let ledger = scene.open().unwrap();
    assert_eq!(refusal(&ledger, scene.world.enrol_operator()), "custody/key-enrolled-twice");
    check(&ledger.reader().unwrap(), &|_| ()).unwrap();
}

/// Where the state is new, and where it was read from the store.
#[test]
fn keys_that_founders_enrolled_are_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::founded(dir.path());
    let world = &mut scene.world;
    let third = Agency::new("third", "SE");
    let founders = |world: &World| world.agencies.iter().map(Hand::authority).collect::<Vec<_>>();
    let new_key = |key| Hand::new(key, third.subject(), Role::NewKey);
    let hands = [founders(world), vec![new_key(&third.key), new_key(&third.recovery)]].concat();
    let body = AgencyEnrol { agency: third.enrolment() };
    let page = world.page(&[third.subject(), world.ledger()], hands, body);
    let enrolled = world.take(&page);
    let key = signing_key("third's second");
    let hands = [founders(world), vec![new_key(&key)]].concat();
    let (slot, reason) = (KeySlot::Authority, KeyReason::Lost);
    let page = world.page(&[third.subject()], hands, KeyRotate { key: public(&key), slot, reason });
    let replaced = world.take(&page);
    scene.submit_all(&ledger, vec![enrolled, replaced]);
    let by_others = |ledger: &Ledger| {
        let state = ledger.reader().unwrap().subject(&third.subject()).unwrap().unwrap();
        check(&ledger.reader().unwrap(), &|_| ()).unwrap();
        state.standing.keys().iter().map(|state| state.is_by_others).collect::<Vec<_>>()
    };
    assert_eq!(by_others(&ledger), [false, false, true]);
    drop(ledger);
    assert_eq!(by_others(&scene.open().unwrap()), [false, false, true]);
}

#[test]
fn late_entries_hold_what_the_ledger_does_not_have() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 3);
    let loser = scene.world.clone().handoff(0, 2);
    let winner = scene.world.handoff(0, 1);
    let twin = scene.world.clone().late_entry(0, 1, &winner.0);
    // The winner is in the same batch as the entry that embeds it.
    let answers = ledger.submit_all(vec![winner.clone(), twin]);
    let codes: Vec<_> = answers.iter().map(|a| a.as_ref().map_err(SubmitError::code)).collect();
    assert!(matches!(codes[..], [Ok(_), Err("custody/not-late")]));
    let again = scene.world.clone().late_entry(0, 1, &winner.0);
    let error = ledger.submit(again.0, again.1).unwrap_err();
    assert!(matches!(error, SubmitError::Rule(RuleViolation::NotLate)), "{error:?}");
    let late = scene.world.late_entry(0, 1, &loser.0);
    assert!(ledger.submit(late.0, late.1).is_ok());
    // Further back, what took its place is still no loser.
    let later = scene.world.handoff(0, 2);
    scene.submit_all(&ledger, vec![later]);
    let old = scene.world.clone().late_entry(0, 1, &winner.0);
    assert_eq!(refusal(&ledger, old), "custody/not-late");
    check(&ledger.reader().unwrap(), &|_| ()).unwrap();
}

#[test]
fn records_of_other_ledgers_and_openings_that_do_not_open() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let mut stranger = World::new("ledger.example/other", 2);
    stranger.founding();
    stranger.begin(ledger.genesis());
    assert_eq!(refusal(&ledger, stranger.enrol()), "record/other-ledger");
    let mut twin = scene.world.clone();
    twin.begin(sha256(b"another entry 0"));
    assert_eq!(refusal(&ledger, twin.note(0, 1)), "record/other-genesis");
    assert_eq!(refusal(&ledger, (b"nonsense".to_vec(), Vec::new())), "cose/not-cose-sign");

    let (record, openings) = scene.world.note(0, 1);
    let mut wrong = openings.clone();
    wrong[0].salt[0] ^= 1;
    assert_eq!(refusal(&ledger, (record.clone(), wrong)), "opening/mismatch");
    let other = Opening { field: "place".into(), ..openings[0].clone() };
    assert_eq!(refusal(&ledger, (record.clone(), vec![other])), "opening/no-such-field");

    // Openings of a record that is refused do not stay.
    let (orphan, sealed) = {
        let mut ahead = scene.world.clone();
        ahead.note(0, 1);
        ahead.note(0, 1)
    };
    assert_eq!(refusal(&ledger, (orphan, sealed)), "custody/conflict");
    let pending = dir.path().join("vault/pending");
    assert_eq!(std::fs::read_dir(pending).unwrap().count(), 0);

    let options = LedgerOptions::new(elsewhere.path().join("not-founded"));
    let made = Ledger::create(options.clone(), scene.world.log_keys(), record);
    assert_eq!(made.err().unwrap().code(), "record/unknown-key");
    let mut world = World::new("ledger.example/third", 1);
    let founding = world.founding();
    let made = Ledger::create(options.clone(), scene.world.log_keys(), founding);
    assert_eq!(made.err().unwrap().code(), "genesis/log-keys");
    assert!(!options.dir.exists(), "nothing is made for a record that is refused");
}

#[test]
fn a_clock_that_jumps_stops_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let start = ledger.reader().unwrap().entry(custody_core::merkle::LeafIndex(0)).unwrap();
    let start_ms = start.accepted_ms;
    let note = |scene: &mut Scene, ledger: &Ledger| {
        let (record, openings) = scene.world.note(0, 1);
        ledger.submit(record, openings).map(|answer| answer.entry.accepted_ms)
    };
    scene.clock.pass(5_000);
    assert_eq!(note(&mut scene, &ledger).unwrap(), start_ms + 5_000);
    scene.clock.set(start_ms + 2_000);
    assert_eq!(note(&mut scene, &ledger).unwrap(), start_ms + 5_000, "never decreases");
    // A night without records, over which the clock was slewed.
    scene.clock.pass(36_000_000);
    scene.clock.set(start_ms + 36_030_000);
    assert_eq!(note(&mut scene, &ledger).unwrap(), start_ms + 36_030_000);

    scene.clock.set(start_ms + 36_030_000 + 60_001);
    let before = scene.world.clone();
    assert_eq!(note(&mut scene, &ledger).unwrap_err().code(), "clock/jump");
    assert_eq!(note(&mut scene, &ledger).unwrap_err().code(), "clock/jump", "and stays stopped");
    drop(ledger);
    scene.world = before;
    let ledger = scene.open().unwrap();
    assert!(note(&mut scene, &ledger).is_ok(), "somebody has looked at the clock");
    drop(ledger);
    scene.clock.set(start_ms);
    assert_eq!(scene.open().err().unwrap().code(), "clock/behind");
    scene.clock.set(7);
    assert_eq!(scene.open().err().unwrap().code(), "clock/unset");
}

#[test]
fn a_second_sequencer_takes_over() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    drop(ledger);
    let config = RocksConfig::default();
    let store = Arc::new(RocksStore::open(&dir.path().join("store"), &config).unwrap());
    let start = || {
        let mark = HighWater::new(&dir.path().join("high-water"), Box::new(LocalDisk::default()));
        let parts = Parts {
            store: store.clone(),
            mark,
            vault: dir.path().join("vault"),
            clock: scene.clock.clone(),
            batch: BatchLimits::default(),
        };
        Ledger::start(parts, &scene.world.log_keys()).unwrap()
    };
    let (first, second) = (start(), start());
    let (record, openings) = scene.world.note(0, 1);
    let fenced = first.submit(record.clone(), openings.clone()).unwrap_err();
    assert_eq!(fenced.code(), "store-fenced");
    assert!(!second.submit(record.clone(), openings.clone()).unwrap().was_known);
    assert_eq!(first.submit(record, openings).unwrap_err().code(), "store-fenced");
    check(&second.reader().unwrap(), &|_| ()).unwrap();
}
