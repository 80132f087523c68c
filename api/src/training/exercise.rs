//! Exercises: files that are wrong, each in one way, with a task in plain words and its solution. They are made from a
//! training ledger of their own, whose keys are worthless: so everybody's signature can be had.

mod bench;
mod exhibit;
mod other;

use std::fs;
use std::path::{Path, PathBuf};

use custody_core::id::TRAINING_MARK;

use super::anomaly::Anomaly;
use super::{Scenario, make_in};
use crate::demo::{check_empty, workshop};
use crate::failure::Failure;
use crate::file::{self, Access};
use bench::Bench;

/// One exercise.
pub struct Exercise {
    /// The name of its folder.
    name: &'static str,
    /// What its reader is told.
    task: String,
    /// The files in it, apart from the reader's policy and pins.
    files: Vec<(&'static str, Vec<u8>)>,
    /// What to type there, after `custody-verify`.
    command: &'static str,
    solution: Solution,
}

/// What the verifier says, and why.
struct Solution {
    verdict: &'static str,
    line: &'static str,
    code: &'static str,
    why: &'static str,
}

/// What was made.
pub struct MadeExercises {
    /// Where.
    pub out: PathBuf,
    /// The names of their folders.
    pub names: Vec<&'static str>,
}

/// Checks the usual exhibit.
const EXHIBIT: &str =
    "exhibit image.exhibit --policy policy.txt --agencies agencies.txt --evidence image.raw";

/// Makes all exercises in `out`, which must be absent or empty. All of it appears at once, or nothing.
///
/// # Errors
/// `out` holds something, or anything on the way fails.
pub fn make(out: &Path, seed: u64) -> Result<MadeExercises, Failure> {
    check_empty(out)?;
    let workshop = workshop(out)?;
    let made = make_all(&workshop, seed).and_then(|names| {
        fs::rename(&workshop, out).map_err(file::cannot("make", out))?;
        Ok(MadeExercises { out: out.to_owned(), names })
    });
    made.inspect_err(|_| {
        // What cannot be removed is named for what it is; the first error is the one to tell.
        let _ = fs::remove_dir_all(&workshop);
    })
}

fn make_all(dir: &Path, seed: u64) -> Result<Vec<&'static str>, Failure> {
    let source = dir.join("ledger");
    fs::create_dir(&source).map_err(file::cannot("make", &source))?;
    let scenario = Scenario {
        seed,
        items: 24,
        agencies: 2,
        custodians: 6,
        days: 90,
        opened: 1000,
        anomalies: vec![Anomaly::LateEntry],
    };
    make_in(&source, &scenario, &|_| {})?;
    let bench = Bench::new(&source, &scenario)?;
    let mut exercises = exhibit::all(&bench)?;
    exercises.extend(other::all(&bench)?);
    for exercise in &exercises {
        exercise.write(dir, &bench)?;
    }
    Ok(exercises.iter().map(|exercise| exercise.name).collect())
}

impl Exercise {
    fn write(&self, dir: &Path, bench: &Bench) -> Result<(), Failure> {
        let own = dir.join(self.name);
        fs::create_dir(&own).map_err(file::cannot("make", &own))?;
        let create =
            |name: &str, bytes: &[u8]| file::create(&own.join(name), bytes, Access::Shared);
        let has = |name: &str| self.files.iter().any(|(file, _)| *file == name);
        for (name, bytes) in bench.reader().into_iter().filter(|(name, _)| !has(name)) {
            create(name, &bytes)?;
        }
        for (name, bytes) in &self.files {
            create(name, bytes)?;
        }
        create("TASK.md", self.task_text().as_bytes())?;
        Ok(create("SOLUTION.md", self.solution_text().as_bytes())?)
    }

    fn task_text(&self) -> String {
        format!(
            "# {}\n\n{TRAINING_MARK}\n\n{}\n\n`policy.txt` and `agencies.txt` reached you another way, and you trust \
             them unless this says otherwise. Type:\n\n```console\n$ custody-verify {}\n```\n\nWhat does it \
             say, and what follows from that? `SOLUTION.md` has the answer.\n",
            self.name, self.task, self.command
        )
    }

    fn solution_text(&self) -> String {
        let Solution { verdict, line, code, why } = &self.solution;
        format!(
            "# {}: solution\n\n{TRAINING_MARK}\n\nverdict: {verdict}\nline: {line}\ncode: {code}\n\n{why}\n",
            self.name
        )
    }
}
