//! Exhibits and entries.

use custody_core::entry::Entry;
use custody_core::exhibit::{ContentsOpening, Exhibit, Placed};
use custody_core::id::SubjectId;
use custody_core::verify::utc_text;

use super::node::Node;
use super::{cbor, message, note};

/// Shows an entry.
pub fn entry(entry: &Entry) -> Node {
    Node::map([
        ("accepted at", Node::text(utc_text(entry.accepted_ms / 1000))),
        ("accepted", Node::number(entry.accepted_ms)),
        ("index root", Node::shown(entry.index_root)),
        ("record", Node::shown(entry.record)),
    ])
}

/// Shows an exhibit.
pub fn exhibit(exhibit: &Exhibit) -> Node {
    let contents = exhibit.contents();
    let manifest = exhibit.signed_manifest();
    let subjects = contents.subjects.iter().map(|lookup| Node::shown(&lookup.subject));
    let sizes = contents.consistency.iter().map(|earlier| Node::number(earlier.size.0));
    Node::map([
        ("item", Node::shown(SubjectId::Item(contents.item))),
        ("manifest", message::message(manifest, manifest.digest(), Node::Null)),
        ("checkpoint", note::checkpoint(&contents.checkpoint)),
        ("histories", Node::list(subjects)),
        ("records", Node::list(contents.records.iter().map(placed))),
        ("openings", Node::list(contents.openings.iter().map(opening))),
        ("consistent with sizes", Node::list(sizes)),
        ("handling", Node::list(contents.handling.iter().map(Node::text))),
    ])
}

fn placed(placed: &Placed) -> Node {
    Node::map([
        ("entry", Node::number(placed.index.0)),
        ("accepted at", Node::text(utc_text(placed.accepted_ms / 1000))),
        ("type", Node::shown(placed.record.record_type())),
        ("record", message::record(&placed.record)),
    ])
}

fn opening(opening: &ContentsOpening) -> Node {
    Node::map([
        ("entry", Node::number(opening.index.0)),
        ("field", Node::text(&opening.opening.field)),
        ("value", cbor::item(&opening.opening.value)),
    ])
}
