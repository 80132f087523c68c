//! Scenes made into acts: who plays in them, and what of it is recorded.

use custody_core::cose::Finding;
use custody_core::record::body::{MovePurpose, RefusalGround, SealOutcome};

use super::anomaly::Anomaly;
use super::calendar::{DAY_S, HOUR_S, working};
use super::cast::Cast;
use super::deed::{Deed, Load, Place, Sent, Step};
use super::life::{Expected, Scene};
use super::plan::{ACT_S, EARLIER_S, Hands, Life};

const MINUTE_S: u64 = 60;

const REMARKS: [&str; 6] = [
    "label is loose at one corner",
    "case is scratched on the lid",
    "no power supply came with it",
    "two stickers on the back",
    "screen is cracked",
    "counted again, complete",
];

/// Who acts in a scene, who else has to be there, and where.
pub(super) fn roles(cast: &Cast, life: &Life, scene: Scene) -> (usize, Option<usize>, Place) {
    let Hands { officer, keeper, supervisor, clerk, analyst, head } = life.hands;
    let site = |person: usize| Place::Site(cast.people[person].agency);
    match scene {
        Scene::Collect | Scene::Seal => (officer, None, Place::Found(life.found)),
        Scene::HandIn { .. } => (officer, Some(keeper), site(keeper)),
        Scene::Refuse
        | Scene::Take
        | Scene::TakeMost
        | Scene::TakeRest
        | Scene::TakeBox
        | Scene::UnpackSent
        | Scene::TakeForHead
        | Scene::CheckSent
        | Scene::SendBack => (clerk, None, site(clerk)),
        Scene::Request { step } if step.is_of_requesting() => (clerk, None, site(clerk)),
        Scene::Absence => (head, None, site(head)),
        Scene::CheckOut => (keeper, Some(officer), site(keeper)),
        Scene::CheckIn => (officer, Some(keeper), site(keeper)),
        Scene::Give => (clerk, Some(analyst), site(clerk)),
        Scene::GiveBack => (analyst, Some(clerk), site(clerk)),
        Scene::Image | Scene::VerifyImage | Scene::Reseal | Scene::TakeInstead => {
            (analyst, None, site(analyst))
        }
        Scene::Correct | Scene::HoldRelease | Scene::Dispose => {
            (keeper, Some(supervisor), site(keeper))
        }
        _ => (keeper, None, site(keeper)),
    }
}

/// Whether a scene is the one that shows an anomaly.
pub(super) fn shows(anomaly: Anomaly, scene: Scene) -> bool {
    match anomaly {
        Anomaly::Gap | Anomaly::OverdueTransit => {
            let is_usual = scene == Scene::Send { expected: Expected::Amply };
            matches!(scene, Scene::Send { .. }) && !is_usual || scene == Scene::Take
        }
        Anomaly::Overlap => scene == Scene::CheckEarlier,
        Anomaly::TwoPlaces => scene == Scene::TwoPlaces,
        Anomaly::UnsignedByReceiver => matches!(scene, Scene::Send { .. }),
        Anomaly::SealMismatch => {
            matches!(scene, Scene::BadCheck { .. } | Scene::HandIn { is_mismatch: true })
        }
        Anomaly::LateEntry => scene == Scene::LoseAndKeep,
        Anomaly::OrphanedContainer => scene == Scene::GiveAway,
        Anomaly::AlternateOutsideAbsence => {
            matches!(scene, Scene::SendNaming | Scene::TakeInstead)
        }
    }
}

/// The steps of a scene. Times: when it begins, and how long until the next one.
pub(super) fn act(
    cast: &Cast,
    life: &mut Life,
    (scene, who, place): (Scene, usize, Place),
    (at_s, next_s): (u64, u64),
) -> Vec<Step> {
    let (item, load) = (life.item, Load::Items(life.lot));
    let step = |after_s: u64, place: Place, deed: Deed| {
        let claimed_s = at_s + after_s;
        Step { claimed_s, recorded_s: at_s, who, place, item, load, deed, is_planted: false }
    };
    // What is done to each of several takes a minute, and a record.
    let each = |deed: Deed| -> Vec<Step> {
        let one = |nth| {
            let (item, load) = (item + nth, Load::Items(1));
            Step { item, load, ..step(nth * MINUTE_S, place, deed.clone()) }
        };
        (0..life.lot).map(one).collect()
    };
    let one = |deed: Deed| vec![step(0, place, deed)];
    let nth = life.seals;
    let intact = |nth| Deed::SealCheck { nth, outcome: SealOutcome::Intact };
    match scene {
        Scene::TwoPlaces => {
            let annex = Place::Annex(cast.people[who].agency);
            vec![step(0, place, intact(nth)), step(600, annex, intact(nth))]
        }
        Scene::Pack => vec![step(0, place, Deed::Box), step(ACT_S, place, Deed::Pack)],
        Scene::CheckEarlier => {
            let steps = one(intact(nth));
            let claimed_s = life.last_s - EARLIER_S;
            let earlier = |step: Step| Step { claimed_s, ..step };
            steps.into_iter().map(earlier).collect()
        }
        Scene::LoseAndKeep => vec![
            step(0, place, Deed::LostCheck { nth }),
            step(1200, place, intact(nth)),
            step(HOUR_S, place, Deed::KeepLost),
        ],
        Scene::Collect => each(Deed::Collect),
        Scene::Seal | Scene::SealAgain | Scene::Reseal => {
            let steps = each(Deed::Seal { nth: nth + 1 });
            life.seals += 1;
            steps
        }
        Scene::SendBox | Scene::TakeBox => {
            let boxed = |step: Step| Step { load: Load::Box, ..step };
            one(deed(cast, life, scene, (at_s, next_s))).into_iter().map(boxed).collect()
        }
        Scene::TakeRest => {
            let (item, load) = (item + life.lot - 1, Load::Items(1));
            let rest = |step: Step| Step { item, load, ..step };
            one(deed(cast, life, scene, (at_s, next_s))).into_iter().map(rest).collect()
        }
        Scene::BadCheck { way } => one(bad_check(way, nth)),
        Scene::CheckKept | Scene::CheckSent | Scene::CheckBack => each(intact(nth)),
        _ => one(deed(cast, life, scene, (at_s, next_s))),
    }
}

