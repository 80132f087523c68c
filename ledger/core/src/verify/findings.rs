//! What every report of a checkpoint says: who witnessed it, as of when it speaks, and of what it cannot
//! speak yet.

use crate::merkle::LeafIndex;
use crate::policy::Verified;
use crate::verify::report::{Line, LineId};
use crate::verify::time::utc_text;

/// Whether the witnesses that the policy asks for cosigned. `None` stands for a refused checkpoint.
pub(super) fn witnesses_line(verified: Option<&Verified>) -> Line {
    let id = LineId::Witnesses;
    let Some(verified) = verified else {
        let text = "the checkpoint is refused, so its witnesses say nothing";
        return Line::not_checked(id, "witnesses/checkpoint-refused", text).required();
    };
    let quorum = verified.quorum;
    let seen = verified.witnesses.iter().filter(|witness| witness.has_cosigned()).count();
    let text = format!("{seen} of {} witnesses cosigned", verified.witnesses.len());
    match (quorum.threshold, quorum.satisfied) {
        (0, _) => {
            Line::not_applicable(id, format!("the policy asks for no witness; {text}")).required()
        }
        (_, true) => Line::pass(id, text).required(),
        (needed, false) => {
            let text = format!("{text}; the policy asks for {needed} of {}", quorum.members);
            Line::fail(id, "witnesses/quorum", text).required()
        }
    }
}

/// As of when the answer holds, by the log's clock, and how long before `at_s` that was.
pub(super) fn freshness_line(verified: Option<&Verified>, at_s: Option<u64>) -> Line {
    let id = LineId::Freshness;
    let Some(verified) = verified else {
        let text = "the checkpoint is refused, so its time says nothing";
        return Line::not_checked(id, "freshness/checkpoint-refused", text);
    };
    if !verified.log_time.is_stated() {
        return Line::not_checked(id, "freshness/no-time", "the log states no time");
    }
    let log_s = verified.log_time.seconds();
    let as_of =
        format!("as of {}, by the log's clock; later events are not shown", utc_text(log_s));
    match at_s {
        None => Line::pass(id, as_of),
        Some(at_s) if at_s < log_s => {
            let text = format!("{as_of}; that is after the time asked for, {}", utc_text(at_s));
            Line::not_checked(id, "freshness/in-the-future", text)
        }
        Some(at_s) => {
            let hours = (at_s - log_s) / 3600;
            Line::pass(id, format!("{as_of}; {hours} hours before {}", utc_text(at_s)))
        }
    }
}

/// The failure where one of `entries`, which are in the checkpoint's tree, was accepted after the log signed
/// it: index and milliseconds since 1970. A checkpoint that is refused or states no time says nothing.
pub(super) fn accepted_line(
    verified: Option<&Verified>,
    entries: &[(LeafIndex, u64)],
) -> Option<Line> {
    let log_time = verified?.log_time;
    let log_s = log_time.is_stated().then(|| log_time.seconds())?;
    let (index, accepted_ms) = entries.iter().find(|(_, ms)| ms / 1000 > log_s)?;
    let [accepted, signed] = [accepted_ms / 1000, log_s].map(utc_text);
    let text =
        format!("entry {index} was accepted at {accepted}, after its tree was signed at {signed}");
    let line = Line::fail(LineId::Inclusion, "entry/accepted-after-checkpoint", text);
    Some(line.required())
}
