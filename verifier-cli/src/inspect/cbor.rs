//! CBOR of any form. The strict check comes first: the decoder behind it is lenient.

use custody_core::cbor::check;
use serde_cbor::Value;

use super::node::Node;

/// Shows an item that must be canonical.
pub fn item(bytes: &[u8]) -> Node {
    let decoded = check(bytes).ok().and_then(|()| serde_cbor::from_slice(bytes).ok());
    decoded.map_or_else(|| Node::hex(bytes), |value: Value| node(&value))
}

fn node(value: &Value) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(*value),
        Value::Integer(value) => Node::Number(*value),
        Value::Bytes(bytes) => Node::hex(bytes),
        Value::Text(text) => Node::text(text),
        Value::Array(items) => Node::list(items.iter().map(node)),
        Value::Map(pairs) => {
            Node::Map(pairs.iter().map(|(key, value)| (name(key), node(value))).collect())
        }
        // The check lets neither floats nor tags through.
        _ => Node::text("?"),
    }
}

fn name(key: &Value) -> String {
    match node(key) {
        Node::Text(text) => text,
        Node::Number(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}
