//! Canonical CBOR as a tree, to change one place of a file and nothing else.

use custody_core::cbor::{Reader, Value};

/// A step into a tree.
#[derive(Clone, Copy, Debug)]
pub enum At<'a> {
    /// The value of a text key.
    Key(&'a str),
    /// The value of an integer key.
    Label(i64),
    /// An item of an array.
    Item(usize),
    /// The item that a byte string holds, or the message that it holds behind tag 98.
    Inside,
}

/// The tree of a canonical item.
pub fn decode(bytes: &[u8]) -> Value {
    let mut reader = Reader::new(bytes);
    let value = item(bytes, &mut reader);
    reader.end().unwrap();
    value
}

fn item(bytes: &[u8], reader: &mut Reader<'_>) -> Value {
    match bytes[reader.offset()] >> 5 {
        0 => Value::Uint(reader.uint().unwrap()),
        1 => Value::Int(reader.int().unwrap()),
        2 => Value::bytes(reader.bytes().unwrap()),
        3 => Value::text(reader.text().unwrap()),
        4 => {
            let count = reader.array(0, usize::MAX).unwrap();
            Value::array((0..count).map(|_| item(bytes, reader)))
        }
        5 => {
            let count = reader.map(usize::MAX).unwrap();
            Value::Map((0..count).map(|_| (item(bytes, reader), item(bytes, reader))).collect())
        }
        _ => Value::Encoded(reader.skip().unwrap().to_vec()),
    }
}

/// The file with the value at `path` changed.
pub fn edit(bytes: &[u8], path: &[At<'_>], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut root = decode(bytes);
    walk(&mut root, path, Box::new(change));
    root.encode()
}

/// The value at `path`.
pub fn get(bytes: &[u8], path: &[At<'_>]) -> Value {
    let mut found = None;
    edit(bytes, path, |value| found = Some(value.clone()));
    found.unwrap()
}

fn walk(value: &mut Value, path: &[At<'_>], change: Box<dyn FnOnce(&mut Value) + '_>) {
    let Some((step, rest)) = path.split_first() else { return change(value) };
    match (step, value) {
        (At::Key(key), Value::Map(pairs)) => walk(find(pairs, &Value::text(*key)), rest, change),
        (At::Label(label), Value::Map(pairs)) => {
            let key = if *label < 0 { Value::Int(*label) } else { Value::Uint(*label as u64) };
            walk(find(pairs, &key), rest, change);
        }
        (At::Item(index), Value::Array(items)) => walk(&mut items[*index], rest, change),
        (At::Inside, Value::Bytes(bytes)) => {
            let tag = if bytes.starts_with(&[0xd8, 98]) { 2 } else { 0 };
            let inner = edit(&bytes[tag..], rest, change);
            bytes.truncate(tag);
            bytes.extend(inner);
        }
        (step, value) => panic!("no {step:?} in {value:?}"),
    }
}

fn find<'v>(pairs: &'v mut [(Value, Value)], key: &Value) -> &'v mut Value {
    let pair = pairs.iter_mut().find(|(known, _)| known == key);
    &mut pair.unwrap_or_else(|| panic!("no key {key:?}")).1
}
