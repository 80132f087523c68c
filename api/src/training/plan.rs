//! The plan of a training ledger: who does what, when, where and to which item. Nothing is signed here, and nothing
//! recorded: a plan is an iterator over numbers, in the order in which its acts are to be recorded.
//!
//! A person is in one place at a time and does one thing at a time, in working hours; what does not fit into somebody's
//! day waits. Everything follows from the seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use custody_core::cose::Finding;
use custody_core::record::body::{MovePurpose, RefusalGround, SealOutcome};

use super::anomaly::Anomaly;
use super::calendar::{DAY_S, HOUR_S, working};
use super::cast::{Cast, Post, Trade};
use super::life::{Cue, Expected, Scene, script};
use super::seed::{Dice, Seed};

/// What a plan is made from.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The seed of everything.
    pub seed: Seed,
    /// Items that are taken. Images that are made of them come on top.
    pub items: u64,
    /// When the first item is taken, in seconds since 1970.
    pub start_s: u64,
    /// Over how many days items are taken and handled.
    pub days: u64,
    /// What is planted, and into which item.
    pub plants: BTreeMap<u64, Anomaly>,
}

/// One act of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When it is claimed to have happened, in seconds since 1970.
    pub claimed_s: u64,
    /// When it is recorded: never before an earlier step of the plan.
    pub recorded_s: u64,
    /// Who acts: a number in the cast. Of a movement, who hands over or receives.
    pub who: usize,
    /// Where.
    pub place: Place,
    /// The item.
    pub item: u64,
    /// What is done.
    pub deed: Deed,
    /// Whether this step shows the anomaly that is planted in the item.
    pub is_planted: bool,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where an agency's people work.
    Site(usize),
    /// Another building of the same agency.
    Annex(usize),
    /// Where evidence is found.
    Found(u64),
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// The item is taken.
    Collect,
    /// A seal is put on.
    Seal {
        /// The item's how manieth seal, from 1.
        nth: u64,
    },
    /// A seal is looked at.
    SealCheck {
        /// Whose number is read.
        nth: u64,
        /// How it is found.
        outcome: SealOutcome,
    },
    /// A seal is looked at and found intact, but what is signed is not recorded: something else takes its place.
    LostCheck {
        /// Whose number is read.
        nth: u64,
    },
    /// What was lost is kept.
    KeepLost,
    /// The item goes from hand to hand.
    Handoff {
        /// To whom.
        to: usize,
        /// What they find.
        finding: Option<Finding>,
    },
    /// It is sent on the way.
    Release {
        /// To whom.
        to: usize,
        /// What for.
        purpose: MovePurpose,
        /// By when it is expected, in seconds since 1970.
        expected_s: Option<u64>,
        /// Who may receive in their place.
        substitute: Option<usize>,
    },
    /// It is taken over.
    Receive {
        /// From whom.
        from: usize,
    },
    /// It is not taken over.
    Refuse {
        /// From whom.
        from: usize,
        /// Why not.
        ground: RefusalGround,
    },
    /// It is taken back.
    Recall {
        /// To whom it was on its way.
        to: usize,
    },
    /// A box is taken into custody.
    Box,
    /// The item is put into it.
    Pack,
    /// And taken out.
    Unpack,
    /// The box is given to a carrier who holds no key.
    GiveAway,
    /// An image is made of it.
    Image,
    /// The image's digest is computed again.
    VerifyImage,
    /// Somebody remarks on it.
    Note {
        /// What they say.
        text: &'static str,
    },
    /// The place where it was taken is put right.
    Correct {
        /// Who answers for it.
        supervisor: usize,
    },
    /// It is destroyed.
    Dispose {
        /// Who watches.
        witness: usize,
    },
}

const REMARKS: [&str; 6] = [
    "label is loose at one corner",
    "case is scratched on the lid",
    "no power supply came with it",
    "two stickers on the back",
    "screen is cracked",
    "counted again, complete",
];

/// How long an act takes.
const ACT_S: u64 = 240;

/// How long somebody needs from one place to another, whichever they are.
const TRAVEL_S: u64 = HOUR_S;

