//! How much is taken on: requests at a time, and requests a second from each caller.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use tokio::sync::Semaphore;

use super::problem::Problem;
use super::setting::Limits;

/// Callers whose rate is remembered before those who have been quiet are forgotten.
const REMEMBERED: usize = 10_000;

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Somebody with a key here.
    Known(String),
    /// An address of which nobody knows who asks.
    Address(IpAddr),
}

/// Requests a second.
pub struct Rates {
    limiter: DefaultKeyedRateLimiter<Counted>,
    clock: DefaultClock,
}

impl Rates {
    /// As the limits say.
    pub fn new(limits: &Limits) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(limits.per_second))
            .allow_burst(at_least_one(limits.burst));
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Counts `more` requests that come in one.
    ///
    /// # Errors
    /// [`Problem`] 429: as many are never let in at a time, or not now.
    pub fn count_more(&self, who: &Counted, more: usize) -> Result<(), Problem> {
        let Some(more) = u32::try_from(more).ok().and_then(NonZeroU32::new) else { return Ok(()) };
        match self.limiter.check_key_n(who, more) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => Err(self.too_often(&until)),
            Err(capacity) => Err(Problem::too_often(1)
                .hint(format!("send at most {} records in a request", capacity.0))),
        }
    }

    fn too_often(
        &self,
        until: &NotUntil<<DefaultClock as governor::clock::Clock>::Instant>,
    ) -> Problem {
        let wait = until.wait_time_from(self.clock.now());
        Problem::too_often(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`Problem`] 429, with the time after which there is room for one.
    pub fn count(&self, who: &Counted) -> Result<(), Problem> {
        if self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(who).map_err(|until| self.too_often(&until))
    }
}

/// Requests at a time, and how long one may take.
pub struct Door {
    places: Semaphore,
    time: Duration,
}

impl Door {
    /// As the limits say.
    pub fn new(limits: &Limits) -> Self {
        let places = Semaphore::new(limits.requests);
        Self { places, time: limits.request_time() }
    }

    /// Turns away what there is no room for before `answer` takes any memory, and ends what takes too long.
    pub async fn enter(&self, answer: impl Future<Output = Response>) -> Response {
        let Ok(_place) = self.places.try_acquire() else {
            return Problem::busy("as many requests as there is room for are being answered")
                .into_response();
        };
        match tokio::time::timeout(self.time, answer).await {
            Ok(response) => response,
            Err(_) => {
                let detail = "the request took longer than the server allows; a record that was sent may \
                              be in the ledger, and sending it again is safe";
                let status = axum::http::StatusCode::GATEWAY_TIMEOUT;
                Problem::new(status, "http/timeout", detail).into_response()
            }
        }
    }
}
