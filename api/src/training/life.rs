//! What happens to one item, from a kitchen table to a store: which acts, in what order, how long after one another.

use std::collections::VecDeque;

use custody_core::record::body::RequestStep;

use super::anomaly::Anomaly;
use super::calendar::{DAY_S, HOUR_S};
use super::seed::Dice;

/// Something that happens to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// An officer takes it.
    Collect,
    /// And seals it there.
    Seal,
    /// The officer hands it in at the store; the keeper finds the seal as announced, or not.
    HandIn { is_mismatch: bool },
    /// The keeper looks at the seal.
    CheckKept,
    /// The keeper finds something wrong with it, in one of three ways.
    BadCheck { way: u64 },
    /// The keeper puts on a new one.
    SealAgain,
    /// The keeper looks at the seal at the store, and ten minutes later somewhere else.
    TwoPlaces,
    /// The keeper looks at the seal, and writes down a time before that of the last record.
    CheckEarlier,
    /// Two records for one place in the chain; the loser is kept.
    LoseAndKeep,
    /// The keeper remarks on it.
    Note,
    /// The keeper corrects a remark's place, and a supervisor answers for it.
    Correct,
    /// The keeper sends it to the laboratory. `expected`: whether it says by when.
    Send { expected: Expected },
    /// The keeper gives it to a carrier, who may take longer than is usual.
    SendByCarrier { is_slow: bool },
    /// The carrier was seen with it, and the keeper writes it down.
    Scan,
    /// The laboratory does not take it.
    Refuse,
    /// The keeper takes it back before anybody received it.
    Recall,
    /// The laboratory's clerk takes it over.
    Take,
    /// Of several the clerk takes over all but one, which is not there.
    TakeMost,
    /// And that one later.
    TakeRest,
    /// And looks at the seal.
    CheckSent,
    /// The clerk hands it to the analyst.
    Give,
    /// Who makes an image of it.
    Image,
    /// And recomputes the image's digest.
    VerifyImage,
    /// And seals the item again.
    Reseal,
    /// And hands it back.
    GiveBack,
    /// The clerk sends it back.
    SendBack,
    /// The keeper takes it over.
    TakeBack,
    /// And looks at the seal.
    CheckBack,
    /// The keeper puts it into a box.
    Pack,
    /// And takes it out again.
    Unpack,
    /// Or gives the box to a carrier who holds no key, with the item in it.
    GiveAway,
    /// The keeper sends it to the clerk, and names the analyst as a substitute.
    SendNaming,
    /// The analyst takes it over in the place of the clerk, who was not away.
    TakeInstead,
    /// The keeper sends the box to the laboratory, with all that is in it.
    SendBox,
    /// The clerk takes it over.
    TakeBox,
    /// And takes out what is in it.
    UnpackSent,
    /// The head of the laboratory is away, and the clerk stands in.
    Absence,
    /// The keeper sends it to the head.
    SendToHead,
    /// And the clerk takes it over.
    TakeForHead,
    /// A step of the request under which it goes to the laboratory.
    Request { step: RequestStep },
    /// The keeper sends it there under that request.
    SendRequested,
    /// The keeper puts it on a shelf.
    Store,
    /// And lends it to the officer.
    CheckOut,
    /// Who brings it back.
    CheckIn,
    /// A court wants it kept.
    HoldSet,
    /// And no longer does.
    HoldRelease,
    /// It is destroyed before a supervisor.
    Dispose,
}

/// What a release says about its arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A time with days to spare.
    Amply,
    /// A time that passes before it arrives.
    TooSoon,
    /// Nothing, and it takes more than four days.
    NotAtAll,
    /// A time that comes after all else has ended.
    Never,
}

/// A scene, and how long after the one before it, in seconds.
pub type Cue = (Scene, (u64, u64));

const MINUTE_S: u64 = 60;