/// By how much a time that cannot be right lies before that of the last record.
const EARLIER_S: u64 = 90 * 60;

/// Days at the end in which nothing new is taken, so that what was taken can run its course.
const LAST_DAYS: u64 = 60;

/// Who has to do with an item.
#[derive(Clone, Copy, Debug)]
struct Hands {
    officer: usize,
    keeper: usize,
    supervisor: usize,
    clerk: usize,
    analyst: usize,
}

struct Life {
    item: u64,
    cues: VecDeque<Cue>,
    hands: Hands,
    /// Where it was found.
    found: u64,
    seals: u64,
    /// When its newest act of custody is claimed to have happened.
    last_s: u64,
    dice: Dice,
}

/// What is known of a person's day.
#[derive(Clone, Copy)]
struct Diary {
    free_s: u64,
    last_s: u64,
    place: Place,
    /// Since when they are there.
    since_s: u64,
}

/// Several items that one officer takes in one place.
struct Search {
    officer: usize,
    found: u64,
    left: u64,
    at_s: u64,
}

/// The plan; see the module.
pub struct Plan {
    outline: Outline,
    cast: Cast,
    posts: BTreeMap<(usize, u8), Vec<usize>>,
    diaries: Vec<Diary>,
    dice: Dice,
    next_item: u64,
    search: Search,
    /// Lives that wait for their next scene, by when and in what order it was decided.
    waiting: BinaryHeap<Reverse<(u64, u64, u64)>>,
    lives: BTreeMap<u64, Life>,
    order: u64,
    ready: VecDeque<Step>,
    recorded_s: u64,
}

impl Plan {
    /// The plan that follows from `outline`, played by `cast`.
    pub fn new(outline: Outline, cast: &Cast) -> Self {
        let diary = |number: usize| {
            let place = Place::Site(cast.people[number].agency);
            Diary { free_s: 0, last_s: 0, place, since_s: 0 }
        };
        let mut posts: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (number, person) in cast.people.iter().enumerate() {
            posts.entry((person.agency, person.post as u8)).or_default().push(number);
        }
        Self {
            dice: outline.seed.dice("plan", 0),
            diaries: (0..cast.people.len()).map(diary).collect(),
            posts,
            cast: cast.clone(),
            next_item: 0,
            search: Search { officer: 0, found: 0, left: 0, at_s: outline.start_s },
            waiting: BinaryHeap::new(),
            lives: BTreeMap::new(),
            order: 0,
            ready: VecDeque::new(),
            recorded_s: outline.start_s,
            outline,
        }
    }

    /// When the next item is taken, unless all are.
    fn next_begin_s(&self) -> Option<u64> {
        let Outline { items, start_s, days, .. } = self.outline;
        let window_s = days.saturating_sub(LAST_DAYS).max(1) * DAY_S;
        let at_s = match self.search.left {
            0 => {
                start_s
                    + (u128::from(window_s) * u128::from(self.next_item) / u128::from(items)) as u64
            }
            _ => self.search.at_s,
        };
        (self.next_item < items).then_some(at_s)
    }

    fn begin(&mut self, at_s: u64) {
        if self.search.left == 0 {
            let police = self.cast.agencies_of(Trade::Police);
            let agency = *self.dice.pick(&police);
            let officer = self.one_of(agency, Post::Officer);
            let left = self.dice.between(1, 6);
            self.search = Search { officer, found: self.next_item, left, at_s };
        }
        let item = self.next_item;
        let mut dice = self.outline.seed.dice("item", item);
        let cues = script(&mut dice, self.outline.plants.get(&item).copied());
        let hands = self.hands(self.search.officer);
        let life = Life { item, cues, hands, found: self.search.found, seals: 0, last_s: 0, dice };
        self.lives.insert(item, life);
        self.wait(item, at_s);
        self.next_item += 1;
        self.search.left -= 1;
        self.search.at_s = at_s + 3 * ACT_S;
    }

