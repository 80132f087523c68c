//! Where the notes of items end that an offer names which came by hand, and lies in no mailbox. Whoever answers it on the
//! record, by a refusal or a late entry, does so on those notes, and may see nothing of them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use custody_core::id::{SubjectId, Uuid};
use custody_log::Reader;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Caller, GuardedBooks};
use super::document::{Binary, Refused};
use super::offer::verify_signers;
use super::problem::Problem;
use super::service::Service;
use crate::failure::Failure;
use crate::offer_file::OfferFile;

/// Ends of chains.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EndsView {
    /// Those of the notes of its items, as far as who signed it may see the items.
    ends: Vec<EndView>,
}

/// The end of a chain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EndView {
    /// Whose chain.
    subject: String,
    /// How many records it has.
    length: u64,
    /// Digest of the newest; null where there is none.
    digest: Option<String>,
}

/// Where the notes of an offer's items end
///
/// The body is an offer file that somebody has signed, and that whoever asks signed or is to sign: with the numbers in the answer
/// they can refuse it, or keep it as a late entry. Shown are the length and the newest digest of the notes of each item that
/// somebody may see who signed the file, and nothing of what the notes say; to anybody else, none.
#[utoipa::path(
    post, path = "/v1/ends", tag = "offers",
    request_body(content = Binary, content_type = "application/vnd.custody-ledger.offer+cbor"),
    responses((status = 200, description = "the ends", body = EndsView), Refused),
)]
pub async fn find(
    State(service): State<Arc<Service>>,
    caller: Caller,
    body: Bytes,
) -> Result<Json<EndsView>, Problem> {
    let offer = OfferFile::parse(&body).map_err(Failure::from)?;
    let ends = service.look(move |service| {
        let is_theirs = offer.offer().payload().signers.iter().any(|one| one.id == caller.id);
        // It tells nobody else anything.
        let told = if is_theirs { told(service, &offer)? } else { Vec::new() };
        let reader = service.ledger.reader()?;
        let ends = told.into_iter().map(|item| EndView::of(&reader, item));
        Ok(EndsView { ends: ends.collect::<Result<_, _>>()? })
    });
    ends.await.map(Json)
}

/// The items of an offer of which somebody who has signed it may see, and so could tell whoever they ask, where the notes end.
///
/// # Errors
/// A signature is not what it should be, or the ledger cannot be read.
pub fn told(service: &Service, offer: &OfferFile) -> Result<Vec<Uuid>, Failure> {
    // A key may have ended since: late entries are about that.
    let signed = verify_signers(service, offer, Service::signer)?;
    let books = |signer| Ok(service.guarded(service.ledger.reader()?, signer));
    let signed = signed.iter().map(books).collect::<Result<Vec<_>, Failure>>()?;
    let mut told = Vec::new();
    for link in &offer.offer().payload().subjects {
        if let SubjectId::Item(item) = link.subject
            && may_tell(&signed, item)?
        {
            told.push(item);
        }
    }
    Ok(told)
}

/// Whether one of those who signed may see the item, and so could tell themselves.
fn may_tell(signed: &[GuardedBooks<'_>], item: Uuid) -> Result<bool, Failure> {
    for books in signed {
        if books.may_see(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl EndView {
    fn of(reader: &Reader<'_>, item: Uuid) -> Result<Self, Failure> {
        let notes = SubjectId::Notes(item);
        let chain = reader.subject(&notes)?.map(|subject| subject.chain);
        Ok(Self {
            subject: notes.to_string(),
            length: chain.as_ref().map_or(0, |chain| chain.length),
            digest: chain.map(|chain| chain.digest.to_string()),
        })
    }
}
