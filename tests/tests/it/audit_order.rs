//! What audits find of claimed times, of late entries, and of seals.

use custody_api::audit::Kind;
use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::record::body::*;
use custody_tests::world::START_S;

use crate::audit_play::{DAY, HOUR, MINUTE, Play, facts};

#[test]
fn an_earlier_time_than_that_of_the_record_before() {
    let mut play = Play::new();
    let first = play.seal_check_at(0, 0, "here");
    play.pass(MINUTE);
    let page = play.look_at(0, 0, "here");
    let claimed_s = START_S + play.now_s - 46 * MINUTE;
    let second = play.claimed(page, claimed_s);
    // The next one is compared with the one before it, and lies after that.
    play.pass(MINUTE);
    play.seal_check_at(0, 0, "here");
    let entries = [first.entry, second.entry];
    let expected = play.expect(Kind::Overlap, &entries, &[0], &[0], Some(45));
    assert_eq!(facts(&play.findings()), [expected]);
}

/// What is said about an item is no custody: it may be said later of an earlier time.
#[test]
fn notes_and_other_items_have_times_of_their_own() {
    let mut play = Play::new();
    play.seal_check_at(0, 0, "here");
    let page = play.notes(&[0], &[(0, Role::Acting)], Note { kind: NoteKind::Remark });
    let page = page.seal("text", &Value::text("label is loose"));
    let claimed_s = START_S + play.now_s - 30 * MINUTE;
    play.claimed(page, claimed_s);
    assert_eq!(play.findings(), []);
}

#[test]
fn clocks_that_do_not_fit() {
    let mut play = Play::new();
    play.pass(20 * DAY);
    let now = START_S + play.now_s;
    // Each of its own item, so that no order is broken.
    for (item, claimed_s) in [(0, now + 600), (1, now - 7 * DAY)] {
        let page = play.look_at(item, item, "here");
        play.claimed(page, claimed_s);
    }
    assert_eq!(play.findings(), []);
    let ahead = play.look_at(2, 2, "here");
    let ahead = play.claimed(ahead, now + 11 * MINUTE);
    let behind = play.look_at(3, 3, "here");
    let behind = play.claimed(behind, now - 7 * DAY - MINUTE);
    let ahead = play.expect(Kind::Clock, &[ahead.entry], &[2], &[2], Some(11));
    let minutes = Some(7 * 24 * 60 + 1);
    let behind = play.expect(Kind::Clock, &[behind.entry], &[3], &[3], minutes);
    assert_eq!(facts(&play.findings()), [ahead, behind]);
}

#[test]
fn every_late_entry() {
    let mut play = Play::new();
    // Signed for a place that another record takes.
    let lost = play.look_at(0, 0, "here").sign();
    play.seal_check_at(0, 0, "here");
    let body = LateEntry { reason: LateReason::Conflict, record: lost };
    let page = play.notes(&[0], &[(2, Role::Acting)], body);
    let kept = play.now(page);
    let findings = play.findings();
    let expected = play.expect(Kind::LateEntry, &[kept.entry], &[0], &[0, 2], None);
    assert_eq!(facts(&findings), [expected]);
    assert!(findings[0].text.contains("another record had taken its place"));
}

fn seal(play: &mut Play, item: usize, number: &str) -> u64 {
    let page = play.page(&[item], &[(item, Role::Acting)], Seal { kind: SealKind::Bag });
    play.now(page.seal("seal", &Value::text(number))).entry
}

#[test]
fn a_seal_that_is_not_intact() {
    let mut play = Play::new();
    let mut expected = Vec::new();
    for outcome in [SealOutcome::Broken, SealOutcome::Mismatch, SealOutcome::Missing] {
        let page = play.page(&[0], &[(0, Role::Acting)], SealCheck { outcome });
        let done = play.now(page);
        expected.push(play.expect(Kind::SealMismatch, &[done.entry], &[0], &[0], None));
    }
    assert_eq!(facts(&play.findings()), expected);
}

#[test]
fn a_number_that_was_never_put_on() {
    let mut play = Play::new();
    let put_on = seal(&mut play, 0, "A-100");
    play.seal_check(0, 0, "A-100");
    let check = play.seal_check(0, 0, "A-107");
    let expected = play.expect(Kind::SealMismatch, &[put_on, check.entry], &[0], &[0], None);
    assert_eq!(facts(&play.findings()), [expected]);
}

/// Two seals may be on one item; one that was broken is not on it any more.
#[test]
fn seals_come_on_and_off() {
    let mut play = Play::new();
    seal(&mut play, 0, "A-1");
    let second = seal(&mut play, 0, "A-2");
    play.seal_check(0, 0, "A-1");
    play.seal_check(0, 0, "A-2");
    let page =
        play.page(&[0], &[(0, Role::Acting)], SealBreak { reason: BreakReason::Examination });
    play.now(page.seal("seal", &Value::text("A-1")));
    play.seal_check(0, 0, "A-2");
    assert_eq!(play.findings(), []);
    let gone = play.seal_check(0, 0, "A-1");
    let expected = play.expect(Kind::SealMismatch, &[second, gone.entry], &[0], &[0], None);
    assert_eq!(facts(&play.findings()), [expected]);
}

#[test]
fn numbers_that_are_not_kept_are_counted() {
    let mut play = Play::new();
    let page = play.page(&[0], &[(0, Role::Acting)], Seal { kind: SealKind::Bag });
    let mut page = page.seal("seal", &Value::text("A-1"));
    page.openings.clear();
    play.now(page);
    play.pass(HOUR);
    play.seal_check(0, 0, "B-1");
    let audited = play.audited(&Default::default());
    assert_eq!((audited.findings, audited.unread.seals), (Vec::new(), 1));
}
