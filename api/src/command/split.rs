use custody_core::cbor::Value as Cbor;
use custody_core::custody::ItemState;
use custody_core::id::SubjectId;
use custody_core::record::body::{Split, SplitPart};
use serde_json::{Value, json};

use super::amount::Amount;
use super::doing::{Doing, doing_help};
use super::option::{check_count, sealed_text};
use super::party::MAX_ITEMS;
use crate::act::{Act, random_id};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody split ITEM --part PART [--part PART]... [options]

Make several items out of one you hold: samples, portions. You hold the parts; each has an id of its
own. PART is AMOUNT:DESCRIPTION, or :DESCRIPTION where the item has no quantity. What remains is
reckoned; where nothing does, the item ends.

  --part PART                 a part, for example '5 g:sample for the laboratory'; may be repeated. The
                              description is sealed and may be left out
  --rest N                    how much you find remains; the ledger refuses what does not add up
  --nothing-left              nothing remains, of an item without a quantity
",
    doing_help!(),
    "
example:
  $ custody split item:0f3c --part '5 g:sample A' --part '5 g:sample B' --key lab.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    doing: Doing,
    #[arg(long, required = true, value_parser = parse_part)]
    part: Vec<Portion>,
    #[arg(long, value_name = "N")]
    rest: Option<Amount>,
    #[arg(long, conflicts_with = "rest")]
    nothing_left: bool,
}

/// A part as typed.
#[derive(Clone, Debug)]
struct Portion {
    amount: Option<Amount>,
    description: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    check_count("--part", args.part.len(), MAX_ITEMS - 1)?;
    let session = args.doing.session()?;
    let parent = session.desk().item(&args.item)?;
    let state = session.desk().item_state(parent)?;
    let stated = args.part.iter().filter_map(|part| part.amount).chain(args.rest);
    for amount in stated {
        amount.check_unit(parent, &state)?;
    }
    let mut parts = with_ids(&args.part)?;
    // Parts stand in the order of their ids, which are random; the answer is in the order typed.
    let lines = parts.iter().map(line).collect();
    let rows: Vec<_> = parts.iter().map(row).collect();
    parts.sort_by_key(|(part, _)| part.item);
    let body = Split {
        rest: rest(args, &state),
        parts: parts.iter().map(|(part, _)| *part).collect(),
        parent,
    };
    let facts =
        json!({ "parent": SubjectId::Item(parent).to_string(), "parts": rows, "rest": body.rest });
    let act = describe(Act::split(session.custodian()?, body), &parts);
    let done = args.doing.finish(&session, act)?;
    done.answer(lines, facts, Some(session.desk()))
}

fn with_ids(portions: &[Portion]) -> Result<Vec<(SplitPart, Option<&str>)>, Failure> {
    let part = |portion: &'_ Portion| -> Result<SplitPart, Failure> {
        let amount = portion.amount.map(|amount| amount.number);
        Ok(SplitPart { item: random_id()?, amount })
    };
    portions.iter().map(|portion| Ok((part(portion)?, portion.description.as_deref()))).collect()
}

/// What remains: as found, or as reckoned. Where more is taken than there is, the ledger says so.
fn rest(args: &Args, state: &ItemState) -> Option<u64> {
    if let Some(rest) = args.rest {
        return Some(rest.number);
    }
    if args.nothing_left {
        return Some(0);
    }
    let numbers = args.part.iter().filter_map(|part| part.amount).map(|amount| amount.number);
    let taken = numbers.fold(0u64, u64::saturating_add);
    state.quantity.map(|quantity| quantity.amount.saturating_sub(taken))
}

/// The sealed field `descriptions`: a text for each part, in the order of the parts, null where there is none.
fn describe(act: Act, parts: &[(SplitPart, Option<&str>)]) -> Act {
    if parts.iter().all(|(_, description)| description.is_none()) {
        return act;
    }
    let text = |(_, text): &(SplitPart, Option<&str>)| text.map_or(Cbor::Null, Cbor::text);
    act.sealing("descriptions", Cbor::array(parts.iter().map(text)))
}

fn line((part, description): &(SplitPart, Option<&str>)) -> String {
    let amount = part.amount.map(|amount| format!("  {amount}")).unwrap_or_default();
    let description = description.map(|text| format!("  {text}")).unwrap_or_default();
    format!("{}{amount}{description}", SubjectId::Item(part.item))
}

fn row((part, description): &(SplitPart, Option<&str>)) -> Value {
    json!({
        "item": SubjectId::Item(part.item).to_string(),
        "amount": part.amount,
        "description": description,
    })
}

fn parse_part(text: &str) -> Result<Portion, String> {
    let (amount, description) = text.split_once(':').unwrap_or((text, ""));
    let amount = match amount.trim() {
        "" => None,
        amount => Some(amount.parse()?),
    };
    let description = match description.trim() {
        "" => None,
        description => Some(sealed_text(description)?),
    };
    Ok(Portion { amount, description })
}
