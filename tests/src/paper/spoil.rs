//! Every way in which an encoding can fail to be the canonical one, applied to one map or array.

use custody_core::cbor::Value;

/// A way to spoil an encoding.
#[derive(Clone, Copy, Debug)]
pub struct Spoil {
    /// Its name in file names.
    pub name: &'static str,
    /// What it does.
    pub desc: &'static str,
    /// The code with which it is refused.
    pub code: &'static str,
    /// Whether it needs two keys of a map.
    pub is_about_keys: bool,
    apply: fn(&Parts) -> Vec<u8>,
}

/// A map or array in pieces: `items` are its pairs or items, encoded.
struct Parts {
    major: u8,
    items: Vec<Vec<u8>>,
    /// What is put in place of the first item's value: its key, then the value given.
    first_key: Vec<u8>,
}

/// All of them.
pub const SPOILS: [Spoil; 15] = [
    spoil("truncated", "its last byte is missing", "cbor/truncated", |parts| {
        let mut bytes = parts.encode();
        bytes.pop();
        bytes
    }),
    spoil("trailing-byte", "a byte follows it", "cbor/trailing-bytes", |parts| {
        [parts.encode(), vec![0x00]].concat()
    }),
    spoil(
        "long-head",
        "its length takes a byte more than it needs",
        "cbor/not-shortest",
        |parts| {
            let head = vec![parts.major << 5 | 24, parts.items.len() as u8];
            [head, parts.items.concat()].concat()
        },
    ),
    spoil("long-integer", "23 takes two bytes", "cbor/not-shortest", |parts| {
        parts.with_first(&[0x18, 23])
    }),
    spoil("indefinite-length", "its length is indefinite", "cbor/indefinite-length", |parts| {
        [vec![parts.major << 5 | 31], parts.items.concat(), vec![0xff]].concat()
    }),
    spoil("indefinite-text", "a text comes in chunks", "cbor/indefinite-length", |parts| {
        parts.with_first(&[0x7f, 0x61, b'a', 0xff])
    }),
    spoil("reserved-head", "an item has a reserved head", "cbor/reserved", |parts| {
        parts.with_first(&[0x1c])
    }),
    spoil("tag", "a date is tagged", "cbor/tag", |parts| parts.with_first(&[0xc1, 0x00])),
    spoil("bignum", "an integer is written as a bignum", "cbor/tag", |parts| {
        parts.with_first(&[0xc2, 0x41, 0x01])
    }),
    spoil("float", "an integer is written as 1.0", "cbor/float", |parts| {
        parts.with_first(&[0xf9, 0x3c, 0x00])
    }),
    spoil("undefined", "a value is undefined", "cbor/simple-value", |parts| {
        parts.with_first(&[0xf7])
    }),
    spoil("not-utf8", "a text is not UTF-8", "cbor/not-utf8", |parts| {
        parts.with_first(&[0x62, 0xc3, 0x28])
    }),
    spoil("not-nfc", "a text has an accent of its own", "cbor/text", |parts| {
        parts.with_first(&[0x63, b'e', 0xcc, 0x81])
    }),
    Spoil {
        is_about_keys: true,
        ..spoil("unsorted-keys", "two keys are swapped", "cbor/unsorted-keys", |parts| {
            let mut items = parts.items.clone();
            items.swap(0, 1);
            [vec![parts.major << 5 | items.len() as u8], items.concat()].concat()
        })
    },
    Spoil {
        is_about_keys: true,
        ..spoil("duplicate-key", "a key occurs twice", "cbor/duplicate-key", |parts| {
            let head = vec![parts.major << 5 | (parts.items.len() + 1) as u8];
            [head, parts.items[0].clone(), parts.items.concat()].concat()
        })
    },
];

const fn spoil(
    name: &'static str,
    desc: &'static str,
    code: &'static str,
    apply: fn(&Parts) -> Vec<u8>,
) -> Spoil {
    Spoil { name, desc, code, is_about_keys: false, apply }
}

impl Spoil {
    /// The spoilt encoding of `value`, a map or array of at most 22 items, as an item to be put anywhere.
    pub fn apply(&self, value: &Value) -> Value {
        Value::Encoded((self.apply)(&Parts::of(value)))
    }
}

impl Parts {
    fn of(value: &Value) -> Self {
        match value {
            Value::Map(pairs) => {
                let mut items: Vec<_> = pairs
                    .iter()
                    .map(|(key, value)| [key.encode(), value.encode()].concat())
                    .collect();
                items.sort();
                let keys = pairs.iter().map(|(key, _)| key.encode());
                Self { major: 5, items, first_key: keys.min().unwrap() }
            }
            Value::Array(items) => {
                let items = items.iter().map(Value::encode).collect();
                Self { major: 4, items, first_key: Vec::new() }
            }
            other => panic!("{other:?} is neither map nor array"),
        }
    }

    fn encode(&self) -> Vec<u8> {
        [vec![self.major << 5 | self.items.len() as u8], self.items.concat()].concat()
    }

    fn with_first(&self, value: &[u8]) -> Vec<u8> {
        let head = vec![self.major << 5 | self.items.len() as u8];
        [head, self.first_key.clone(), value.to_vec(), self.items[1..].concat()].concat()
    }
}

/// Arrays nested one level deeper than is allowed.
pub fn too_deep() -> Value {
    Value::Encoded([vec![0x81; custody_core::cbor::MAX_DEPTH + 1], vec![0x00]].concat())
}
