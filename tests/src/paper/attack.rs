//! The attacks that vectors are made of. Each differs from an honest file in exactly one way, and carries
//! it as far as it goes: signatures are made anew wherever the attacker could make them.

mod encoding;
mod envelope;
mod form;
mod value;

use std::collections::BTreeMap;

use serde_json::json;

use super::cast::public;
use super::signing_key;
use super::story::Story;
use super::vector::{Folder, Vector, json_file};
use custody_core::merkle::LeafIndex;
use custody_core::record::body::RecordType;

/// Vectors of records alone: a folder for each type, and the ledger that they belong to beside them.
pub fn record_folders() -> Vec<Folder> {
    let story = Story::every_type();
    let mut folders: BTreeMap<&str, Vec<Vector>> = BTreeMap::new();
    for record_type in RecordType::ALL {
        let first = (0..story.ledger.records.len()).find(|index| {
            story.ledger.record(LeafIndex(*index as u64)).record_type() == *record_type
        });
        let bytes = story.ledger.records[first.unwrap()].clone();
        let desc = format!("a `{record_type}` as it should be");
        folders.insert(record_type.word(), vec![Vector::record("happy-path", &desc, "ok", bytes)]);
    }
    let bad = [envelope::vectors(), form::vectors(), value::vectors(), encoding::record_vectors()]
        .concat();
    for (folder, vector) in bad {
        folders.get_mut(folder).unwrap().push(vector);
    }
    let ledger = json!({
        "origin": story.ledger.origin.as_str(),
        "genesis": story.ledger.genesis().unwrap().to_string(),
        "keys": keys(&story),
    });
    let beside = vec![("ledger.json".to_owned(), json_file(&ledger))];
    let mut all = vec![Folder { path: "record".to_owned(), beside, vectors: Vec::new() }];
    all.extend(folders.into_iter().map(|(name, vectors)| Folder {
        path: format!("record/{name}"),
        beside: Vec::new(),
        vectors,
    }));
    all
}

/// The public keys of everybody in the story, whether they sign with them at this moment or not.
fn keys(story: &Story) -> Vec<String> {
    let cast = &story.cast;
    let people = [&cast.ana, &cast.wim, &cast.ben, &cast.caro, &cast.dora];
    let agencies = [&cast.north, &cast.south, &cast.transit];
    let mut keys: Vec<_> = people.iter().map(|person| person.key.clone()).collect();
    keys.extend(agencies.iter().flat_map(|agency| [agency.key.clone(), agency.recovery.clone()]));
    keys.push(signing_key(&format!("{} operator", story.ledger.origin)));
    keys.push(story.second_key());
    let hex = |key: &ed25519_dalek::SigningKey| {
        public(key).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    keys.iter().map(hex).collect()
}
