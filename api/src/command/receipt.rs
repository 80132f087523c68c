use std::path::{Path, PathBuf};

use serde_json::json;

use super::option::{LedgerOption, ledger_help};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::terminal::Answer;
use custody_core::merkle::LeafIndex;

pub const HELP: &str = concat!(
    "\
usage: custody receipt RECORD --out NAME [options]

The proof that one record is in the ledger: NAME.tlog-proof (C2SP tlog-proof), with the bytes it speaks
of, NAME.entry and NAME.record. `custody-verify receipt` checks it without the ledger. RECORD is an
entry's number or a record's digest.

  --out NAME                  the files' common name; none is overwritten
",
    ledger_help!(),
    "
example:
  $ custody receipt 12 --out receipt --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    record: String,
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long, value_name = "NAME")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let desk = args.ledger.read()?;
    let index = desk.entry(&args.record)?;
    let paths = write(&desk, index, &args.out)?;
    let files: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    Ok(Answer::done(files.clone(), json!({ "entry": index.0, "files": files })))
}

/// Writes the three files of the receipt of entry `index`, or none of them.
///
/// # Errors
/// One exists already, or the ledger cannot be read.
pub fn write(desk: &Desk, index: LeafIndex, name: &Path) -> Result<Vec<PathBuf>, Failure> {
    let reader = desk.reader();
    let parts = [
        ("tlog-proof", reader.receipt(index)?.into_bytes()),
        ("entry", reader.entry(index)?.encode()),
        ("record", reader.record(index)?),
    ];
    let path = |ending: &str| {
        let mut path = name.as_os_str().to_owned();
        path.push(format!(".{ending}"));
        PathBuf::from(path)
    };
    let paths: Vec<_> = parts.iter().map(|(ending, _)| path(ending)).collect();
    paths.iter().try_for_each(|path| file::check_absent(path))?;
    for (path, (_, bytes)) in paths.iter().zip(&parts) {
        file::create(path, bytes, Access::Shared).inspect_err(|_| remove(&paths, path))?;
    }
    Ok(paths)
}

/// Takes back what was written before `failed`. The error to tell is the one of writing.
fn remove(paths: &[PathBuf], failed: &Path) {
    for path in paths.iter().take_while(|path| *path != failed) {
        let _ = std::fs::remove_file(path);
    }
}
