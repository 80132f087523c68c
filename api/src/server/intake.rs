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
/// Of all requests, and of what is held, one address may have this part in bodies that are still on their way: one in eight.
const SHARE: usize = 8;

/// The way in for bodies.
pub struct Intake {
    time: Duration,
    held: Arc<Semaphore>,
    most: Awaited,
    /// What each address has on its way; an address with nothing on its way has no entry.
    awaited: Mutex<HashMap<Counted, Awaited>>,
}

/// Bodies that are waited for.
#[derive(Clone, Copy, Debug, Default)]
struct Awaited {
    bodies: usize,
    kib: usize,
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
    kib: usize,
}

impl Intake {
    /// As the limits say.
    pub fn new(limits: &Limits) -> Self {
        Self {
            time: limits.request_time(),
            held: Arc::new(Semaphore::new(HELD_KIB)),
            most: Awaited { bodies: (limits.requests / SHARE).max(1), kib: HELD_KIB / SHARE },
            awaited: Mutex::default(),
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
        let mut room = self.held.clone().try_acquire_many_owned(kib).map_err(full)?;
        let mut reading = pin!(to_bytes(body, MAX_BODY));
        // Most bodies come with their head and are read at the first look: these count for no address.
        let read = tokio::select! {
            biased;
            read = &mut reading => Some(read),
            () = std::future::ready(()) => None,
        };
        let read = match read {
            Some(read) => Ok(read),
            None => {
                let _waiting = from.map(|from| self.wait_for(from, kib as usize)).transpose()?;
                tokio::time::timeout(self.time, reading).await
            }
        };
        match read {
            Ok(Ok(bytes)) => {
                // Of what did not say how long it is, and was shorter.
                drop(room.split((kib as usize).saturating_sub(bytes.len().div_ceil(1024))));
                Ok(Taken { bytes, _room: room })
            }
            Ok(Err(_)) => Err(too_large()),
            Err(_) => {
                let detail = "the body did not come in time";
                Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "http/slow", detail))
            }
        }
    }

    fn wait_for(&self, from: &Counted, kib: usize) -> Result<Waiting<'_>, Problem> {
        let mut awaited = self.awaited();
        let before = awaited.get(from).copied().unwrap_or_default();
        let now = Awaited { bodies: before.bodies + 1, kib: before.kib + kib };
        if now.bodies > self.most.bodies || now.kib > self.most.kib {
            return Err(Problem::busy("too many bodies of this address are not there yet"));
        }
        awaited.insert(from.clone(), now);
        Ok(Waiting { intake: self, from: from.clone(), kib })
    }

    fn awaited(&self) -> MutexGuard<'_, HashMap<Counted, Awaited>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut awaited = self.intake.awaited();
        if let Some(theirs) = awaited.get_mut(&self.from) {
            *theirs = Awaited { bodies: theirs.bodies - 1, kib: theirs.kib - self.kib };
            if theirs.bodies == 0 {
                awaited.remove(&self.from);
            }
        }
    }
}

fn too_large() -> Problem {
    let detail = format!("a body has at most {MAX_BODY} bytes, and ends where it says");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "http/body", detail)
}
