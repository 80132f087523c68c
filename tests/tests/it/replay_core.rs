//! The replay of custody-core, step by step: dishonest logs, each wrong in one way.

use std::convert::Infallible;

use custody_core::checkpoint::PosixTime;
use custody_core::entry::Entry;
use custody_core::hash::{Hash, sha256};
use custody_core::id::SubjectId;
use custody_core::index::ChainHead;
use custody_core::merkle::{LeafIndex, NodeSource, TreeHead, TreeSize};
use custody_core::record::body::{KeySlot, LateReason};
use custody_core::verify::replay::{Claims, KeyRing, Prepared, Replayer, Violation};
use custody_core::verify::{LineId, Report, Status, Verdict};
use custody_log::signing::sign_checkpoint;
use custody_tests::paper::story::{Story, entry};
use custody_tests::paper::{PaperLedger, public, signing_key};
use custody_tests::published::Busy;

/// Replays a ledger on paper.
fn replay(ledger: &PaperLedger) -> (Replayer, Vec<Violation>) {
    let records = ledger.records.iter().map(Vec::as_slice);
    let entries: Vec<_> = ledger.entries.iter().map(Entry::encode).collect();
    replay_bytes(ledger, entries.iter().map(Vec::as_slice).zip(records))
}

fn replay_bytes<'a>(
    ledger: &PaperLedger,
    pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> (Replayer, Vec<Violation>) {
    let (mut replayer, mut violations) = step_all(ledger, pairs);
    for entry in &ledger.entries {
        violations.extend(replayer.look_back(&entry.encode()));
    }
    (replayer, violations)
}

fn step_all<'a>(
    ledger: &PaperLedger,
    pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> (Replayer, Vec<Violation>) {
    let mut replayer = Replayer::new(ledger.origin.clone());
    let (mut ring, mut violations) = (KeyRing::new(), Vec::new());
    for (entry, record) in pairs {
        let mut prepared = Prepared::new(entry, record);
        ring.learn(&prepared);
        prepared.verify_signatures(&ring);
        violations.extend(replayer.step(&prepared, ledger));
    }
    (replayer, violations)
}

/// What the replay comes to, with pins and witnesses.
fn conclude(story: &Story, replayer: &Replayer) -> Report {
    let checkpoint = story.cosigned(&story.ledger.checkpoint());
    let (policy, pins) = (story.policy(), story.pins());
    let claims = Claims { checkpoint: &checkpoint, policy: &policy, pins: Some(&pins), at_s: None };
    replayer.conclude(&claims).report
}

fn codes(violations: &[Violation]) -> Vec<(u64, &'static str)> {
    violations.iter().map(|violation| (violation.index.0, violation.fault.code())).collect()
}

#[test]
fn an_honest_ledger_has_no_violation() {
    let story = Story::whole();
    let (replayer, violations) = replay(&story.ledger);
    assert_eq!(codes(&violations), []);
    assert_eq!(replayer.head(), story.ledger.head());
    assert_eq!(replayer.genesis(), story.ledger.genesis());
    assert_eq!(replayer.index().root(), story.ledger.index().root());
    let checkpoint = story.cosigned(&story.ledger.checkpoint());
    let (policy, pins) = (story.policy(), story.pins());
    let claims = Claims { checkpoint: &checkpoint, policy: &policy, pins: Some(&pins), at_s: None };
    let outcome = replayer.conclude(&claims);
    assert_eq!(outcome.report.verdict(), Verdict::Verified, "{:#?}", outcome.report);
    let line = |id| outcome.report.lines().iter().find(|line| line.id == id).unwrap();
    assert_eq!(line(LineId::Completeness).code, "completeness/proved");
}

