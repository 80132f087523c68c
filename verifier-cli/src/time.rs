//! The time of `--at`: RFC 3339, one spelling.

use std::str::FromStr;

/// A moment, as given on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtTime {
    /// Seconds since 1970, UTC.
    pub utc_s: u64,
}

impl FromStr for AtTime {
    type Err = String;

    /// Reads `YYYY-MM-DDTHH:MM:SS` with `Z` or an offset, from 1970 on. No fractions, no leap seconds.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected a time such as 2026-03-01T12:00:00Z or …+01:00".to_owned();
        parse(text).map(|utc_s| Self { utc_s }).ok_or_else(expected)
    }
}

fn parse(text: &str) -> Option<u64> {
    let (local, offset) = text.split_at_checked(19)?;
    let (date, time) = local.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let local_s = ((days_before(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    let utc_s = local_s - parse_offset(offset)?;
    u64::try_from(utc_s).ok().filter(|_| in_range)
}

/// Offset of the local time from UTC in seconds.
fn parse_offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let [hours, minutes] = numbers(&text[1..], ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

/// Decimal numbers of exactly these widths.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut values = [0; N];
    let mut parts = text.split(separator);
    for (value, width) in values.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width)?;
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        *value = part.parse().ok().filter(|_| is_number)?;
    }
    parts.next().is_none().then_some(values)
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

/// Days from 1970-01-01 to this date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let leap_days = |year: i64| (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let years = (year - 1970) * 365 + leap_days(year) - leap_days(1970);
    let months: i64 = (1..month.clamp(1, 12)).map(|month| days_in(year, month)).sum();
    years + months + day - 1
}
