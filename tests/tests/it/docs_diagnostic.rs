//! CBOR diagnostic notation (RFC 8949 section 8), written by a decoder that shares nothing with ours,
//! so that SPEC's examples are read by other eyes than those that wrote them.

/// The item in `bytes`, which are one item, without spaces. A byte string that is itself a map in CBOR
/// is written as `<<...>>`.
pub fn diagnostic(bytes: &[u8]) -> String {
    let (text, rest) = item(bytes).expect("a CBOR item");
    assert!(rest.is_empty(), "{} bytes follow the item", rest.len());
    text
}

/// Diagnostic notation as people write it, brought to the form of [`diagnostic`]: comments from `#` to
/// the end of a line and spaces are dropped outside of text.
pub fn squeeze(notation: &str) -> String {
    let mut squeezed = String::new();
    for line in notation.lines() {
        let mut in_text = false;
        for c in line.chars() {
            match c {
                '"' => in_text = !in_text,
                '#' if !in_text => break,
                ' ' if !in_text => continue,
                _ => {}
            }
            squeezed.push(c);
        }
    }
    squeezed
}

fn item(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (major, argument, rest) = head(bytes)?;
    match major {
        0 => Some((argument.to_string(), rest)),
        1 => Some((format!("-{}", u128::from(argument) + 1), rest)),
        2 => {
            let (string, rest) = rest.split_at_checked(argument as usize)?;
            Some((byte_string(string), rest))
        }
        3 => {
            let (text, rest) = rest.split_at_checked(argument as usize)?;
            Some((format!("{:?}", std::str::from_utf8(text).ok()?), rest))
        }
        4 => {
            let (items, rest) = items(rest, argument)?;
            Some((format!("[{}]", items.join(",")), rest))
        }
        5 => {
            let (items, rest) = items(rest, 2 * argument)?;
            let pairs: Vec<_> = items.chunks(2).map(|pair| pair.join(":")).collect();
            Some((format!("{{{}}}", pairs.join(",")), rest))
        }
        6 => {
            let (inner, rest) = item(rest)?;
            Some((format!("{argument}({inner})"), rest))
        }
        _ if argument == 22 => Some(("null".into(), rest)),
        _ => None,
    }
}

fn items(mut bytes: &[u8], count: u64) -> Option<(Vec<String>, &[u8])> {
    let mut items = Vec::new();
    for _ in 0..count {
        let (text, rest) = item(bytes)?;
        items.push(text);
        bytes = rest;
    }
    Some((items, bytes))
}

fn byte_string(string: &[u8]) -> String {
    let is_map = string.first().is_some_and(|first| first >> 5 == 5) && string.len() > 1;
    match item(string) {
        Some((text, [])) if is_map => format!("<<{text}>>"),
        _ => format!("h'{}'", hex(string)),
    }
}

fn head(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let length = match first & 0x1f {
        small @ 0..=23 => return Some((first >> 5, u64::from(small), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (argument, rest) = rest.split_at_checked(length)?;
    let argument = argument.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((first >> 5, argument, rest))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
