//! Stores that are not what was acknowledged are refused by name, with the evidence.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use custody_core::checkpoint::Checkpoint;
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::merkle::TreeSize;
use custody_log::store::{Batch, Order, Read, RocksConfig, RocksStore, Scan, Store, Table};
use custody_log::{Checked, Finding, Ledger, LedgerError, RecoveryError, Suspect, check};
use custody_tests::world::{Scene, World};

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn recovery(result: Result<Ledger, LedgerError>) -> RecoveryError {
    match result {
        Err(LedgerError::Recovery(error)) => *error,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("opened"),
    }
}

/// Reading beside a writer refuses what opening refuses, and a check names it. The entries are sound.
fn assert_refused(scene: &Scene, code: &str) {
    assert_eq!(scene.open().err().unwrap().code(), code);
    let reader = Ledger::open_read_only(scene.options.clone());
    assert_eq!(reader.err().unwrap().code(), code);
    let checked = check_bytes(scene);
    let codes: Vec<_> = checked.findings.iter().map(|finding| finding.code).collect();
    assert!(codes == [code] && checked.summary.is_some(), "{checked:?}");
}

/// Checks a ledger as it is, which changes nothing.
fn check_bytes(scene: &Scene) -> Checked {
    let before = files(&scene.options.dir);
    let checked = Suspect::open(&scene.options).unwrap().check(&|_| ());
    assert!(files(&scene.options.dir) == before, "a check changed something");
    for finding in &checked.findings {
        assert!(!finding.expected.is_empty() && !finding.found.is_empty(), "{finding:?}");
    }
    checked
}

/// Every file below a directory, with what is in it.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut pending) = (BTreeMap::new(), vec![dir.to_owned()]);
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => pending.push(path),
                false => {
                    files.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
    }
    files
}

fn assert_mark_refused(scene: &Scene, cause: &str) {
    assert_refused(scene, "recovery/mark-refused");
    match recovery(scene.open()) {
        RecoveryError::MarkRefused { source, .. } => assert_eq!(source.code(), cause),
        other => panic!("{other:?}"),
    }
}

/// Rewrites one row of the store behind the ledger's back.
fn tamper(dir: &Path, change: impl FnOnce(&RocksStore, &mut Batch)) {
    let store = RocksStore::open(&dir.join("store"), &RocksConfig::default()).unwrap();
    let mut batch = Batch::new(store.acquire_epoch().unwrap());
    change(&store, &mut batch);
    store.commit(&batch).unwrap();
}

#[test]
fn a_restored_backup() {
    let (dir, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    drop(ledger);
    copy_dir(&dir.path().join("store"), backup.path());
    let ledger = scene.open().unwrap();
    let (record, openings) = scene.world.note(0, 1);
    ledger.submit(record, openings).unwrap();
    drop(ledger);

    fs::remove_dir_all(dir.path().join("store")).unwrap();
    copy_dir(backup.path(), &dir.path().join("store"));
    let RecoveryError::MarkAhead { mark, store, mark_checkpoint, store_checkpoint } =
        recovery(scene.open())
    else {
        panic!("another error");
    };
    assert_eq!((mark.size, store.size), (TreeSize(6), TreeSize(5)));
    let heads = [mark_checkpoint, store_checkpoint].map(|note| Checkpoint::parse(&note).unwrap());
    assert_eq!([*heads[0].tree_head(), *heads[1].tree_head()], [mark, store], "as evidence");
    assert_refused(&scene, "recovery/mark-ahead");
}

#[test]
fn a_mark_that_is_missing_or_of_somebody_else() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (scene, ledger) = Scene::new(dir.path(), 2);
    drop(ledger);
    let path = dir.path().join("high-water");
    let mark = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_refused(&scene, "recovery/mark-missing");
    let RecoveryError::MarkMissing { store, checkpoint } = recovery(scene.open()) else {
        panic!("another error");
    };
    assert_eq!(*Checkpoint::parse(&checkpoint).unwrap().tree_head(), store);

    fs::write(&path, b"not a checkpoint").unwrap();
    assert_mark_refused(&scene, "note/no-signatures");
    let mut forged = mark.clone();
    let digit = mark.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    assert_eq!(forged[digit], b'5');
    forged[digit] = b'4';
    fs::write(&path, &forged).unwrap();
    assert_mark_refused(&scene, "checkpoint/log-ed25519-invalid");
    let mut world = World::new("ledger.example/other", 1);
    let options = custody_log::LedgerOptions::new(other.path());
    let founding = world.founding();
    drop(Ledger::create(options, world.log_keys(), founding).unwrap());
    fs::copy(other.path().join("high-water"), &path).unwrap();
    assert_mark_refused(&scene, "checkpoint/origin-mismatch");

    fs::write(&path, &mark).unwrap();
    check(&scene.open().unwrap().reader().unwrap(), &|_| ()).unwrap();
}

