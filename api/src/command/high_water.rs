use std::path::{Path, PathBuf};

use custody_core::checkpoint::Checkpoint;
use custody_core::merkle::TreeHead;
use custody_log::high_water::{LocalDisk, left_over, locate};
use custody_log::{Ledger, LedgerOptions};
use serde_json::json;

use super::option::{DirectoryOption, directory_help};
use crate::desk::{Desk, check_ledger, opening_failed};
use crate::failure::Failure;
use crate::file;
use crate::terminal::{Answer, talk};

pub const HELP: &str = concat!(
    "\
usage: custody high-water [--move FILE] [options]

Where the high-water mark lies: the newest checkpoint that was acknowledged. Held against it, a ledger
notices that its store is an older one. With --move it goes to another place, on another disk best: a
mark in the ledger's directory comes back with the directory and notices nothing. Every command finds it
there. While it moves, nobody may record.

  --move FILE                 where it is to lie; nothing may lie there yet
",
    directory_help!(),
    "
example:
  $ custody high-water --move /srv/marks/police --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: DirectoryOption,
    #[arg(long = "move", value_name = "FILE")]
    to: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let ledger = args.ledger.path()?;
    let was = match &args.to {
        Some(to) => Some(move_to(&ledger, to)?),
        None => None,
    };
    // Read the way that every command reads it: what is shown is what counts.
    let desk = Desk::read(&ledger)?;
    let disk = LocalDisk::default();
    let place = locate(&ledger, &disk)?;
    let mark = head_at(&place)?;
    let store = desk.head();
    let mut lines = vec![format!("mark   {}", place.display()), format!("       {mark}")];
    lines.push(format!("store  {store}"));
    lines.extend(was.iter().map(|was| format!("was    {}", was.display())));
    if let Some(old) = left_over(&ledger, &disk) {
        talk(&format!("note: `{}` counts for nothing any more: remove it", old.display()));
    }
    let facts = json!({
        "mark": place.display().to_string(),
        "was": was.map(|was| was.display().to_string()),
        "size": mark.size.0,
        "root": mark.root.to_string(),
        "store": { "size": store.size.0, "root": store.root.to_string() },
    });
    Ok(Answer::done(lines, facts))
}

fn move_to(ledger: &Path, to: &Path) -> Result<PathBuf, Failure> {
    let to = place(to)?;
    check_ledger(ledger)?;
    let options = LedgerOptions::new(ledger);
    let moved = Ledger::move_high_water(&options, &to);
    let moved = moved.map_err(|error| opening_failed(ledger, error))?;
    if let Some(error) = moved.left_behind {
        talk(&format!("note: `{}` could not be removed: {error}", moved.from.display()));
    }
    Ok(moved.from)
}

/// The place of a new mark as every command will find it: an absolute path in a directory that is there.
///
/// # Errors
/// The directory is not there.
pub fn place(path: &Path) -> Result<PathBuf, Failure> {
    let name = path.file_name().ok_or_else(|| {
        Failure::could_not("usage", format!("`{}` is not a file's name", path.display()))
    })?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let parent = parent.canonicalize().map_err(file::cannot("find", parent))?;
    Ok(parent.join(name))
}

fn head_at(place: &Path) -> Result<TreeHead, Failure> {
    let note = file::read(place, custody_log::high_water::HighWater::BYTES_MAX)?;
    Ok(*Checkpoint::parse(&note)?.tree_head())
}
