//! A ledger to try things on: one laptop carried from a police station in one country to a laboratory in
//! another, with everything that can go wrong on the way, between many items that nothing happens to; and
//! some things that are under way still.
//!
//! It is made the way every ledger is made: founded, signed and recorded through the same code, with keys
//! that are thrown into a folder for whoever wants to go on playing.

pub(crate) mod cast;
mod evidence;
mod exhibit;
mod papers;
mod stage;
mod stock;
mod story;
mod under_way;

use std::fs;
use std::path::{Path, PathBuf};

use custody_core::verify::Verdict;

use crate::desk::Desk;
use crate::evidence::total_size;
use crate::failure::Failure;
use crate::file;
use cast::Cast;
use stage::Stage;

/// The demo's name for its ledger.
const ORIGIN: &str = "training-not-evidence/custody.example/demo";

/// The passphrase of every key in the demo: it stands in `keys/passphrase.txt` and protects nothing.
pub(crate) const PASSPHRASE: &str = "training";

/// One of the demo's exhibits and what the verifier says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its file name.
    pub file: &'static str,
    /// What the verifier should say.
    pub expected: Verdict,
    /// What it says.
    pub verdict: Verdict,
    /// The lines of its report.
    pub lines: Vec<String>,
}

/// What the demo left behind.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Where.
    pub out: PathBuf,
    /// Entries in the ledger.
    pub size: u64,
    /// The item that the exhibits are about.
    pub item: String,
    /// The three exhibits.
    pub exhibits: Vec<Judged>,
}

/// Makes the demo in `out`, which must be absent or empty; `evidence` are files to use, else some are made.
/// `say` is told what is being done. All of it appears at once, or nothing.
///
/// # Errors
/// `out` holds something, or anything on the way fails.
pub fn make(out: &Path, evidence: &[PathBuf], say: &dyn Fn(&str)) -> Result<Demo, Failure> {
    check_empty(out)?;
    // Before anything is made of them.
    total_size(evidence)?;
    let workshop = workshop(out)?;
    let made = make_in(&workshop, evidence, say).and_then(|demo| {
        fs::rename(&workshop, out).map_err(file::cannot("write", out))?;
        Ok(Demo { out: out.to_owned(), ..demo })
    });
    made.inspect_err(|_| {
        // What cannot be removed is named for what it is; the first error is the one to tell.
        let _ = fs::remove_dir_all(&workshop);
    })
}

fn make_in(dir: &Path, given: &[PathBuf], say: &dyn Fn(&str)) -> Result<Demo, Failure> {
    say("making evidence, keys and the ledger");
    let files = evidence::lay_out(dir, given)?;
    let cast = Cast::gather(&dir.join("keys"))?;
    let mut stage = Stage::found(dir, &cast)?;
    say("carrying a laptop across a border");
    let told = story::tell(&mut stage, &cast, &files)?;
    say("recording items that nothing happens to");
    stock::fill(&mut stage, &cast)?;
    let offered = under_way::begin(&mut stage, &cast)?;
    story::finish(&mut stage, &cast, &told)?;
    stage.close();
    under_way::leave(&dir.join("ledger"), &offered)?;
    say("publishing, exporting and verifying");
    let desk = Desk::read(&dir.join("ledger"))?;
    papers::leave(&desk, dir, told.handoff)?;
    papers::configure(dir, cast.supervisor.id)?;
    let image = (files.image.path.as_path(), files.image.sha256);
    let exhibits = exhibit::export_and_verify(&desk, dir, &cast, told.image, image)?;
    let size = desk.head().size.0;
    let item = custody_core::id::SubjectId::Item(told.image).to_string();
    Ok(Demo { out: dir.to_owned(), size, item, exhibits })
}

pub(crate) fn check_empty(out: &Path) -> Result<(), Failure> {
    let is_empty = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    match is_empty {
        true => Ok(()),
        false => Err(Failure::could_not(
            "file/exists",
            format!("`{}` is not an empty directory", out.display()),
        )
        .hint("choose a name that is not taken")),
    }
}

/// A directory beside `out`, so that it can be moved there in one step.
pub(crate) fn workshop(out: &Path) -> Result<PathBuf, Failure> {
    let unnamed = || Failure::could_not("usage", format!("`{}` is not a name", out.display()));
    let mut name = out.file_name().ok_or_else(unnamed)?.to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let workshop = out.with_file_name(name);
    fs::create_dir(&workshop).map_err(file::cannot("make", &workshop))?;
    Ok(workshop)
}
