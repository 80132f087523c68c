//! Text files: checkpoints, receipts, policies, pins.

use custody_core::checkpoint::Checkpoint;
use custody_core::note::VerifierKey;
use custody_core::pins::Pins;
use custody_core::policy::{Log, Policy, Witness};
use custody_core::receipt::Receipt;

use super::node::Node;

/// Shows a checkpoint.
pub fn checkpoint(checkpoint: &Checkpoint) -> Node {
    let signatures = checkpoint.signatures().iter().map(|line| {
        Node::map([("name", Node::text(line.name())), ("key id", Node::shown(line.key_id()))])
    });
    Node::map([
        ("ledger", Node::shown(checkpoint.origin())),
        ("size", Node::number(checkpoint.size().0)),
        ("root", Node::shown(checkpoint.root())),
        ("signatures", Node::list(signatures)),
    ])
}

/// Shows a receipt.
pub fn receipt(receipt: &Receipt) -> Node {
    Node::map([
        ("entry", Node::number(receipt.proof().index.0)),
        ("path", Node::list(receipt.proof().hashes.iter().map(Node::shown))),
        ("extra", receipt.extra().map_or(Node::Null, Node::hex)),
        ("checkpoint", checkpoint(receipt.checkpoint())),
    ])
}

/// Shows a trust policy.
pub fn policy(policy: &Policy) -> Node {
    let log = |log: &Log| {
        let keys = [log.keys().ed25519(), log.keys().mldsa44()];
        Node::map([
            ("origin", Node::shown(log.keys().origin())),
            ("keys", Node::list(keys.map(key))),
            ("url", log.url().map_or(Node::Null, Node::shown)),
        ])
    };
    let witness = |witness: &Witness| {
        Node::map([
            ("name", Node::shown(witness.name())),
            ("key", key(witness.key())),
            ("url", witness.url().map_or(Node::Null, Node::shown)),
        ])
    };
    let file = policy.format();
    let file = String::from_utf8_lossy(&file);
    let rules = file.lines().filter(|line| line.starts_with("group") || line.starts_with("quorum"));
    Node::map([
        ("logs", Node::list(policy.logs().iter().map(log))),
        ("witnesses", Node::list(policy.witnesses().iter().map(witness))),
        ("rules", Node::list(rules.map(Node::text))),
    ])
}

/// Shows pins.
pub fn pins(pins: &Pins) -> Node {
    let agency = |(agency, kid): &(_, _)| {
        let agency = custody_core::id::SubjectId::Agency(*agency);
        Node::map([("agency", Node::shown(agency)), ("key", Node::shown(kid))])
    };
    Node::map([
        ("genesis", Node::shown(pins.genesis)),
        ("agencies", Node::list(pins.agencies.iter().map(agency))),
    ])
}

fn key(key: &VerifierKey) -> Node {
    Node::text(format!("{:?} {}", key.algorithm(), key.id()))
}
