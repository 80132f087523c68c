use std::path::{Path, PathBuf};

use serde_json::json;

use super::option::{LedgerOption, PDF_HINT, ledger_help};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::print::PrintFile;
use crate::receipt_page::receipt_page;
use crate::terminal::Answer;
use custody_core::merkle::LeafIndex;

pub const HELP: &str = concat!(
    "\
usage: custody receipt RECORD --out NAME|--print FILE [options]

The proof that one record is in the ledger: NAME.tlog-proof (C2SP tlog-proof), with the bytes it speaks
of, NAME.entry and NAME.record. `custody-verify receipt` checks it without the ledger. RECORD is an
entry's number or a record's digest. With --print, the same record on paper for people: what was handed
over by whom to whom, and with which keys they signed. The paper proves nothing by itself.

  --out NAME                  the files' common name; none is overwritten
  --print FILE                a page to print, as .pdf or .svg; may stand beside --out or alone
  --with-description          print what the items are, where that is open here
",
    ledger_help!(),
    "
example:
  $ custody receipt 12 --out receipt --print receipt.pdf --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    record: String,
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long, value_name = "NAME")]
    out: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    print: Option<PrintFile>,
    #[arg(long, requires = "print")]
    with_description: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    if args.out.is_none() && args.print.is_none() {
        let hint = "`--out NAME` writes the proof, `--print FILE` a page for people";
        return Err(Failure::could_not("usage", "`--out` is missing").hint(hint));
    }
    let desk = args.ledger.read()?;
    let index = desk.entry(&args.record)?;
    let mut written = Vec::new();
    // The page first: where it cannot be made, nothing is left behind.
    if let Some(page) = &args.print {
        written.push(print(&desk, index, page, args.with_description)?);
    }
    if let Some(name) = &args.out {
        let proof = write(&desk, index, name).inspect_err(|_| take_back(&written))?;
        written.splice(0..0, proof);
    }
    let files: Vec<_> = written.iter().map(|path| path.display().to_string()).collect();
    Ok(Answer::done(files.clone(), json!({ "entry": index.0, "files": files })))
}

fn print(
    desk: &Desk,
    index: LeafIndex,
    page: &PrintFile,
    with_description: bool,
) -> Result<PathBuf, Failure> {
    file::check_absent(&page.path)?;
    let paper = receipt_page(desk, index, with_description)?;
    let bytes = paper.draw(page.form).map_err(|error| Failure::from(error).hint(PDF_HINT))?;
    file::create(&page.path, &bytes, Access::Shared)?;
    Ok(page.path.clone())
}

/// Writes the three files of the receipt of entry `index`, or none of them.
///
/// # Errors
/// One exists already, or the ledger cannot be read.
pub fn write(desk: &Desk, index: LeafIndex, name: &Path) -> Result<Vec<PathBuf>, Failure> {
    let logged = desk.logged(index)?;
    let parts = [
        ("tlog-proof", desk.receipt(&logged)?.into_bytes()),
        ("entry", logged.entry.encode()),
        ("record", logged.record),
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
    let before = paths.iter().take_while(|path| *path != failed).cloned();
    take_back(&before.collect::<Vec<_>>());
}

/// Removes files that this command has just made.
fn take_back(paths: &[PathBuf]) {
    for path in paths {
        let _ = std::fs::remove_file(path);
    }
}
