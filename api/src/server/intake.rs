//! Bodies on their way in: how large, how slow, and how many at a time.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limit::Counted;
use super::problem::Problem;
use super::setting::Limits;
use crate::offer_file::MAX_OFFER_FILE;

/// Largest body of any request: an offer file.
const MAX_BODY: usize = MAX_OFFER_FILE as usize;
/// Bodies that are held at a time, in KiB: 256 MiB, some 200 of the largest or 50,000 handoffs.
const HELD_KIB: usize = 256 * 1024;
/// Which part of all requests may be bodies of one address that are not there yet: who sends many slowly keeps nobody else out.
const SHARE: usize = 8;

/// The way in for bodies.
pub struct Intake {
    time: Duration,
    held: Arc<Semaphore>,
    most_of_one: usize,
    /// Bodies of each address that are waited for; nobody has 0.
    waited_for: Mutex<HashMap<Counted, usize>>,
}

/// A body, and the room that it takes until its request is answered.
pub struct Taken {
    /// The body, whole.
    pub bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// A body of an address that is waited for.
struct Waiting<'i> {
    intake: &'i Intake,
    from: Counted,
}

impl Intake {
    /// As the limits say.
    pub fn new(limits: &Limits) -> Self {
        Self {
            time: limits.request_time(),
            held: Arc::new(Semaphore::new(HELD_KIB)),
            most_of_one: (limits.requests / SHARE).max(1),
            waited_for: Mutex::default(),
        }
    }

    /// The body, whole, in the time that there is for it. What is waited for counts for `from`.
    ///
    /// # Errors
    /// [`Problem`] 408, 413 or 503.
    pub async fn take(&self, body: Body, from: Option<&Counted>) -> Result<Taken, Problem> {
        let hint = body.size_hint();
        if hint.lower() > MAX_BODY as u64 {
            return Err(too_large());
        }
        let most = hint.upper().map_or(MAX_BODY, |most| most.min(MAX_BODY as u64) as usize);
        // At most 1,200.
        let kib = most.div_ceil(1024) as u32;
        let full = |_| Problem::busy("as many bodies as there is room for are held");
        let room = self.held.clone().try_acquire_many_owned(kib).map_err(full)?;
        let mut reading = pin!(to_bytes(body, MAX_BODY));
        // What came with its head, as almost all does, is waited for by nobody.
        let read = tokio::select! {
            biased;
            read = &mut reading => Some(read),
            () = std::future::ready(()) => None,
        };
        let read = match read {
            Some(read) => Ok(read),
            None => {
                let _waiting = self.wait_for(from)?;
                tokio::time::timeout(self.time, reading).await
            }
        };
        match read {
            Ok(Ok(bytes)) => Ok(Taken { bytes, _room: room }),
            Ok(Err(_)) => Err(too_large()),
            Err(_) => {
                let detail = "the body did not come in time";
                Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "http/slow", detail))
            }
        }
    }

    fn wait_for(&self, from: Option<&Counted>) -> Result<Option<Waiting<'_>>, Problem> {
        let Some(from) = from else { return Ok(None) };
        let mut waited_for = self.waited_for();
        let theirs = waited_for.entry(from.clone()).or_default();
        if *theirs >= self.most_of_one {
            return Err(Problem::busy("too many bodies of this address are not there yet"));
        }
        *theirs += 1;
        Ok(Some(Waiting { intake: self, from: from.clone() }))
    }

    fn waited_for(&self) -> MutexGuard<'_, HashMap<Counted, usize>> {
        self.waited_for.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waited_for = self.intake.waited_for();
        if let Some(theirs) = waited_for.get_mut(&self.from) {
            *theirs -= 1;
            if *theirs == 0 {
                waited_for.remove(&self.from);
            }
        }
    }
}

fn too_large() -> Problem {
    let detail = format!("a body has at most {MAX_BODY} bytes, and ends where it says");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "http/body", detail)
}
