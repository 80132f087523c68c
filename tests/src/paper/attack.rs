//! The attacks that vectors are made of. Each differs from an honest file in exactly one way, and carries
//! it as far as it goes: signatures are made anew wherever the attacker could make them.

mod apart;
mod breach;
mod checkpoint;
mod compromise;
mod custody;
mod demand;
mod encoding;
mod envelope;
mod evidence;
mod exhibit;
mod file;
mod form;
mod history;
mod late;
mod manifest;
mod omission;
mod people;
mod range;
mod value;
mod variant;

use std::collections::BTreeMap;

use custody_core::hash::sha256;
use custody_core::merkle::LeafIndex;
use custody_core::pins::Pins;
use custody_core::policy::Policy;
use custody_core::record::body::RecordType;
use custody_log::signing::LogSigner;
use serde_json::json;

use super::cast::{START_S, public, uuid};
use super::ledger::PaperLedger;
use super::signing_key;
use super::story::{Cast, IMAGE, Story, pins_of};
use super::vector::{Folder, Vector, json_file};

/// Vectors of records alone: a folder for each type, and the ledger that they belong to beside them.
pub fn record_folders() -> Vec<Folder> {
    let (story, pages) = Story::with_pages();
    let mut folders: BTreeMap<&str, Vec<Vector>> = BTreeMap::new();
    for record_type in RecordType::ALL {
        let first = (0..story.ledger.records.len()).find(|index| {
            story.ledger.record(LeafIndex(*index as u64)).record_type() == *record_type
        });
        let bytes = story.ledger.records[first.unwrap()].clone();
        let desc = format!("a `{record_type}` as it should be");
        folders.insert(record_type.word(), vec![Vector::record("happy-path", &desc, "ok", bytes)]);
    }
    let bad = [
        envelope::vectors(),
        form::vectors(),
        value::vectors(),
        encoding::record_vectors(),
        demand::vectors(&story, &pages),
        variant::vectors(&story),
        range::vectors(&story),
    ]
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

/// Vectors of exhibits: the story's, and every attack on it.
pub fn exhibit_folders() -> Vec<Folder> {
    let story = Story::whole();
    let cases = [
        manifest::cases(),
        evidence::cases(),
        history::cases(),
        people::cases(),
        late::cases(),
        compromise::cases(),
        checkpoint::cases(),
        file::cases(),
    ];
    let at_s = story.ledger.now_s() + 7200;
    let vectors = cases.concat().into_iter().map(|case| case.vector(at_s)).collect();
    let mut beside = checkpoint::beside();
    beside.extend(compromise::beside());
    beside.extend(readers(&story));
    let mut one_bit_off = IMAGE.to_vec();
    one_bit_off[0] ^= 1;
    beside.extend([
        (exhibit::EVIDENCE.to_owned(), IMAGE.to_vec()),
        ("evidence/image-one-bit-off.raw".to_owned(), one_bit_off),
        ("evidence/another-file.raw".to_owned(), b"another file".to_vec()),
    ]);
    let image = Folder { path: "exhibit/image".to_owned(), beside, vectors };
    vec![image, custody_folder(&story), small_folder()]
}

/// The whole of custody: the same people and readers, other items.
fn custody_folder(story: &Story) -> Folder {
    // The evening of the day on which all of it happens.
    let at_s = START_S + 12 * 3600;
    let cases = [custody::cases(), breach::cases(), omission::cases(), apart::cases()].concat();
    let beside = vec![
        (exhibit::POLICY.to_owned(), story.policy().format()),
        (exhibit::AGENCIES.to_owned(), story.pins().to_string().into_bytes()),
        (exhibit::EVIDENCE.to_owned(), IMAGE.to_vec()),
    ];
    let vectors = cases.into_iter().map(|case| case.vector(at_s)).collect();
    Folder { path: "exhibit/custody".to_owned(), beside, vectors }
}

/// The smallest exhibit there is: one agency, one person, one file. Every bit of it is flipped in tests.
fn small_folder() -> Folder {
    let Cast { north, ana, .. } = Cast::new();
    let mut ledger = PaperLedger::found(&[&north]);
    ledger.write(&ledger.custodian_enrol(&north, &ana));
    let file = uuid("file");
    ledger.write(&ledger.collect_file(&ana, file, IMAGE));
    let exhibit = ledger.exhibit(file, &ana).encode();
    let policy = Policy::for_log(ledger.signer.keys().clone(), Vec::new(), None).unwrap();
    let case = exhibit::Case::verified("happy-path", "one file, collected by one person", exhibit);
    let beside = vec![
        (exhibit::POLICY.to_owned(), policy.format()),
        (exhibit::AGENCIES.to_owned(), pins_of(&ledger, &[&north]).to_string().into_bytes()),
        (exhibit::EVIDENCE.to_owned(), IMAGE.to_vec()),
    ];
    let vectors = vec![case.vector(ledger.now_s() + 7200)];
    Folder { path: "exhibit/small".to_owned(), beside, vectors }
}

/// Policies and pins, the usual and others.
fn readers(story: &Story) -> Vec<(String, Vec<u8>)> {
    let policy = |signer: &LogSigner| story.policy_of(signer).format();
    let usual = story.pins();
    let pins = |change: &dyn Fn(&mut Pins)| {
        let mut pins = usual.clone();
        change(&mut pins);
        pins.to_string().into_bytes()
    };
    let recovery = public(&story.cast.south.recovery).kid();
    let stranger = public(&signing_key("stranger")).kid();
    let south = usual.agencies.iter().position(|pin| pin.0 == story.cast.south.id).unwrap();
    let transit = story.cast.transit.id;
    let second = public(&signing_key(people::TRANSITS_SECOND)).kid();
    let carriers = usual.agencies.iter().position(|pin| pin.0 == transit).unwrap();
    let files = [
        (exhibit::POLICY, policy(&story.ledger.signer)),
        (compromise::BOTH, story.policy_wanting(Some(2)).format()),
        (compromise::NONE, story.policy_wanting(None).format()),
        ("policy-other-keys.txt", policy(&checkpoint::other_signer(story.ledger.origin.as_str()))),
        ("policy-other-log.txt", policy(&checkpoint::other_signer("ledger.example/other"))),
        ("policy-two-logs.txt", two_logs(story)),
        (exhibit::AGENCIES, pins(&|_| {})),
        ("agencies-another-genesis.txt", pins(&|pins| pins.genesis = sha256(b"another"))),
        ("agencies-another-key.txt", pins(&|pins| pins.agencies[south].1 = stranger)),
        ("agencies-recovery-key.txt", pins(&|pins| pins.agencies[south].1 = recovery)),
        ("agencies-transits-second-key.txt", pins(&|pins| pins.agencies[carriers].1 = second)),
        (
            "agencies-without-transit.txt",
            pins(&|pins| pins.agencies.retain(|pin| pin.0 != transit)),
        ),
    ];
    files.map(|(name, bytes)| (name.to_owned(), bytes)).to_vec()
}

/// The usual policy, which knows another log as well.
fn two_logs(story: &Story) -> Vec<u8> {
    let other = PaperLedger::blank("ledger.example/other");
    let [other, usual] = [&other.signer, &story.ledger.signer].map(|signer| {
        let policy = story.policy_of(signer).format();
        String::from_utf8(policy).unwrap()
    });
    let logs = other.lines().filter(|line| line.starts_with("log "));
    logs.map(|line| format!("{line}\n"))
        .collect::<String>()
        .into_bytes()
        .into_iter()
        .chain(usual.into_bytes())
        .collect()
}

/// The public keys of everybody in the story, whether they sign with them at this moment or not.
fn keys(story: &Story) -> Vec<String> {
    let cast = &story.cast;
    let people = [&cast.ana, &cast.wim, &cast.ben, &cast.caro, &cast.dora];
    let agencies = [&cast.north, &cast.south, &cast.transit];
    let mut keys: Vec<_> = people.iter().map(|person| person.key.clone()).collect();
    keys.extend(agencies.iter().flat_map(|agency| [agency.key.clone(), agency.recovery.clone()]));
    keys.push(story.ledger.operator());
    keys.push(story.second_key());
    let hex = |key: &ed25519_dalek::SigningKey| {
        public(key).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    keys.iter().map(hex).collect()
}
