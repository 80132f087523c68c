//! What audits find of things on the way, out of storage, and given to people who do not sign.

use custody_api::audit::{Kind, Question};
use custody_core::cbor::Value;
use custody_core::cose::{Finding as Found, Role};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::*;
use custody_tests::world::{Hand, START_S};

use crate::audit_play::{DAY, Done, HOUR, MINUTE, Play, facts, observing};

#[test]
fn on_the_way_for_long_without_scan_and_expectation() {
    let mut play = Play::new();
    let sent = play.release(&[0], (0, 1), None);
    play.pass(72 * HOUR + MINUTE);
    let received = play.receive(&[0], (0, 1), sent);
    let expected =
        play.expect(Kind::Gap, &[sent.entry, received.entry], &[0], &[0, 1], Some(72 * 60 + 1));
    assert_eq!(facts(&play.findings()), [expected]);
    let patient = Question { gap_hours: 73, ..Question::default() };
    assert_eq!(play.audited(&patient).findings, []);
}

#[test]
fn no_gap_where_something_says_why() {
    let mut play = Play::new();
    // Just as long as may be.
    let sent = play.release(&[0], (0, 1), None);
    play.pass(72 * HOUR);
    play.receive(&[0], (0, 1), sent);
    // A carrier was seen with it.
    let sent = play.release(&[1], (1, 2), None);
    play.pass(DAY);
    let scan = CarrierScan { event: CarrierEvent::Customs, release: sent.digest };
    let page = play.notes(&[1], &[(1, Role::Acting)], scan);
    play.now(page);
    play.pass(5 * DAY);
    play.receive(&[1], (1, 2), sent);
    // It was expected to take that long.
    let sent = play.release(&[2], (2, 3), Some(play.now_s + 10 * DAY));
    play.pass(9 * DAY);
    play.receive(&[2], (2, 3), sent);
    assert_eq!(play.findings(), []);
}

#[test]
fn received_after_it_was_expected() {
    let mut play = Play::new();
    let sent = play.release(&[0], (0, 1), Some(play.now_s + DAY));
    play.pass(DAY + 90 * MINUTE);
    let received = play.receive(&[0], (0, 1), sent);
    let entries = [sent.entry, received.entry];
    let expected = play.expect(Kind::OverdueTransit, &entries, &[0], &[0, 1], Some(90));
    assert_eq!(facts(&play.findings()), [expected]);
}

#[test]
fn still_on_the_way_after_it_was_expected() {
    let mut play = Play::new();
    let due = play.now_s + DAY;
    let sent = play.release(&[0], (0, 1), Some(due));
    assert_eq!(play.findings_at(due), []);
    let expected = play.expect(Kind::OverdueTransit, &[sent.entry], &[0], &[0, 1], Some(10));
    assert_eq!(facts(&play.findings_at(due + 10 * MINUTE)), [expected]);
    // Neither what was refused nor what was taken back is on the way.
    let body = Refuse { answers: Refused::Release(sent.digest), ground: RefusalGround::Seal };
    let page = play.page(&[0], &[(1, Role::Receiving)], body);
    let page = page.between(play.person(0), play.person(1));
    play.now(page);
    let again = play.release(&[0], (0, 1), Some(due));
    let page = play.page(&[0], &[(0, Role::Releasing)], Recall { release: again.digest });
    let page = page.between(play.person(0), play.person(1));
    play.now(page);
    assert_eq!(play.findings_at(due + 100 * DAY), []);
}

#[test]
fn nobody_answers_for_thirty_days() {
    let mut play = Play::new();
    let sent = play.release(&[0], (0, 1), None);
    let long = play.now_s + 30 * DAY;
    assert_eq!(play.findings_at(long), []);
    let minutes = Some(30 * 24 * 60 + 1);
    let expected = play.expect(Kind::UnsignedByReceiver, &[sent.entry], &[0], &[0, 1], minutes);
    assert_eq!(facts(&play.findings_at(long + MINUTE)), [expected]);
}

/// Some arrive, one is missing, one is not answered for: each finding has its own items.
#[test]
fn a_manifest_that_arrives_in_parts() {
    let mut play = Play::new();
    // All of them are the first person's.
    for (item, from) in [(1, 1), (2, 2), (3, 3)] {
        let sent = play.release(&[item], (from, 0), None);
        play.receive(&[item], (from, 0), sent);
    }
    let sent = play.release(&[0, 1, 2, 3], (0, 1), Some(play.now_s + 5 * HOUR));
    play.pass(6 * HOUR);
    let mut order = [0, 1, 2];
    order.sort_by_key(|number| play.item(*number));
    let received = play.receive_but(&[0, 1, 2], (0, 1), sent, &[(1, Found::Missing)]);
    let entries = [sent.entry, received.entry];
    let arrived = [order[0], order[2]];
    let late = play.expect(Kind::OverdueTransit, &entries, &arrived, &[0, 1], Some(60));
    let missing = play.expect(Kind::Missing, &[received.entry], &[order[1]], &[0, 1], Some(0));
    let open = play.expect(Kind::OverdueTransit, &[sent.entry], &[3], &[0, 1], Some(60));
    assert_eq!(facts(&play.findings()), [open, late, missing]);
}

