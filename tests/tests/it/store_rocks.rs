//! What is RocksDB's own: opening, closing, a second process, a reader beside the writer.

use std::fs;
use std::path::Path;

use custody_log::store::{Batch, RocksConfig, RocksReader, RocksStore, Store, StoreError, Table};

use crate::store_ledger::{batch, check_whole, grow, new_store, noise, open, store_path};

fn open_error(path: &Path) -> StoreError {
    match RocksStore::open(path, &RocksConfig::default()) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(error) => error,
    }
}

#[test]
fn opens_nothing_where_nothing_is() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_path_buf(), dir.path().join("absent")] {
        assert_eq!(open_error(&path).code(), "store-missing");
        let reader = RocksReader::open(&path, &RocksConfig::default());
        assert_eq!(reader.err().unwrap().code(), "store-missing");
    }
    assert!(!dir.path().join("absent").exists());
}

#[test]
fn makes_no_store_in_a_directory_that_holds_something() {
    let (dir, store) = new_store();
    drop(store);
    let again = RocksStore::create(&store_path(&dir), &RocksConfig::default());
    assert_eq!(again.err().unwrap().code(), "store-not-empty");
}

#[test]
fn names_the_process_that_holds_the_store() {
    let (dir, store) = new_store();
    match open_error(&store_path(&dir)) {
        StoreError::InUse { path, process } => {
            assert_eq!((path, process), (store_path(&dir), Some(std::process::id())));
        }
        other => panic!("{other:?}"),
    }
    drop(store);
    open(&dir);
}

#[test]
fn opens_no_store_that_was_not_made_in_full() {
    let (dir, store) = new_store();
    drop(store);
    // The journal holds the format row, which is written last.
    for file in fs::read_dir(store_path(&dir)).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            fs::write(path, b"").unwrap();
        }
    }
    assert_eq!(open_error(&store_path(&dir)).code(), "store-format");
}

#[test]
fn keeps_everything_over_every_way_to_close() {
    let (dir, mut store) = new_store();
    for round in 0..6 {
        let epoch = store.acquire_epoch().unwrap();
        assert_eq!(epoch.number(), round + 1);
        grow(&store, epoch, 5);
        assert_eq!(store.torn_tail(), None);
        if round % 2 == 0 {
            drop(store)
        } else {
            store.close().unwrap()
        }
        store = open(&dir);
        assert_eq!(check_whole(&store), (round + 1) * 5);
    }
}

#[test]
fn fences_the_writer_of_an_earlier_opening() {
    let (dir, store) = new_store();
    let earlier = store.acquire_epoch().unwrap();
    grow(&store, earlier, 1);
    drop(store);
    let store = open(&dir);
    // Nobody has taken over yet: the epoch outlives the handle it was acquired on.
    grow(&store, earlier, 1);
    let later = store.acquire_epoch().unwrap();
    match store.commit(&batch(earlier, 3)) {
        Err(StoreError::Fenced { held, current }) => {
            assert_eq!((held, current), (earlier, Some(later)))
        }
        other => panic!("{other:?}"),
    }
    drop(store);
    let store = open(&dir);
    assert_eq!(store.commit(&batch(earlier, 3)).unwrap_err().code(), "store-fenced");
    grow(&store, later, 1);
    assert_eq!(check_whole(&store), 3);
}

#[test]
fn reads_beside_a_writer() {
    let (dir, store) = new_store();
    let epoch = store.acquire_epoch().unwrap();
    for round in 1..=10 {
        grow(&store, epoch, 1);
        let reader = RocksReader::open(&store_path(&dir), &RocksConfig::default()).unwrap();
        grow(&store, epoch, 1);
        assert_eq!(check_whole(&reader), round * 2 - 1, "a reader stands still");
        assert_eq!(check_whole(&store), round * 2);
    }
    store.close().unwrap();
    let reader = RocksReader::open(&store_path(&dir), &RocksConfig::default()).unwrap();
    assert_eq!(check_whole(&reader), 20);
}

/// Disk use after a clean close, against the bytes of entries and records: DESIGN section 13 wants
/// 1.2 at most.
#[test]
fn takes_little_more_than_entries_and_records() {
    const RECORDS: u64 = 20_000;
    let (dir, store) = new_store();
    let epoch = store.acquire_epoch().unwrap();
    let text =
        b"application/vnd.custody-ledger.record+cbor handoff occurred seen signers subjects "
            .repeat(6);
    let mut raw = 0;
    for start in (0..RECORDS).step_by(1000) {
        let mut batch = Batch::new(epoch);
        for index in start..start + 1000 {
            let record = [noise(index, 450), text[..450].to_vec()].concat();
            let entry = noise(index ^ 1 << 40, 79);
            raw += (record.len() + entry.len()) as u64;
            batch.put(Table::Entry, &index.to_be_bytes(), &entry);
            batch.put(Table::Record, &index.to_be_bytes(), &record);
            batch.put(Table::ByDigest, &noise(index ^ 2 << 40, 16), &index.to_be_bytes());
            let chain = [noise(index % 5000, 16), index.to_be_bytes().to_vec()].concat();
            batch.put(Table::Head, &chain[..16], &record[..100]);
            batch.put(Table::Chain, &chain, &index.to_be_bytes());
            if index % 256 == 255 {
                batch.put(Table::Tile, &index.to_be_bytes(), &noise(index, 8192));
            }
        }
        store.commit(&batch).unwrap();
    }
    store.close().unwrap();
    let files = fs::read_dir(store_path(&dir)).unwrap();
    let disk: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(disk * 10 <= raw * 12, "{disk} bytes for {raw}");
}
