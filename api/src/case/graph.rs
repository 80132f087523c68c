//! The graph that is written: nodes with ids that are the same whenever the same ledger is written.

use custody_core::id::Origin;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

/// The namespace of URLs, RFC 9562 section 6.6.
const URLS: [u8; 16] = [
    0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
];

/// A document in the making.
pub(super) struct Graph {
    base: String,
    nodes: Vec<Value>,
}

impl Graph {
    /// A document about the ledger called `origin`. Nothing need lie at the addresses that its ids have.
    pub fn new(origin: &Origin) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        let origin = origin.to_string();
        let path = origin.bytes().map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        });
        Self { base: format!("https://{}/case/", path.collect::<String>()), nodes: Vec::new() }
    }

    /// The id of a node of our own making: a UUID of version 5 over what it is and what it belongs to.
    pub fn made_id(&self, kind: &str, of: &str) -> String {
        let name = format!("{}{kind}/{of}", self.base);
        let digest = Sha1::new().chain_update(URLS).chain_update(name).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x50;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = crate::ewf::hex(&bytes);
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        format!("kb:{kind}-{}", parts.join("-"))
    }

    pub fn add(&mut self, node: Value) {
        self.nodes.push(node);
    }

    /// The ids of all nodes so far.
    pub fn ids(&self) -> Vec<Value> {
        self.nodes.iter().map(|node| json!({ "@id": node["@id"] })).collect()
    }

    /// The document. Members are sorted, so that equal graphs have equal bytes.
    pub fn format(self) -> String {
        let uco = |part: &str| super::uco(part, "");
        let document = json!({
            "@context": {
                "kb": self.base,
                "custody": format!("{}custody#", self.base),
                "case-investigation": super::INVESTIGATION,
                "uco-action": uco("action"),
                "uco-core": uco("core"),
                "uco-identity": uco("identity"),
                "uco-location": uco("location"),
                "uco-observable": uco("observable"),
                "uco-tool": uco("tool"),
                "uco-types": uco("types"),
                "xsd": "http://www.w3.org/2001/XMLSchema#",
            },
            "@graph": self.nodes,
        });
        format!("{document:#}\n")
    }
}

/// A reference to a node.
pub(super) fn reference(id: &str) -> Value {
    json!({ "@id": id })
}

/// A value with its type in XML Schema.
pub(super) fn typed(kind: &str, value: impl ToString) -> Value {
    json!({ "@type": format!("xsd:{kind}"), "@value": value.to_string() })
}