#[test]
fn without_pins_the_line_stays_open_and_the_verdict_stands() {
    let story = Story::whole();
    let (replayer, _) = replay(&story.ledger);
    let (checkpoint, policy) = (story.cosigned(&story.ledger.checkpoint()), story.policy());
    let claims = Claims { checkpoint: &checkpoint, policy: &policy, pins: None, at_s: None };
    let report = replayer.conclude(&claims).report;
    let pins = report.lines().iter().find(|line| line.id == LineId::AgenciesPinned).unwrap();
    assert_eq!((pins.status, pins.code.as_str()), (Status::NotChecked, "pins/none"));
    assert_eq!(report.verdict(), Verdict::Verified);
}

#[test]
fn pins_of_another_ledger_are_rejected() {
    let story = Story::whole();
    let (replayer, _) = replay(&story.ledger);
    let (checkpoint, policy) = (story.cosigned(&story.ledger.checkpoint()), story.policy());
    let verdict_with = |change: &dyn Fn(&mut custody_core::pins::Pins)| {
        let mut pins = story.pins();
        change(&mut pins);
        let claims =
            Claims { checkpoint: &checkpoint, policy: &policy, pins: Some(&pins), at_s: None };
        let report = replayer.conclude(&claims).report;
        let line = report.lines().iter().find(|line| line.id == LineId::AgenciesPinned);
        (report.verdict(), line.unwrap().code.clone())
    };
    let (rejected, open) = (Verdict::Rejected, Verdict::CouldNotCheck);
    let other = verdict_with(&|pins| pins.genesis = sha256(b"another ledger"));
    assert_eq!(other, (rejected, "pins/genesis-differs".to_owned()));
    let ana = public(&story.cast.ana.key).kid();
    let wrong = verdict_with(&|pins| pins.agencies[0].1 = ana);
    assert_eq!(wrong, (rejected, "pins/key-differs".to_owned()));
    let fewer = verdict_with(&|pins| pins.agencies.truncate(2));
    assert_eq!(fewer, (open, "pins/not-pinned".to_owned()));
}

#[test]
fn a_pin_does_not_vouch_for_a_key_that_founders_enrolled() {
    let mut story = Story::whole();
    let Story { cast, ledger, .. } = &mut story;
    let (signers, new) = ([&cast.north, &cast.south], signing_key("transit's second"));
    let page = ledger.agency_key_rotate(&signers, &cast.transit, &new, KeySlot::Authority);
    ledger.write(&page);
    let (replayer, violations) = replay(&story.ledger);
    assert_eq!(codes(&violations), []);
    let report = conclude(&story, &replayer);
    let line = report.lines().iter().find(|line| line.id == LineId::AgenciesPinned).unwrap();
    assert_eq!(line.code, "pins/replaced-by-founders");
    assert!(line.text.contains(&public(&new).kid().to_string()), "{}", line.text);
    assert_eq!(report.verdict(), Verdict::CouldNotCheck);
}

#[test]
fn nothing_was_accepted_after_the_checkpoint() {
    let story = Story::whole();
    let (replayer, _) = replay(&story.ledger);
    let policy = story.policy();
    let inclusion_at = |time_s: u64| {
        let (signer, time) = (&story.ledger.signer, PosixTime::new(time_s).unwrap());
        let checkpoint = sign_checkpoint(signer, &story.ledger.head(), time).unwrap();
        let checkpoint = story.cosigned(&checkpoint);
        let claims = Claims { checkpoint: &checkpoint, policy: &policy, pins: None, at_s: None };
        let report = replayer.conclude(&claims).report;
        let line = report.lines().iter().find(|line| line.id == LineId::Inclusion).unwrap().clone();
        (line.status, line.code)
    };
    let last_s = story.ledger.entries.last().unwrap().accepted_ms / 1000;
    let late = (Status::Fail, "entry/accepted-after-checkpoint".to_owned());
    assert_eq!(inclusion_at(last_s - 1), late);
    // In the same second, and where the log states no time.
    for time_s in [last_s, 0] {
        assert_eq!(inclusion_at(time_s), (Status::Pass, "ok".to_owned()));
    }
}

