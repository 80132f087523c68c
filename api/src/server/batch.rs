//! Many records at a time: from an office that was without a line, or for a list of items that each get a record.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::{Extension, Json};
use custody_core::cbor::{CborError, Reader, check};
use custody_log::{Acknowledged, Receipts};
use serde::Serialize;
use utoipa::ToSchema;

use super::document::{Binary, Refused};
use super::limit::Counted;
use super::problem::{Details, Problem};
use super::record::{Taken, whole};
use super::service::Service;
use crate::failure::Failure;
use crate::offer_file::MAX_BATCH;

/// What came of many records.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// One answer for each record, in their order.
    pub answers: Vec<BatchAnswer>,
    /// The checkpoint that all receipts end with: a signed note.
    pub checkpoint: String,
}

/// What came of one of them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BatchAnswer {
    /// It is in the ledger.
    Acknowledged(Proven),
    /// It is not.
    #[schema(value_type = Details)]
    Refused(Problem),
}

/// A record that is in the ledger, with what its receipt has before the checkpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Proven {
    #[serde(flatten)]
    taken: Taken,
    /// The receipt (C2SP tlog-proof) but for the checkpoint, which follows it.
    proof: String,
}

/// Submits many records
///
/// The body is a CBOR array of byte strings, each an offer file that everybody has signed: at most 100, and as long together
/// as one may be. They are taken in their order, one that rests on another after it. Each is answered for itself, as
/// `POST /v1/records` answers it: what is refused keeps the others from nothing.
#[utoipa::path(
    post, path = "/v1/batches", tag = "records",
    request_body(content = Binary, content_type = "application/vnd.custody-ledger.offers+cbor"),
    responses((status = 200, description = "what came of each", body = BatchView), Refused),
    security(()),
)]
pub async fn submit(
    State(service): State<Arc<Service>>,
    counted: Option<Extension<Counted>>,
    body: Bytes,
) -> Result<Json<BatchView>, Problem> {
    let files = parse(&body).map_err(|error| {
        let detail = format!("the body is not an array of 1 to {MAX_BATCH} offer files: {error}");
        Problem::unprocessable(error.code(), detail)
    })?;
    if let Some(Extension(counted)) = counted {
        service.rates.count_more(&counted, files.len() - 1)?;
    }
    let mut records = Vec::with_capacity(files.len());
    let mut read = |file| whole(file).map(|record| records.push(record));
    let read: Vec<Result<(), Problem>> = files.into_iter().map(&mut read).collect();
    let mut taken = service.submit_all(records).await?.into_iter();
    let missing = || Problem::internal("internal", &"fewer answers than records");
    let outcome = |read: Result<(), Problem>| {
        read.and_then(|()| taken.next().unwrap_or_else(|| Err(missing())))
    };
    let outcomes: Vec<_> = read.into_iter().map(outcome).collect();
    // Proofs of what was recorded long ago are read from the disk.
    service.look(move |service| view(service, outcomes)).await.map(Json)
}

/// The offer files in a body, at most [`MAX_BATCH`] and at least one.
fn parse(body: &[u8]) -> Result<Vec<&[u8]>, CborError> {
    check(body)?;
    let mut reader = Reader::new(body);
    let count = reader.array(1, MAX_BATCH)?;
    let files = (0..count).map(|_| reader.bytes()).collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(files)
}

fn view(
    service: &Service,
    outcomes: Vec<Result<Acknowledged, Problem>>,
) -> Result<BatchView, Failure> {
    let entries: Vec<_> = outcomes.iter().flatten().map(|taken| taken.index).collect();
    let receipts = service.ledger.receipts(&entries)?;
    let Receipts { proofs, checkpoint } = receipts;
    let mut proofs = proofs.into_iter();
    let answer = |outcome: Result<Acknowledged, Problem>| match outcome {
        Ok(acknowledged) => {
            let proof = proofs.next().unwrap_or_default();
            BatchAnswer::Acknowledged(Proven { taken: Taken::from(&acknowledged), proof })
        }
        Err(problem) => BatchAnswer::Refused(problem),
    };
    Ok(BatchView {
        answers: outcomes.into_iter().map(answer).collect(),
        checkpoint: checkpoint.to_string(),
    })
}
