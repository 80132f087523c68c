use custody_core::custody::Whereabouts;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Succession, SuccessionReason};
use serde_json::json;

use super::doing::{Handing, handing_help};
use super::party;
use super::several::in_records;
use crate::act::{Act, Parties};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::holding::items_where;
use crate::session::Session;
use crate::terminal::{Answer, talk};

pub const HELP: &str = concat!(
    "\
usage: custody succession [ITEM...] --from CUSTODIAN --to CUSTODIAN --reason REASON [options]

Pass on what somebody holds who leaves, to somebody of the same agency. Both go through the items and
sign, the one who leaves first. Where they cannot, their agency signs with its authority key, the
successor, and a witness. Without ITEM, all that stands in their name, with what is packed in it; what
is on the way is left out and named.

  --from CUSTODIAN            who leaves
  --to CUSTODIAN              who takes over
  --reason REASON             left, reassigned, absent, dismissed or deceased
",
    handing_help!(),
    "
example:
  $ custody succession --from custodian:0b21 --to custodian:77ab --reason left --key anna.key \\
      --with-key ben.key --checked count
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: Vec<String>,
    #[command(flatten)]
    handing: Handing,
    #[arg(long)]
    from: String,
    #[arg(long)]
    to: String,
    #[arg(long)]
    reason: SuccessionReason,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.handing.session()?;
    let desk = session.desk();
    let from = desk.custodian(&args.from)?;
    let to = party::somebody_else(desk, from, "--to", &args.to)?;
    let by = signer(args, &session, from)?;
    let (items, left_out) = items(args, desk, from)?;
    for item in &left_out {
        talk(&format!("note: {} is on the way and is left out", SubjectId::Item(*item)));
    }
    let facts = json!({
        "from": SubjectId::Custodian(from).to_string(),
        "to": SubjectId::Custodian(to).to_string(),
        "left_out": party::items_json(&left_out),
    });
    let parties = Parties { from, to };
    in_records(desk, (&items, args.handing.is_offered()), ("passed on", facts), |items| {
        let body = Succession { reason: args.reason };
        args.handing.finish(&session, Act::succeed(items, parties, &by, body))
    })
}

/// Who signs for the side that gives: the one who leaves, or an agency, and then before a witness.
fn signer(args: &Args, session: &Session, from: Uuid) -> Result<SubjectId, Failure> {
    let me = session.me()?;
    match &me {
        SubjectId::Agency(_) if args.handing.has_witness() => Ok(me),
        SubjectId::Agency(_) => Err(Failure::could_not("usage", "`--witness` is missing")
            .hint("where the agency signs for who leaves, somebody else sees it and signs too")),
        SubjectId::Custodian(id) if *id == from => Ok(me),
        _ => {
            let message = format!("the key is {me}'s, not {}'s", SubjectId::Custodian(from));
            Err(Failure::rejected("custody/not-the-holder", message)
                .hint("who leaves signs first, or their agency with its authority key"))
        }
    }
}

/// What is passed on, and what of `from` cannot be: nobody takes over what is on the way.
fn items(args: &Args, desk: &Desk, from: Uuid) -> Result<(Vec<Uuid>, Vec<Uuid>), Failure> {
    if !args.item.is_empty() {
        return Ok((party::items(desk, &args.item)?, Vec::new()));
    }
    // What is packed goes with its container.
    let in_name = |state: &custody_core::custody::ItemState| {
        let is_packed = matches!(state.place, Whereabouts::Packed { .. });
        Ok(state.end.is_none() && state.holder == from && !is_packed)
    };
    let all = items_where(desk, in_name)?;
    let (open, at_hand): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, state)| state.release.is_some());
    let ids = |list: Vec<(Uuid, _)>| list.into_iter().map(|(item, _)| item).collect::<Vec<_>>();
    let (items, left_out) = (ids(at_hand), ids(open));
    match items.is_empty() {
        true => {
            let who = SubjectId::Custodian(from);
            let message = match left_out.len() {
                0 => format!("{who} holds nothing"),
                n => format!("{who} holds nothing but {n} items that are on the way"),
            };
            Err(Failure::could_not("usage", message).hint("`custody where` tells who holds what"))
        }
        false => Ok((items, left_out)),
    }
}
