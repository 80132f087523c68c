//! What an offer shows of the items that it names, to whoever is asked to sign it, while it waits in the mailbox.
//!
//! Nothing is recorded yet, so that nothing of the ledger says that they may look. Whoever holds an item may show it: signing
//! an offer of it and sending it to somebody is that. So an item is shown by an offer
//!
//! - that names it, lies in the mailbox, and is to be signed by, or was signed by, whoever asks: they, and not their agency
//! - of which the first signature is its holder's, with a key that is still in use, and that the holder sent: whoever else
//!   has the file, from whomever, opens nothing with it
//! - that can still take its place in the item's chain, while the holder has the item, and nothing of it is on the way
//!
//! and where no handling code and no request stands between the two agencies: what the holder could not give away as an
//! exhibit without asking, an offer does not show either. It is shown for looking at: in no list, and in no exhibit. With the
//! offer it is over.

use std::cell::OnceCell;
use std::collections::HashSet;

use custody_core::custody::{ItemState, NotesState, Standing, Subject, Whereabouts};
use custody_core::id::{SubjectId, Uuid};

use super::access::Caller;
use super::mailbox::Mailbox;
use crate::books::{Books as _, OwnBooks};
use crate::failure::Failure;
use crate::handling::{Recipient, Verdict, judge};
use crate::offer_file::OfferFile;

/// Offers that wait for one caller, from those who sent them.
pub struct Pending<'l> {
    mailbox: &'l Mailbox,
    sent: OnceCell<Sent>,
}

/// Offers with their senders, and all items that they name.
struct Sent {
    offers: Vec<(Uuid, OfferFile)>,
    items: HashSet<Uuid>,
}

impl<'l> Pending<'l> {
    /// What waits in `mailbox`.
    pub fn of(mailbox: &'l Mailbox) -> Self {
        Self { mailbox, sent: OnceCell::new() }
    }

    /// Whether an offer that waits for `caller` shows them `item`. Cost the first time: their offers are read.
    ///
    /// # Errors
    /// The mailbox or the ledger cannot be read.
    pub fn shows(
        &self,
        books: &OwnBooks<'_>,
        caller: &Caller,
        item: Uuid,
    ) -> Result<bool, Failure> {
        let sent = self.sent(caller);
        if !sent.items.contains(&item) {
            return Ok(false);
        }
        let Some(subject) = books.subject(&SubjectId::Item(item))? else { return Ok(false) };
        let Standing::Item(state) = &subject.standing else { return Ok(false) };
        for (sender, offer) in &sent.offers {
            if *sender == state.holder
                && has_it(state)
                && takes_its_place(offer, item, &subject)
                && is_signed_in_time(books, offer, *sender)?
                && may_show(books, caller, (item, state))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn sent(&self, caller: &Caller) -> &Sent {
        self.sent.get_or_init(|| {
            let offers = self.mailbox.sent_to(&caller.id);
            let items = offers.iter().flat_map(|(_, offer)| items_of(offer)).collect();
            Sent { offers, items }
        })
    }
}

fn items_of(offer: &OfferFile) -> impl Iterator<Item = Uuid> {
    offer.offer().payload().subjects.iter().filter_map(|link| match link.subject {
        SubjectId::Item(item) => Some(item),
        _ => None,
    })
}

/// Whether the item is with its holder, and nobody else is to have it.
fn has_it(state: &ItemState) -> bool {
    let is_there = match state.place {
        Whereabouts::AtHand | Whereabouts::Stored | Whereabouts::CheckedOut { .. } => true,
        Whereabouts::Packed { .. } | Whereabouts::Outside { .. } => false,
    };
    is_there && state.release.is_none() && state.end.is_none()
}

/// Whether nothing was recorded about the item since the offer was made.
fn takes_its_place(offer: &OfferFile, item: Uuid, subject: &Subject) -> bool {
    let link = offer.offer().payload().link(&SubjectId::Item(item));
    link.is_some_and(|link| {
        (link.seq, link.prev) == (subject.chain.length, Some(subject.chain.digest))
    })
}

/// Whether the key of the first signature has not ended since it was verified.
fn is_signed_in_time(
    books: &OwnBooks<'_>,
    offer: &OfferFile,
    holder: Uuid,
) -> Result<bool, Failure> {
    let Some(line) = offer.offer().message().signatures().first() else { return Ok(false) };
    let subject = books.subject(&SubjectId::Custodian(holder))?;
    let keys = subject.as_ref().map_or(&[][..], |subject| subject.standing.keys());
    Ok(keys.iter().any(|key| key.key.kid() == line.header.kid && key.end.is_none()))
}

/// Whether the holder may show the item to the caller without anybody's permission: by the handling codes in force for it
/// and for what it was made from, and by where it came from under a request.
fn may_show(
    books: &OwnBooks<'_>,
    caller: &Caller,
    (item, state): (Uuid, &ItemState),
) -> Result<bool, Failure> {
    let Some(own) = agency_of(books, state.holder)? else { return Ok(false) };
    let is_third = |origin: Uuid| ![own, caller.agency].contains(&origin);
    if own != caller.agency && state.bound.is_some_and(|bound| is_third(bound.agency)) {
        return Ok(false);
    }
    let recipient = match own == caller.agency {
        true => Recipient::OwnAgency,
        false => Recipient::Agency(caller.agency),
    };
    let mut next = Some(item);
    while let Some(item) = next {
        let is_free = |notes: &NotesState| {
            notes.handling.as_ref().is_none_or(|known| {
                let judged = known.codes.iter().map(|code| judge(code, known.agency, recipient));
                judged.into_iter().all(|verdict| verdict == Verdict::Free)
            })
        };
        if let Some(Standing::Notes(notes)) = standing(books, &SubjectId::Notes(item))?
            && !is_free(&notes)
        {
            return Ok(false);
        }
        // An item is made from one that was there before it, so that this ends.
        next = match standing(books, &SubjectId::Item(item))? {
            Some(Standing::Item(state)) => state.parent,
            _ => None,
        };
    }
    Ok(true)
}

fn agency_of(books: &OwnBooks<'_>, custodian: Uuid) -> Result<Option<Uuid>, Failure> {
    Ok(match standing(books, &SubjectId::Custodian(custodian))? {
        Some(Standing::Custodian(person)) => Some(person.agency),
        _ => None,
    })
}

fn standing(books: &OwnBooks<'_>, id: &SubjectId) -> Result<Option<Standing>, Failure> {
    Ok(books.subject(id)?.map(|subject| subject.standing))
}
