//! Records: submitting them, and reading them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use custody_core::hash::Hash;
use custody_core::record::Payload;
use custody_core::record::body::{Body, Refuse, Refused as Answers};
use custody_core::verify::utc_text;
use custody_log::Acknowledged;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::change::Change;
use super::document::{Binary, Conflict, Digest, Missing, Refused};
use super::mailbox::is_party;
use super::problem::Problem;
use super::segment::Segment;
use super::service::Service;
use crate::failure::Failure;
use crate::offer_file::OfferFile;

/// Media type of records.
const RECORD_TYPE: &str = "application/vnd.custody-ledger.record+cbor";

/// A record that is in the ledger: durable, in a signed checkpoint, provable.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Taken {
    /// Index of its entry.
    pub entry: u64,
    /// Its digest.
    pub record: String,
    /// When the ledger took it in, UTC.
    pub accepted: String,
    /// The same in milliseconds since 1970, as the entry has it.
    pub accepted_ms: u64,
    /// The root of the custody index after it, as the entry has it.
    pub index_root: String,
    /// Whether it was there before it was submitted this time.
    pub was_known: bool,
}

/// The same with its receipt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AcknowledgedView {
    #[serde(flatten)]
    taken: Taken,
    /// Its receipt: C2SP tlog-proof.
    receipt: String,
}

/// Submits a record
///
/// The body is an offer file that everybody has signed. It authenticates itself by its signatures: nobody has to say who
/// sends it. It is answered when the record is durable, in a signed checkpoint and provable. The same record again gets the
/// same answer.
#[utoipa::path(
    post, path = "/v1/records", tag = "records",
    request_body(content = Binary, content_type = "application/vnd.custody-ledger.offer+cbor"),
    responses(
        (status = 201, description = "it is in the ledger now", body = AcknowledgedView),
        (status = 200, description = "it was in the ledger before", body = AcknowledgedView),
        Conflict, Refused,
    ),
    security(()),
)]
pub async fn submit(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, Problem> {
    let offer = whole(&body)?;
    let bytes = offer.offer().message().as_bytes().to_vec();
    let acknowledged = service.submit((bytes, offer.openings().to_vec())).await?;
    let acknowledged = service.took(&offer, acknowledged)?;
    let status = if acknowledged.was_known { StatusCode::OK } else { StatusCode::CREATED };
    let receipts = service.ledger.receipts(&[acknowledged.index]).map_err(Failure::from)?;
    let receipt = receipts.proofs.concat() + &receipts.checkpoint;
    let view = AcknowledgedView { taken: Taken::from(&acknowledged), receipt };
    Ok((status, Json(view)).into_response())
}

/// An offer file that everybody has signed.
///
/// # Errors
/// [`Problem`]: it is none, or somebody has not.
pub fn whole(bytes: &[u8]) -> Result<OfferFile, Problem> {
    let offer = OfferFile::parse(bytes).map_err(Failure::from)?;
    match offer.offer().next_signer() {
        None => Ok(offer),
        Some(_) => {
            let detail = "a signature is missing; `POST /v1/offers` sends it to whoever signs next";
            Err(Problem::unprocessable("record/signature-count", detail))
        }
    }
}

impl Service {
    /// Tells whoever has to know that `offer` is recorded now.
    ///
    /// # Errors
    /// The mailbox cannot be changed.
    pub fn took(&self, offer: &OfferFile, taken: Acknowledged) -> Result<Acknowledged, Problem> {
        if !taken.was_known {
            self.mailbox.settle(offer.offer().message().payload())?;
            self.take_out_refused(offer.offer().payload())?;
            // Nobody listening is no reason to stop.
            let _ = self.changes.send(Change::recorded(offer.offer(), &taken));
        }
        Ok(taken)
    }

    /// What somebody says that they will not sign waits no longer, if it was they who were asked.
    fn take_out_refused(&self, payload: &Payload) -> Result<(), Problem> {
        let Body::Refuse(Refuse { answers: Answers::Offer(digest), .. }) = &payload.body else {
            return Ok(());
        };
        let Some(refused) = self.mailbox.get(digest)? else { return Ok(()) };
        if payload.signers.iter().any(|signer| is_party(&refused, &signer.id)) {
            self.mailbox.remove(digest)?;
            let _ = self.changes.send(Change::offered(&refused));
        }
        Ok(())
    }
}

impl From<&Acknowledged> for Taken {
    fn from(acknowledged: &Acknowledged) -> Self {
        let entry = acknowledged.entry;
        Self {
            entry: acknowledged.index.0,
            record: acknowledged.digest.to_string(),
            accepted: utc_text(entry.accepted_ms / 1000),
            accepted_ms: entry.accepted_ms,
            index_root: entry.index_root.to_string(),
            was_known: acknowledged.was_known,
        }
    }
}

/// Reads a record
///
/// With the openings of its sealed fields that whoever asks may see, as an offer file that everybody has signed; or, where
/// some are missing, the record alone.
#[utoipa::path(
    get, path = "/v1/records/{digest}", tag = "records",
    params(("digest" = Digest, Path, description = "digest of the record")),
    responses(
        (status = 200, description = "the record", content(
            (Binary = "application/vnd.custody-ledger.record+cbor"),
        )),
        Missing,
    ),
)]
pub async fn read(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(digest): Segment,
) -> Result<Response, Problem> {
    let digest = parse_digest(&digest)?;
    let bytes = service.look_as(caller, move |desk| {
        let Some(index) = desk.by_digest(&digest)? else { return Ok(None) };
        Ok(Some(desk.logged(index)?.record))
    });
    let bytes = bytes.await?.ok_or_else(|| no_record(&digest))?;
    let about = [(header::CONTENT_TYPE, RECORD_TYPE), (header::CACHE_CONTROL, "private, no-store")];
    Ok((about, bytes).into_response())
}

/// The receipt of a record
///
/// C2SP tlog-proof: that the record is in the tree of the newest checkpoint.
#[utoipa::path(
    get, path = "/v1/records/{digest}/receipt", tag = "records",
    params(("digest" = Digest, Path, description = "digest of the record")),
    responses(
        (status = 200, description = "the receipt", body = String, content_type = "text/plain"), Missing,
    ),
)]
pub async fn receipt(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(digest): Segment,
) -> Result<Response, Problem> {
    let digest = parse_digest(&digest)?;
    let receipt = service.look_as(caller, move |desk| {
        let Some(index) = desk.by_digest(&digest)? else { return Ok(None) };
        Ok(Some(desk.receipt(index)?))
    });
    let receipt = receipt.await?.ok_or_else(|| no_record(&digest))?;
    let about = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    Ok((about, receipt).into_response())
}

/// Reads a digest in a path.
///
/// # Errors
/// [`Problem`] 400.
pub fn parse_digest(text: &str) -> Result<Hash, Problem> {
    Hash::from_hex(text).ok_or_else(|| {
        let detail = "a digest is 64 hexadecimal digits in lower case";
        Problem::new(StatusCode::BAD_REQUEST, "http/digest", detail)
    })
}

fn no_record(digest: &Hash) -> Problem {
    let status = StatusCode::NOT_FOUND;
    Problem::new(status, "read/no-record", format!("no record {digest} here"))
}