#[test]
fn out_of_storage_longer_than_it_should_be() {
    let mut play = Play::new();
    for item in [0, 2] {
        let page =
            play.page(&[item], &[(item, Role::Acting)], Store { condition: StoreCondition::Cool });
        play.now(page.seal("place", &Value::text(format!("shelf {item}"))));
    }
    let due_s = Some(START_S + play.now_s + DAY);
    let out = |play: &mut Play, item: usize, from: usize, to: usize| {
        let body = CheckOut { due_s, purpose: MovePurpose::Court };
        let page = play.page(&[item], &[(from, Role::Releasing), (to, Role::Receiving)], body);
        let page = page.between(play.person(from), play.person(to));
        play.now(page)
    };
    let (first, second) = (out(&mut play, 0, 0, 1), out(&mut play, 2, 2, 3));
    play.pass(DAY + 3 * HOUR);
    let body = CheckIn { condition: StoreCondition::Cool };
    let page = play.page(&[0], &[(1, Role::Releasing), (0, Role::Receiving)], body);
    let page = page.between(play.person(1), play.person(0));
    let back = play.now(page);
    let late = [first.entry, back.entry];
    let late = play.expect(Kind::OverdueTransit, &late, &[0], &[0, 1], Some(180));
    let open = play.expect(Kind::OverdueTransit, &[second.entry], &[2], &[2, 3], Some(180));
    assert_eq!(facts(&play.findings()), [late, open]);
}

#[test]
fn somebody_would_not_sign() {
    let mut play = Play::new();
    let give = |play: &mut Play, item: usize, stand_in: StandIn| {
        let body =
            HandoffExternal { party: ExternalParty::Court, purpose: MovePurpose::Court, stand_in };
        let witness = (item + 1) % 4;
        let hands = [(item, Role::Releasing), (witness, Role::Witness)];
        let page = play.page(&[item], &hands, body).seal("party", &Value::text("a court"));
        let page = match stand_in.is_document() {
            true => page.attach("image/jpeg", 3, &Value::text("receipt")),
            false => page,
        };
        play.now(page)
    };
    let refused = give(&mut play, 0, StandIn::Refused);
    let unable = give(&mut play, 1, StandIn::Unable);
    give(&mut play, 2, StandIn::SignedPaper);
    let kind = Kind::UnsignedByReceiver;
    let refused = play.expect(kind, &[refused.entry], &[0], &[0, 1], None);
    let unable = play.expect(kind, &[unable.entry], &[1], &[1, 2], None);
    assert_eq!(facts(&play.findings()), [refused, unable]);
}

/// Sends item 0 from 0 to 1, where 3 may receive, and 3 does.
fn substituted(play: &mut Play) -> (Done, Done) {
    let mut substitutes = vec![play.id(2), play.id(3)];
    substitutes.sort();
    let body = Release { substitutes, ..Release::for_purpose(MovePurpose::Transport) };
    let sent = play.send(&[0], (0, 1), body);
    play.pass(HOUR);
    (sent, play.receive(&[0], (0, 3), sent))
}

/// Says that person 1 is away from now on for some time.
fn away(play: &mut Play, from_s: u64, until_s: u64, alternate: Option<Uuid>) {
    let (from_s, until_s) = (START_S + from_s, START_S + until_s);
    let absence = Some(Absence { from_s, until_s, alternate });
    let body = AgencyUpdate { name: None, roles: None, absence, country: None };
    let person = play.person(1);
    let world = &play.scene.world;
    let agency = world.agencies.iter().find(|agency| agency.id == person.agency).unwrap();
    let subject: SubjectId = person.subject();
    let page = world.page(&[subject], vec![Hand::authority(agency)], body);
    play.now(page);
}

#[test]
fn a_substitute_without_an_absence() {
    let mut play = Play::new();
    // An absence that is over, and one to come.
    let now = play.now_s;
    away(&mut play, 0, now, None);
    away(&mut play, now + DAY, now + 2 * DAY, None);
    let (sent, received) = substituted(&mut play);
    let kind = Kind::AlternateOutsideAbsence;
    let expected = play.expect(kind, &[sent.entry, received.entry], &[0], &[0, 1, 3], None);
    assert_eq!(facts(&play.findings()), [expected]);
}

#[test]
fn a_substitute_although_another_was_named() {
    let mut play = Play::new();
    let (now, named) = (play.now_s, play.id(2));
    away(&mut play, now, now + DAY, Some(named));
    let (sent, received) = substituted(&mut play);
    let kind = Kind::AlternateOutsideAbsence;
    let expected = play.expect(kind, &[sent.entry, received.entry], &[0], &[0, 1, 3], None);
    assert_eq!(facts(&play.findings()), [expected]);
}

#[test]
fn a_substitute_in_an_absence() {
    for is_named in [false, true] {
        let mut play = Play::new();
        let (now, named) = (play.now_s, play.id(3));
        away(&mut play, now, now + DAY, is_named.then_some(named));
        substituted(&mut play);
        assert_eq!(play.findings(), []);
    }
}

/// The seal that a receiver finds is not the one announced: said of the item, by position.
#[test]
fn a_receiver_finds_another_seal() {
    let mut play = Play::new();
    let body = Handoff::for_purpose(MovePurpose::Storage);
    let page = play.page(&[0], &[(0, Role::Releasing), (1, Role::Receiving)], body);
    let page = page.between(play.person(0), play.person(1));
    let done = play.now(observing(page, 1, &[(0, Found::SealMismatch)]));
    let expected = play.expect(Kind::SealMismatch, &[done.entry], &[0], &[0, 1], None);
    assert_eq!(facts(&play.findings()), [expected]);
}
