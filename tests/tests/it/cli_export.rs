//! What `custody export` makes, and what it refuses to make since no reader could read it.

use std::fs;
use std::path::{Path, PathBuf};

use custody_api::desk::Desk;
use custody_api::export::{Export, Exporter, make};
use custody_api::failure::Failure;
use custody_api::handling::Recipient;
use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::exhibit::{Exhibit, WithholdReason};
use custody_core::id::SubjectId;
use custody_core::record::body::{Note, NoteKind};
use custody_tests::paper::Hand;
use custody_tests::world::{Made, Scene, digest_of};
use tempfile::TempDir;

use crate::cli_transcripts::office;

/// Notes about item 0, each with 32 attachments whose names are `bytes` long.
fn notes(scene: &mut Scene, count: u32, bytes: usize) -> Vec<Made> {
    let notes = SubjectId::Notes(scene.world.items[0].0);
    let note = |number: u32| {
        let author = &scene.world.people[0];
        let hands = vec![Hand::of(author, Role::Acting)];
        let page =
            scene.world.page(std::slice::from_ref(&notes), hands, Note { kind: NoteKind::Remark });
        let page = page.seal("text", &Value::text("x"));
        let attach = |page: custody_tests::paper::Page, _| {
            page.attach("image/jpeg", 1, &Value::bytes(vec![number as u8; bytes]))
        };
        let page = (0..32).fold(page, attach);
        scene.world.take(&page)
    };
    (0..count).map(note).collect()
}

/// What comes of an export of item 0 by its holder.
fn export(dir: &Path, scene: &Scene, change: impl FnOnce(&mut Export)) -> Result<Vec<u8>, Failure> {
    let desk = Desk::read(dir)?;
    let mut export = Export {
        item: scene.world.items[0].0,
        recipient: "Court of Example".to_owned(),
        purpose: "trial".to_owned(),
        since: Vec::new(),
        handling: Vec::new(),
        withhold: Vec::new(),
        to: Recipient::Court,
        permissions: Vec::new(),
    };
    change(&mut export);
    let person = &scene.world.people[0];
    let exporter = Exporter { id: person.id, key: &person.key };
    make(&desk, &export, exporter).map(|exported| exported.bytes)
}

#[test]
fn more_withheld_fields_than_a_manifest_holds() {
    let dir = TempDir::new().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 1);
    // 30 notes of 33 sealed fields, of which nobody hands in the openings, and the item's description.
    let closed = |notes: Vec<Made>| notes.into_iter().map(|(record, _)| (record, Vec::new()));
    let records = closed(notes(&mut scene, 30, 1)).collect();
    scene.submit_all(&ledger, records);
    export(dir.path(), &scene, |_| ()).unwrap();
    let records = closed(notes(&mut scene, 1, 1)).collect();
    scene.submit_all(&ledger, records);
    drop(ledger);
    let failure = export(dir.path(), &scene, |_| ()).unwrap_err();
    let item = SubjectId::Item(scene.world.items[0].0);
    let expected = [
        format!(
            "error: the exhibit of {item} would have 1023 withheld fields, at most 1000 are allowed"
        ),
        "hint: open more of its fields: fewer with `--withhold`".to_owned(),
    ];
    assert_eq!((failure.code(), failure.lines()), ("export/limit", expected.to_vec()));
}

/// Every reader would refuse what they sign.
#[test]
fn who_does_not_act_exports_nothing() {
    let (_, office) = office();
    let item = format!("item:{}", office.id("laptop"));
    let words = ["export", &item, "--for", "Court", "--purpose", "trial", "--out", "c.exhibit"];
    let ran = office.run(&[&words[..], &["--key", "cora.key", "--json"]].concat());
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("\"manifest/role-not-granted\""), "{}", ran.stdout);
    assert!(!office.folder().join("c.exhibit").exists());
}

#[test]
fn an_item_that_is_not_there() {
    let dir = TempDir::new().unwrap();
    let (scene, ledger) = Scene::new(dir.path(), 1);
    drop(ledger);
    let other = custody_tests::paper::uuid("another item");
    let failure = export(dir.path(), &scene, |export| export.item = other).unwrap_err();
    assert_eq!(failure.code(), "export/no-such-item");
}

