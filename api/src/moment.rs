//! Times as people write them: RFC 3339, to the second, with the offset they were stated in.

use custody_core::record::{Occurred, TimeSource};
use custody_core::verify::utc_text;
use thiserror::Error;

/// Seconds since 1970 at the end of the year 9999.
const MAX_TIME_S: i64 = 253_402_300_799;

/// A moment and the offset from UTC in which it was stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970, UTC.
    pub utc_s: u64,
    /// Offset of the local time from UTC in minutes.
    pub offset_min: i64,
}

/// Why a text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MomentError {
    /// Not RFC 3339, or before 1970.
    #[error(
        "`{text}` is not a time, expected `2026-05-04T13:30:00+02:00` or `2026-05-04T11:30:00Z`"
    )]
    Malformed {
        /// The text.
        text: String,
    },
}

impl MomentError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "time/malformed",
        }
    }
}

impl Moment {
    /// A moment stated in UTC.
    pub const fn utc(utc_s: u64) -> Self {
        Self { utc_s, offset_min: 0 }
    }

    /// The same moment as a claim about when something happened.
    pub const fn claimed(self, source: TimeSource) -> Occurred {
        Occurred { utc_s: self.utc_s, offset_min: self.offset_min, source }
    }
}

impl std::str::FromStr for Moment {
    type Err = MomentError;

    /// Reads RFC 3339 section 5.6 without fractions of a second; an offset is demanded, because a time
    /// without one names 24 moments.
    fn from_str(text: &str) -> Result<Self, MomentError> {
        parse(text).ok_or_else(|| MomentError::Malformed { text: text.chars().take(40).collect() })
    }
}

impl From<Occurred> for Moment {
    fn from(occurred: Occurred) -> Self {
        Self { utc_s: occurred.utc_s, offset_min: occurred.offset_min }
    }
}

/// RFC 3339, in the offset in which the moment was stated.
impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let local = self.utc_s.saturating_add_signed(self.offset_min * 60);
        let text = utc_text(local);
        if self.offset_min == 0 {
            return f.write_str(&text);
        }
        let sign = if self.offset_min < 0 { '-' } else { '+' };
        let minutes = self.offset_min.unsigned_abs();
        write!(f, "{}{sign}{:02}:{:02}", text.trim_end_matches('Z'), minutes / 60, minutes % 60)
    }
}

/// How long something took, in the two largest units that matter.
pub fn format_span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3599 => format!("{minutes} min"),
        3600..=86_399 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

fn parse(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let time = rest.get(..8)?;
    let offset_min = parse_offset(rest.get(8..)?)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let is_time = hour < 24 && minute < 60 && second < 60;
    if !is_time || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let local = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let utc = local - offset_min * 60;
    let utc_s = u64::try_from(utc).ok().filter(|_| utc <= MAX_TIME_S)?;
    Some(Moment { utc_s, offset_min })
}

/// `Z`, or a sign, hours and minutes.
fn parse_offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let [hours, minutes] = numbers(text.get(1..)?, ':', [2, 2])?;
    let offset = hours * 60 + minutes;
    match text.as_bytes()[0] {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(offset),
        b'-' => Some(-offset),
        _ => None,
    }
}

/// Numbers of exactly the given widths, separated.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let parts: Vec<_> = text.split(separator).collect();
    let mut numbers = [0; N];
    if parts.len() != N {
        return None;
    }
    for ((number, part), width) in numbers.iter_mut().zip(parts).zip(widths) {
        let is_number = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = if is_number { part.parse().ok()? } else { return None };
    }
    Some(numbers)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    years + (1..month).map(|month| days_in(year, month)).sum::<i64>() + day - 1
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
        for text in ["2026-05-04T13:30:00+02:00", "2000-01-01T00:00:00-11:30"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn days_agree_with_the_calendar_of_the_reports() {
        for day in (0..2_932_896_u64).step_by(97) {
            let moment = Moment::utc(day * 86_400 + 3_723);
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }

    #[test]
    fn a_time_without_offset_or_out_of_the_calendar_is_refused() {
        for text in [
            "2026-05-04",
            "2026-05-04T13:30:00",
            "2026-05-04T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-05-04T13:30:00.5Z",
            "1969-12-31T23:59:59Z",
            "2026-5-04T13:30:00Z",
            "2026-05-04T13:30:00*02:00",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn spans_have_two_units() {
        assert_eq!(format_span(59), "59 s");
        assert_eq!(format_span(3_599), "59 min");
        assert_eq!(format_span(11_000), "3 h 3 min");
        assert_eq!(format_span(200_000), "2 d 7 h");
    }
}
