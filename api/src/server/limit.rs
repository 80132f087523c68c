//! How much is taken on: requests at a time, and requests a second from each caller.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use tokio::sync::Semaphore;

use super::problem::Problem;
use super::service::Service;
use super::setting::Limits;

/// Callers whose rate is remembered before those who have been quiet are forgotten.
const REMEMBERED: usize = 10_000;
/// Time between two looks for them.
const SWEEP: Duration = Duration::from_secs(1);
/// Callers who are told apart in the log where they are turned away: so many lines a minute at most, and as many for those who
/// are new. Whoever has a network of addresses must not fill the disk with them.
const TOLD_APART: usize = 256;
/// How often the log is told how many were turned away.
const TELLING: Duration = Duration::from_secs(60);

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Somebody with a key here.
    Known(String),
    /// An address of which nobody knows who asks; of IPv6 the network of 64 bits that one line has, its other bits 0.
    Address(IpAddr),
}

/// Requests a second.
pub struct Rates {
    limiter: DefaultKeyedRateLimiter<Counted>,
    /// How many are let in at once.
    burst: NonZeroU32,
    clock: DefaultClock,
    /// When those who have been quiet were forgotten.
    swept: Mutex<Instant>,
}

impl Rates {
    /// As the limits say.
    pub fn new(limits: &Limits) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let burst = at_least_one(limits.burst);
        let quota = Quota::per_second(at_least_one(limits.per_second)).allow_burst(burst);
        let (limiter, swept) = (RateLimiter::keyed(quota), Mutex::new(Instant::now()));
        Self { limiter, burst, clock: DefaultClock::default(), swept }
    }

    /// Counts the further records of a request, but never more than are let in at once besides the request itself.
    ///
    /// # Errors
    /// [`Problem`] 429, with the time after which there is room for them.
    pub fn count_more(&self, who: &Counted, more: usize) -> Result<(), Problem> {
        let more = u32::try_from(more).unwrap_or(u32::MAX).min(self.burst.get() - 1);
        let Some(more) = NonZeroU32::new(more) else { return Ok(()) };
        match self.limiter.check_key_n(who, more) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => Err(self.too_often(&until)),
            // Never, since it is less than a burst.
            Err(_) => Err(Problem::too_often(1)),
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
            self.sweep();
        }
        self.limiter.check_key(who).map_err(|until| self.too_often(&until))
    }

    /// Forgets those who have been quiet: once in a while, since it looks at everybody.
    fn sweep(&self) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.elapsed() >= SWEEP {
            self.limiter.retain_recent();
            *swept = Instant::now();
        }
    }
}

/// Who is turned away for asking too often. The first time for a caller is worth a line in the log, and then how often it was
/// in a minute: a program that does not wait would else write a line for each of its requests.
#[derive(Default)]
pub struct TurnedAway(Mutex<Tally>);

/// How often somebody was turned away since the log was last told.
#[derive(Default)]
struct Tally {
    known: HashMap<Counted, u64>,
    /// Those for whom there was no room.
    others: u64,
}

impl TurnedAway {
    /// Counts it. Returns whether the log is to be told of `who` at once.
    pub fn note(&self, who: &Counted) -> bool {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = tally.known.get_mut(who) {
            *times += 1;
            return false;
        }
        let has_room = tally.known.len() < TOLD_APART;
        match has_room {
            true => drop(tally.known.insert(who.clone(), 0)),
            false => tally.others += 1,
        }
        has_room
    }

    /// What the log was not told of yet; `None` stands for all for whom there was no room. Who was not turned away since is
    /// forgotten.
    fn take(&self) -> Vec<(Option<Counted>, u64)> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tally.known.retain(|_, times| *times > 0);
        let known = tally.known.iter_mut();
        let mut taken: Vec<_> =
            known.map(|(who, times)| (Some(who.clone()), std::mem::take(times))).collect();
        let others = std::mem::take(&mut tally.others);
        taken.extend((others > 0).then_some((None, others)));
        taken
    }

    /// Tells the log what it was not told of yet.
    pub fn tell(&self) {
        for (who, times) in self.take() {
            let address = who.as_ref().and_then(Counted::address);
            let who = who.as_ref().and_then(Counted::known);
            tracing::info!(who, address, times, "turned away more often, for asking too often");
        }
    }
}

