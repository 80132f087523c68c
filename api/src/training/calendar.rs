//! When people work: Monday to Friday, 8 to 18 hours by their own clocks. There are no holidays, and no summer time.

/// An hour in seconds.
pub const HOUR_S: u64 = 3600;

/// A day in seconds.
pub const DAY_S: u64 = 24 * HOUR_S;

/// When a working day begins and ends, in seconds from midnight.
const DAY: (u64, u64) = (8 * HOUR_S, 18 * HOUR_S);

/// Days from the Monday before 1 January 1970, which was a Thursday.
const THURSDAY: u64 = 3;

/// The first second from `utc_s` on at which somebody works whose clock is `offset_min` ahead of UTC.
pub fn working(utc_s: u64, offset_min: u64) -> u64 {
    let local = utc_s + offset_min * 60;
    let (day, second) = (local / DAY_S, local % DAY_S);
    let is_over = second >= DAY.1;
    let next = if is_over { day + 1 } else { day };
    let next = match (next + THURSDAY) % 7 {
        5 => next + 2,
        6 => next + 1,
        _ => next,
    };
    let local = if next == day { local.max(day * DAY_S + DAY.0) } else { next * DAY_S + DAY.0 };
    local - offset_min * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friday, 2 January 1970, 17:00 in a place one hour ahead.
    const FRIDAY: u64 = DAY_S + 16 * HOUR_S;

    #[test]
    fn a_working_moment_stays_and_others_wait() {
        assert_eq!(working(FRIDAY, 60), FRIDAY);
        let monday = 4 * DAY_S + 7 * HOUR_S;
        assert_eq!(working(FRIDAY + HOUR_S, 60), monday);
        assert_eq!(working(FRIDAY + 30 * HOUR_S, 60), monday);
        assert_eq!(working(FRIDAY + 40 * HOUR_S, 60), monday);
        assert_eq!(working(monday - 1, 60), monday);
        assert_eq!(working(monday + HOUR_S, 60), monday + HOUR_S);
    }
}
