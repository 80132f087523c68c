//! Encodings: what is canonical, and every fault by its code and place.

use custody_core::cbor::{MAX_DEPTH, Reader, Value, check};

/// The canonical encodings of RFC 8949 appendix A that the formats can hold.
const CANONICAL: [&str; 30] = [
    "00",
    "01",
    "0a",
    "17",
    "1818",
    "1903e8",
    "1a000f4240",
    "1b000000e8d4a51000",
    "1bffffffffffffffff",
    "20",
    "29",
    "3863",
    "3903e7",
    "3b7fffffffffffffff",
    "f4",
    "f5",
    "f6",
    "40",
    "4401020304",
    "60",
    "6161",
    "62225c",
    "62c3bc",
    "63e6b0b4",
    "64f0908591",
    "80",
    "83010203",
    "8301820203820405",
    "a0",
    "a26161016162820203",
];

/// Encodings with a fault: hex, code, offset.
const FAULTS: [(&str, &str, usize); 44] = [
    ("", "cbor/truncated", 0),
    ("18", "cbor/truncated", 1),
    ("1bffffffffffffff", "cbor/truncated", 1),
    ("42ff", "cbor/truncated", 1),
    ("5bffffffffffffffff", "cbor/truncated", 9),
    ("7b7fffffffffffffff61", "cbor/truncated", 9),
    ("9bffffffffffffffff", "cbor/truncated", 9),
    ("bbffffffffffffffff", "cbor/truncated", 9),
    ("0000", "cbor/trailing-bytes", 1),
    ("a0a0", "cbor/trailing-bytes", 1),
    ("1817", "cbor/not-shortest", 0),
    ("1900ff", "cbor/not-shortest", 0),
    ("1a0000ffff", "cbor/not-shortest", 0),
    ("1b00000000ffffffff", "cbor/not-shortest", 0),
    ("3817", "cbor/not-shortest", 0),
    ("580101", "cbor/not-shortest", 0),
    ("780161", "cbor/not-shortest", 0),
    ("9800", "cbor/not-shortest", 0),
    ("b800", "cbor/not-shortest", 0),
    ("81001817", "cbor/trailing-bytes", 2),
    ("5f4101ff", "cbor/indefinite-length", 0),
    ("7f6161ff", "cbor/indefinite-length", 0),
    ("9fff", "cbor/indefinite-length", 0),
    ("bfff", "cbor/indefinite-length", 0),
    ("ff", "cbor/indefinite-length", 0),
    ("1c", "cbor/reserved", 0),
    ("5d", "cbor/reserved", 0),
    ("fe", "cbor/reserved", 0),
    ("a2616201616102", "cbor/unsorted-keys", 4),
    ("a262616101616202", "cbor/unsorted-keys", 5),
    ("a2616101616102", "cbor/duplicate-key", 4),
    ("c074323031332d30332d32315432303a30343a30305a", "cbor/tag", 0),
    ("c249010000000000000000", "cbor/tag", 0),
    ("d9d9f700", "cbor/tag", 0),
    ("f90000", "cbor/float", 0),
    ("fa47c35000", "cbor/float", 0),
    ("fb3ff199999999999a", "cbor/float", 0),
    ("f7", "cbor/simple-value", 0),
    ("f0", "cbor/simple-value", 0),
    ("f8ff", "cbor/simple-value", 0),
    ("f814", "cbor/simple-value", 0),
    ("3b8000000000000000", "cbor/out-of-range", 0),
    ("61ff", "cbor/not-utf8", 0),
    ("63eda080", "cbor/not-utf8", 0),
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn text(text: &str) -> Vec<u8> {
    Value::text(text).encode()
}

#[test]
fn canonical_items_are_taken_and_none_of_their_prefixes() {
    for hex in CANONICAL {
        let item = bytes(hex);
        check(&item).unwrap_or_else(|error| panic!("{hex}: {error}"));
        for length in 0..item.len() {
            assert_eq!(check(&item[..length]).unwrap_err().code(), "cbor/truncated", "{hex}");
        }
        let mut reader = Reader::new(&item);
        assert_eq!(reader.skip().unwrap(), item, "{hex}");
    }
}

#[test]
fn every_fault_has_its_code_and_place() {
    for (hex, code, offset) in FAULTS {
        let error = check(&bytes(hex)).expect_err(hex);
        assert_eq!((error.code(), error.offset), (code, offset), "{hex}");
    }
}

#[test]
fn a_fault_is_found_however_deep_it_lies() {
    for depth in 0..MAX_DEPTH {
        for (hex, code, offset) in FAULTS.iter().filter(|fault| fault.1 != "cbor/trailing-bytes") {
            let item = [vec![0x81; depth], bytes(hex)].concat();
            let error = check(&item).expect_err(hex);
            assert_eq!((error.code(), error.offset), (*code, offset + depth), "{hex}");
        }
    }
}

#[test]
fn sixteen_levels_are_taken_and_seventeen_are_not() {
    let nested = |levels| [vec![0x81; levels], vec![0x00]].concat();
    check(&nested(MAX_DEPTH)).unwrap();
    let error = check(&nested(MAX_DEPTH + 1)).unwrap_err();
    assert_eq!((error.code(), error.offset), ("cbor/too-deep", MAX_DEPTH));
    assert_eq!(check(&nested(1_000_000)).unwrap_err().code(), "cbor/too-deep");
    let maps = [[0xa1, 0x00].repeat(MAX_DEPTH + 1), vec![0x00]].concat();
    assert_eq!(check(&maps).unwrap_err().code(), "cbor/too-deep");
}

#[test]
fn text_reads_as_it_is_stored() {
    let unicode_14 = ["\u{1faf0}", "\u{9fff}", "\u{e000}", "\u{10fffd}"];
    for plain in unicode_14 {
        check(&text(plain)).unwrap();
    }
    for plain in ["", "two\nlines", "Zürich", "القاهرة", "東京", "\u{1f4ce}", "e\u{327}"]
    {
        let nfc = check(&text(plain));
        assert_eq!(nfc.is_ok(), plain != "e\u{327}", "{plain:?}");
    }
    let hidden = [
        "tab\there",
        "bell\u{7}",
        "nul\u{0}",
        "delete\u{7f}",
        "next line\u{85}",
        "e\u{301}",
        "a\u{30a}",
        "\u{212b}",
        "\u{1100}\u{1161}",
        "left\u{200e}",
        "right\u{200f}",
        "arabic\u{61c}",
        "embed\u{202a}",
        "override\u{202e}",
        "isolate\u{2066}",
        "pop\u{2069}",
        // Newer than Unicode 14: of 15.0, 15.1 and 16.0; never assigned; no character at all.
        "shaking\u{1fae8}",
        "\u{0cf3}",
        "\u{2ffc}",
        "\u{1c89}",
        "\u{0378}",
        "\u{fffe}",
        "\u{fdd0}",
        "\u{10ffff}",
    ];
    for text_ in hidden {
        assert_eq!(check(&text(text_)).unwrap_err().code(), "cbor/text", "{text_:?}");
    }
}

/// As many as Python 3.11 takes, which has Unicode 14.0.0: `foreign_second` compares each.
#[test]
fn so_many_characters_may_stand_alone() {
    let characters = (0..=0x10_ffff).filter_map(char::from_u32);
    let taken = characters.filter(|c| check(&text(&c.to_string())).is_ok()).count();
    assert_eq!(taken, 281_034);
}

#[test]
fn what_is_written_is_canonical_whatever_the_order_it_came_in() {
    let keys = ["b", "aa", "a", "", "ab"];
    let map = Value::map(keys.map(|key| (key, Value::Null)));
    check(&map.encode()).unwrap();
    let labels = [-65540, 15, 2, -1, 3, 24, 255, 256];
    let map = Value::labelled(labels.map(|label| (label, Value::Int(label))));
    check(&map.encode()).unwrap();
    for number in [0, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, u64::MAX] {
        let item = Value::Uint(number).encode();
        check(&item).unwrap();
        assert_eq!(Reader::new(&item).uint().unwrap(), number);
    }
    for number in [0, -1, -24, -25, -256, -257, -65_537, i64::MIN, i64::MAX] {
        let item = Value::Int(number).encode();
        check(&item).unwrap();
        assert_eq!(Reader::new(&item).int().unwrap(), number);
    }
}
