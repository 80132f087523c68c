use std::path::Path;

use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Body, RefusalGround};
use serde_json::json;

use super::accept::check_offer;
use super::offer_source::{named_digest, read_offer, waiting_offer};
use super::on_the_way;
use super::option::{Signing, sealed_text, signing_help};
use super::party;
use crate::act::{Act, Parties, Proposal, Reply};
use crate::answering::Answering;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::offer_file::OfferFile;
use crate::summary::outline;
use crate::terminal::{Answer, talk};

pub const HELP: &str = concat!(
    "\
usage: custody refuse OFFER|RELEASE|ITEM... --ground GROUND [options]

Do not take over, and say on what ground. OFFER is a file that somebody gave you to countersign, or the
digest of an offer that waits at the server, which it then does no longer: the refusal goes to the items'
notes, since the offer was never recorded. RELEASE is the digest of the record that released items to
you; they stay with whoever sent them.

  --ground GROUND             not-as-described, seal, damaged, papers, not-addressee, no-authority
                              or no-storage
  --remark TEXT               more about it (sealed)

",
    signing_help!(),
    "
example:
  $ custody refuse handoff.offer --ground seal --remark 'tape is torn' --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true, value_name = "OFFER|RELEASE|ITEM")]
    target: Vec<String>,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    ground: RefusalGround,
    #[arg(long, value_parser = sealed_text)]
    remark: Option<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let offer = match args.target.as_slice() {
        [path] if is_file(path) => Some(read_offer(Path::new(path))?),
        _ => None,
    };
    let session = args.signing.session()?;
    let desk = session.desk();
    let me = session.custodian()?;
    let offer = match offer {
        Some(offer) => Some(offer),
        None => waiting(desk, &args.target)?,
    };
    let remark = args.remark.as_deref();
    let (done, answers, items) = match &offer {
        Some(offer) => {
            check_offer(offer, desk)?;
            let (items, reply) = offered(offer, me)?;
            let act = Act::refuse_offer(&items, reply, args.ground).sealing_text("remark", remark);
            (session.finish_on(act, &Answering::of(desk, offer)?)?, reply.to, items)
        }
        None => {
            let (items, reply) = released(desk, &args.target, me)?;
            let act = Act::refuse_release(&items, reply, args.ground);
            (session.finish(act.sealing_text("remark", remark))?, reply.to, items)
        }
    };
    let facts = json!({
        "items": party::items_json(&items),
        "answers": answers.to_string(),
        "ground": args.ground.word(),
    });
    done.answer(done.verb(&format!("refused: {}", args.ground)), facts, Some(desk))
}

/// An id or a digest never names a file by accident: neither has a file's characters.
fn is_file(text: &str) -> bool {
    Hash::from_hex(text).is_none() && Path::new(text).is_file()
}

/// The offer at the server that a digest names, unless it is that of a record. What it says is shown before it is refused.
fn waiting(desk: &Desk, texts: &[String]) -> Result<Option<OfferFile>, Failure> {
    let [text] = texts else { return Ok(None) };
    let Some(digest) = named_digest(Path::new(text)) else { return Ok(None) };
    if !desk.is_served() || desk.by_digest(&digest)?.is_some() {
        return Ok(None);
    }
    let offer = waiting_offer(desk, &digest)?;
    outline(&Proposal::resume(&offer), "you refuse", Some(desk))?
        .iter()
        .for_each(|line| talk(line));
    Ok(Some(offer))
}

fn offered(offer: &OfferFile, me: Uuid) -> Result<(Vec<Uuid>, Reply), Failure> {
    let payload = offer.offer().payload();
    let is_handed_over = matches!(
        payload.body,
        Body::Handoff(_) | Body::CheckOut(_) | Body::CheckIn(_) | Body::Succession(_)
    );
    let Some(from) = payload.from.filter(|_| is_handed_over) else {
        let record_type = payload.body.record_type();
        let message = format!("a `{record_type}` cannot be refused, only what you would take over");
        return Err(Failure::could_not("usage", message).hint("leave it unsigned instead"));
    };
    let item = |id: &SubjectId| match id {
        SubjectId::Item(id) => Some(*id),
        _ => None,
    };
    let items = payload.subjects.iter().filter_map(|link| item(&link.subject)).collect();
    Ok((items, Reply { to: offer.digest(), parties: Parties { from, to: me } }))
}

fn released(desk: &Desk, texts: &[String], me: Uuid) -> Result<(Vec<Uuid>, Reply), Failure> {
    let items = on_the_way::named(desk, texts)?;
    let reply = on_the_way::addressed_to(desk, &items, me)?;
    Ok((items, reply))
}