/// Tells the log of who is turned away, for as long as the server runs.
pub async fn keep_telling(service: Arc<Service>) {
    let mut every = tokio::time::interval(TELLING);
    loop {
        every.tick().await;
        service.turned_away.tell();
    }
}

impl Counted {
    /// Who asks from `address`.
    pub fn from(address: IpAddr) -> Self {
        Self::Address(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        })
    }

    /// The id of somebody with a key here.
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(id) => Some(id),
            Self::Address(_) => None,
        }
    }

    /// The address of somebody of whom nobody knows who they are.
    pub fn address(&self) -> Option<String> {
        match self {
            Self::Known(_) => None,
            Self::Address(address) => Some(address.to_string()),
        }
    }
}

/// Requests at a time, and how long each may take to be answered once its body is there.
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

    /// Turns away what there is no room for before `answer` takes any memory.
    pub async fn enter(&self, answer: impl Future<Output = Response>) -> Response {
        match self.places.try_acquire() {
            Ok(_place) => answer.await,
            Err(_) => Problem::busy("as many requests as there is room for are being answered")
                .into_response(),
        }
    }

    /// Ends what takes too long once the body is there.
    pub async fn in_time(&self, answer: impl Future<Output = Response>) -> Response {
        match tokio::time::timeout(self.time, answer).await {
            Ok(response) => response,
            Err(_) => {
                let detail = "the request took longer than the server allows; a record that was sent may \
                              be in the ledger, and sending it again is safe";
                Problem::new(StatusCode::GATEWAY_TIMEOUT, "http/timeout", detail).into_response()
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn address(number: u32) -> Counted {
        Counted::Address(IpAddr::from(number.to_be_bytes()))
    }

    #[test]
    fn who_is_turned_away_is_told_of_once_and_then_counted() {
        let (turned_away, anna) = (TurnedAway::default(), Counted::Known("anna".to_owned()));
        let noted = [(); 3].map(|()| turned_away.note(&anna));
        assert_eq!(noted, [true, false, false]);
        assert!(turned_away.note(&address(1)));
        assert_eq!(turned_away.take(), [(Some(anna.clone()), 2)]);
        assert!(!turned_away.note(&anna));
        assert_eq!(turned_away.take(), [(Some(anna.clone()), 1)]);
        // After a minute of quiet it is news again.
        assert!(turned_away.take().is_empty());
        assert!(turned_away.note(&anna));
    }

    #[test]
    fn a_request_with_more_records_than_a_burst_has_takes_all_of_it() {
        let limits = Limits { per_second: 1, burst: 10, ..Limits::default() };
        let rates = Rates::new(&limits);
        rates.count(&address(1)).unwrap();
        rates.count_more(&address(1), 19).unwrap();
        assert!(rates.count(&address(1)).is_err());
    }

    #[test]
    fn a_line_has_one_rate_whatever_its_address_ends_with() {
        let from = |text: &str| Counted::from(text.parse().unwrap());
        assert_eq!(from("2001:db8:0:1::5"), from("2001:db8:0:1:ffff::"));
        assert_ne!(from("2001:db8:0:1::5"), from("2001:db8:0:2::5"));
        assert_ne!(from("192.0.2.1"), from("192.0.2.2"));
    }

    #[test]
    fn no_more_callers_are_told_apart_than_there_is_room_for() {
        let turned_away = TurnedAway::default();
        let first = (0..1_000).filter(|number| turned_away.note(&address(*number))).count();
        assert_eq!(first, TOLD_APART);
        assert_eq!(turned_away.take(), [(None, 1_000 - TOLD_APART as u64)]);
        assert!(turned_away.take().is_empty());
    }
}
