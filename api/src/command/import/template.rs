use std::path::PathBuf;

use custody_core::custody::Standing;
use custody_core::id::{SubjectId, Uuid};
use custody_log::SubjectKind;
use serde_json::json;

use super::{counted, in_order};
use crate::command::on_the_way;
use crate::command::option::{LedgerOption, ledger_help};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::table::{BOM, Form, ITEMS, MANIFEST, OUTCOMES, foresee, text_of, write_table};
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody import template items|manifest|outcomes [options]

A table to be filled in: its columns, and an example that is never imported. Printed, or with --out written
as a file that spreadsheets open in the right encoding. Filled in from the ledger, it is read back as it is.

  --holder CUSTODIAN          a manifest of everything this custodian holds: delete the rows that stay
  --release RELEASE           the outcomes of this release, a digest or an entry's number: its items that
                              nobody has answered for, so that only the outcome is to be filled in
  --out FILE                  write it to this file
",
    ledger_help!(),
    "
example:
  $ custody import template outcomes --release 17 --out van.csv --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "TABLE")]
    table: Table,
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long, conflicts_with = "release")]
    holder: Option<String>,
    #[arg(long)]
    release: Option<String>,
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Table {
    Items,
    Manifest,
    Outcomes,
}

impl Table {
    fn form(self) -> Form {
        match self {
            Self::Items => ITEMS,
            Self::Manifest => MANIFEST,
            Self::Outcomes => OUTCOMES,
        }
    }
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let form = args.table.form();
    let rows = match (args.table, &args.holder, &args.release) {
        (_, None, None) => Vec::new(),
        (Table::Manifest, Some(holder), _) => {
            let desk = args.ledger.read()?;
            filled(&desk, &form, held_by(&desk, desk.custodian(holder)?)?)?
        }
        (Table::Outcomes, _, Some(release)) => {
            let desk = args.ledger.read()?;
            let release = desk.record(desk.entry(release)?)?.digest();
            filled(&desk, &form, on_the_way::items_under(&desk, &release)?)?
        }
        (_, Some(_), _) => return Err(out_of_place("--holder", "manifest")),
        (_, _, Some(_)) => return Err(out_of_place("--release", "outcomes")),
    };
    let names: Vec<_> = form.columns.iter().map(|column| column.name).collect();
    let bytes = write_table(form.columns, args.holder.is_none() && args.release.is_none(), &rows)
        .map_err(|error| Failure::could_not("internal", error.to_string()))?;
    let Some(path) = &args.out else {
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        let lines = text.lines().map(str::to_owned).collect();
        return Ok(Answer::done(lines, json!({ "columns": names, "table": text })));
    };
    // Spreadsheets take a table without this mark for one in the encoding of the country.
    file::create(path, &[BOM, &bytes].concat(), Access::Shared)?;
    let path = path.display().to_string();
    let line = format!("`{path}`: {}", counted(rows.len(), "row"));
    Ok(Answer::done(vec![line], json!({ "columns": names, "rows": rows.len(), "file": path })))
}

fn out_of_place(option: &str, table: &str) -> Failure {
    let message = format!("`{option}` fills in a table of `{table}`, and no other");
    Failure::could_not("usage", message)
}

fn filled(desk: &Desk, form: &Form, items: Vec<Uuid>) -> Result<Vec<Vec<String>>, Failure> {
    let mut rows = Vec::with_capacity(items.len());
    foresee(desk, &items)?;
    for item in in_order(desk, items)? {
        let mut row = Vec::with_capacity(form.columns.len());
        for column in form.columns {
            row.push(match column.name {
                "item" => SubjectId::Item(item).to_string(),
                "outcome" => String::new(),
                name => text_of(desk, item, name)?.unwrap_or_default(),
            });
        }
        rows.push(row);
    }
    Ok(rows)
}

/// What a custodian holds and has not sent on the way.
fn held_by(desk: &Desk, holder: Uuid) -> Result<Vec<Uuid>, Failure> {
    let mut items = Vec::new();
    for subject in desk.subjects(SubjectKind::Item) {
        let (id, subject) = subject?;
        if let (SubjectId::Item(id), Standing::Item(state)) = (id, subject.standing)
            && state.holder == holder
            && state.release.is_none()
            && state.end.is_none()
        {
            items.push(id);
        }
    }
    Ok(items)
}
