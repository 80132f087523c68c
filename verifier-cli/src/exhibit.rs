//! `custody-verify exhibit`

use custody_core::exhibit::{Exhibit, ExhibitError, MAX_EXHIBIT};
use custody_core::verify::{Inputs, Outcome, Verdict, refused_exhibit, verify_exhibit};

use crate::arguments::ExhibitOptions;
use crate::evidence::{self, Wanted};
use crate::failure::Failure;
use crate::input::{self, Anchors};
use crate::output::{Answer, Nothing};

/// What no program can say.
const CAVEAT: &str = "\
This does not say that the item is genuine or that the people named did it: a person swears to that.";

/// Verifies an exhibit.
pub fn run(options: &ExhibitOptions) -> Result<Answer, Failure> {
    let anchors = Anchors::read(&options.trust)?;
    let checkpoints = options.checkpoint.iter().map(|path| input::read_checkpoint(path));
    let checkpoints = checkpoints.collect::<Result<Vec<_>, _>>()?;
    let outcome = match read_exhibit(&options.file)? {
        Err(error) => refused_exhibit(&error),
        Ok(exhibit) => {
            let evidence = evidence::hash_files(&options.evidence, Wanted::of_exhibit(&exhibit))?;
            let inputs = Inputs {
                policy: &anchors.policy,
                pins: anchors.pins.as_ref(),
                checkpoints: &checkpoints,
                evidence: &evidence,
                at_s: options.at.map(|at| at.utc_s),
            };
            verify_exhibit(&exhibit, &inputs)
        }
    };
    Ok(answer(&outcome, options.trust.json))
}

/// Reads an exhibit. That it is too large, or not one, is a finding and not a failure.
pub fn read_exhibit(path: &std::path::Path) -> Result<Result<Exhibit, ExhibitError>, Failure> {
    match input::read_file(path, MAX_EXHIBIT) {
        Ok(bytes) => Ok(Exhibit::parse(&bytes)),
        Err(Failure::Oversize { actual, .. }) => {
            let actual = usize::try_from(actual).unwrap_or(usize::MAX);
            Ok(Err(ExhibitError::Oversize { limit: MAX_EXHIBIT, actual }))
        }
        Err(failure) => Err(failure),
    }
}

fn answer(outcome: &Outcome, is_json: bool) -> Answer {
    let caveat = match outcome.report.verdict() {
        Verdict::Verified => vec![String::new(), CAVEAT.to_owned()],
        _ => Vec::new(),
    };
    Answer::of_outcome(outcome, is_json, Nothing::default(), caveat)
}
