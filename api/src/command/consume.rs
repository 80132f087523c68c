use custody_core::custody::ItemState;
use custody_core::id::SubjectId;
use custody_core::record::body::{Consume, ConsumePurpose};
use serde_json::json;

use super::amount::{Amount, quantity_text};
use super::doing::{Doing, doing_help};
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody consume ITEM --purpose PURPOSE [options]

Record that you used up an item you hold, or part of it. Where nothing remains, the item ends.

  --amount N                  how much, where the item has a quantity; what remains is reckoned
  --nothing-left              nothing remains
  --purpose PURPOSE           analysis, sample, calibration or loss
",
    doing_help!(),
    "
example:
  $ custody consume item:0f3c --amount '250 mg' --purpose analysis --key lab.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    doing: Doing,
    #[arg(long, value_name = "N")]
    amount: Option<Amount>,
    #[arg(long)]
    nothing_left: bool,
    #[arg(long)]
    purpose: ConsumePurpose,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let item = session.desk().item(&args.item)?;
    let state = session.desk().item_state(item)?;
    if let Some(amount) = args.amount {
        amount.check_unit(item, &state)?;
    }
    let body = body(args, &state)?;
    let facts = json!({
        "item": SubjectId::Item(item).to_string(),
        "amount": body.amount,
        "rest": body.rest,
    });
    let verb = match (body.rest, state.quantity) {
        (Some(0), _) => "used up".to_owned(),
        (Some(rest), Some(before)) => format!("used up in part, {rest} {} remain", before.unit),
        _ => "used up in part".to_owned(),
    };
    args.doing.answer(&session, Act::alone(body, &[item], session.custodian()?), &verb, facts)
}

/// What goes and what remains. Where that does not add up, the ledger says so.
fn body(args: &Args, state: &ItemState) -> Result<Consume, Failure> {
    let purpose = args.purpose;
    let stated = args.amount.map(|amount| amount.number);
    let (amount, rest) = match state.quantity {
        None => (stated, args.nothing_left.then_some(0)),
        Some(before) if args.nothing_left => (Some(stated.unwrap_or(before.amount)), Some(0)),
        Some(before) => {
            let amount = stated.ok_or_else(|| {
                let message =
                    format!("`--amount` is missing, the item is {}", quantity_text(before));
                Failure::could_not("usage", message)
                    .hint("`--amount N` where part of it remains, `--nothing-left` where none does")
            })?;
            (Some(amount), Some(before.amount.saturating_sub(amount)))
        }
    };
    Ok(Consume { rest, amount, purpose })
}
