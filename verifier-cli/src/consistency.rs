//! `custody-verify consistency`

use std::path::Path;

use custody_core::checkpoint::Checkpoint;
use custody_core::merkle::{NodeSource, TreeHead, prove_consistency, root_at};
use custody_core::policy::Policy;
use custody_core::verify::{Line, LineId, Outcome, Report, error_text};
use serde::Serialize;

use crate::arguments::ConsistencyOptions;
use crate::failure::Failure;
use crate::input;
use crate::output::Answer;
use crate::published::Published;

/// Both heads: where they do not agree they are evidence, and stay together.
#[derive(Debug, Serialize)]
struct Heads {
    old: Head,
    new: Head,
}

#[derive(Debug, Serialize)]
struct Head {
    size: u64,
    root: String,
    note: String,
}

/// Verifies that one checkpoint continues another.
pub fn run(options: &ConsistencyOptions) -> Result<Answer, Failure> {
    let policy = input::read_policy(&options.policy)?;
    let old = input::read_checkpoint(&options.old)?;
    let new = input::read_checkpoint(&options.new)?;
    if old.size() > new.size() {
        return Err(Failure::Order { old: old.size().0, new: new.size().0 });
    }
    let outcome = verify(&old, &new, &policy, &options.tiles);
    let heads = Heads { old: Head::of(&old), new: Head::of(&new) };
    let details = vec![
        String::new(),
        format!("old      {}", old.tree_head()),
        format!("new      {}", new.tree_head()),
    ];
    Ok(Answer::of_outcome(&outcome, options.json, heads, details))
}

fn verify(old: &Checkpoint, new: &Checkpoint, policy: &Policy, tiles: &Path) -> Outcome {
    let mut report = Report::new();
    report.add(Line::pass(LineId::Format, "both checkpoints are well formed").required());
    for (name, checkpoint) in [("old", old), ("new", new)] {
        report.add(checkpoint_line(name, checkpoint, policy).required());
    }
    let line = match old.origin() == new.origin() {
        true => consistency_line(old.tree_head(), new.tree_head(), tiles),
        false => {
            let text = format!("the logs are {} and {}", old.origin(), new.origin());
            Line::fail(LineId::Consistency, "consistency/other-log", text)
        }
    };
    report.add(line.required());
    Outcome {
        origin: Some(new.origin().as_str().to_owned()),
        size: Some(new.size()),
        item: None,
        report,
    }
}

fn checkpoint_line(name: &str, checkpoint: &Checkpoint, policy: &Policy) -> Line {
    match policy.verify(checkpoint) {
        Ok(_) => Line::pass(LineId::Checkpoint, "both signed by the log with both of its keys"),
        Err(error) => {
            let text = format!("the {name} checkpoint: {}", error_text(&error));
            Line::fail(LineId::Checkpoint, error.code(), text)
        }
    }
}

fn consistency_line(old: &TreeHead, new: &TreeHead, tiles: &Path) -> Line {
    let id = LineId::Consistency;
    if old.size == new.size {
        return match old.root == new.root {
            true => Line::pass(id, format!("both are the tree of size {}", new.size)),
            false => fork(old, new),
        };
    }
    let nodes = Published::new(tiles, new.size);
    let proof = match prove_consistency(old.size, new.size, &nodes) {
        Ok(proof) => proof,
        Err(error) => {
            return Line::not_checked(id, "consistency/no-proof", error_text(&error));
        }
    };
    match proof.verify(old, new) {
        Ok(()) => Line::pass(id, format!("size {} continues size {}", new.size, old.size)),
        // The tiles are nobody's word. Only where they lead to the new root do they show a fork.
        Err(_) if shown_root(old, new, &nodes).is_some() => fork(old, new),
        Err(error) => {
            let text = format!("the tiles are not those of the new tree: {}", error_text(&error));
            Line::not_checked(id, "consistency/other-tiles", text)
        }
    }
}

/// The tree of the old size that the new tree begins with, if the tiles prove one.
fn shown_root<S: NodeSource>(old: &TreeHead, new: &TreeHead, nodes: &S) -> Option<TreeHead> {
    let shown = TreeHead { size: old.size, root: root_at(old.size, nodes).ok()? };
    let proof = prove_consistency(old.size, new.size, nodes).ok()?;
    proof.verify(&shown, new).ok().map(|()| shown)
}

fn fork(old: &TreeHead, new: &TreeHead) -> Line {
    let text = format!("fork: {old} and {new}: keep both checkpoints, they are evidence");
    Line::fail(LineId::Consistency, "consistency/fork", text)
}

impl Head {
    fn of(checkpoint: &Checkpoint) -> Self {
        Self {
            size: checkpoint.size().0,
            root: checkpoint.root().to_string(),
            note: String::from_utf8_lossy(checkpoint.as_bytes()).into_owned(),
        }
    }
}
