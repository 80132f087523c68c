//! Offers: what somebody has signed and somebody else is to sign.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use custody_core::cose::Role;
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::key::Kid;
use custody_core::record::RecordError;
use custody_core::record::body::Body;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::change::Change;
use super::document::{Binary, Digest, Missing, Refused};
use super::mailbox::Kept;
use super::private::private;
use super::problem::Problem;
use super::record::parse_digest;
use super::segment::Segment;
use super::service::Service;
use super::view::Who;
use crate::act::Basis as _;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::history::value_text;
use crate::offer_file::{OFFER_TYPE, OfferFile};
use crate::people::People;

/// An offer that waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferView {
    /// SHA-256 of the half-signed message: what a refusal names.
    offer: String,
    /// The type of the record.
    #[serde(rename = "type")]
    record_type: &'static str,
    /// The items it is about.
    items: Vec<String>,
    /// Who has signed.
    signed: Vec<Who>,
    /// Who signs next.
    next: Option<Who>,
    /// Whether that is whoever asks.
    is_mine_to_sign: bool,
    /// For what it is handed over: by the code of SPEC.
    purpose: Option<&'static str>,
    /// Whether something was recorded of what it is about since it was signed first: it can no longer be recorded.
    has_moved_on: bool,
    /// That whoever was asked did not sign it.
    refused: Option<RefusalView>,
    /// What it seals, as it is shown.
    fields: Vec<SealedView>,
}

/// That somebody did not sign an offer: recorded, with their signature.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// Digest of the record.
    record: String,
    /// Who.
    by: Who,
    /// On which ground: by the code of SPEC.
    ground: &'static str,
}

/// A sealed field of an offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SealedView {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// Offers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferList {
    offers: Vec<OfferView>,
}

/// An offer that was taken in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferTaken {
    /// SHA-256 of the half-signed message.
    offer: String,
}

impl OfferView {
    /// The offer as `me` sees it, of what `ledger` has.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn of(
        ledger: &Desk<'_>,
        people: &People<'_>,
        Kept { offer, refusal }: &Kept,
        me: &SubjectId,
    ) -> Result<Self, Failure> {
        let payload = offer.offer().payload();
        let next = offer.offer().next_signer();
        let count = offer.offer().message().signatures().len();
        let signed = payload.signers.iter().take(count);
        let signed = signed.map(|signer| Ok(people.name(&signer.id)?.into()));
        let items = payload.subjects.iter().filter_map(|link| link.subject.about_item());
        let items = items.map(|item| SubjectId::Item(item).to_string());
        let fields = offer
            .openings()
            .iter()
            .map(|opening| SealedView { name: opening.field.clone(), value: value_text(opening) });
        Ok(Self {
            offer: offer.digest().to_string(),
            record_type: payload.body.record_type().word(),
            items: items.collect(),
            signed: signed.collect::<Result<_, Failure>>()?,
            next: next.map(|next| people.name(&next.id)).transpose()?.map(Who::from),
            is_mine_to_sign: next.is_some_and(|next| next.id == *me),
            purpose: match &payload.body {
                Body::Handoff(body) => Some(body.purpose.word()),
                _ => None,
            },
            has_moved_on: has_moved_on(ledger, offer)?,
            refused: match refusal {
                Some(record) => RefusalView::of(ledger, people, *record)?,
                None => None,
            },
            fields: fields.collect(),
        })
    }
}

impl RefusalView {
    /// What the record says; nothing where it is not there, as beside a ledger that was restored to before it.
    fn of(ledger: &Desk<'_>, people: &People<'_>, record: Hash) -> Result<Option<Self>, Failure> {
        let Some(index) = ledger.by_digest(&record)? else { return Ok(None) };
        let refusal = ledger.record(index)?;
        let payload = refusal.payload();
        let (Body::Refuse(body), Some(signer)) = (&payload.body, payload.signers.first()) else {
            return Ok(None);
        };
        let (by, ground) = (people.name(&signer.id)?.into(), body.ground.word());
        Ok(Some(Self { record: record.to_string(), by, ground }))
    }
}

/// Whether a subject's chain goes on elsewhere than the offer does: it can no longer be recorded. Whoever has the offer would
/// be told so if they sent it in, so that this may be known to them even of what they may not look at.
fn has_moved_on(ledger: &Desk<'_>, offer: &OfferFile) -> Result<bool, Failure> {
    for link in &offer.offer().payload().subjects {
        let head = ledger.chain_head(&link.subject)?;
        if head.is_some_and(|head| (link.seq, link.prev) != (head.length, Some(head.digest))) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sends an offer
///
/// The body is an offer file that somebody has signed and somebody else is to sign. It lies in the mailbox until it is
/// recorded, refused, withdrawn or too old. The signatures on it are verified: nobody else has to say who sends it. Where
/// the holder of its items does, whoever is to sign it may look at them meanwhile.
#[utoipa::path(
    post, path = "/v1/offers", tag = "offers",
    request_body(content = Binary, content_type = "application/vnd.custody-ledger.offer+cbor"),
    responses((status = 202, description = "it waits", body = OfferTaken), Refused),
    security(()),
)]
pub async fn send(
    State(service): State<Arc<Service>>,
    caller: Option<Caller>,
    body: Bytes,
) -> Result<Response, Problem> {
    let offer = OfferFile::parse(&body).map_err(Failure::from)?;
    let digest = offer.digest().to_string();
    let taken = service.look(move |service| {
        check_signatures(service, &offer)?;
        service.mailbox.put(&offer, caller.as_ref().map(|caller| &caller.id))?;
        // Nobody listening is no reason to stop.
        let _ = service.changes.send(Change::offered(&offer));
        Ok(())
    });
    taken.await?;
    Ok((StatusCode::ACCEPTED, Json(OfferTaken { offer: digest })).into_response())
}

