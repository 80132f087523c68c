//! Numbers in texts of others, in paths, queries and protocols.

/// A number as everybody writes it: digits, without a sign and without zeros before them. What has two spellings has two
/// paths.
pub fn parse_number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_one_spelling = text == "0" || !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain && is_one_spelling)
}