#[test]
fn more_handling_codes_than_an_exhibit_holds() {
    let dir = TempDir::new().unwrap();
    let (scene, ledger) = Scene::new(dir.path(), 1);
    drop(ledger);
    let codes = |count: u32| (0..count).map(|code| format!("CODE:{code}")).collect();
    export(dir.path(), &scene, |export| export.handling = codes(16)).unwrap();
    let failure = export(dir.path(), &scene, |export| export.handling = codes(17)).unwrap_err();
    assert_eq!(failure.code(), "export/limit");
}

#[test]
fn more_bytes_than_an_exhibit_has() {
    let dir = TempDir::new().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 1);
    // 32 x 16,000 bytes a note: 131 of them have 67,072,000, and 132 more than 64 MiB.
    let records = notes(&mut scene, 132, 16_000);
    scene.submit_all(&ledger, records);
    drop(ledger);
    let failure = export(dir.path(), &scene, |_| ()).unwrap_err();
    let item = SubjectId::Item(scene.world.items[0].0);
    assert_eq!(failure.code(), "exhibit/oversize");
    let message = failure.message();
    assert!(message.starts_with(&format!("the exhibit of {item}: ")), "{message}");
    assert!(message.ends_with(" bytes, at most 67108864 are allowed"), "{message}");
}

/// Field and reason of everything that an export of item 0 withholds.
fn withheld(dir: &Path, scene: &Scene, change: impl FnOnce(&mut Export)) -> Vec<(String, String)> {
    let exhibit = Exhibit::parse(&export(dir, scene, change).unwrap()).unwrap();
    let withheld = exhibit.manifest().withheld.iter();
    withheld.map(|withheld| (withheld.field.clone(), withheld.reason.to_string())).collect()
}

#[test]
fn what_was_erased_is_listed_as_erased() {
    let dir = TempDir::new().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let made = scene.world.note(0, 0);
    let digest = digest_of(&made);
    let closed = scene.world.note(0, 0);
    scene.submit_all(&ledger, vec![made, (closed.0, Vec::new())]);
    let listed = |field: &str, reason: &str| (field.to_owned(), reason.to_owned());
    assert_eq!(withheld(dir.path(), &scene, |_| ()), [listed("text", "not-held")]);

    let shelf = dir.path().join("vault").join(&digest.to_string()[..2]);
    let file = |ending: &str| -> PathBuf { shelf.join(format!("{digest}.{ending}")) };
    let openings = fs::read(file("openings")).unwrap();
    let erasure = scene.world.erase(0, (0, 1), &[(digest, "text")]);
    scene.submit_all(&ledger, vec![erasure.clone()]);
    assert!(!file("openings").exists());
    assert_eq!(fs::read(file("erased")).unwrap(), b"\x81\x64text", "nothing of what was erased");
    drop(ledger);
    let both = [listed("text", "erased"), listed("text", "not-held")];
    assert_eq!(withheld(dir.path(), &scene, |_| ()), both);
    // Whatever the exporter would say.
    let order = ("text".to_owned(), WithholdReason::Order);
    let ordered = withheld(dir.path(), &scene, |export| export.withhold = vec![order]);
    assert_eq!(ordered, [listed("text", "erased"), listed("text", "order")]);
    // What comes back with an old vault stays erased, even where the list of what was erased is lost with the newer
    // one, and the same record again erases it again.
    fs::write(file("openings"), &openings).unwrap();
    assert_eq!(withheld(dir.path(), &scene, |_| ()), both);
    fs::remove_file(file("erased")).unwrap();
    assert_eq!(withheld(dir.path(), &scene, |_| ()), both);
    let ledger = scene.open().unwrap();
    assert!(scene.submit_all(&ledger, vec![erasure])[0].was_known);
    assert_eq!(ledger.reader().unwrap().openings(&digest).unwrap(), []);
    assert!(!file("openings").exists());
}