    fn hands(&mut self, officer: usize) -> Hands {
        let police = self.cast.people[officer].agency;
        let laboratories = self.cast.agencies_of(Trade::Laboratory);
        let laboratory = *self.dice.pick(&laboratories);
        Hands {
            officer,
            keeper: self.one_of(police, Post::Keeper),
            supervisor: self.one_of(police, Post::Supervisor),
            clerk: self.one_of(laboratory, Post::Keeper),
            analyst: self.one_of(laboratory, Post::Officer),
        }
    }

    /// Somebody of an agency with a post: every agency has one for each.
    fn one_of(&mut self, agency: usize, post: Post) -> usize {
        let people = self.posts.get(&(agency, post as u8)).map_or(&[][..], Vec::as_slice);
        if people.is_empty() { 0 } else { *self.dice.pick(people) }
    }

    fn wait(&mut self, item: u64, at_s: u64) {
        self.order += 1;
        self.waiting.push(Reverse((at_s, self.order, item)));
    }

    /// The next scene of an item, if everybody has time for it; else it waits until they have.
    fn play(&mut self, item: u64, at_s: u64) {
        let Some(mut life) = self.lives.remove(&item) else { return };
        let Some(&(scene, _)) = life.cues.front() else { return };
        let (who, other, place) = roles(&self.cast, &life, scene);
        if scene == Scene::CheckEarlier && self.diaries[who].since_s + 2 * EARLIER_S > life.last_s {
            // The time to be written down would find the keeper elsewhere: a later one is needed.
            life.cues.push_front((Scene::CheckKept, (0, 0)));
            self.lives.insert(item, life);
            return self.wait(item, at_s + 3 * EARLIER_S);
        }
        let soonest_s = self.soonest_s(at_s, scene, (who, other), place);
        if soonest_s > at_s {
            self.lives.insert(item, life);
            return self.wait(item, soonest_s);
        }
        life.cues.pop_front();
        let transit = life.cues.front().map_or((0, 0), |(_, delay)| *delay);
        let delay_s = life.dice.between(transit.0, transit.1);
        let steps = act(&self.cast, &mut life, (scene, who, place), (at_s, delay_s));
        self.recorded_s = self.recorded_s.max(at_s);
        let busy_s = steps.iter().map(|step| step.claimed_s).max().unwrap_or(at_s).max(at_s);
        let last_place = steps.last().map_or(place, |step| step.place);
        for person in [Some(who), other].into_iter().flatten() {
            let diary = &mut self.diaries[person];
            if diary.place != last_place {
                (diary.place, diary.since_s) = (last_place, busy_s);
            }
            (diary.last_s, diary.free_s) = (busy_s, busy_s + ACT_S);
        }
        let recorded_s = self.recorded_s;
        let is_planted = self.outline.plants.get(&item).is_some_and(|&kind| shows(kind, scene));
        life.last_s = busy_s;
        self.ready.extend(steps.into_iter().map(|step| {
            let is_planted = is_planted && !matches!(step.deed, Deed::LostCheck { .. });
            Step { recorded_s, is_planted, ..step }
        }));
        if !life.cues.is_empty() {
            self.lives.insert(item, life);
            self.wait(item, at_s + delay_s);
        }
    }

    /// The first moment from `at_s` on at which everybody can be there.
    fn soonest_s(
        &self,
        at_s: u64,
        scene: Scene,
        (who, other): (usize, Option<usize>),
        place: Place,
    ) -> u64 {
        let mut soonest_s = at_s;
        for person in [Some(who), other].into_iter().flatten() {
            let diary = &self.diaries[person];
            let travel_s = if diary.place == place { 0 } else { diary.last_s + TRAVEL_S };
            // Nobody may be found in two places by accident, where it is done on purpose.
            let quiet_s = match scene {
                Scene::TwoPlaces => diary.last_s + TRAVEL_S,
                _ => 0,
            };
            soonest_s = soonest_s.max(diary.free_s).max(travel_s).max(quiet_s);
        }
        working(soonest_s, self.cast.offset_min(who))
    }
}

