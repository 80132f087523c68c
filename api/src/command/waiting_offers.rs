//! Offers that wait at a server, as an inbox shows them: read from the offers themselves, and from the records that refuse
//! them. Whether those signed who are said to have is verified when somebody signs after them.

use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Body, Refused};
use serde_json::{Value, json};

use super::show::name_json;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::history::description;
use crate::label_id::format_label_id;
use crate::offer_file::OfferFile;
use crate::people::{Name, People};
use crate::session::signer_json;
use crate::summary::describe_signer;

/// Items of one offer that are shown one by one; the rest are counted.
const SHOWN: usize = 10;

/// The offers that `who` is to sign, then those that wait for others: in lines, and for programs.
///
/// # Errors
/// The server cannot be asked. Whoever looks at somebody else's inbox sees of the offers there their own.
pub fn answer(
    desk: &Desk,
    people: &People<'_>,
    who: &SubjectId,
) -> Result<(Vec<String>, Value), Failure> {
    let mail = desk.mail()?;
    let mut offers = Vec::new();
    for waits in mail.waiting()? {
        // What was signed or withdrawn in between waits no longer.
        let offer = mail.find(&waits.digest)?.filter(|offer| is_party(offer, who));
        offers.extend(offer.map(|offer| (offer, waits)));
    }
    offers.sort_by_key(|(offer, waits)| waits.refusal.is_some() || !is_next(offer, who));
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for (offer, waits) in &offers {
        let signed = signed_by(people, offer)?;
        let items = items_of(desk, offer)?;
        let refused =
            waits.refusal.map(|record| refusal(desk, people, offer, record)).transpose()?;
        let mut facts = offer_json(offer, &signed, &items);
        facts["is_mine_to_sign"] = (refused.is_none() && is_next(offer, who)).into();
        facts["has_moved_on"] = waits.has_moved_on.into();
        lines.extend(offer_lines(desk, offer, &signed, &items));
        if let Some((line, known)) = refused {
            lines.push(format!("  {line}"));
            facts["refused"] = known;
        } else if waits.has_moved_on {
            lines.push("  can no longer be signed: its items have moved on since".to_owned());
        }
        list.push(facts);
    }
    Ok((lines, list.into()))
}

/// That it was refused, as the record says which the server names.
fn refusal(
    desk: &Desk,
    people: &People<'_>,
    offer: &OfferFile,
    digest: Hash,
) -> Result<(String, Value), Failure> {
    let wrong = || {
        let message = format!("{digest} does not refuse the offer {}", offer.digest());
        Failure::could_not("client/malformed", message)
    };
    let Some(index) = desk.by_digest(&digest)? else {
        let line = format!("refused, in a record that is not open here: {digest}");
        return Ok((line, json!({ "record": digest.to_string() })));
    };
    let record = desk.record(index)?;
    let payload = record.payload();
    let (Body::Refuse(body), Some(signer)) = (&payload.body, payload.signers.first()) else {
        return Err(wrong());
    };
    if body.answers != Refused::Offer(offer.digest()) {
        return Err(wrong());
    }
    let by = people.name(&signer.id)?;
    let line = format!("refused by {by}: {} (entry {index})", body.ground);
    let facts = json!({
        "record": digest.to_string(),
        "by": name_json(&by),
        "ground": body.ground.word(),
        "entry": index.0,
    });
    Ok((line, facts))
}

/// An item of an offer, and what it is, where that is open.
struct Named {
    item: Uuid,
    /// Of the first [`SHOWN`] alone: each is asked for by itself.
    description: Option<Option<String>>,
}

impl Named {
    fn id(&self) -> String {
        SubjectId::Item(self.item).to_string()
    }

    fn label(&self) -> String {
        format_label_id(self.item).join(" ")
    }

    fn to_json(&self) -> Value {
        let mut facts = json!({ "item": self.id(), "label": self.label() });
        if let Some(description) = &self.description {
            facts["description"] = json!(description);
        }
        facts
    }
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

fn items_of(desk: &Desk, offer: &OfferFile) -> Result<Vec<Named>, Failure> {
    let subjects = offer.offer().payload().subjects.iter();
    let items = subjects.filter_map(|link| link.subject.about_item()).enumerate();
    let named = |(at, item)| {
        let described = (at < SHOWN).then(|| description(desk, item)).transpose()?;
        Ok(Named { item, description: described })
    };
    items.map(named).collect()
}

fn offer_lines(desk: &Desk, offer: &OfferFile, signed: &[Name], items: &[Named]) -> Vec<String> {
    let payload = offer.offer().payload();
    let names: Vec<_> = signed.iter().map(ToString::to_string).collect();
    let next = describe_signer(payload, signed.len(), Some(desk));
    let record_type = payload.body.record_type();
    let mut lines = vec![
        format!("offer {}", offer.digest()),
        format!("  {record_type} from {}, to be signed by {next}", names.join(" and ")),
    ];
    for named in items {
        let Some(description) = &named.description else { continue };
        let shown = description.as_deref().unwrap_or("(sealed)");
        lines.push(format!("  {}  {}  {shown}", named.id(), named.label()));
    }
    let more = items.len().checked_sub(SHOWN).filter(|more| *more > 0);
    lines.extend(more.map(|more| format!("  and {more} more")));
    lines
}

fn offer_json(offer: &OfferFile, signed: &[Name], items: &[Named]) -> Value {
    let next = offer.offer().next_signer();
    json!({
        "offer_digest": offer.digest().to_string(),
        "type": offer.offer().payload().body.record_type().word(),
        "signed": signed.iter().map(name_json).collect::<Vec<_>>(),
        "next_signer": next.map(signer_json),
        "items": items.iter().map(Named::to_json).collect::<Vec<_>>(),
    })
}
