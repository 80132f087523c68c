//! What audits find of places: people in two of them, missing items, containers, and histories that others assert.

use custody_api::audit::{Kind, Question};
use custody_core::cbor::Value;
use custody_core::cose::{Finding as Found, Outcome, Role};
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::record::body::*;
use custody_tests::paper::uuid;
use custody_tests::world::{Hand, START_S};

use crate::audit_play::{DAY, Done, HOUR, MINUTE, Play, facts};

#[test]
fn one_person_in_two_places() {
    let mut play = Play::new();
    let first = play.seal_check_at(0, 0, "Quay 4");
    // A capital and a space make no other place, and other people are elsewhere all the time.
    play.pass(10 * MINUTE);
    let second = play.seal_check_at(0, 0, " quay 4");
    play.seal_check_at(1, 1, "Harbour");
    assert_eq!(play.findings(), []);
    play.pass(29 * MINUTE);
    let third = play.seal_check_at(0, 0, "Harbour");
    play.pass(30 * MINUTE);
    play.seal_check_at(0, 0, "Quay 4");
    let entries = [second.entry, third.entry];
    let expected = play.expect(Kind::TwoPlaces, &entries, &[0], &[0], Some(29));
    assert_eq!(facts(&play.findings()), [expected]);
    assert!(first.entry < second.entry);
}

/// The order of claimed times counts, not that of entries: between two acts in one place falls one elsewhere.
#[test]
fn an_act_that_is_recorded_later() {
    let mut play = Play::new();
    let hold = play.release(&[1], (1, 0), None);
    play.receive(&[1], (1, 0), hold);
    let at = START_S + play.now_s;
    let first = play.seal_check_at(0, 0, "Quay 4");
    play.pass(2 * HOUR);
    play.seal_check_at(0, 0, "Quay 4");
    let page = play.look_at(1, 0, "Harbour");
    let between = play.claimed(page, at + 20 * MINUTE);
    let entries = [first.entry, between.entry];
    let expected = play.expect(Kind::TwoPlaces, &entries, &[0, 1], &[0], Some(20));
    assert_eq!(facts(&play.findings()), [expected]);
}

#[test]
fn places_that_are_not_kept_are_counted_and_hide_nothing() {
    let mut play = Play::new();
    let first = play.seal_check_at(0, 0, "Quay 4");
    play.pass(5 * MINUTE);
    let mut page = play.look_at(0, 0, "nobody knows");
    page.openings.clear();
    play.now(page);
    play.pass(5 * MINUTE);
    let last = play.seal_check_at(0, 0, "Harbour");
    // Far from everything else nobody asks where it was.
    play.pass(DAY);
    let mut page = play.look_at(0, 0, "nobody knows");
    page.openings.clear();
    play.now(page);
    let audited = play.audited(&Question::default());
    let entries = [first.entry, last.entry];
    let expected = play.expect(Kind::TwoPlaces, &entries, &[0], &[0], Some(10));
    assert_eq!(facts(&audited.findings), [expected]);
    assert_eq!(audited.unread.places, 1);
}

/// Where something is kept is a shelf, not where whoever put it there stood.
#[test]
fn shelves_are_no_places_of_people() {
    let mut play = Play::new();
    play.seal_check_at(0, 0, "store");
    for shelf in ["shelf 1", "shelf 2"] {
        let page = play.page(&[0], &[(0, Role::Acting)], Store { condition: StoreCondition::Cool });
        play.now(page.seal("place", &Value::text(shelf)));
    }
    assert_eq!(play.findings(), []);
}

fn inventory(play: &mut Play, items: &[usize], missing: Option<usize>) -> Done {
    let outcome = |position| Outcome { position, finding: Found::Missing };
    let outcomes = missing.map(outcome).into_iter().collect();
    let body = Inventory { method: InventoryMethod::Sight, outcomes };
    let page = play.notes(items, &[(2, Role::Acting)], body);
    play.now(page)
}

