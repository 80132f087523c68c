//! What is said of a clock that cannot be right.

use custody_api::failure::Failure;
use custody_log::{ClockError, LedgerError};

/// Times as people read them, and what to do.
#[test]
fn a_clock_that_is_behind_says_so_in_words() {
    let (now_ms, accepted_ms) = (1_795_814_454_350, 1_795_900_852_949);
    let failure = Failure::from(LedgerError::Clock(ClockError::Behind { now_ms, accepted_ms }));
    assert_eq!(failure.code(), "clock/behind");
    assert_eq!(
        failure.message(),
        "clock says 2026-11-27T21:20:54Z, 23 h 59 min before the newest entry, which was accepted at 2026-11-28T21:20:52Z"
    );
    assert!(failure.next_step().unwrap().contains("OPERATING, Time"));
    let behind = |span_ms| ClockError::Behind { now_ms, accepted_ms: now_ms + span_ms }.to_string();
    assert!(behind(61_000).contains("Z, 1 min 1 s before"), "{}", behind(61_000));
    assert!(behind(86_400_000).contains("Z, 1 day 0 h 0 min before"));
    assert!(behind(183_840_000).contains("Z, 2 days 3 h 4 min before"));
}