#[test]
fn a_fork() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let (mut twin, twins) = Scene::new(other.path(), 2);
    twin.world.handoff(0, 1);
    let (one, openings) = scene.world.note(0, 1);
    ledger.submit(one, openings).unwrap();
    let (two, openings) = twin.world.note(1, 0);
    twins.submit(two, openings).unwrap();
    let mark = fs::read(other.path().join("high-water")).unwrap();
    let (more, openings) = scene.world.note(1, 0);
    ledger.submit(more, openings).unwrap();
    drop(ledger);
    fs::write(dir.path().join("high-water"), &mark).unwrap();
    assert_refused(&scene, "recovery/diverged");
    let RecoveryError::Diverged { mark: head, computed, mark_checkpoint, store_checkpoint } =
        recovery(scene.open())
    else {
        panic!("another error");
    };
    assert_eq!((head.size, mark_checkpoint), (TreeSize(6), mark));
    assert_ne!(computed, head.root);
    assert_eq!(Checkpoint::parse(&store_checkpoint).unwrap().size(), TreeSize(7));
}

#[test]
fn a_mark_that_lags_behind_follows() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 2);
    let path = dir.path().join("high-water");
    let old = fs::read(&path).unwrap();
    let (record, openings) = scene.world.note(0, 1);
    let answer = ledger.submit(record, openings).unwrap();
    drop(ledger);
    let new = fs::read(&path).unwrap();
    assert_eq!(new[..], answer.checkpoint[..]);

    // As after a crash between commit and mark.
    fs::write(&path, &old).unwrap();
    let reader = Ledger::open_read_only(scene.options.clone()).unwrap();
    assert_eq!(reader.head().size, TreeSize(6), "what was committed stands");
    assert_eq!(fs::read(&path).unwrap(), old, "a reader changes nothing");
    drop(scene.open().unwrap());
    assert_eq!(fs::read(&path).unwrap(), new, "the same checkpoint: a size is signed once");
}

/// What opening refuses it by, what a check finds besides, of which entry, and what is changed.
type Case = (&'static str, &'static str, Option<u64>, fn(&RocksStore, &mut Batch));

