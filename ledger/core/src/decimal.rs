//! Numbers as the C2SP formats write them: ASCII decimal, no sign, no leading zeros.

/// The number in `text`, or `None` unless it is the one spelling of a `u64`.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    // u64::MAX has 20 digits.
    let fits = !text.is_empty() && text.len() <= 20;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if !fits || !digits || leading_zero {
        return None;
    }
    text.parse().ok()
}