#[test]
fn a_record_out_of_turn_is_named_and_what_follows_is_judged() {
    let mut story = Story::whole();
    let Story { cast, ledger, disk, .. } = &mut story;
    // Caro holds the disk: Ana cannot hand it over.
    let at = ledger.force_page(&ledger.handoff(&cast.ana, &cast.ben, &[*disk], &[])).0;
    ledger.force_page(&ledger.put_seal(&cast.caro, *disk, "PT-1"));
    let (_, violations) = replay(ledger);
    assert_eq!(codes(&violations), [(at, "custody/not-the-holder")]);
    let fault = &violations[0].fault;
    assert_eq!(fault.expected(), cast.caro.subject().to_string());
    assert_eq!(fault.found(), cast.ana.subject().to_string());
}

/// The whole story, the remark that a rule refuses, and a late entry that embeds `record`.
fn with_late_entry(record: impl FnOnce(&mut Story) -> Vec<u8>) -> (Story, u64) {
    let mut story = Story::whole();
    let record = record(&mut story);
    let Story { cast, ledger, disk, .. } = &mut story;
    let page = ledger.late_entry(&cast.caro, *disk, record, LateReason::Conflict);
    let at = ledger.force_page(&page).0;
    ledger.force_page(&ledger.put_seal(&cast.ana, *disk, "NL-1"));
    (story, at)
}

fn seal_of(story: &mut Story) -> Vec<u8> {
    story.ledger.records[entry::SEAL as usize].clone()
}

/// A handoff that lost against the one with Wim.
fn loser_of(story: &mut Story) -> Vec<u8> {
    let Story { cast, ledger, disk, .. } = story;
    let late = ledger.handoff(&cast.ana, &cast.ben, &[*disk], &[]);
    late.with(|payload| payload.subjects[0].seq = 2).sign()
}

#[test]
fn a_late_entry_of_a_record_further_back_is_named_first() {
    let (story, at) = with_late_entry(seal_of);
    let (replayer, violations) = replay(&story.ledger);
    // The second look comes at the end; the report names what stands first.
    assert_eq!(codes(&violations), [(at + 1, "custody/not-the-holder"), (at, "custody/not-late")]);
    let report = conclude(&story, &replayer);
    let rules = report.lines().iter().find(|line| line.id == LineId::CustodyRules).unwrap();
    assert_eq!((rules.status, rules.code.as_str()), (Status::Fail, "custody/not-late"));
    assert!(rules.text.starts_with(&format!("entry {at}: ")), "{}", rules.text);
}

#[test]
fn a_late_entry_of_what_the_ledger_lacks_is_none() {
    let (story, at) = with_late_entry(loser_of);
    let (replayer, violations) = replay(&story.ledger);
    assert_eq!(codes(&violations), [(at + 1, "custody/not-the-holder")]);
    assert_eq!(replayer.look_back_size(), TreeSize(0));
}

/// Two that embed one record, and a record that comes after it was embedded.
#[test]
fn every_late_entry_is_held_against_what_stands_before_it() {
    let mut story = Story::whole();
    let early = story.ledger.put_seal(&story.cast.caro, story.disk, "PT-1").sign();
    let Story { cast, ledger, disk, .. } = &mut story;
    let embed = |ledger: &mut PaperLedger, record: &[u8]| {
        let page = ledger.late_entry(&cast.caro, *disk, record.to_vec(), LateReason::Conflict);
        ledger.force_page(&page).0
    };
    let seal = ledger.records[entry::SEAL as usize].clone();
    let first = embed(ledger, &seal);
    let in_time = embed(ledger, &early);
    ledger.force(early, Vec::new());
    let second = embed(ledger, &seal);
    let found = codes(&replay(ledger).1);
    let not_late = "custody/not-late";
    assert_eq!(found, [(in_time, not_late), (first, not_late), (second, not_late)]);
}

