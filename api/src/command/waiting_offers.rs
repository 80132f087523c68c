//! Offers that wait at a server, as an inbox shows them: read from the offers themselves.

use custody_core::id::{SubjectId, Uuid};
use serde_json::{Value, json};

use super::show::name_json;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::history::description;
use crate::label_id::format_label_id;
use crate::offer_file::OfferFile;
use crate::people::{Name, People};
use crate::summary::describe_signer;

/// Items of one offer that are shown one by one; the rest are counted.
const SHOWN: usize = 10;

/// The offers that `me` is to sign, then those that wait for others: in lines, and for programs.
///
/// # Errors
/// The server cannot be asked. Whoever looks at somebody else's inbox sees their own offers, and is shown none.
pub fn answer(desk: &Desk, people: &People<'_>, me: Uuid) -> Result<(Vec<String>, Value), Failure> {
    let (mail, me) = (desk.mail()?, SubjectId::Custodian(me));
    let mut offers = Vec::new();
    for digest in mail.waiting()? {
        // What was signed or withdrawn in between waits no longer.
        offers.extend(mail.find(&digest)?.filter(|offer| is_party(offer, &me)));
    }
    offers.sort_by_key(|offer| !is_next(offer, &me));
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for offer in &offers {
        let signed = signed_by(people, offer)?;
        lines.extend(offer_lines(desk, offer, &signed, is_next(offer, &me))?);
        list.push(offer_json(desk, offer, &signed, is_next(offer, &me))?);
    }
    Ok((lines, list.into()))
}

fn is_party(offer: &OfferFile, who: &SubjectId) -> bool {
    offer.offer().payload().signers.iter().any(|signer| signer.id == *who)
}

fn is_next(offer: &OfferFile, who: &SubjectId) -> bool {
    offer.offer().next_signer().is_some_and(|next| next.id == *who)
}

fn signed_by(people: &People<'_>, offer: &OfferFile) -> Result<Vec<Name>, Failure> {
    let count = offer.offer().message().signatures().len();
    let signers = offer.offer().payload().signers.iter().take(count);
    signers.map(|signer| people.name(&signer.id)).collect()
}

fn items_of(offer: &OfferFile) -> Vec<Uuid> {
    let item = |id: &SubjectId| match id {
        SubjectId::Item(item) | SubjectId::Notes(item) => Some(*item),
        _ => None,
    };
    let subjects = offer.offer().payload().subjects.iter();
    subjects.filter_map(|link| item(&link.subject)).collect()
}

fn offer_lines(
    desk: &Desk,
    offer: &OfferFile,
    signed: &[Name],
    is_mine: bool,
) -> Result<Vec<String>, Failure> {
    let payload = offer.offer().payload();
    let names: Vec<_> = signed.iter().map(ToString::to_string).collect();
    let next = match is_mine {
        true => "to be signed by you".to_owned(),
        false => format!("to be signed by {}", describe_signer(payload, signed.len(), Some(desk))),
    };
    let record_type = payload.body.record_type();
    let mut lines = vec![
        format!("offer {}", offer.digest()),
        format!("  {record_type} from {}, {next}", names.join(" and ")),
    ];
    let items = items_of(offer);
    for item in items.iter().take(SHOWN) {
        let shown = description(desk, *item)?;
        let (id, label) = (SubjectId::Item(*item), format_label_id(*item).join(" "));
        lines.push(format!("  {id}  {label}  {}", shown.as_deref().unwrap_or("(sealed)")));
    }
    let more = items.len().checked_sub(SHOWN).filter(|more| *more > 0);
    lines.extend(more.map(|more| format!("  and {more} more")));
    Ok(lines)
}

fn offer_json(
    desk: &Desk,
    offer: &OfferFile,
    signed: &[Name],
    is_mine: bool,
) -> Result<Value, Failure> {
    let item = |item: &Uuid| {
        Ok::<_, Failure>(json!({
            "item": SubjectId::Item(*item).to_string(),
            "label": format_label_id(*item).join(" "),
            "description": description(desk, *item)?,
        }))
    };
    let items = items_of(offer).iter().map(item).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "offer_digest": offer.digest().to_string(),
        "type": offer.offer().payload().body.record_type().word(),
        "signed": signed.iter().map(name_json).collect::<Vec<_>>(),
        "next_signer": offer.offer().next_signer().map(crate::session::signer_json),
        "is_mine_to_sign": is_mine,
        "items": items,
    }))
}
