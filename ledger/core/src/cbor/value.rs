use crate::hash::Hash;

/// An item to be written. Encoding sorts map keys and uses shortest forms, whatever order it was built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An unsigned integer.
    Uint(u64),
    /// An integer of either sign.
    Int(i64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text string.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// A map.
    Map(Vec<(Value, Value)>),
    /// Null.
    Null,
    /// An item that is encoded already.
    Encoded(Vec<u8>),
}

impl Value {
    /// A byte string.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self::Bytes(bytes.as_ref().to_vec())
    }

    /// A text string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An array of `items`.
    pub fn array(items: impl IntoIterator<Item = Value>) -> Self {
        Self::Array(items.into_iter().collect())
    }

    /// A map with text keys.
    pub fn map<'k>(pairs: impl IntoIterator<Item = (&'k str, Value)>) -> Self {
        Self::Map(pairs.into_iter().map(|(key, value)| (Self::text(key), value)).collect())
    }

    /// A map with integer keys, as COSE headers and keys have them.
    pub fn labelled(pairs: impl IntoIterator<Item = (i64, Value)>) -> Self {
        Self::Map(pairs.into_iter().map(|(label, value)| (Self::Int(label), value)).collect())
    }

    /// The deterministic encoding, RFC 8949 section 4.2.1.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out);
        out
    }

    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Uint(value) => encode_head(out, 0, *value),
            Self::Int(value) if *value < 0 => encode_head(out, 1, !*value as u64),
            Self::Int(value) => encode_head(out, 0, *value as u64),
            Self::Bytes(bytes) => {
                encode_head(out, 2, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            Self::Text(text) => {
                encode_head(out, 3, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Array(items) => {
                encode_head(out, 4, items.len() as u64);
                items.iter().for_each(|item| item.encode_into(out));
            }
            Self::Map(pairs) => encode_map(out, pairs),
            Self::Null => out.push(0xf6),
            Self::Encoded(bytes) => out.extend_from_slice(bytes),
        }
    }
}

impl From<Hash> for Value {
    fn from(hash: Hash) -> Self {
        Self::bytes(hash)
    }
}

fn encode_map(out: &mut Vec<u8>, pairs: &[(Value, Value)]) {
    let mut encoded: Vec<_> = pairs.iter().map(|(key, value)| (key.encode(), value)).collect();
    encoded.sort_by(|(left, _), (right, _)| left.cmp(right));
    encode_head(out, 5, encoded.len() as u64);
    for (key, value) in encoded {
        out.extend_from_slice(&key);
        value.encode_into(out);
    }
}

/// Appends a byte string, for the few places where building a [`Value`] would copy too much.
pub(crate) fn encode_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    encode_head(out, 2, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn encode_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..=23 => out.push(major | argument as u8),
        24..=0xff => out.extend_from_slice(&[major | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend_from_slice(&(argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend_from_slice(&(argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}
