//! Lists of pins: read, written, and each way to be none.

use custody_core::pins::{MAX_PINS, Pins};
use custody_tests::paper::story::Story;

/// What is wrong with a list, the list, and the code; `ok` where nothing is.
pub fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let honest = Story::enrolled().pins().to_string();
    let (genesis, agencies) = honest.split_once('\n').unwrap();
    let (first, _) = agencies.split_once('\n').unwrap();
    let with = |lines: &str| format!("{genesis}\n{lines}").into_bytes();
    let other_key = format!("{}{}", &first[..first.len() - 64], "ab".repeat(32));
    let not_utf8 = [honest.as_bytes(), b"\xff\n"].concat();
    vec![
        ("an honest list", honest.clone().into_bytes(), "ok"),
        ("no newline at its end", honest.trim_end().as_bytes().to_vec(), "ok"),
        ("no agency", format!("{genesis}\n").into_bytes(), "ok"),
        ("an agency with two keys", with(&format!("{first}\n{other_key}\n")), "ok"),
        ("nothing", Vec::new(), "pins/genesis"),
        ("no genesis", agencies.as_bytes().to_vec(), "pins/genesis"),
        ("a genesis in capitals", genesis.to_uppercase().into_bytes(), "pins/genesis"),
        ("a genesis of 63 digits", genesis[..genesis.len() - 1].into(), "pins/genesis"),
        ("a key of 63 digits", with(&first[..first.len() - 1]), "pins/line"),
        ("a key in capitals", with(&other_key.replace("ab", "AB")), "pins/line"),
        ("two spaces", with(&first.replacen(' ', "  ", 1)), "pins/line"),
        ("a custodian", with(&first.replacen("agency:", "custodian:", 1)), "pins/line"),
        ("an empty line", with("\n"), "pins/line"),
        ("a carriage return", with(&format!("{first}\r\n")), "pins/line"),
        ("not UTF-8", not_utf8, "pins/line"),
        ("a pin twice", with(&format!("{first}\n{first}\n")), "pins/duplicate"),
        ("too long", vec![b'x'; MAX_PINS + 1], "pins/oversize"),
        ("as long as may be", vec![b'x'; MAX_PINS], "pins/genesis"),
    ]
}

#[test]
fn each_list_is_taken_or_refused_with_its_code() {
    for (name, list, code) in cases() {
        let actual = Pins::parse(&list).map_or_else(|error| error.code(), |_| "ok");
        assert_eq!(actual, code, "{name}");
    }
}

#[test]
fn what_is_written_reads_back() {
    let pins = Story::enrolled().pins();
    assert_eq!(Pins::parse(pins.to_string().as_bytes()).unwrap(), pins);
}
