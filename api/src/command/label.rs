use std::path::PathBuf;
use std::str::FromStr;

use custody_core::id::{SubjectId, Uuid};
use serde_json::{Value, json};

use super::option::{LedgerOption, PDF_HINT, ledger_help};
use super::party;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::history::description;
use crate::label::{Label, Sheet, label_sheets};
use crate::label_id::format_label_id;
use crate::print::PrintForm;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody label ITEM... --out FILE [options]

Labels to stick on items: a QR code, the id with two check characters, and the ledger's name. Wherever a
command takes an item it takes the id as the label has it; one that was mistyped is noticed.

  --out FILE                  where they go; never over another file
  --format FORMAT             pdf or svg; as FILE ends, if left out. An SVG holds one page
  --sheet SHEET               a4 (3 x 8 labels of 70 x 37.1 mm) or single (one such label on a page);
                              a4 if left out. Print at 100 %, not fitted to the page
  --skip COUNT                labels of the first sheet that are used already, 0 to 23
  --with-description          print what the item is, where that is open here
",
    ledger_help!(),
    "
example:
  $ custody label item:0f3c item:51aa --with-description --out labels.pdf --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[arg(long)]
    format: Option<PrintForm>,
    #[arg(long, default_value = "a4", hide_default_value = true)]
    sheet: Sheet,
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true, value_parser = parse_skip)]
    skip: usize,
    #[arg(long)]
    with_description: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let form = form(args)?;
    if args.skip > 0 && args.sheet == Sheet::Single {
        let message = "`--skip` is for sheets of several labels, not for `--sheet single`";
        return Err(Failure::could_not("usage", message).hint("leave one of them out"));
    }
    file::check_absent(&args.out)?;
    let desk = args.ledger.read()?;
    let items = party::items(&desk, &args.item)?;
    let mut labels = Vec::new();
    for item in &items {
        labels.push(label(&desk, *item, args.with_description)?);
    }
    let paper = label_sheets(&labels, args.sheet, args.skip)?;
    let bytes = paper.draw(form).map_err(|error| Failure::from(error).hint(PDF_HINT))?;
    file::create(&args.out, &bytes, Access::Shared)?;
    let (count, pages) = (labels.len(), paper.pages.len());
    let mut lines: Vec<_> = items
        .iter()
        .map(|item| format!("{}  {}", SubjectId::Item(*item), format_label_id(*item).join("-")))
        .collect();
    let sheets = if pages == 1 { "page" } else { "pages" };
    lines.push(format!("labels `{}`, {count} on {pages} {sheets}", args.out.display()));
    let facts = json!({
        "file": args.out.display().to_string(),
        "labels": items.iter().map(|item| to_json(*item)).collect::<Vec<_>>(),
        "pages": pages,
    });
    Ok(Answer::done(lines, facts))
}

fn form(args: &Args) -> Result<PrintForm, Failure> {
    args.format.or_else(|| PrintForm::of(&args.out)).ok_or_else(|| {
        let message = format!("`{}` ends in neither .pdf nor .svg", args.out.display());
        Failure::could_not("usage", message).hint("name it so, or say `--format pdf`")
    })
}

fn label(desk: &Desk, item: Uuid, with_description: bool) -> Result<Label, Failure> {
    let description = if with_description { description(desk, item)? } else { None };
    let origin = desk.origin().as_str().to_owned();
    Ok(Label { item, origin, description, is_training: desk.is_training()? })
}

fn to_json(item: Uuid) -> Value {
    json!({ "item": SubjectId::Item(item).to_string(), "label_id": format_label_id(item).join("-") })
}

fn parse_skip(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|skip| *skip < 24).ok_or_else(|| "expected 0 to 23".to_owned())
}

impl FromStr for Sheet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "a4" => Ok(Self::A4),
            "single" => Ok(Self::Single),
            _ => Err("expected a4 or single".to_owned()),
        }
    }
}
