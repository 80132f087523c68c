//! Erasing openings: exactly what a record of the ledger names, once that is durable and not before.

use std::path::Path;
use std::sync::Arc;

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::hash::{Hash, sha256};
use custody_core::id::SubjectId;
use custody_core::record::body::{Collect, ItemKind};
use custody_log::high_water::{HighWater, LocalDisk};
use custody_log::store::{RocksConfig, RocksStore};
use custody_log::{
    BatchLimits, Finding, Ledger, OpeningCounts, Parts, SubmitError, Suspect, check,
};
use custody_tests::fault::{Fault, Faults, Plan, Step};
use custody_tests::paper::{Hand, uuid};
use custody_tests::world::{Made, Scene, digest_of};

/// A note of two sealed fields about item 0.
fn note(scene: &mut Scene) -> Made {
    let page = scene.world.note_page(0, 0).seal("place", &Value::text("shelf 4"));
    scene.world.take(&page)
}

/// The fields of a record that the ledger in `dir` opens.
fn open_fields(scene: &Scene, record: &Hash) -> Vec<String> {
    let reader = Ledger::open_read_only(scene.options.clone()).unwrap();
    let openings = reader.openings(record).unwrap();
    openings.into_iter().map(|opening| opening.field).collect()
}

/// Whether a file of the vault holds `text`.
fn vault_holds(dir: &Path, text: &str) -> bool {
    let mut folders = vec![dir.join("vault")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let bytes = std::fs::read(&path).unwrap();
                    if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                        return true;
                    }
                }
            }
        }
    }
    false
}

#[test]
fn one_field_goes_and_the_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let (first, second) = (note(&mut scene), note(&mut scene));
    let (kept, digest) = (digest_of(&first), digest_of(&second));
    // Openings and their erasure in one batch.
    let erasure = scene.world.erase(0, (0, 1), &[(digest, "place")]);
    scene.submit_all(&ledger, vec![first, second.clone(), erasure.clone()]);
    assert_eq!(open_fields(&scene, &digest), ["text"]);
    assert_eq!(open_fields(&scene, &kept).len(), 2);
    assert_eq!(open_fields(&scene, &digest_of(&erasure)), ["authority"]);
    // Handing the openings in again brings nothing back.
    assert!(scene.submit_all(&ledger, vec![second.clone()])[0].was_known);
    assert_eq!(open_fields(&scene, &digest), ["text"]);

    let rest = scene.world.erase(0, (0, 1), &[(digest, "text"), (kept, "place")]);
    scene.submit_all(&ledger, vec![rest, second]);
    assert_eq!(open_fields(&scene, &digest), [""; 0]);
    assert_eq!(open_fields(&scene, &kept), ["text"]);
    assert!(!vault_holds(dir.path(), "shelf 4"));
    check(&ledger.reader().unwrap(), &|_| ()).unwrap();
}

/// The ledger dies, or does not know whether the record is stored: opening it finds out, and erases then or never.
#[test]
fn what_is_not_durable_erases_nothing_and_what_is_does() {
    for (step, fault, is_erased) in [
        (Step::Commit, Fault::LostInDoubt, false),
        (Step::Commit, Fault::StoredInDoubt, true),
        (Step::MarkRename, Fault::LostInDoubt, true),
        (Step::MarkFlush, Fault::StoredInDoubt, true),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (mut scene, ledger) = Scene::new(dir.path(), 2);
        let made = note(&mut scene);
        let digest = digest_of(&made);
        scene.submit_all(&ledger, vec![made]);
        drop(ledger);
        let faults = Faults::none();
        let store = RocksStore::open(&dir.path().join("store"), &RocksConfig::default()).unwrap();
        let parts = Parts {
            store: Arc::new(faults.store(store)),
            mark: HighWater::new(
                &dir.path().join("high-water"),
                Box::new(faults.disk(LocalDisk::default())),
            ),
            vault: dir.path().join("vault"),
            clock: scene.clock.clone(),
            batch: BatchLimits::default(),
        };
        let ledger = Ledger::start(parts, &scene.world.log_keys()).unwrap();
        faults.plan(Plan { step, nth: 1, fault });
        let (record, openings) = scene.world.erase(0, (0, 1), &[(digest, "place")]);
        let stopped = ledger.submit(record, openings).unwrap_err();
        assert!(matches!(stopped, SubmitError::Fatal(_)), "{stopped:?}");
        drop(ledger);
        assert!(vault_holds(dir.path(), "shelf 4"), "{step:?} {fault:?}: before it is known");
        drop(scene.open().unwrap());
        let expected: &[&str] = if is_erased { &["text"] } else { &["text", "place"] };
        let mut found = open_fields(&scene, &digest);
        found.sort_by_key(|field| field != "text");
        assert_eq!(found, expected, "{step:?} {fault:?}");
        assert_eq!(vault_holds(dir.path(), "shelf 4"), !is_erased, "{step:?} {fault:?}");
        let left = std::fs::read_dir(dir.path().join("vault/pending")).unwrap().count();
        assert_eq!(left, 0, "{step:?} {fault:?}: nothing is pending");
    }
}

