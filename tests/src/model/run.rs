//! The same acts for the model and for the rules.

use std::collections::BTreeMap;

use custody_core::custody::apply;
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;

use super::act::Act;
use super::draw::Dice;
use super::family::check_families;
use super::invariant::Watch;
use super::stage::Stage;
use super::world::World;

/// Acts in one world, before another begins.
const WORLD: usize = 500;

/// What came of the acts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Acts that were tried.
    pub steps: usize,
    /// How many were accepted, by kind.
    pub accepted: BTreeMap<String, usize>,
    /// How many were refused, by code.
    pub refused: BTreeMap<&'static str, usize>,
    /// Items whose families were replayed as exhibits carry them.
    pub families: usize,
}

/// Tries `steps` acts, world after world, and stops at the first disagreement.
///
/// # Panics
/// Where the rules do not do as the model does, or an invariant does not hold; with the acts that led there.
pub fn run(seed: u64, steps: usize) -> Tally {
    let (mut dice, mut tally) = (Dice::new(seed), Tally::default());
    while tally.steps < steps {
        let length = WORLD.min(steps - tally.steps);
        one_world(&mut dice, length, &mut tally);
    }
    tally
}

fn one_world(dice: &mut Dice, length: usize, tally: &mut Tally) {
    let (mut world, mut stage, mut watch) = (World::default(), Stage::new(), Watch::default());
    let mut acts: Vec<Act> = Vec::new();
    for _ in 0..length {
        let act = world.draw(dice);
        if let Err(wrong) = step(&mut world, &mut stage, &mut watch, &act, tally) {
            panic!("{wrong}\nat {act:?}\nafter {}", told(&acts, &act));
        }
        acts.push(act);
    }
    tally.families += check_families(&stage, &world, dice);
}

/// One act in both. What is wrong is told in words.
fn step(
    world: &mut World,
    stage: &mut Stage,
    watch: &mut Watch,
    act: &Act,
    tally: &mut Tally,
) -> Result<(), String> {
    let bytes = stage.record(act);
    let record = Record::parse(&bytes).map_err(|error| format!("no record: {error}"))?;
    let index = LeafIndex(stage.ledger.entries.len() as u64);
    let real = apply(&stage.ledger.book, &record, index);
    let expected = world.judge(act);
    tally.steps += 1;
    match (real, expected) {
        (Ok(applied), Ok(next)) => {
            world.take(next);
            stage.ledger.book.absorb(applied);
            stage.ledger.force(bytes, Vec::new());
            stage.said.push(record.digest());
            *tally.accepted.entry(format!("{:?}", act.kind)).or_default() += 1;
        }
        (Err(violation), Err(code)) if violation.code() == code => {
            *tally.refused.entry(code).or_default() += 1;
            return Ok(());
        }
        (real, expected) => {
            let real = real.map(|_| "accepted").unwrap_or_else(|violation| violation.code());
            let expected = expected.map_or_else(|code| code, |_| "accepted");
            return Err(format!("the rules say {real}, the model {expected}"));
        }
    }
    watch.check(stage, world, act)
}

/// The acts of a world that were about the same items, for people to read.
fn told(acts: &[Act], last: &Act) -> String {
    let items = last.all_items();
    let is_about =
        |act: &&Act| act.is_asked() || act.all_items().iter().any(|id| items.contains(id));
    acts.iter().filter(is_about).map(|act| format!("\n  {act:?}")).collect()
}
