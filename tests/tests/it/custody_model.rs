//! The rules against a model written from SPEC by itself: random acts of several agencies, the same answers.

use std::collections::BTreeSet;
use std::time::Instant;

use custody_tests::model::run;

/// Seeds of the sample.
const SEEDS: [u64; 4] = [1, 2, 3, 20_261_126];
/// Acts of each.
const STEPS: usize = 2_500;

#[test]
fn random_acts_are_judged_as_the_model_judges_them() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let steps = number("CUSTODY_MODEL_STEPS").map(|steps| steps as usize);
    let seeds = match number("CUSTODY_MODEL_SEED") {
        Some(seed) => vec![seed],
        None if steps.is_some() => vec![SEEDS[0]],
        None => SEEDS.to_vec(),
    };
    let (mut accepted, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for seed in seeds {
        // Before the run: whoever sees it stop knows where to begin.
        println!("seed {seed}");
        let start = Instant::now();
        let tally = run(seed, steps.unwrap_or(STEPS));
        println!("{tally:#?} in {:?}", start.elapsed());
        assert!(tally.families > 0);
        accepted.extend(tally.accepted.into_keys());
        refused.extend(tally.refused.into_keys());
    }
    if steps.is_some_and(|steps| steps < STEPS) {
        return;
    }
    assert_eq!(accepted.len(), 28, "a kind of act was never accepted: {accepted:?}");
    assert!(refused.len() >= 20, "a rule was never broken: {refused:?}");
}
