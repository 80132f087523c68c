//! C2SP tlog-witness: the log asks for the mirror's cosignatures. They say more than a plain witness's: I replayed everything
//! up to here.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use custody_core::checkpoint::Checkpoint;
use custody_core::merkle::TreeSize;
use custody_core::note::SignatureLine;

use super::standing::Standing;
use crate::server::problem::Problem;
use crate::witness::{AddCheckpoint, SIZE_TYPE};

/// How long a request waits for the replay before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// `POST /add-checkpoint`.
pub async fn add_checkpoint(
    State(standing): State<Arc<Standing>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    // The framework's own refusal is no problem details.
    let body =
        body.map_err(|error| Problem::new(error.status(), "http/body", error.body_text()))?;
    let asked = parse(&standing, &body)?;
    let (old, size) = (asked.old, asked.checkpoint.size());
    check_course(&standing)?;
    // A head that the log signed and that does not fit is evidence, whatever else is wrong with the request.
    let settled = hold_against(&standing, asked.checkpoint.clone()).await?;
    let known = settled.size();
    if old > size {
        let detail = format!("old size {old} of {size}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "witness/old-size", detail));
    }
    // "The witness MUST check that the old size matches the size of the latest checkpoint it cosigned."
    if old != known {
        return Ok(conflict(known));
    }
    if size == known && size.0 > 0 && asked.proof.hashes.is_empty() {
        return answer(&standing, settled.checkpoint());
    }
    check_proof(&asked, settled.checkpoint())?;
    // What is to be signed is replayed first. The follower makes it durable, and only then is it seen here.
    let mut changes = standing.watch();
    standing.aim(asked.checkpoint);
    let reached = tokio::time::timeout(PATIENCE, async {
        while standing.settled().size() < size && changes.changed().await.is_ok() {
            check_course(&standing)?;
            // What the log's server shows says nothing of what was sent, which is newer.
            let trouble = standing.course().trouble.filter(|(code, _)| code != "mirror/stale");
            if let Some((code, _)) = trouble {
                return Err(late(&standing, &format!("it cannot be replayed now: {code}")));
            }
        }
        Ok::<_, Problem>(())
    });
    reached.await.unwrap_or(Ok(()))?;
    let settled = standing.settled();
    match settled.size() {
        now if now == size => answer(&standing, settled.checkpoint()),
        now if now > size => Ok(conflict(now)),
        _ => Err(late(&standing, "it is not replayed yet")),
    }
}

/// Everything that can be said without looking at the copy.
fn parse(standing: &Standing, body: &[u8]) -> Result<AddCheckpoint, Problem> {
    let refuse = |status, code: &str, detail: String| Problem::new(status, code, detail);
    let asked = AddCheckpoint::parse(body).map_err(|error| {
        let text = custody_core::verify::error_text(&error);
        refuse(StatusCode::BAD_REQUEST, error.code(), text)
    })?;
    let origin = asked.checkpoint.origin();
    if origin.as_str() != standing.trust.origin.as_str() {
        let detail = format!("`{origin}` is not a log that this mirror follows");
        return Err(refuse(StatusCode::NOT_FOUND, "witness/unknown-log", detail));
    }
    asked.checkpoint.verify_log(&standing.trust.keys).map_err(|error| {
        let text = custody_core::verify::error_text(&error);
        refuse(StatusCode::FORBIDDEN, error.code(), text)
    })?;
    Ok(asked)
}

fn check_course(standing: &Standing) -> Result<(), Problem> {
    let course = standing.course();
    if let Some((code, text)) = course.alarm {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, text));
    }
    match course.is_ready {
        true => Ok(()),
        false => Err(catching_up("the copy is being replayed")),
    }
}

async fn hold_against(
    standing: &Arc<Standing>,
    shown: Checkpoint,
) -> Result<custody_log::mirror::Settled, Problem> {
    let standing = standing.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let settled = standing.settled();
        standing.check(&shown).map(|()| settled)
    });
    let looked = looked.await.map_err(|error| Problem::internal("internal", &error))?;
    looked.map_err(|failure| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, failure.code(), failure.message())
    })
}

fn check_proof(asked: &AddCheckpoint, known: Option<&Checkpoint>) -> Result<(), Problem> {
    let holds = match known {
        // "The proof MUST be empty if the old size is zero."
        None => asked.proof.hashes.is_empty(),
        Some(known) => asked.proof.verify(known.tree_head(), asked.checkpoint.tree_head()).is_ok(),
    };
    match holds {
        true => Ok(()),
        false => {
            let detail = "the proof does not lead from the tree that was cosigned to this one";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Err(Problem::new(status, "witness/proof", detail))
        }
    }
}

/// The mirror's own lines over a checkpoint that is settled: durable, and what they say is done.
fn answer(standing: &Standing, settled: Option<&Checkpoint>) -> Result<Response, Problem> {
    let settled = settled.ok_or_else(|| catching_up("nothing is replayed yet"))?;
    let is_ours = |line: &&SignatureLine| {
        standing
            .keys
            .iter()
            .any(|key| key.name().as_str() == line.name() && key.id() == line.key_id())
    };
    let lines: String =
        settled.signatures().iter().filter(is_ours).map(ToString::to_string).collect();
    let about =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((about, lines).into_response())
}

fn conflict(known: TreeSize) -> Response {
    let about = [(header::CONTENT_TYPE, SIZE_TYPE), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::CONFLICT, about, format!("{known}\n")).into_response()
}

/// It is not replayed; and where the log's server shows less than the log did, that is why.
fn late(standing: &Standing, detail: &str) -> Problem {
    match standing.course().stale {
        Some(_) => Problem::not_now("mirror/stale", detail),
        None => catching_up(detail),
    }
}

fn catching_up(detail: &str) -> Problem {
    Problem::not_now("mirror/catching-up", detail)
}