#[test]
fn missing_until_something_shows_it() {
    let mut play = Play::new();
    let done = inventory(&mut play, &[0], Some(0));
    play.pass(HOUR);
    inventory(&mut play, &[1], None);
    let expected = play.expect(Kind::Missing, &[done.entry], &[0], &[2], Some(60));
    assert_eq!(facts(&play.findings()), std::slice::from_ref(&expected));
    // A remark does not show it; looking at its seal does.
    let page = play.notes(&[0], &[(0, Role::Acting)], Note { kind: NoteKind::Remark });
    play.now(page.seal("text", &Value::text("still looking")));
    assert_eq!(facts(&play.findings()), [expected]);
    play.seal_check_at(0, 0, "here");
    assert_eq!(play.findings(), []);
    inventory(&mut play, &[0], Some(0));
    inventory(&mut play, &[0], None);
    assert_eq!(play.findings(), []);
}

/// Puts item 1 into item 0, both of which are person 0's.
fn packed() -> Play {
    let mut play = Play::new();
    let sent = play.release(&[1], (1, 0), None);
    play.receive(&[1], (1, 0), sent);
    let body = Pack { bound: None, container: play.item(0) };
    let page = play.page(&[0, 1], &[(0, Role::Acting)], body);
    play.now(page);
    play
}

#[test]
fn packed_in_what_is_missing() {
    let mut play = packed();
    let done = inventory(&mut play, &[0], Some(0));
    let entries = [done.entry];
    let orphaned = play.expect(Kind::OrphanedContainer, &entries, &[0, 1], &[2], Some(0));
    let missing = play.expect(Kind::Missing, &entries, &[0], &[2], Some(0));
    assert_eq!(facts(&play.findings()), [orphaned, missing]);
    inventory(&mut play, &[0], None);
    assert_eq!(play.findings(), []);
}

#[test]
fn packed_in_what_is_outside_for_long() {
    let mut play = packed();
    let give = |play: &mut Play, role| {
        let body = HandoffExternal {
            party: ExternalParty::Carrier,
            purpose: MovePurpose::Transport,
            stand_in: StandIn::Waybill,
        };
        let page = play.page(&[0], &[(0, role)], body).seal("party", &Value::text("a carrier"));
        play.now(page.attach("image/jpeg", 3, &Value::text("waybill")))
    };
    let given = give(&mut play, Role::Releasing);
    let long = play.now_s + 30 * DAY;
    assert_eq!(play.findings_at(long), []);
    let minutes = Some(30 * 24 * 60 + 1);
    let kind = Kind::OrphanedContainer;
    let expected = play.expect(kind, &[given.entry], &[0, 1], &[0], minutes);
    assert_eq!(facts(&play.findings_at(long + MINUTE)), [expected]);
    give(&mut play, Role::Receiving);
    assert_eq!(play.findings_at(long + MINUTE), []);
}

/// Start, end, actor, place, exhibit.
type Event<'a> = (Option<u64>, Option<u64>, &'a str, &'a str, &'a str);

