//! The exhibit of one item of a large manifest: of the others it holds ids, places in their chains, and what the
//! receiver found of them, since all of that is in the one record. Nothing else.

use std::path::Path;

use custody_api::desk::Desk;
use custody_api::export::{Export, Exporter, make};
use custody_api::handling::Recipient;
use custody_api::ledger_keys::{log_keys, pins};
use custody_core::cbor::Value;
use custody_core::cose::{Check, Finding, Observed, Outcome, Role};
use custody_core::exhibit::{Contents, Exhibit};
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::policy::Policy;
use custody_core::record::body::{
    Body, Collect, ItemKind, MovePurpose, Receive, RecordType, Release,
};
use custody_core::verify::{Inputs, Verdict, verify_exhibit};
use custody_log::Ledger;
use custody_tests::paper::{Hand, uuid};
use custody_tests::world::{Made, Scene, digest_of};
use tempfile::TempDir;

/// Items of the manifest: as many as a record takes.
const ITEMS: usize = 500;

/// The item that is exported.
const OWN: usize = 123;

/// What is told of one item alone.
struct Told {
    /// Its sealed description.
    description: Vec<u8>,
    /// Its records besides those of the manifest.
    records: Vec<Hash>,
}

#[test]
fn the_exhibit_of_one_item_of_a_manifest_tells_nothing_of_the_others() {
    let dir = TempDir::new().unwrap();
    let (mut scene, ledger) = Scene::founded(dir.path());
    let people = (0..2).map(|_| scene.world.enrol()).collect();
    scene.submit_all(&ledger, people);
    let told = moved_in_one(&mut scene, &ledger);
    drop(ledger);
    let own = scene.world.items[OWN].0;
    let file = export(dir.path(), &scene, own);
    let exhibit = Exhibit::parse(&file).unwrap();
    expect_verified(dir.path(), &exhibit);
    expect_own_records(exhibit.contents(), own);
    expect_own_openings(exhibit.contents(), own);
    let records: Vec<_> =
        exhibit.contents().records.iter().map(|placed| placed.record.digest()).collect();
    for (number, told) in told.iter().enumerate() {
        let is_own = number == OWN;
        assert_eq!(holds(&file, &told.description), is_own, "description {number}");
        for record in &told.records {
            assert_eq!(records.contains(record), is_own, "record of {number}");
        }
    }
}

/// Each item is taken and described. All are sent in one record and received in one, and the receiver finds something
/// of every third. Then each is remarked on, and goes from hand to hand by itself.
fn moved_in_one(scene: &mut Scene, ledger: &Ledger) -> Vec<Told> {
    let collected: Vec<_> = (0..ITEMS).map(|number| collect(scene, number)).collect();
    let mut told: Vec<_> = collected
        .iter()
        .map(|made| Told { description: made.1[0].value.clone(), records: vec![digest_of(made)] })
        .collect();
    let (sent, received) = manifest(scene);
    scene.world.items.iter_mut().for_each(|item| item.1 = 1);
    let notes: Vec<_> = (0..ITEMS).map(|item| scene.world.note(item, 1)).collect();
    let handoffs: Vec<_> = (0..ITEMS).map(|item| scene.world.handoff(item, 0)).collect();
    for later in [&notes, &handoffs] {
        let digests = later.iter().map(digest_of);
        told.iter_mut().zip(digests).for_each(|(told, digest)| told.records.push(digest));
    }
    scene.submit_all(ledger, [collected, vec![sent, received], notes, handoffs].concat());
    told
}

/// A thing with a description that no other thing has.
fn collect(scene: &mut Scene, number: usize) -> Made {
    let item = uuid(&format!("thing {number} of the manifest"));
    scene.world.items.push((item, 0));
    let hands = vec![Hand::of(&scene.world.people[0], Role::Acting)];
    let page = scene.world.page(&[SubjectId::Item(item)], hands, Collect::of(ItemKind::Physical));
    let text = format!("thing number {number:03}, of which only its own exhibit may tell");
    scene.world.take(&page.seal("description", &Value::text(text)))
}