fn entry(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

fn cases() -> [Case; 9] {
    [
        ("recovery/right-edge", "entry/other-record", Some(300), |store, batch| {
            let mut row = store.get(Table::Entry, &entry(300)).unwrap().unwrap();
            *row.last_mut().unwrap() ^= 1;
            batch.put(Table::Entry, &entry(300), &row);
        }),
        ("recovery/right-edge", "check/tile", Some(255), |store, batch| {
            let (key, mut row) = store.rows(&Scan::all(Table::Tile)).unwrap().remove(0);
            row[4711] ^= 1;
            batch.put(Table::Tile, &key, &row);
        }),
        ("store-corrupt", "entry/length", Some(300), |_, batch| {
            batch.delete(Table::Entry, &entry(300));
        }),
        ("store-corrupt", "check/tile", Some(255), |_, batch| {
            let key = [[0; 1].as_slice(), &[0; 8]].concat();
            batch.delete(Table::Tile, &key);
        }),
        ("recovery/index-root", "check/state", None, |store, batch| {
            let scan = Scan { order: Order::Backwards, ..Scan::all(Table::Head).limit(1) };
            let (key, _) = store.rows(&scan).unwrap().remove(0);
            batch.delete(Table::Head, &key);
        }),
        ("recovery/checkpoint-refused", "check/checkpoint", None, |store, batch| {
            let (key, row) = store.rows(&Scan::all(Table::Checkpoint)).unwrap().remove(0);
            let note = String::from_utf8(row).unwrap();
            let mut lines: Vec<_> = note.lines().map(str::to_owned).collect();
            // Another root: base64 of another digest.
            let other = Checkpoint::parse(note.as_bytes()).unwrap();
            assert_ne!(*other.root(), sha256(b""));
            lines[2] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".into();
            batch.put(Table::Checkpoint, &key, (lines.join("\n") + "\n").as_bytes());
        }),
        ("recovery/not-founded", "recovery/checkpoint-refused", None, |store, batch| {
            let rows = store.rows(&Scan::all(Table::Checkpoint)).unwrap();
            rows.iter().for_each(|(key, _)| batch.delete(Table::Checkpoint, key));
        }),
        ("store-corrupt", "store-corrupt", None, |store, batch| {
            let (_, row) = store.rows(&Scan::all(Table::Checkpoint)).unwrap().remove(0);
            batch.put(Table::Checkpoint, &entry(u64::MAX), &row);
        }),
        ("store-corrupt", "entry/other-record", Some(0), |_, batch| {
            batch.put(Table::Record, &entry(0), b"no record");
        }),
    ]
}

#[test]
fn rows_that_were_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (scene, ledger) = Scene::new(dir.path(), 200);
    let item = SubjectId::Item(scene.world.items[0].0);
    assert_eq!(ledger.reader().unwrap().subject(&item).unwrap().unwrap().chain.length, 1);
    drop(ledger);
    let saved = tempfile::tempdir().unwrap();
    copy_dir(&dir.path().join("store"), saved.path());
    for (code, besides, index, change) in cases() {
        tamper(dir.path(), change);
        assert_eq!(scene.open().err().unwrap().code(), code);
        let checked = check_bytes(&scene);
        let has = |code: &str, index: Option<u64>| {
            let of = |finding: &&Finding| finding.index.map(|index| index.0) == index;
            checked.findings.iter().filter(of).any(|finding| finding.code == code)
        };
        assert!(has(besides, index), "{code}: {:#?}", checked.findings);
        assert!(code == "recovery/not-founded" || has(code, None), "{:#?}", checked.findings);
        assert_eq!(has("check/root", None), besides.starts_with("entry/") && index == Some(300));
        fs::remove_dir_all(dir.path().join("store")).unwrap();
        copy_dir(saved.path(), &dir.path().join("store"));
    }
    check(&scene.open().unwrap().reader().unwrap(), &|_| ()).unwrap();
}

/// What opening does not look at: it would have to read everything.
#[test]
fn rows_that_only_a_check_finds() {
    let dir = tempfile::tempdir().unwrap();
    let (scene, ledger) = Scene::new(dir.path(), 3);
    drop(ledger);
    let other = |store: &RocksStore, batch: &mut Batch, table| {
        let (key, mut row) = store.rows(&Scan::all(table).limit(1)).unwrap().remove(0);
        *row.last_mut().unwrap() ^= 1;
        batch.put(table, &key, &row);
    };
    for (table, code) in [
        (Table::ByDigest, "check/by-digest"),
        (Table::Chain, "check/chain"),
        (Table::SignedSize, "check/signed-size"),
    ] {
        tamper(dir.path(), |store, batch| other(store, batch, table));
        let found = check(&scene.open().unwrap().reader().unwrap(), &|_| ()).unwrap_err();
        assert!(found.iter().any(|finding| finding.code == code), "{found:#?}");
        // The other way round once more.
        tamper(dir.path(), |store, batch| other(store, batch, table));
    }
    check(&scene.open().unwrap().reader().unwrap(), &|_| ()).unwrap();
    // A reader does not look at the heads of chains before it proves something of them.
    let item = SubjectId::Item(scene.world.items[0].0);
    tamper(dir.path(), |store, batch| {
        let scan = Scan { order: Order::Backwards, ..Scan::all(Table::Head).limit(1) };
        batch.delete(Table::Head, &store.rows(&scan).unwrap().remove(0).0);
    });
    let reader = Ledger::open_read_only(scene.options.clone()).unwrap();
    assert_eq!(reader.index_proof(&item).unwrap_err().code(), "read/index-root");
}

#[test]
fn a_founding_that_was_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let (scene, ledger) = Scene::founded(dir.path());
    drop(ledger);
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    assert_eq!(scene.open().err().unwrap().code(), "store-missing");
    let config = RocksConfig::default();
    drop(RocksStore::create(&dir.path().join("store"), &config).unwrap());
    assert_eq!(scene.open().err().unwrap().code(), "recovery/not-founded");
    let nothing = Suspect::open(&scene.options).err().unwrap();
    assert_eq!(nothing.code(), "recovery/not-founded", "there is nothing to check");
}
