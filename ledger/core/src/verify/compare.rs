//! Comparing two exhibits of one item: SPEC section "Comparing exhibits".

use crate::exhibit::Exhibit;
use crate::id::SubjectId;
use crate::merkle::LeafIndex;
use crate::verify::exhibit::{Inputs, Outcome, verify_exhibit};
use crate::verify::report::{Line, LineId, Report};

/// Verifies two exhibits and that the newer continues the older: each on its own, one tree, one history.
///
/// A line of the report is the worse of the two exhibits' lines, and the newer one's where they are equal.
pub fn compare_exhibits(older: &Exhibit, newer: &Exhibit, inputs: &Inputs<'_>) -> Outcome {
    if older.contents().checkpoint.size() > newer.contents().checkpoint.size() {
        return compare_exhibits(newer, older, inputs);
    }
    let older_checkpoint = [older.contents().checkpoint.clone()];
    let checkpoints = [inputs.checkpoints, &older_checkpoint].concat();
    let with_older = Inputs { checkpoints: &checkpoints, ..*inputs };
    let first = verify_exhibit(older, inputs);
    let second = verify_exhibit(newer, &with_older);
    let mut report = Report::new();
    // Of equal lines the one that was added first stays.
    let of_both = |line: &&Line| line.id != LineId::Consistency;
    for line in second.report.lines().iter().chain(first.report.lines().iter().filter(of_both)) {
        report.add(line.clone());
    }
    report.add(history_line(older, newer));
    Outcome { report, ..second }
}

/// Whether the two exhibits tell one history. Two different records in one place are proof of a fork.
fn history_line(older: &Exhibit, newer: &Exhibit) -> Line {
    let id = LineId::Completeness;
    let (before, after) = (older.contents(), newer.contents());
    if before.item != after.item {
        let text = "the exhibits are about different items";
        return Line::fail(id, "compare/other-item", text).required();
    }
    let differs = before.records.iter().find_map(|placed| {
        let other = after.placed(placed.index)?;
        (placed.entry() != other.entry()).then_some((placed.index, placed, other))
    });
    if let Some((LeafIndex(index), one, two)) = differs {
        let text = format!(
            "fork: entry {index} is record {} in one exhibit and {} in the other: keep both, they are evidence",
            one.record.digest(),
            two.record.digest()
        );
        return Line::fail(id, "compare/fork", text).required();
    }
    let missing = before.records.iter().find(|placed| {
        let subjects = &placed.record.payload().subjects;
        let is_shown = |id: &SubjectId| after.lookup(id).is_some();
        after.placed(placed.index).is_none() && subjects.iter().any(|link| is_shown(&link.subject))
    });
    match missing {
        Some(placed) => {
            let text = format!("entry {} of the older exhibit is not in the newer", placed.index.0);
            Line::fail(id, "compare/record-missing", text).required()
        }
        None => {
            let added = after.records.iter().filter(|p| before.placed(p.index).is_none()).count();
            let text = format!("the newer exhibit continues the older by {added} records");
            Line::pass(id, text).required()
        }
    }
}