#[test]
fn late_entries_are_not_judged_without_a_second_look() {
    let mut story = Story::whole();
    let record = loser_of(&mut story);
    let Story { cast, ledger, disk, .. } = &mut story;
    ledger.write(&ledger.late_entry(&cast.caro, *disk, record, LateReason::Conflict));
    let entries: Vec<_> = ledger.entries.iter().map(Entry::encode).collect();
    let rules = |look: &dyn Fn(&mut Replayer)| {
        let records = story.ledger.records.iter().map(Vec::as_slice);
        let pairs = entries.iter().map(Vec::as_slice).zip(records);
        let (mut replayer, violations) = step_all(&story.ledger, pairs);
        assert_eq!(codes(&violations), []);
        assert_eq!(replayer.look_back_size(), TreeSize(entries.len() as u64 - 1));
        look(&mut replayer);
        let report = conclude(&story, &replayer);
        let line = report.lines().iter().find(|line| line.id == LineId::CustodyRules).unwrap();
        (line.code.clone(), report.verdict())
    };
    let all = |replayer: &mut Replayer, entries: &[Vec<u8>]| {
        entries.iter().for_each(|entry| assert_eq!(replayer.look_back(entry), []));
    };
    let (open, verified) =
        (("replay/gap".to_owned(), Verdict::CouldNotCheck), ("ok".to_owned(), Verdict::Verified));
    assert_eq!(rules(&|_| ()), open);
    assert_eq!(rules(&|replayer| all(replayer, &entries[..entries.len() - 2])), open);
    assert_eq!(rules(&|replayer| all(replayer, &entries)), verified);
    // Another entry than the one that was replayed hides nothing.
    let mut others = entries.clone();
    others.swap(8, 9);
    assert_eq!(rules(&|replayer| all(replayer, &others)), open);
}

/// A replay shows that the ledger was kept by the rules, and says how much is doubtful all the same.
#[test]
fn signatures_of_compromised_keys_are_counted() {
    let mut story = Story::whole();
    let line = |story: &Story| {
        let (replayer, violations) = replay(&story.ledger);
        assert_eq!(codes(&violations), []);
        let report = conclude(story, &replayer);
        assert_eq!(report.verdict(), Verdict::Verified, "{report:#?}");
        report.lines().iter().find(|line| line.id == LineId::KeyStanding).unwrap().clone()
    };
    assert_eq!(line(&story).code, "ok");
    // Ben enrolled, took over, and sent twice; and what he signed with Ana came too late.
    let late = loser_of(&mut story);
    let Story { cast, ledger, disk, .. } = &mut story;
    ledger.write(&ledger.late_entry(&cast.caro, *disk, late, LateReason::Conflict));
    ledger.write(&ledger.key_compromised(&cast.transit, &cast.ben, ledger.now_s() + 3600));
    let line = line(&story);
    assert_eq!((line.status, line.code.as_str()), (Status::Pass, "key-standing/compromised"));
    assert!(line.text.contains("; 5 signatures are"), "{}", line.text);
}

#[test]
fn a_wrong_signature_is_named() {
    let mut story = Story::whole();
    let Story { cast, ledger, disk, .. } = &mut story;
    let mut bytes = ledger.put_seal(&cast.caro, *disk, "PT-1").sign();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let at = ledger.force(bytes, Vec::new()).0;
    assert_eq!(codes(&replay(ledger).1), [(at, "cose/signature")]);
}

#[test]
fn a_strangers_key_is_named() {
    let mut story = Story::whole();
    let Story { cast, ledger, disk, .. } = &mut story;
    let stranger = cast.caro.with_key(&signing_key("stranger"));
    let at = ledger.force_page(&ledger.put_seal(&stranger, *disk, "PT-1")).0;
    let expected = [(at, "record/unknown-key"), (at, "custody/key-not-enrolled")];
    assert_eq!(codes(&replay(ledger).1), expected);
}

#[test]
fn a_record_of_another_ledger_is_named() {
    let mut story = Story::whole();
    let other = PaperLedger::found(&[&story.cast.north]);
    let page = other.collect(&story.cast.ana, story.disk);
    let at = story.ledger.force_page(&page).0;
    let found = codes(&replay(&story.ledger).1);
    assert_eq!(found[0], (at, "record/other-genesis"));
}

