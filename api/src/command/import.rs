mod items;
mod manifest;
mod outcomes;
mod template;

use std::path::Path;

use clap::Subcommand;
use custody_core::id::{SubjectId, Uuid};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::failure::Failure;
use crate::file;
use crate::table::{Faults, Form, MAX_TABLE, Sheet};
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody import items|manifest|outcomes|template FILE.csv [options]

Many things at once, from tables (CSV) that a spreadsheet writes. Everything in a table is checked before
anything is recorded, and everything that is wrong is told, by line and column. With --dry-run that is all.

  items         each row is an item that you take into custody
  manifest      the rows are items that you hand over or release together
  outcomes      each row says what became of an item that was released to you
  template      an empty table of each kind, or one filled in from the ledger

example:
  $ custody import template items --out items.csv
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = items::HELP)]
    Items(items::Args),
    #[command(override_help = manifest::HELP)]
    Manifest(manifest::Args),
    #[command(override_help = outcomes::HELP)]
    Outcomes(outcomes::Args),
    #[command(override_help = template::HELP)]
    Template(template::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::Items(args) => items::run(args),
        Command::Manifest(args) => manifest::run(args),
        Command::Outcomes(args) => outcomes::run(args),
        Command::Template(args) => template::run(args),
    }
}

/// Reads a table, and its bytes.
///
/// # Errors
/// It cannot be read, or is none of this form.
fn read_table(path: &Path, form: &Form) -> Result<(Vec<u8>, Sheet), Failure> {
    let bytes = file::read(path, MAX_TABLE)?;
    let sheet = Sheet::parse(&bytes, form).map_err(|faults| refused(path, faults))?;
    Ok((bytes, sheet))
}

fn refused(path: &Path, faults: Faults) -> Failure {
    Failure::refused_table(path.display(), faults)
}

/// `value`, where nothing is wrong with the table.
///
/// # Errors
/// What is wrong with it.
fn unless_refused<T>(path: &Path, faults: Faults, value: T) -> Result<T, Failure> {
    faults.or(value).map_err(|faults| refused(path, faults))
}

/// What was read, in words.
fn read_line(path: &Path, sheet: &Sheet) -> String {
    let rows = counted(sheet.rows.len(), "row");
    let examples = match sheet.examples {
        0 => String::new(),
        count => format!(", {} left out", counted(count, "example")),
    };
    format!("`{}`: {rows}, separated by `{}`{examples}", path.display(), sheet.separator)
}

/// The same for programs.
fn read_facts(sheet: &Sheet, is_dry: bool) -> Value {
    json!({
        "rows": sheet.rows.len(),
        "examples": sheet.examples,
        "separator": sheet.separator.to_string(),
        "dry_run": is_dry,
    })
}

/// Items in the order in which they were collected or made.
///
/// # Errors
/// The ledger cannot be read.
fn in_order(desk: &Desk, items: Vec<Uuid>) -> Result<Vec<Uuid>, Failure> {
    let mut ordered = Vec::with_capacity(items.len());
    for item in items {
        let first = desk.chain(&SubjectId::Item(item))?.first().map(|logged| logged.index);
        ordered.push((first, item));
    }
    ordered.sort();
    Ok(ordered.into_iter().map(|(_, item)| item).collect())
}

/// `3 rows`, `1 row`.
fn counted(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        count => format!("{count} {thing}s"),
    }
}
