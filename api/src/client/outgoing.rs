//! Records on their way to a server: one in a request, or as many as one takes.

use std::time::Duration;

use custody_core::cbor::Value;
use custody_core::hash::Hash;
use custody_core::record::{Offer, Record};
use custody_log::Incoming;
use serde_json::Value as Json;
use ureq::http::StatusCode;

use super::transport::failure_of;
use super::{ServedBooks, malformed, text};
use crate::books::Answers;
use crate::failure::{Ending, Failure};
use crate::offer_file::{MAX_BATCH, MAX_OFFER_FILE, OFFERS_TYPE, OfferFile};

/// Bytes of offer files in one request: a request takes as many as the longest of them has, and each is framed by 5.
const BATCH_BYTES: usize = MAX_OFFER_FILE as usize - 5 * (MAX_BATCH + 1);

/// Time after which records are sent in again to which no answer came.
const AGAIN: Duration = Duration::from_secs(1);
/// What a server says before it has taken anything in.
const NOT_YET: [&str; 2] = ["http/busy", "vault/io"];

/// A record on its way to the server.
pub(super) struct Outgoing {
    /// Its digest.
    pub(super) digest: Hash,
    /// An offer file that everybody has signed.
    pub(super) file: Vec<u8>,
}

impl Outgoing {
    /// # Errors
    /// It is not a record that everybody has signed, or an opening is missing.
    pub(super) fn new((record, openings): Incoming) -> Result<Self, Failure> {
        let digest = Record::parse(&record)?.digest();
        let file = OfferFile::new(Offer::parse(&record)?, openings)?.encode();
        Ok(Self { digest, file })
    }
}

/// What could not be done may have been done up to the answer.
fn undecided(failure: Failure) -> Failure {
    let is_decided = failure.ending() == Ending::Rejected || NOT_YET.contains(&failure.code());
    match is_decided || failure.next_step().is_some() {
        true => failure,
        false => failure
            .hint("it may be recorded all the same: `custody show` tells, before you do it again"),
    }
}

/// The records in their order, as many in a batch as a request may have.
///
/// # Errors
/// As [`Outgoing::new`].
pub(super) fn batches(records: Vec<Incoming>) -> Result<Vec<Vec<Outgoing>>, Failure> {
    let mut batches = vec![Vec::new()];
    let mut room = BATCH_BYTES;
    for record in records {
        let outgoing = Outgoing::new(record)?;
        let batch = batches.last_mut().filter(|batch| batch.len() < MAX_BATCH);
        match (batch, room.checked_sub(outgoing.file.len())) {
            (Some(batch), Some(left)) => {
                room = left;
                batch.push(outgoing);
            }
            _ => {
                room = BATCH_BYTES.saturating_sub(outgoing.file.len());
                batches.push(vec![outgoing]);
            }
        }
    }
    batches.retain(|batch| !batch.is_empty());
    Ok(batches)
}

impl ServedBooks {
    /// Sends records in. Where no answer comes they are sent once more, as they are: what is in the ledger is not recorded
    /// twice, and nobody is left to guess.
    ///
    /// # Errors
    /// The server takes none of them, or cannot be reached.
    pub(super) fn send_in(&self, path: &str, body: &[u8], form: &str) -> Result<Json, Failure> {
        let send = || self.transport.post_bytes(path, body, form);
        let answer = send().or_else(|failure| match failure.code() {
            "client/unreachable" => {
                std::thread::sleep(AGAIN);
                send()
            }
            _ => Err(failure),
        });
        answer.map_err(undecided)
    }

    /// Submits a batch, and holds every answer to what was sent.
    ///
    /// # Errors
    /// The server takes none of them, or says nothing sensible; for each record as it is.
    pub(super) fn submit_batch(&self, batch: Vec<Outgoing>) -> Result<Answers, Failure> {
        let files = batch.iter().map(|outgoing| Value::bytes(&outgoing.file));
        let body = Value::array(files).encode();
        let answer = self.send_in("/v1/batches", &body, OFFERS_TYPE)?;
        let checkpoint = text(&answer, "checkpoint")?;
        let answers = answer["answers"].as_array().ok_or_else(|| malformed("answers"))?;
        if answers.len() != batch.len() {
            return Err(malformed("answers"));
        }
        let check = |(outgoing, answer): (Outgoing, &Json)| {
            if answer["code"].is_string() {
                let status = answer["status"].as_u64().and_then(|status| status.try_into().ok());
                let status = status.and_then(|status: u16| StatusCode::from_u16(status).ok());
                return Err(failure_of(answer, status.unwrap_or_default()));
            }
            let receipt = format!("{}{checkpoint}", text(answer, "proof")?);
            self.check_receipt(answer, outgoing.digest, &receipt)
        };
        Ok(batch.into_iter().zip(answers).map(check).collect())
    }
}