/// The script of an item's life.
pub fn script(dice: &mut Dice, anomaly: Option<Anomaly>) -> VecDeque<Cue> {
    let mut cues = taken(dice, anomaly);
    match anomaly {
        Some(Anomaly::UnsignedByReceiver) => {
            cues.push((Scene::Send { expected: Expected::Never }, (DAY_S, 5 * DAY_S)));
            return cues.into();
        }
        Some(Anomaly::OrphanedContainer) => {
            cues.extend([(Scene::Pack, (HOUR_S, DAY_S)), (Scene::GiveAway, (DAY_S, 3 * DAY_S))]);
            return cues.into();
        }
        Some(Anomaly::AlternateOutsideAbsence) => cues.extend(taken_instead()),
        Some(Anomaly::Gap | Anomaly::OverdueTransit) => cues.extend(examined(dice, anomaly)),
        _ if dice.happens(70) => cues.extend(examined(dice, anomaly)),
        _ => {}
    }
    cues.extend(kept(dice, true));
    if dice.happens(10) {
        cues.push((Scene::Correct, (DAY_S, 5 * DAY_S)));
    }
    if dice.happens(25) {
        cues.push((Scene::Dispose, (5 * DAY_S, 20 * DAY_S)));
    }
    cues.into()
}

/// The script of several items that stay together: whatever moves them is a manifest.
pub fn script_of_lot(dice: &mut Dice) -> VecDeque<Cue> {
    let (soon, days) = ((5 * MINUTE_S, HOUR_S), (DAY_S, 8 * DAY_S));
    let transit = (4 * HOUR_S, 20 * HOUR_S);
    let mut cues = taken(dice, None);
    match dice.between(0, 2) {
        0 => cues.extend(boxed(days, transit)),
        1 => cues.extend(requested(transit)),
        _ => cues.extend([
            (Scene::Send { expected: Expected::Amply }, days),
            (Scene::TakeMost, transit),
            (Scene::TakeRest, (HOUR_S, 5 * HOUR_S)),
        ]),
    }
    cues.extend([
        (Scene::Give, (HOUR_S, 2 * DAY_S)),
        (Scene::GiveBack, (DAY_S, 4 * DAY_S)),
        (Scene::SendBack, days),
        (Scene::TakeBack, transit),
        (Scene::CheckBack, soon),
    ]);
    cues.extend(kept(dice, false));
    cues.into()
}

/// In a box to the laboratory, and out of it there.
fn boxed(days: (u64, u64), transit: (u64, u64)) -> [Cue; 4] {
    let soon = (5 * MINUTE_S, HOUR_S);
    [
        (Scene::Pack, days),
        (Scene::SendBox, soon),
        (Scene::TakeBox, transit),
        (Scene::UnpackSent, soon),
    ]
}

/// The laboratory asks for it by a request, and gets it.
fn requested(transit: (u64, u64)) -> [Cue; 8] {
    let days = (HOUR_S, 2 * DAY_S);
    let step = |step, delay| (Scene::Request { step }, delay);
    [
        step(RequestStep::Prepared, days),
        step(RequestStep::Transmitted, days),
        step(RequestStep::Received, days),
        step(RequestStep::Accepted, days),
        step(RequestStep::Executing, days),
        (Scene::SendRequested, days),
        (Scene::Take, transit),
        step(RequestStep::Fulfilled, days),
    ]
}

/// How it is kept, once it is back. `may_box`: whether it has no box yet, which would be at the laboratory.
fn kept(dice: &mut Dice, may_box: bool) -> Vec<Cue> {
    let mut cues = Vec::new();
    if may_box && dice.happens(15) {
        cues.extend([(Scene::Pack, (HOUR_S, DAY_S)), (Scene::Unpack, (DAY_S, 5 * DAY_S))]);
    }
    if dice.happens(40) {
        cues.push((Scene::Store, (HOUR_S, DAY_S)));
        if dice.happens(40) {
            let lent = [(Scene::CheckOut, (DAY_S, 5 * DAY_S)), (Scene::CheckIn, (HOUR_S, DAY_S))];
            cues.extend(lent);
        }
    }
    if dice.happens(10) {
        let held =
            [(Scene::HoldSet, (HOUR_S, DAY_S)), (Scene::HoldRelease, (2 * DAY_S, 9 * DAY_S))];
        cues.extend(held);
    }
    cues
}