#[test]
fn a_seen_that_never_was_is_named() {
    let mut story = Story::whole();
    let Story { cast, ledger, disk, .. } = &mut story;
    let size = ledger.head().size;
    let past = TreeHead { size: TreeSize(7), root: sha256(b"another tree") };
    let future = TreeHead { size: TreeSize(size.0 + 2), root: sha256(b"a tree to come") };
    for seen in [past, future] {
        let page = ledger.put_seal(&cast.caro, *disk, "PT-1");
        ledger.force_page(&page.with(|payload| payload.seen = Some(seen)));
    }
    let expected = [(size.0, "seen/unknown-head"), (size.0 + 1, "seen/future")];
    assert_eq!(codes(&replay(ledger).1), expected);
}

#[test]
fn an_index_that_forgets_a_record_is_named_where_it_begins_and_ends() {
    let mut story = Story::whole();
    let Story { cast, ledger, disk, .. } = &mut story;
    let item = SubjectId::Item(*disk);
    let before = ledger.record(LeafIndex(14));
    let honest = ledger.link(&item);
    ledger.rewind_head(&item, &before);
    let at = ledger.force_page(&ledger.collect(&cast.ana, custody_tests::paper::uuid("x"))).0;
    ledger.force_page(&ledger.collect(&cast.ana, custody_tests::paper::uuid("y")));
    let head = ChainHead { length: honest.seq, digest: honest.prev.unwrap() };
    ledger.set_head(&item, head);
    ledger.force_page(&ledger.collect(&cast.ana, custody_tests::paper::uuid("z")));
    let (replayer, violations) = replay(ledger);
    assert_eq!(codes(&violations), [(at, "entry/index-root")]);
    assert_eq!(replayer.counts().index_unchecked, 1);
}

#[test]
fn a_clock_that_runs_backwards_is_named() {
    let mut story = Story::whole();
    let ledger = &mut story.ledger;
    let page = ledger.collect(&story.cast.ana, custody_tests::paper::uuid("x"));
    let bytes = page.sign();
    ledger.force(bytes.clone(), Vec::new());
    let last = ledger.entries.len() - 1;
    ledger.entries[last].accepted_ms = ledger.entries[0].accepted_ms;
    assert_eq!(codes(&replay(ledger).1), [(last as u64, "entry/accepted-decreases")]);
}

#[test]
fn a_missing_record_is_one_violation_and_not_a_chain_of_them() {
    let story = Story::whole();
    let ledger = &story.ledger;
    let entries: Vec<_> = ledger.entries.iter().map(Entry::encode).collect();
    let gone = custody_tests::paper::story::entry::COLLECT as usize;
    let records = ledger.records.iter().enumerate();
    let records = records.map(|(n, record)| if n == gone { &b""[..] } else { record.as_slice() });
    let (replayer, violations) =
        replay_bytes(ledger, entries.iter().map(Vec::as_slice).zip(records));
    assert_eq!(codes(&violations), [(gone as u64, "entry/other-record")]);
    assert_eq!(replayer.head(), ledger.head());
    let counts = replayer.counts();
    assert!(counts.rules_unchecked > 5 && counts.index_unchecked > 0, "{counts:?}");
    let (checkpoint, policy) = (story.cosigned(&ledger.checkpoint()), story.policy());
    let claims = Claims { checkpoint: &checkpoint, policy: &policy, pins: None, at_s: None };
    let report = replayer.conclude(&claims).report;
    for id in [LineId::CustodyRules, LineId::Completeness] {
        let line = report.lines().iter().find(|line| line.id == id).unwrap();
        assert_eq!((line.status, line.code.as_str()), (Status::NotChecked, "replay/gap"));
    }
    assert_eq!(report.verdict(), Verdict::Rejected);
}

