//! Records: submitting them, and reading them.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use custody_core::hash::Hash;
use custody_core::record::Record;
use custody_core::sealed::Opening;
use custody_core::verify::utc_text;
use custody_log::Acknowledged;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::document::{Binary, Conflict, Digest, Missing, Refused};
use super::private::private;
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
    let (record, openings) = whole(&body)?;
    let acknowledged = service.submit(record, openings).await?;
    let status = if acknowledged.was_known { StatusCode::OK } else { StatusCode::CREATED };
    let index = acknowledged.index;
    let receipts = match acknowledged.was_known {
        // An old one is read from the disk.
        true => service.look(move |service| Ok(service.ledger.receipts(&[index])?)).await?,
        // What it takes for the newest is in memory.
        false => service.ledger.receipts(&[index]).map_err(Failure::from)?,
    };
    let view =
        AcknowledgedView { taken: Taken::from(&acknowledged), receipt: receipts.proofs.concat() };
    let end = service.checkpoint_quoted.of(&receipts.checkpoint)?;
    let body = view.ending_with(&end).map_err(|error| Problem::internal("internal", &error))?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

impl AcknowledgedView {
    /// The view as JSON, its receipt up to the checkpoint followed by `end`, which is the checkpoint: a string as JSON has it.
    fn ending_with(&self, end: &str) -> serde_json::Result<Vec<u8>> {
        let mut json = serde_json::to_vec(self)?;
        // The receipt is the last member: what follows it are a quotation mark and a brace.
        json.truncate(json.len() - 2);
        json.extend_from_slice(end.strip_prefix('"').unwrap_or(end).as_bytes());
        json.push(b'}');
        Ok(json)
    }
}

/// The newest checkpoint as a string in JSON: thousands of receipts end with the same one, and writing it into each took
/// longer than anything else about an answer.
#[derive(Default)]
pub struct Quoted(Mutex<Option<(Arc<str>, Arc<str>)>>);

impl Quoted {
    fn of(&self, checkpoint: &Arc<str>) -> Result<Arc<str>, Problem> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, quoted)) if Arc::ptr_eq(of, checkpoint) => Ok(quoted.clone()),
            _ => {
                let quoted = serde_json::to_string(&**checkpoint);
                let quoted: Arc<str> =
                    quoted.map_err(|error| Problem::internal("internal", &error))?.into();
                *known = Some((checkpoint.clone(), quoted.clone()));
                Ok(quoted)
            }
        }
    }
}

/// The record of an offer file that everybody has signed, and its openings.
///
/// # Errors
/// [`Problem`]: it is none, or somebody has not.
pub fn whole(bytes: &[u8]) -> Result<(Record, Vec<Opening>), Problem> {
    let offer = OfferFile::parse(bytes).map_err(Failure::from)?;
    offer.into_record().map_err(|error| {
        let detail = "a signature is missing; `POST /v1/offers` sends it to whoever signs next";
        Problem::unprocessable(error.code(), detail)
    })
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
/// As its entry commits to it. What opens it is at `/v1/records/{digest}/openings`.
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
    Ok(private(RECORD_TYPE, bytes))
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
        Ok(Some(desk.receipt(&desk.logged(index)?)?))
    });
    let receipt = receipt.await?.ok_or_else(|| no_record(&digest))?;
    Ok(private("text/plain; charset=utf-8", receipt))
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn view(receipt: &str) -> AcknowledgedView {
        let taken = Taken {
            entry: 7,
            record: "00".into(),
            accepted: "2026-11-27T12:00:00Z".into(),
            accepted_ms: 1,
            index_root: "11".into(),
            was_known: false,
        };
        AcknowledgedView { taken, receipt: receipt.to_owned() }
    }

    #[test]
    fn an_answer_in_two_parts_is_what_it_would_be_in_one() {
        let (proof, checkpoint) =
            ("proof\nindex 7\n\n", Arc::from("\"a\\b\"\n7\nroot=\n\n\u{2014} a b=\n"));
        let quoted = Quoted::default().of(&checkpoint).unwrap();
        let whole = serde_json::to_vec(&view(&format!("{proof}{checkpoint}"))).unwrap();
        assert_eq!(view(proof).ending_with(&quoted).unwrap(), whole);
    }

    #[test]
    fn another_checkpoint_is_not_taken_for_the_one_before() {
        let quoted = Quoted::default();
        for text in ["one", "two", "two", "one"] {
            assert_eq!(&*quoted.of(&Arc::from(text)).unwrap(), format!("\"{text}\""));
        }
    }
}