fn manifest(scene: &mut Scene) -> (Made, Made) {
    let ids: Vec<_> = scene.world.items.iter().map(|(id, _)| SubjectId::Item(*id)).collect();
    let (from, to) = (scene.world.people[0].clone(), scene.world.people[1].clone());
    let hands = vec![Hand::of(&from, Role::Releasing)];
    let body = Release::for_purpose(MovePurpose::Examination);
    let sent = scene.world.take(&scene.world.page(&ids, hands, body).between(&from, &to));
    let outcome = |position: usize| {
        let is_mismatch = position.is_multiple_of(2);
        let finding = if is_mismatch { Finding::SealMismatch } else { Finding::NotInventoried };
        Outcome { position, finding }
    };
    let outcomes = (0..ITEMS).step_by(3).map(outcome).collect();
    let observed = Observed { checked: vec![Check::Count], outcomes };
    let hands = vec![Hand::of(&to, Role::Receiving).observing(observed)];
    let page = scene.world.page(&ids, hands, Receive { release: digest_of(&sent) });
    (sent, scene.world.take(&page.between(&from, &to)))
}

/// As `custody export` makes it, with everything opened that is kept.
fn export(dir: &Path, scene: &Scene, item: Uuid) -> Vec<u8> {
    let export = Export {
        item,
        recipient: "Court of Example".to_owned(),
        purpose: "trial".to_owned(),
        since: Vec::new(),
        handling: Vec::new(),
        withhold: Vec::new(),
        to: Recipient::Court,
        permissions: Vec::new(),
    };
    let person = &scene.world.people[0];
    let exporter = Exporter { id: person.id, key: &person.key };
    make(&Desk::read(dir).unwrap(), &export, exporter).unwrap().bytes
}

fn expect_verified(dir: &Path, exhibit: &Exhibit) {
    let desk = Desk::read(dir).unwrap();
    let policy = Policy::for_log(log_keys(&desk).unwrap(), Vec::new(), None).unwrap();
    let pins = pins(&desk).unwrap();
    let inputs =
        Inputs { policy: &policy, pins: Some(&pins), checkpoints: &[], evidence: &[], at_s: None };
    let report = verify_exhibit(exhibit, &inputs).report;
    assert_eq!(report.verdict(), Verdict::Verified, "{report:#?}");
}

/// The manifest's two records, and otherwise none and no chain of any item but `own`.
fn expect_own_records(contents: &Contents, own: Uuid) {
    let is_other = |id: &SubjectId| match id {
        SubjectId::Item(id) | SubjectId::Notes(id) => *id != own,
        _ => false,
    };
    let mut others = Vec::new();
    for placed in &contents.records {
        let links = placed.record.payload().subjects.iter();
        match links.filter(|link| is_other(&link.subject)).count() {
            0 => {}
            count => others.push((placed.record.record_type(), count)),
        }
    }
    assert_eq!(others, [(RecordType::Release, ITEMS - 1), (RecordType::Receive, ITEMS - 1)]);
    // Founding, two people; taken, sent, received, remarked on, handed over.
    assert_eq!(contents.records.len(), 3 + 5);
    for lookup in &contents.subjects {
        assert!(!is_other(&lookup.subject), "{}", lookup.subject);
    }
}

/// What is opened belongs to the own item's records, and the manifest's seal nothing of any item.
fn expect_own_openings(contents: &Contents, own: Uuid) {
    let opened: Vec<_> = contents
        .openings
        .iter()
        .map(|opening| {
            let payload = contents.placed(opening.index).unwrap().record.payload();
            let [link] = payload.subjects.as_slice() else { panic!("{:?}", payload.subjects) };
            assert!([SubjectId::Item(own), SubjectId::Notes(own)].contains(&link.subject));
            opening.opening.field.as_str()
        })
        .collect();
    assert_eq!(opened, ["description", "text"]);
    for placed in &contents.records {
        let payload = placed.record.payload();
        if matches!(payload.body, Body::Release(_) | Body::Receive(_)) {
            assert_eq!((payload.sealed.len(), payload.attached.len()), (0, 0));
        }
    }
}

/// Whether `bytes` occur in `file`.
fn holds(file: &[u8], bytes: &[u8]) -> bool {
    file.windows(bytes.len()).any(|window| window == bytes)
}