/// Who has signed an offer of this ledger. Every signature is verified, and its key has to be the named signer's, as `whose`
/// knows it.
///
/// # Errors
/// A signature is not what it should be, or the ledger cannot be read.
pub fn verify_signers(
    service: &Service,
    offer: &OfferFile,
    whose: impl Fn(&Service, Kid) -> Result<Option<Caller>, Failure>,
) -> Result<Vec<Caller>, Failure> {
    let (message, payload) = (offer.offer().message(), offer.offer().payload());
    offer.offer().verify_ledger(service.ledger.origin(), &service.ledger.genesis())?;
    let lines = message.signatures().iter().enumerate();
    let signers = lines.map(|(position, line)| {
        let unknown = RecordError::UnknownKey { kid: line.header.kid };
        let key = service.ledger.key(&line.header.kid).ok_or_else(|| unknown.clone())?;
        message.verify_signature(position, &key)?;
        let named = payload.signers.get(position).map(|signer| &signer.id);
        let signer = whose(service, line.header.kid)?.filter(|signer| Some(&signer.id) == named);
        Ok(signer.ok_or(unknown)?)
    });
    signers.collect()
}

/// Offers are kept for people who have keys here, and from people who have: else anybody could fill the disk.
fn check_signatures(service: &Service, offer: &OfferFile) -> Result<(), Failure> {
    let signed = verify_signers(service, offer, Service::caller)?;
    if signed.is_empty() || offer.offer().next_signer().is_none() {
        let text = "an offer has a signature, and lacks one";
        return Err(Failure::rejected("record/signature-count", text));
    }
    // Nobody would ever sign it: with a new key signs whoever is enrolled by the record itself.
    let reader = service.ledger.reader()?;
    let signers = offer.offer().payload().signers.iter();
    for signer in signers.filter(|signer| signer.role != Role::NewKey) {
        if reader.subject(&signer.id)?.is_none() {
            let text = format!("{} is to sign it, and is not enrolled", signer.id);
            return Err(Failure::rejected("custody/no-such-subject", text));
        }
    }
    Ok(())
}

/// Offers that whoever asks signed, or is to sign
#[utoipa::path(
    get, path = "/v1/offers", tag = "offers",
    responses((status = 200, description = "offers", body = OfferList)),
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<OfferList>, Problem> {
    let offers = service.look(move |service| {
        let desk = service.desk(&caller)?;
        Ok(OfferList { offers: service.offers(&People::of(&desk), &caller.id)? })
    });
    offers.await.map(Json)
}

/// Reads an offer
#[utoipa::path(
    get, path = "/v1/offers/{digest}", tag = "offers",
    params(("digest" = Digest, Path, description = "digest of the offer")),
    responses((status = 200, description = "the offer file", content(
        (Binary = "application/vnd.custody-ledger.offer+cbor"),
    )), Missing),
)]
pub async fn read(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(digest): Segment,
) -> Result<Response, Problem> {
    let offer = find(&service, caller, &digest).await?;
    Ok(private(OFFER_TYPE, offer.encode()))
}

/// Withdraws an offer
///
/// Whoever signed it, or is to sign it, may. It was never in the ledger. What else waits of the same record, signed by fewer
/// or by more, goes with it.
#[utoipa::path(
    delete, path = "/v1/offers/{digest}", tag = "offers",
    params(("digest" = Digest, Path, description = "digest of the offer")),
    responses((status = 204, description = "it is gone"), Missing),
)]
pub async fn withdraw(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(digest): Segment,
) -> Result<StatusCode, Problem> {
    let offer = find(&service, caller, &digest).await?;
    let removed = service.look(move |service| {
        service.mailbox.remove(&offer.digest())?;
        let _ = service.changes.send(Change::offered(&offer));
        Ok(())
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Service {
    /// The offers that `me` has signed, or is to sign.
    ///
    /// # Errors
    /// The mailbox or the ledger cannot be read.
    pub fn offers(&self, people: &People<'_>, me: &SubjectId) -> Result<Vec<OfferView>, Failure> {
        let ledger = Desk::live(self.ledger.reader()?);
        let offers = self.mailbox.of(me);
        offers.iter().map(|kept| OfferView::of(&ledger, people, kept, me)).collect()
    }
}

async fn find(service: &Arc<Service>, caller: Caller, digest: &str) -> Result<OfferFile, Problem> {
    let digest = parse_digest(digest)?;
    let found = service.look(move |service| service.mailbox.get(&digest, &caller.id));
    found.await?.ok_or_else(|| Problem::not_found(format!("no offer {digest} waits here")))
}
