//! Signed messages: records, offers, manifests.

use custody_core::cose::{Message, Role, SignatureLine};
use custody_core::hash::Hash;
use custody_core::record::{Offer, Record};
use custody_core::verify::utc_text;

use super::cbor;
use super::node::Node;

/// Whether the bytes begin as a signed message does: with CBOR tag 98.
pub fn is_tagged(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xd8, 98])
}

/// Shows a record.
pub fn record(record: &Record) -> Node {
    message(record.message(), record.digest(), Node::Null)
}

/// Shows a record that lacks signatures.
pub fn offer(offer: &Offer) -> Node {
    let next = offer.next_signer();
    let next = next.map(|signer| Node::text(format!("{} as {}", signer.id, role(signer.role))));
    message(offer.message(), offer.digest(), next.unwrap_or(Node::Null))
}

/// Shows any signed message.
pub fn message(message: &Message, digest: Hash, next_signer: Node) -> Node {
    let header = message.header();
    let genesis = header.genesis.map_or(Node::Null, Node::shown);
    let mut parts = vec![
        ("digest", Node::shown(digest)),
        ("ledger", Node::shown(&header.origin)),
        ("genesis", genesis),
        ("payload", cbor::item(message.payload())),
        ("signatures", Node::list(message.signatures().iter().map(signature))),
    ];
    if !matches!(next_signer, Node::Null) {
        parts.push(("waiting for", next_signer));
    }
    Node::map(parts)
}

fn signature(line: &SignatureLine) -> Node {
    let header = &line.header;
    let mut parts = vec![
        ("role", Node::text(role(header.role))),
        ("key", Node::shown(header.kid)),
        ("signed at", Node::text(utc_text(header.iat_s))),
    ];
    parts.extend(header.countersigned.map(|digest| ("countersigns", Node::shown(digest))));
    if let Some(observed) = &header.observed {
        let checked = observed.checked.iter().map(Node::shown);
        let found = observed.outcomes.iter().map(|outcome| {
            Node::text(format!("subject {}: {}", outcome.position, outcome.finding))
        });
        parts.push(("checked", Node::list(checked)));
        parts.push(("found", Node::list(found)));
    }
    Node::map(parts)
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Releasing => "releasing",
        Role::Receiving => "receiving",
        Role::Witness => "witness",
        Role::Supervisor => "supervisor",
        Role::Authority => "agency authority",
        Role::Operator => "operator",
        Role::OtherParty => "other party",
        Role::NewKey => "new key",
        Role::Acting => "acting custodian",
    }
}