#[test]
fn what_is_not_the_items_is_not_erased() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let made = note(&mut scene);
    let digest = digest_of(&made);
    scene.submit_all(&ledger, vec![made]);
    let refused = |item: usize, fields: &[(Hash, &str)]| {
        let page = scene.world.erase_page(item, (0, 1), fields);
        ledger.submit(page.sign(), page.openings.clone()).map_err(|error| error.code())
    };
    let nobodys = sha256(b"no record");
    for (item, fields) in [
        (0, [(nobodys, "text")]),
        (0, [(digest, "description")]),
        (0, [(digest, "attached/0")]),
        (1, [(digest, "text")]),
    ] {
        assert_eq!(refused(item, &fields).map(drop), Err("erase/elsewhere"), "{fields:?}");
    }
    assert_eq!(open_fields(&scene, &digest).len(), 2);
    let left = std::fs::read_dir(dir.path().join("vault/pending")).unwrap().count();
    assert_eq!(left, 0, "nothing is pending of what was refused");
    refused(0, &[(digest, "text")]).unwrap();
    assert_eq!(open_fields(&scene, &digest), ["place"]);
}

#[test]
fn digests_that_nobody_can_decode_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (scene, ledger) = Scene::new(dir.path(), 1);
    let item = SubjectId::Item(uuid("a disk"));
    let hands = vec![Hand::of(&scene.world.people[0], Role::Acting)];
    let page = scene.world.page(&[item], hands, Collect::of(ItemKind::Digital));
    let page = page.seal("digests", &Value::text("as on the label"));
    let code = ledger.submit(page.sign(), page.openings.clone()).map_err(|error| error.code());
    assert_eq!(code.map(drop), Err("opening/digests"));
}

/// What `custody check` finds in the vault.
fn checked(scene: &Scene) -> (Option<OpeningCounts>, Vec<Finding>) {
    let checked = Suspect::open(&scene.options).unwrap().check(&|_| ());
    (checked.summary.map(|summary| summary.openings), checked.findings)
}

#[test]
fn a_check_names_every_opening_that_is_not_what_was_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let (first, second) = (note(&mut scene), note(&mut scene));
    let (kept, damaged) = (digest_of(&first), digest_of(&second));
    scene.submit_all(&ledger, vec![first, second]);
    drop(ledger);
    let whole = checked(&scene).0.unwrap();
    assert!(whole.matching >= 4 && whole.erased == 0, "{whole:?}");

    let file = |record: &Hash| {
        let shelf = record.to_string()[..2].to_owned();
        dir.path().join("vault").join(shelf).join(format!("{record}.openings"))
    };
    let bytes = std::fs::read(file(&damaged)).unwrap();
    let text = bytes.windows(7).position(|window| window == b"shelf 4").unwrap();
    let mut other = bytes.clone();
    other[text + 6] = b'5';
    let foreign = std::fs::read(file(&kept)).unwrap();
    for (bytes, codes) in [
        (other, vec!["opening/mismatch"]),
        (foreign, vec!["opening/mismatch"; 2]),
        (bytes[..bytes.len() - 1].to_vec(), vec!["vault/malformed"]),
    ] {
        std::fs::write(file(&damaged), bytes).unwrap();
        let (counts, findings) = checked(&scene);
        let found: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!((counts, found), (None, codes), "{findings:?}");
        for finding in findings {
            assert!(finding.index.is_some() && finding.expected.contains(&damaged.to_string()));
        }
    }
    // What is not there was perhaps never handed in: it is counted, and nothing is wrong.
    std::fs::remove_file(file(&damaged)).unwrap();
    let expected =
        OpeningCounts { matching: whole.matching - 2, absent: whole.absent + 2, ..whole };
    assert_eq!(checked(&scene), (Some(expected), Vec::new()));
}

#[test]
fn a_check_names_what_was_erased_and_came_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let made = note(&mut scene);
    let digest = digest_of(&made);
    scene.submit_all(&ledger, vec![made]);
    let shelf = dir.path().join("vault").join(&digest.to_string()[..2]);
    let (place, list) =
        (shelf.join(format!("{digest}.openings")), shelf.join(format!("{digest}.erased")));
    let old = std::fs::read(&place).unwrap();
    let erasure = scene.world.erase(0, (0, 1), &[(digest, "place")]);
    let order = digest_of(&erasure);
    scene.submit_all(&ledger, vec![erasure]);
    drop(ledger);
    let gone = checked(&scene);
    assert!(gone.0.is_some_and(|counts| counts.erased == 1) && gone.1.is_empty(), "{gone:?}");

    // An old vault, with the list of what is erased and without it.
    std::fs::write(&place, old).unwrap();
    for has_list in [true, false] {
        if !has_list {
            std::fs::remove_file(&list).unwrap();
        }
        let (counts, findings) = checked(&scene);
        let found: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!((counts, found), (None, vec!["check/erased"]), "{findings:?}");
        assert!(findings[0].expected.contains("`place`"), "{findings:?}");
    }
    // A crash before it was gone: opening the ledger finishes it.
    std::fs::write(dir.path().join(format!("vault/pending/{order}.erase-0")), []).unwrap();
    assert_eq!(checked(&scene).1, Vec::new());
    drop(scene.open().unwrap());
    assert_eq!(checked(&scene), gone);
}
