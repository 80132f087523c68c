use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_core::record::body::{EraseBasis, EraseOpening, ErasedField};
use serde_json::json;

use super::option::{Signing, check_count, sealed_text, signing_help};
use super::party;
use crate::act::Act;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::terminal::Answer;

/// Fields that one record may name.
const MAX_FIELDS: usize = 100;

pub const HELP: &str = concat!(
    "\
usage: custody erase ITEM --field ENTRY:FIELD --basis BASIS --authority TEXT --supervisor CUSTODIAN
                     [options]

Erase what opens sealed fields of records about an item, for good. The records stay, and so does every
proof; exhibits and `custody show` say what is gone, by which entry and on what basis. A supervisor signs
too, here with --with-key or elsewhere with `custody accept`. Copies in exhibits that were handed out are
yours to see to.

  --field ENTRY:FIELD         what: the entry's number or its record's digest, a colon, and the field's
                              name as `custody show` has it; may be repeated
  --basis BASIS               court-order, retention, data-subject or unlawful
  --authority TEXT            whose decision it was (sealed)
  --supervisor CUSTODIAN      who answers for it

",
    signing_help!(),
    "
example:
  $ custody erase item:0f3c --field 5:place --basis data-subject --authority 'decision 3/2026' \\
      --supervisor custodian:77ab --key anna.key --out erasure.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_name = "ENTRY:FIELD", required = true, value_parser = parse_field)]
    field: Vec<(String, String)>,
    #[arg(long)]
    basis: EraseBasis,
    #[arg(long, value_parser = sealed_text)]
    authority: String,
    #[arg(long)]
    supervisor: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    check_count("--field", args.field.len(), MAX_FIELDS)?;
    let session = args.signing.session()?;
    let desk = session.desk();
    let item = desk.item(&args.item)?;
    let me = session.custodian()?;
    let supervisor = party::somebody_else(desk, me, "--supervisor", &args.supervisor)?;
    let named = args.field.iter().map(|(entry, field)| erased_field(desk, entry, field));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    let list: Vec<_> =
        named.iter().map(|(index, one)| json!({ "entry": index.0, "field": one.field })).collect();
    let mut fields: Vec<_> = named.into_iter().map(|(_, field)| field).collect();
    fields.sort();
    fields.dedup();
    let act = Act::say(EraseOpening { basis: args.basis, fields }, &[item], me)
        .supervised_by(supervisor)
        .sealing_text("authority", Some(&args.authority));
    let facts = json!({ "item": SubjectId::Item(item).to_string(), "erases": list });
    let done = session.finish(act)?;
    done.answer(done.verb("erased"), facts, Some(desk))
}

/// A typing error in the field's name must not become an order to erase nothing.
fn erased_field(
    desk: &Desk,
    entry: &str,
    field: &str,
) -> Result<(LeafIndex, ErasedField), Failure> {
    let index = desk.entry(entry)?;
    let record: Record = desk.record(index)?;
    let names: Vec<_> = record.payload().sealed_names().collect();
    match names.iter().any(|name| name == field) {
        true => Ok((index, ErasedField { record: record.digest(), field: field.to_owned() })),
        false => {
            let names = names.join(", ");
            let message = format!("entry {} seals no field `{field}`, it has: {names}", index.0);
            Err(Failure::could_not("usage", message))
        }
    }
}

fn parse_field(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((entry, field)) if !entry.is_empty() && !field.is_empty() => {
            Ok((entry.to_owned(), field.to_owned()))
        }
        _ => Err("expected ENTRY:FIELD".to_owned()),
    }
}
