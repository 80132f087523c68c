//! `custody-verify compare`

use custody_core::verify::{Inputs, compare_exhibits, refused_exhibit};

use crate::arguments::CompareOptions;
use crate::exhibit::read_exhibit;
use crate::failure::Failure;
use crate::input::{self, Anchors};
use crate::output::{Answer, Nothing};

/// Verifies two exhibits of one item, and that one continues the other.
pub fn run(options: &CompareOptions) -> Result<Answer, Failure> {
    let anchors = Anchors::read(&options.trust)?;
    let checkpoints = options.checkpoint.iter().map(|path| input::read_checkpoint(path));
    let checkpoints = checkpoints.collect::<Result<Vec<_>, _>>()?;
    let (older, newer) = (read_exhibit(&options.older)?, read_exhibit(&options.newer)?);
    let outcome = match (&older, &newer) {
        (Err(error), _) | (_, Err(error)) => refused_exhibit(error),
        (Ok(older), Ok(newer)) => {
            let inputs = Inputs {
                policy: &anchors.policy,
                pins: anchors.pins.as_ref(),
                checkpoints: &checkpoints,
                evidence: &[],
                at_s: options.at.map(|at| at.utc_s),
            };
            compare_exhibits(older, newer, &inputs)
        }
    };
    Ok(Answer::of_outcome(&outcome, options.trust.json, Nothing::default(), Vec::new()))
}
