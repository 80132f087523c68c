//! The plan of a training ledger: who does what, when, where and to which item. Nothing is signed here, and nothing
//! recorded: a plan is an iterator over numbers, in the order in which its acts are to be recorded.
//!
//! A person is in one place at a time and does one thing at a time, in working hours; what does not fit into somebody's
//! day waits. Everything follows from the seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use super::anomaly::Anomaly;
use super::calendar::{DAY_S, HOUR_S, working};
use super::cast::{Cast, Post, Trade};
pub use super::deed::{Deed, Load, Place, Sent, Step};
use super::life::{Cue, Scene, script, script_of_lot};
use super::seed::{Dice, Seed};
use super::staging::{act, roles, shows};

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

/// How long an act takes.
pub(super) const ACT_S: u64 = 240;

/// How long somebody needs from one place to another, whichever they are.
const TRAVEL_S: u64 = HOUR_S;

/// By how much a time that cannot be right lies before that of the last record.
pub(super) const EARLIER_S: u64 = 90 * 60;

/// Days at the end in which nothing new is taken, so that what was taken can run its course.
const LAST_DAYS: u64 = 60;

/// Who has to do with an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hands {
    pub officer: usize,
    pub keeper: usize,
    pub supervisor: usize,
    pub clerk: usize,
    pub analyst: usize,
    /// Of the laboratory.
    pub head: usize,
}

/// What happens to an item, or to several that stay together.
pub(super) struct Life {
    pub item: u64,
    /// How many items, from that number on.
    pub lot: u64,
    cues: VecDeque<Cue>,
    pub hands: Hands,
    /// Where it was found.
    pub found: u64,
    pub seals: u64,
    /// When its newest act of custody is claimed to have happened.
    pub last_s: u64,
    pub dice: Dice,
}

/// Of a hundred lives, so many are those of several items.
const LOTS: u64 = 5;

/// Most items that stay together: as many as an officer takes and seals before noon.
const LOT_MAX: u64 = 24;

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
        let lot = self.lot(item, &mut dice);
        let cues = match lot {
            1 => script(&mut dice, self.outline.plants.get(&item).copied()),
            _ => script_of_lot(&mut dice),
        };
        let (hands, found) = (self.hands(self.search.officer), self.search.found);
        let life = Life { item, lot, cues, hands, found, seals: 0, last_s: 0, dice };
        self.lives.insert(item, life);
        self.wait(item, at_s);
        self.next_item += lot;
        self.search.left -= 1;
        self.search.at_s = at_s + 3 * ACT_S;
    }

    /// How many items stay together from this one on: several only where nothing is planted in any.
    fn lot(&self, item: u64, dice: &mut Dice) -> u64 {
        let Outline { items, plants, .. } = &self.outline;
        let (is_lot, wanted) = (dice.happens(LOTS), dice.between(3, LOT_MAX));
        let lot = wanted.min(items - item);
        match is_lot && plants.range(item..item + lot).next().is_none() {
            true => lot,
            false => 1,
        }
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
            head: self.one_of(laboratory, Post::Supervisor),
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
            // Of a record that lost its place only the entry that keeps it tells.
            let tells = scene != Scene::LoseAndKeep || step.deed == Deed::KeepLost;
            let is_planted = is_planted && tells;
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
