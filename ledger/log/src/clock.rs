//! Time as the log takes it: handed in, and stopped at when it cannot be right.

use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use custody_core::verify::utc_text;
use thiserror::Error;

/// Where the log takes the time from.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> u64;

    /// Milliseconds since some fixed moment. Nobody can set this clock.
    fn monotonic_ms(&self) -> u64;
}

/// The clocks of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        // A clock before 1970 reads as 0, which `AcceptClock` refuses.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
    }

    fn monotonic_ms(&self) -> u64 {
        START.elapsed().as_millis() as u64
    }
}

/// Why the log no longer believes its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The clock stands before the newest entry, by more than a minute.
    #[error("clock says {}, {} before the newest entry, which was accepted at {}", utc(*now_ms),
        span_text(accepted_ms.saturating_sub(*now_ms)), utc(*accepted_ms))]
    Behind {
        /// What the clock says, milliseconds since 1970.
        now_ms: u64,
        /// Time of the newest entry.
        accepted_ms: u64,
    },
    /// The clock was moved by more than a minute.
    #[error("clock moved from {} to {} while {} went by", utc(*before_ms), utc(*now_ms), span_text(*elapsed_ms))]
    Jump {
        /// What it said before.
        before_ms: u64,
        /// What it says.
        now_ms: u64,
        /// What went by on the clock that nobody can set.
        elapsed_ms: u64,
    },
    /// The clock stands before 1971, where nobody keeps a ledger.
    #[error("clock says {}", utc(*now_ms))]
    Unset {
        /// What it says.
        now_ms: u64,
    },
}

impl ClockError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Behind { .. } => "clock/behind",
            Self::Jump { .. } => "clock/jump",
            Self::Unset { .. } => "clock/unset",
        }
    }
}

fn utc(time_ms: u64) -> String {
    utc_text(time_ms / 1000)
}

/// A span of time as people say it, to the second where it is short: `2 days 3 h 4 min`.
fn span_text(span_ms: u64) -> String {
    let minutes = span_ms / 60_000;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min {} s", span_ms / 1000 % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, minutes) => format!("1 day {hours} h {minutes} min"),
        (days, hours, minutes) => format!("{days} days {hours} h {minutes} min"),
    }
}

/// How far the clock may be off before the log stops.
const TOLERANCE_MS: u64 = 60_000;

/// Clocks are slewed by at most 500 ppm; twice that is allowed over the time between two readings.
const SLEW_DIVISOR: u64 = 1000;

/// A year: an entry's encoding needs at least 2^32 ms, which is in February 1970.
const EARLIEST_MS: u64 = 365 * 24 * 3_600_000;

/// Gives each batch its `accepted_ms`, which never decreases.
pub(crate) struct AcceptClock {
    clock: Arc<dyn Clock>,
    last: Reading,
    accepted_ms: u64,
}

#[derive(Clone, Copy)]
struct Reading {
    now_ms: u64,
    monotonic_ms: u64,
}

impl Reading {
    fn take(clock: &dyn Clock) -> Self {
        Self { now_ms: clock.now_ms(), monotonic_ms: clock.monotonic_ms() }
    }
}

impl AcceptClock {
    /// The clock of a log whose newest entry was accepted at `accepted_ms`.
    ///
    /// # Errors
    /// [`ClockError::Behind`] and [`ClockError::Unset`].
    pub(crate) fn new(clock: Arc<dyn Clock>, accepted_ms: u64) -> Result<Self, ClockError> {
        let last = Reading::take(&*clock);
        let now_ms = last.now_ms;
        if now_ms < EARLIEST_MS {
            return Err(ClockError::Unset { now_ms });
        }
        if now_ms.saturating_add(TOLERANCE_MS) < accepted_ms {
            return Err(ClockError::Behind { now_ms, accepted_ms });
        }
        Ok(Self { clock, last, accepted_ms })
    }

    /// The time to put on entries made now, never less than before. A small step back is passed over.
    ///
    /// # Errors
    /// [`ClockError::Jump`]: the log must stop, and a person look at the clock.
    pub(crate) fn accept(&mut self) -> Result<u64, ClockError> {
        let (before, now) = (self.last, Reading::take(&*self.clock));
        let elapsed_ms = now.monotonic_ms.saturating_sub(before.monotonic_ms);
        let expected_ms = before.now_ms.saturating_add(elapsed_ms);
        if now.now_ms.abs_diff(expected_ms) > TOLERANCE_MS + elapsed_ms / SLEW_DIVISOR {
            let (before_ms, now_ms) = (before.now_ms, now.now_ms);
            return Err(ClockError::Jump { before_ms, now_ms, elapsed_ms });
        }
        self.last = now;
        self.accepted_ms = self.accepted_ms.max(now.now_ms);
        Ok(self.accepted_ms)
    }
}