impl Iterator for Plan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                return Some(step);
            }
            let waiting_s = self.waiting.peek().map(|Reverse((at_s, _, _))| *at_s);
            match (self.next_begin_s(), waiting_s) {
                (Some(begin_s), waiting_s) if waiting_s.is_none_or(|at_s| begin_s <= at_s) => {
                    self.begin(begin_s);
                }
                (_, Some(_)) => {
                    let Reverse((at_s, _, item)) = self.waiting.pop()?;
                    self.play(item, at_s);
                }
                _ => return None,
            }
        }
    }
}

/// Who acts in a scene, who else has to be there, and where.
fn roles(cast: &Cast, life: &Life, scene: Scene) -> (usize, Option<usize>, Place) {
    let Hands { officer, keeper, supervisor, clerk, analyst } = life.hands;
    let site = |person: usize| Place::Site(cast.people[person].agency);
    match scene {
        Scene::Collect | Scene::Seal => (officer, None, Place::Found(life.found)),
        Scene::HandIn { .. } => (officer, Some(keeper), site(keeper)),
        Scene::Refuse | Scene::Take | Scene::CheckSent | Scene::SendBack => {
            (clerk, None, site(clerk))
        }
        Scene::Give => (clerk, Some(analyst), site(clerk)),
        Scene::GiveBack => (analyst, Some(clerk), site(clerk)),
        Scene::Image | Scene::VerifyImage | Scene::Reseal | Scene::TakeInstead => {
            (analyst, None, site(analyst))
        }
        Scene::Correct | Scene::Dispose => (keeper, Some(supervisor), site(keeper)),
        _ => (keeper, None, site(keeper)),
    }
}

/// Whether a scene is the one that shows an anomaly.
fn shows(anomaly: Anomaly, scene: Scene) -> bool {
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
fn act(
    cast: &Cast,
    life: &mut Life,
    (scene, who, place): (Scene, usize, Place),
    (at_s, next_s): (u64, u64),
) -> Vec<Step> {
    let item = life.item;
    let step = |after_s: u64, place: Place, deed: Deed| {
        let claimed_s = at_s + after_s;
        Step { claimed_s, recorded_s: at_s, who, place, item, deed, is_planted: false }
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
        Scene::Seal | Scene::SealAgain | Scene::Reseal => {
            life.seals += 1;
            one(Deed::Seal { nth: life.seals })
        }
        Scene::BadCheck { way } => one(bad_check(way, nth)),
        Scene::CheckKept | Scene::CheckSent | Scene::CheckBack => one(intact(nth)),
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
    let Hands { keeper, supervisor, clerk, analyst, .. } = life.hands;
    let release = |to: usize, purpose, expected: Expected| {
        let substitute = (scene == Scene::SendNaming).then_some(analyst);
        let arrival_s = working(at_s + next_s, cast.offset_min(to));
        let expected_s = match expected {
            Expected::Amply => Some(arrival_s + 4 * DAY_S),
            Expected::TooSoon => Some(at_s + 20 * HOUR_S),
            Expected::NotAtAll => None,
            Expected::Never => Some(at_s + 10_000 * DAY_S),
        };
        Deed::Release { to, purpose, expected_s, substitute }
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
        Scene::SendBack => release(keeper, MovePurpose::Return, Expected::Amply),
        Scene::Take | Scene::TakeInstead => Deed::Receive { from: keeper },
        Scene::TakeBack => Deed::Receive { from: clerk },
        Scene::Refuse => Deed::Refuse { from: keeper, ground: RefusalGround::NoStorage },
        Scene::Recall => Deed::Recall { to: clerk },
        Scene::Unpack => Deed::Unpack,
        Scene::GiveAway => Deed::GiveAway,
        Scene::Image => Deed::Image,
        Scene::VerifyImage => Deed::VerifyImage,
        Scene::Correct => Deed::Correct { supervisor },
        Scene::Dispose => Deed::Dispose { witness: supervisor },
        Scene::Collect => Deed::Collect,
        _ => Deed::Note { text: *life.dice.pick::<&str>(&REMARKS) },
    }
}
