use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{Correct, CorrectReason};
use serde_json::json;

use super::observed::full_id;
use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::Act;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody correct RECORD --field FIELD --value TEXT --reason REASON --supervisor CUSTODIAN
                       [options]

Correct a field of an earlier record. The original stays readable; a supervisor signs too, here with
--with-key or elsewhere with `custody accept`. RECORD is an entry's number or a record's digest.

  --field FIELD               the field's name, as `custody show` has it
  --value TEXT                what is right (sealed)
  --reason REASON             typing, identity, clock or omission
  --supervisor CUSTODIAN      who answers for it
  --item ITEM                 which item, where the record is about several

",
    signing_help!(),
    "
example:
  $ custody correct 12 --field place --value 'flat, bedroom' --reason typing --supervisor custodian:77ab \\
      --key anna.key --out correction.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    record: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    field: String,
    #[arg(long, value_parser = sealed_text)]
    value: String,
    #[arg(long)]
    reason: CorrectReason,
    #[arg(long)]
    supervisor: String,
    #[arg(long)]
    item: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let desk = session.desk();
    let record = desk.record(desk.entry(&args.record)?)?;
    check_field(&record, &args.field)?;
    let item = item_of(desk, &record, args.item.as_ref())?;
    let me = session.custodian()?;
    let supervisor = party::somebody_else(desk, me, "--supervisor", &args.supervisor)?;
    let body = Correct { field: args.field.clone(), reason: args.reason, record: record.digest() };
    let act = Act::correct(item, me, supervisor, body).sealing_text("value", Some(&args.value));
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "corrects": record.digest().to_string(),
        "field": args.field,
    });
    let done = session.finish(act)?;
    done.answer(done.verb("corrected"), facts, Some(desk))
}

/// A typing error in the field's name must not become a correction of nothing.
fn check_field(record: &Record, field: &str) -> Result<(), Failure> {
    let payload = record.payload();
    let open = ["occurred", "from", "to", "body"].into_iter().map(str::to_owned);
    let names: Vec<_> = payload.sealed_names().chain(open).collect();
    match names.iter().any(|name| name == field) {
        true => Ok(()),
        false => {
            let message =
                format!("the record has no field `{field}`, it has: {}", names.join(", "));
            Err(Failure::could_not("usage", message))
        }
    }
}

fn only_item(record: &Record) -> Result<Uuid, Failure> {
    let subjects = record.payload().subjects.iter();
    let items: Vec<_> = subjects.filter_map(|link| link.subject.about_item()).collect();
    match items.as_slice() {
        [item] => Ok(*item),
        [] => {
            let message = format!("a `{}` is about no item", record.record_type());
            Err(Failure::could_not("usage", message))
        }
        several => {
            let message = format!("the record is about {} items", several.len());
            Err(Failure::could_not("usage", message).hint("name one of them with `--item ITEM`"))
        }
    }
}

/// The item that a command names, or the only one that the record is about.
///
/// # Errors
/// There are several, or none.
pub fn item_of(desk: &Desk, record: &Record, named: Option<&String>) -> Result<Uuid, Failure> {
    let of_record = |text: &String| {
        full_id(text).ok().filter(|id| record.payload().link(&SubjectId::Item(*id)).is_some())
    };
    match named {
        // Of what a record is about, the record says enough.
        Some(text) => of_record(text).map_or_else(|| desk.item(text), Ok),
        None => only_item(record),
    }
}
