//! The clock of a ledger that is made in minutes and tells of months.

use std::sync::atomic::{AtomicU64, Ordering};

use custody_log::Clock;

/// A clock that stands still until it is moved. For training ledgers alone: their accepted times follow
/// the claimed ones, so that an audit of them makes sense.
pub struct HandClock(AtomicU64);

impl HandClock {
    /// A clock that shows `utc_s`.
    pub fn at(utc_s: u64) -> Self {
        Self(AtomicU64::new(utc_s * 1000))
    }

    /// Moves it on to `utc_s`; never back.
    pub fn move_to(&self, utc_s: u64) {
        self.0.fetch_max(utc_s * 1000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// The same: in the training ledger's world that much time has gone by.
    fn monotonic_ms(&self) -> u64 {
        self.now_ms()
    }
}
