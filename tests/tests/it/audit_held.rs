//! What is taken from items on hold, in real ledgers.

use custody_api::audit::Kind;
use custody_core::cose::Role;
use custody_core::record::body::*;

use crate::audit_play::{Done, Play, facts};

fn use_up(play: &mut Play, item: usize) -> Done {
    let body = Consume { amount: None, rest: Some(0), purpose: ConsumePurpose::Analysis };
    let page = play.page(&[item], &[(item, Role::Acting)], body);
    play.now(page)
}

fn hold(play: &mut Play, item: usize) -> Done {
    let basis = HoldSet { basis: HoldBasis::Preservation };
    let page = play.notes(&[item], &[(3, Role::Acting)], basis);
    play.now(page.seal("authority", &custody_core::cbor::Value::text("order 7")))
}

#[test]
fn used_up_on_hold() {
    let mut play = Play::new();
    let set = hold(&mut play, 0);
    let used = use_up(&mut play, 0);
    let entries = [set.entry, used.entry];
    let expected = play.expect(Kind::TakenUnderHold, &entries, &[0], &[0], None);
    assert_eq!(facts(&play.findings()), [expected]);
}

#[test]
fn used_up_with_no_hold_or_after_one() {
    let mut play = Play::new();
    let set = hold(&mut play, 1);
    let body = HoldRelease { hold: set.digest };
    let hands = [(3, Role::Acting), (1, Role::Supervisor)];
    let page = play.notes(&[1], &hands, body);
    play.now(page.seal("authority", &custody_core::cbor::Value::text("order 8")));
    use_up(&mut play, 1);
    use_up(&mut play, 0);
    assert_eq!(play.findings(), []);
}
