use custody_core::cose::Role;
use custody_core::record::body::{CarrierEvent, CarrierScan};
use serde_json::json;

use super::doing::{Doing, doing_help};
use super::on_the_way;
use super::option::sealed_text;
use super::party;
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody scan ITEM...|RELEASE --event EVENT [options]

Note where something on the way was seen, as the carrier tells. Anybody enrolled may. RELEASE is the
digest of the record that released the items, and means all of them.

  --event EVENT               picked-up, in-transit, customs, delayed, delivered or exception
  --place TEXT                where (sealed)
  --carrier TEXT              who carries it (sealed)
  --waybill TEXT              under what number (sealed)
",
    doing_help!(),
    "
example:
  $ custody scan item:0f3c --event customs --place Rotterdam --carrier Posta --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true, value_name = "ITEM")]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[arg(long)]
    event: CarrierEvent,
    #[arg(long, value_parser = sealed_text)]
    place: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    carrier: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    waybill: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let desk = session.desk();
    let items = on_the_way::named(desk, &args.item)?;
    let open = on_the_way::open_release(desk, &items)?;
    let me = session.custodian()?;
    // Couriers are often enrolled for nothing but this.
    let role = match desk.custodian_state(me)?.roles.contains(&Role::Acting) {
        true => Role::Acting,
        false => Role::OtherParty,
    };
    let release = open.reply.to;
    let act = Act::scan(&items, me, role, CarrierScan { event: args.event, release })
        .sealing_text("place", args.place.as_deref())
        .sealing_text("carrier", args.carrier.as_deref())
        .sealing_text("waybill", args.waybill.as_deref());
    let facts = json!({
        "items": party::items_json(&items),
        "release": release.to_string(),
        "event": args.event.word(),
    });
    args.doing.answer(&session, act, &format!("noted: {}", args.event), facts)
}