fn taken(dice: &mut Dice, anomaly: Option<Anomaly>) -> Vec<Cue> {
    let soon = (5 * MINUTE_S, HOUR_S);
    let way = dice.between(0, 3);
    let is_mismatch = anomaly == Some(Anomaly::SealMismatch) && way == 3;
    let mut cues = vec![
        (Scene::Collect, (0, 0)),
        (Scene::Seal, (5 * MINUTE_S, 5 * MINUTE_S)),
        (Scene::HandIn { is_mismatch }, (2 * HOUR_S, 8 * HOUR_S)),
    ];
    let look = match anomaly {
        Some(Anomaly::SealMismatch) if is_mismatch => Scene::SealAgain,
        Some(Anomaly::SealMismatch) => Scene::BadCheck { way },
        Some(Anomaly::TwoPlaces) => Scene::TwoPlaces,
        Some(Anomaly::LateEntry) => Scene::LoseAndKeep,
        _ => Scene::CheckKept,
    };
    cues.push((look, soon));
    match anomaly {
        Some(Anomaly::SealMismatch) if !is_mismatch => cues.push((Scene::SealAgain, soon)),
        Some(Anomaly::Overlap) => cues.push((Scene::CheckEarlier, soon)),
        _ => {}
    }
    if dice.happens(40) {
        cues.push((Scene::Note, soon));
    }
    cues
}

fn examined(dice: &mut Dice, anomaly: Option<Anomaly>) -> Vec<Cue> {
    let (soon, days) = ((5 * MINUTE_S, HOUR_S), (DAY_S, 8 * DAY_S));
    let (ample, transit) = (Scene::Send { expected: Expected::Amply }, (4 * HOUR_S, 20 * HOUR_S));
    let mut cues = Vec::new();
    if dice.happens(6) {
        cues.extend([(ample, days), (Scene::Recall, (HOUR_S, 3 * HOUR_S))]);
    }
    if dice.happens(6) {
        cues.extend([(ample, days), (Scene::Refuse, transit)]);
    }
    let (expected, transit) = match anomaly {
        Some(Anomaly::Gap) => (Expected::NotAtAll, (100 * HOUR_S, 120 * HOUR_S)),
        Some(Anomaly::OverdueTransit) => (Expected::TooSoon, (30 * HOUR_S, 40 * HOUR_S)),
        _ => (Expected::Amply, transit),
    };
    match anomaly {
        Some(Anomaly::Gap | Anomaly::OverdueTransit) => {
            cues.extend([(Scene::Send { expected }, days), (Scene::Take, transit)]);
        }
        _ => cues.extend(sent(dice, (days, transit))),
    }
    cues.extend([(Scene::CheckSent, soon), (Scene::Give, (HOUR_S, 2 * DAY_S))]);
    cues.extend(at_the_laboratory());
    cues
}

/// One of the usual ways to the laboratory.
fn sent(dice: &mut Dice, (days, transit): ((u64, u64), (u64, u64))) -> Vec<Cue> {
    let scanned = |is_slow, transit| {
        let scan = (Scene::Scan, (2 * HOUR_S, 4 * HOUR_S));
        vec![(Scene::SendByCarrier { is_slow }, days), scan, (Scene::Take, transit)]
    };
    match dice.between(0, 99) {
        0..15 => scanned(false, transit),
        15..22 => scanned(true, (90 * HOUR_S, 110 * HOUR_S)),
        22..27 => vec![
            (Scene::Absence, days),
            (Scene::SendToHead, (HOUR_S, 4 * HOUR_S)),
            (Scene::TakeForHead, transit),
        ],
        _ => vec![(Scene::Send { expected: Expected::Amply }, days), (Scene::Take, transit)],
    }
}

fn taken_instead() -> Vec<Cue> {
    let sent =
        [(Scene::SendNaming, (DAY_S, 8 * DAY_S)), (Scene::TakeInstead, (4 * HOUR_S, 20 * HOUR_S))];
    sent.into_iter().chain(at_the_laboratory()).collect()
}

/// From the image to the way back.
fn at_the_laboratory() -> [Cue; 7] {
    let (soon, days) = ((5 * MINUTE_S, HOUR_S), (DAY_S, 8 * DAY_S));
    [
        (Scene::Image, (HOUR_S, DAY_S)),
        (Scene::VerifyImage, soon),
        (Scene::Reseal, soon),
        (Scene::GiveBack, soon),
        (Scene::SendBack, days),
        (Scene::TakeBack, (4 * HOUR_S, 20 * HOUR_S)),
        (Scene::CheckBack, soon),
    ]
}