/// Person 0 registers an item with a history.
fn register(play: &mut Play, name: &str, document: &[u8], events: &[Event<'_>]) -> Done {
    let time = |time: Option<u64>| time.map_or(Value::Null, Value::Uint);
    let value = Value::array(events.iter().map(|(start, end, actor, place, exhibit)| {
        let texts = ["done", actor, place, exhibit].map(Value::text);
        Value::array([time(*start), time(*end)].into_iter().chain(texts))
    }));
    let body = RegisterLegacy {
        kind: ItemKind::Physical,
        format: LegacyFormat::Case,
        digests: Vec::new(),
        document: sha256(document),
    };
    let item = uuid(name);
    play.scene.world.items.push((item, 0));
    let hands = vec![Hand::of(play.person(0), Role::Acting)];
    let page = play.scene.world.page(&[SubjectId::Item(item)], hands, body);
    play.now(page.seal("events", &value))
}

#[test]
fn asserted_in_two_places() {
    let mut play = Play::new();
    let noon = Some(1_263_578_383);
    let later = |seconds: u64| noon.map(|noon| noon + seconds);
    let drop_off = (noon, None, "Erin", "drop-off", "");
    let first = register(&mut play, "one", b"a document", &[drop_off]);
    // The same act about another item, and an image made at the same instant in a lab.
    let image = (noon, later(2 * HOUR), "Erin", "lab", "");
    let second = register(&mut play, "two", b"a document", &[drop_off, image]);
    // One after the other, at places unknown, of others, of another document: no findings.
    let after = (later(2 * HOUR), later(3 * HOUR), "Erin", "drop-off", "");
    let nowhere = (noon, later(HOUR), "Erin", "", "");
    let other = (noon, later(HOUR), "Frank", "harbour", "");
    register(&mut play, "three", b"a document", &[after, nowhere, other]);
    register(&mut play, "four", b"another", &[(noon, None, "Erin", "harbour", "")]);
    let findings = play.findings();
    let entries = [first.entry, second.entry];
    let expected = play.expect(Kind::TwoPlaces, &entries, &[4, 5], &[], Some(0));
    assert_eq!(facts(&findings), [expected]);
    assert_eq!(findings[0].named, ["Erin"]);
}

#[test]
fn asserted_gaps() {
    let mut play = Play::new();
    let start = 1_263_578_383;
    let event =
        |from: u64, until: u64, actor| (Some(start + from), Some(start + until), actor, "", "");
    let short = [event(0, HOUR, "Erin"), event(73 * HOUR, 74 * HOUR, "Frank")];
    let same = [event(0, HOUR, "Erin"), event(100 * HOUR, 101 * HOUR, "Erin")];
    // A long stay covers what begins after a shorter one within it.
    let long = [
        event(0, 90 * HOUR, "Erin"),
        event(HOUR, 2 * HOUR, "Erin"),
        event(91 * HOUR, 92 * HOUR, "Frank"),
    ];
    for (name, events) in [("short", &short[..]), ("same", &same), ("long", &long)] {
        register(&mut play, name, name.as_bytes(), events);
    }
    assert_eq!(play.findings(), []);
    let gap = [event(0, HOUR, "Erin"), event(73 * HOUR + MINUTE, 74 * HOUR, "Frank")];
    let done = register(&mut play, "gap", b"gap", &gap);
    let findings = play.findings();
    let minutes = Some(72 * 60 + 1);
    assert_eq!(facts(&findings), [play.expect(Kind::Gap, &[done.entry], &[7], &[], minutes)]);
    assert_eq!(findings[0].named, ["Erin", "Frank"]);
}

#[test]
fn asserted_numbers_without_a_root() {
    let mut play = Play::new();
    let numbered = |numbers: &[&'static str]| {
        let event = |number: &&'static str| (None, None, "", "", *number);
        numbers.iter().map(event).collect::<Vec<_>>()
    };
    for (name, numbers) in [
        ("siblings", &["DFL-20140712-001A", "DFL-20140712-002B"][..]),
        ("longer", &["LAB/7", "LAB/7/1", "LAB/7"]),
        ("none", &["", ""]),
    ] {
        register(&mut play, name, name.as_bytes(), &numbered(numbers));
    }
    assert_eq!(play.findings(), []);
    let mut expected = Vec::new();
    for (position, numbers) in
        [&["ACME-676553402357", "DFL-20140712-001A"][..], &["A1", "A2"]].into_iter().enumerate()
    {
        let name = format!("changed {position}");
        let done = register(&mut play, &name, name.as_bytes(), &numbered(numbers));
        let item = play.scene.world.items.len() - 1;
        expected.push(play.expect(Kind::RootChanged, &[done.entry], &[item], &[], None));
    }
    assert_eq!(facts(&play.findings()), expected);
}

#[test]
fn histories_that_are_not_kept_are_counted() {
    let mut play = Play::new();
    let noon = Some(1_263_578_383);
    let event = |place| (noon, None, "Erin", place, "");
    let done = register(&mut play, "one", b"a", &[event("here"), event("there")]);
    assert_eq!(play.findings().len(), 1);
    let hex = done.digest.to_string();
    let shelf = play.dir.path().join("vault").join(&hex[..2]);
    std::fs::remove_file(shelf.join(format!("{hex}.openings"))).unwrap();
    let audited = play.audited(&Question::default());
    assert_eq!((audited.findings, audited.unread.histories), (Vec::new(), 1));
}