/// The index root tells that a damaged record extended the chains it still names.
#[test]
fn a_damaged_record_that_still_parses_leaves_the_index_sure() {
    let story = Story::whole();
    let ledger = &story.ledger;
    let entries: Vec<_> = ledger.entries.iter().map(Entry::encode).collect();
    let damaged = custody_tests::paper::story::entry::COLLECT as usize;
    let mut records = ledger.records.clone();
    let last = records[damaged].len() - 1;
    records[damaged][last] ^= 1;
    let pairs = entries.iter().map(Vec::as_slice).zip(records.iter().map(Vec::as_slice));
    let (replayer, violations) = replay_bytes(ledger, pairs);
    assert_eq!(codes(&violations), [(damaged as u64, "entry/other-record")]);
    assert_eq!(replayer.counts().index_unchecked, 0);
}

#[test]
fn a_signature_that_nobody_checked_does_not_pass() {
    let story = Story::whole();
    let mut replayer = Replayer::new(story.ledger.origin.clone());
    let prepared = Prepared::new(&story.ledger.entries[0].encode(), &story.ledger.records[0]);
    assert!(prepared.lacks_key());
    let violations = replayer.step(&prepared, &story.ledger);
    assert_eq!(codes(&violations), [(0, "record/unknown-key")]);
}

/// Old heads are proved from nodes that nobody vouches for; wrong nodes prove nothing.
#[test]
fn a_seen_older_than_the_window_is_proved_from_nodes() {
    let mut busy = Busy::new(40, 2, 3);
    let (old, wrong) = (busy.ledger.head(), sha256(b"wrong"));
    for _ in 0..40_000 {
        let entry = Entry { record: sha256(b"nothing"), ..busy.ledger.entries[39] };
        busy.ledger.force_entry(entry, Vec::new(), Vec::new());
    }
    let good = last_step(&busy, old, &busy.ledger);
    assert_eq!(good, (false, 0, "ok".to_owned()));
    let bad = last_step(&busy, TreeHead { root: wrong, ..old }, &busy.ledger);
    assert_eq!(bad, (true, 0, "seen/unknown-head".to_owned()));
    let unproved = (false, 1, "seen/unproved".to_owned());
    assert_eq!(last_step(&busy, old, &Lies), unproved);
    assert_eq!(last_step(&busy, TreeHead { root: wrong, ..old }, &Lies), unproved);
}

/// Whether a record that saw `seen` is named for it, how often that could not be told, and what the report
/// says about it.
fn last_step<S: NodeSource>(busy: &Busy, seen: TreeHead, nodes: &S) -> (bool, u64, String) {
    let page = busy.ledger.collect(&busy.people[0], custody_tests::paper::uuid("late"));
    let page = page.with(|payload| payload.seen = Some(seen)).sign();
    let entries: Vec<_> = busy.ledger.entries.iter().map(Entry::encode).collect();
    let records = busy.ledger.records.iter().map(Vec::as_slice);
    let pairs = entries.iter().map(Vec::as_slice).zip(records);
    let (mut replayer, _) = replay_bytes(&busy.ledger, pairs);
    let before = replayer.counts().seen_unchecked;
    let entry = Entry { record: sha256(&page), ..busy.ledger.entries[39] };
    let violations = replayer.step(&Prepared::new(&entry.encode(), &page), nodes);
    let is_named = codes(&violations).iter().any(|(_, code)| *code == "seen/unknown-head");
    let (checkpoint, policy) = (busy.ledger.checkpoint(), &busy.policy);
    let claims = Claims { checkpoint: &checkpoint, policy, pins: None, at_s: None };
    let report = replayer.conclude(&claims).report;
    let line = report.lines().iter().find(|line| line.id == LineId::Consistency).unwrap();
    (is_named, replayer.counts().seen_unchecked - before, line.code.clone())
}

/// Nodes of no tree.
struct Lies;

impl NodeSource for Lies {
    type Error = Infallible;

    fn node(&self, _: u8, _: u64) -> Result<Hash, Infallible> {
        Ok(sha256(b"a lie"))
    }
}