fn bad_check(way: u64, nth: u64) -> Deed {
    match way {
        0 => Deed::SealCheck { nth, outcome: SealOutcome::Broken },
        1 => Deed::SealCheck { nth, outcome: SealOutcome::Mismatch },
        // The number of a seal that this item never had, and nobody noticed.
        _ => Deed::SealCheck { nth: nth + 7, outcome: SealOutcome::Intact },
    }
}

/// What is done in a scene of one step that is not about a seal.
fn deed(cast: &Cast, life: &mut Life, scene: Scene, (at_s, next_s): (u64, u64)) -> Deed {
    let Hands { keeper, supervisor, clerk, analyst, head, officer } = life.hands;
    let release = |to: usize, purpose, expected: Expected| {
        let substitute = match scene {
            Scene::SendNaming => Some(analyst),
            Scene::SendToHead => Some(clerk),
            _ => None,
        };
        let sent = match scene {
            Scene::SendByCarrier { .. } => Sent::ByCarrier,
            Scene::SendRequested => Sent::Requested,
            _ => Sent::Plainly,
        };
        let arrival_s = working(at_s + next_s, cast.offset_min(to));
        let expected_s = match expected {
            Expected::Amply => Some(arrival_s + 6 * DAY_S),
            Expected::TooSoon => Some(at_s + 20 * HOUR_S),
            Expected::NotAtAll => None,
            Expected::Never => Some(at_s + 10_000 * DAY_S),
        };
        Deed::Release { to, purpose, expected_s, substitute, sent }
    };
    match scene {
        Scene::HandIn { is_mismatch } => {
            let finding = is_mismatch.then_some(Finding::SealMismatch);
            Deed::Handoff { to: keeper, finding }
        }
        Scene::Give => Deed::Handoff { to: analyst, finding: None },
        Scene::GiveBack => Deed::Handoff { to: clerk, finding: None },
        Scene::Send { expected } => release(clerk, MovePurpose::Examination, expected),
        Scene::SendNaming => release(clerk, MovePurpose::Examination, Expected::Amply),
        Scene::SendByCarrier { is_slow: true } => {
            release(clerk, MovePurpose::Examination, Expected::NotAtAll)
        }
        Scene::SendByCarrier { .. } | Scene::SendBox => {
            release(clerk, MovePurpose::Examination, Expected::Amply)
        }
        Scene::SendToHead => release(head, MovePurpose::Examination, Expected::Amply),
        Scene::SendRequested => release(clerk, MovePurpose::Transfer, Expected::Amply),
        Scene::Scan => Deed::Scan,
        Scene::Absence => Deed::Absence { until_s: at_s + 30 * DAY_S, alternate: clerk },
        Scene::Request { step } => Deed::Request { step, of: cast.people[keeper].agency },
        Scene::Store => Deed::Store,
        Scene::CheckOut => Deed::CheckOut { to: officer, due_s: at_s + 10 * DAY_S },
        Scene::CheckIn => Deed::CheckIn { to: keeper },
        Scene::HoldSet => Deed::HoldSet,
        Scene::HoldRelease => Deed::HoldRelease { supervisor },
        Scene::SendBack => release(keeper, MovePurpose::Return, Expected::Amply),
        Scene::Take
        | Scene::TakeInstead
        | Scene::TakeRest
        | Scene::TakeBox
        | Scene::TakeForHead => Deed::Receive { from: keeper, is_short: false },
        Scene::TakeMost => Deed::Receive { from: keeper, is_short: true },
        Scene::TakeBack => Deed::Receive { from: clerk, is_short: false },
        Scene::Refuse => Deed::Refuse { from: keeper, ground: RefusalGround::NoStorage },
        Scene::Recall => Deed::Recall { to: clerk },
        Scene::Unpack | Scene::UnpackSent => Deed::Unpack,
        Scene::GiveAway => Deed::GiveAway,
        Scene::Image => Deed::Image,
        Scene::VerifyImage => Deed::VerifyImage,
        Scene::Correct => Deed::Correct { supervisor },
        Scene::Dispose => Deed::Dispose { witness: supervisor },
        _ => Deed::Note { text: life.dice.pick::<&str>(&REMARKS) },
    }
}
