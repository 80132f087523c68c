//! A store whose files were changed says so, or shows every row as it was written. It never shows
//! anything else, and where it shows less, the end of its journal is missing, and it says that.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use custody_log::store::{
    Batch, Read, RocksConfig, RocksReader, RocksStore, Scan, Store, StoreError, Table,
};

use crate::store_ledger::{
    check_whole, commits, copy, dump, expected, grow, new_store, noise, store_path,
};

const HEADER: usize = 7;
const BLOCK: usize = 32 << 10;

fn open(path: &Path) -> Result<RocksStore, StoreError> {
    RocksStore::open(path, &RocksConfig::default())
}

/// A fresh copy of a store in which one file has other bytes.
fn with_file(store: &Path, file: &Path, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    copy(store, &path);
    fs::write(path.join(file.file_name().unwrap()), bytes).unwrap();
    (dir, path)
}

fn files(store: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let all = fs::read_dir(store).unwrap().map(|file| file.unwrap().path());
    let mut wanted: Vec<_> =
        all.filter(|path| is_wanted(path.file_name().unwrap().to_str().unwrap())).collect();
    wanted.sort();
    wanted
}

fn journal(store: &Path) -> Vec<PathBuf> {
    files(store, |name| name.ends_with(".log"))
}

/// Where the records of a journal file begin, and its length.
fn record_bounds(bytes: &[u8]) -> Vec<usize> {
    let mut bounds = vec![0];
    let mut at = 0;
    while at < bytes.len() {
        if BLOCK - at % BLOCK < HEADER {
            at = at.next_multiple_of(BLOCK);
        }
        at += HEADER + usize::from(u16::from_le_bytes([bytes[at + 4], bytes[at + 5]]));
        bounds.push(at);
    }
    bounds
}

/// A store of three small commits, all of them still in the journal.
fn small_store() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (dir, store) = new_store();
    let epoch = store.acquire_epoch().unwrap();
    for n in 1..=3_u64 {
        let mut batch = Batch::new(epoch);
        batch.put(Table::Record, &n.to_be_bytes(), &noise(n, 40));
        batch.put(Table::Meta, b"commits", &n.to_be_bytes());
        store.commit(&batch).unwrap();
    }
    drop(store);
    let path = store_path(&dir);
    let journal = journal(&path).remove(0);
    (dir, path, journal)
}

/// Asserts that a store holds the first commits of [`small_store`] and no part of another, and
/// returns their number.
fn small_commits(store: &dyn Read) -> u64 {
    let count = commits(store);
    let records = store.rows(&Scan::all(Table::Record)).unwrap();
    let rows = (1..=count).map(|n| (n.to_be_bytes().to_vec(), noise(n, 40)));
    assert!(records.into_iter().eq(rows));
    count
}

#[test]
fn names_every_flip_in_the_journal() {
    let (_dir, store, journal) = small_store();
    let bytes = fs::read(&journal).unwrap();
    let bounds = record_bounds(&bytes);
    // Two rows of the store's own, then the commits.
    assert_eq!(bounds.len() - 1, 2 + 3);
    let mut flips: BTreeSet<(usize, usize)> = (0..bytes.len()).map(|at| (at, at % 8)).collect();
    for bound in &bounds[..bounds.len() - 1] {
        flips.extend((4..HEADER).flat_map(|at| (0..8).map(move |bit| (bound + at, bit))));
    }
    let mut cut_short = 0;
    for (at, bit) in flips {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        let (_dir, path) = with_file(&store, &journal, &flipped);
        match open(&path) {
            Err(StoreError::Damaged { .. }) => {}
            // A length that now runs past the end: just what a crash leaves.
            Ok(store) => {
                let tail = store.torn_tail().expect("damage is passed over");
                let record = bounds.iter().position(|bound| *bound as u64 == tail.offset).unwrap();
                assert!((bounds[record] + 4..bounds[record] + 6).contains(&at), "byte {at}");
                assert_eq!(small_commits(&store), (record as u64).saturating_sub(2));
                cut_short += 1;
            }
            // Cut short before its first row, the store does not know its format.
            Err(StoreError::Format { actual: None, .. }) if at < bounds[1] => {}
            Err(error) => panic!("byte {at}, bit {bit}: {error:?}"),
        }
    }
    assert!(cut_short > 0);
}

#[test]
fn keeps_whole_commits_of_a_journal_cut_anywhere() {
    let (_dir, store, journal) = small_store();
    let bytes = fs::read(&journal).unwrap();
    let bounds = record_bounds(&bytes);
    for len in bounds[1]..bytes.len() {
        let (_dir, path) = with_file(&store, &journal, &bytes[..len]);
        let cut = open(&path).unwrap();
        let whole = bounds.iter().filter(|bound| **bound <= len).count() - 1;
        let begins = bounds[whole];
        assert_eq!(small_commits(&cut), (whole as u64).saturating_sub(2), "cut at {len}");
        assert_eq!(cut.torn_tail().is_none(), begins == len);
        if let Some(tail) = cut.torn_tail() {
            assert_eq!((tail.path.file_name(), tail.offset), (journal.file_name(), begins as u64));
        }
    }
}

#[test]
fn goes_on_after_a_commit_that_was_cut_short() {
    let (_dir, store, journal) = small_store();
    let bytes = fs::read(&journal).unwrap();
    // As a file system may leave it: the length is there, the bytes are not.
    let bounds = record_bounds(&bytes);
    let mut zeros = bytes[..bounds[4]].to_vec();
    zeros.resize(bytes.len(), 0);
    for torn in [&bytes[..bytes.len() - 1], &zeros] {
        let (_dir, path) = with_file(&store, &journal, torn);
        let store = open(&path).unwrap();
        assert_eq!(store.torn_tail().map(|tail| tail.offset), Some(bounds[4] as u64));
        let epoch = store.acquire_epoch().unwrap();
        assert_eq!(small_commits(&store), 2);
        let mut batch = Batch::new(epoch);
        batch.put(Table::Record, &3_u64.to_be_bytes(), &noise(3, 40));
        batch.put(Table::Meta, b"commits", &3_u64.to_be_bytes());
        store.commit(&batch).unwrap();
        drop(store);
        let store = open(&path).unwrap();
        assert_eq!(small_commits(&store), 3);
        assert_eq!(store.torn_tail(), None);
    }
}

#[test]
fn misses_a_journal_that_is_gone() {
    let (_dir, store, journal) = small_store();
    fs::remove_file(journal).unwrap();
    assert_eq!(open(&store).err().unwrap().code(), "store-damaged");
}

#[test]
fn misses_the_middle_of_the_journal() {
    let (dir, store) = new_store();
    let epoch = store.acquire_epoch().unwrap();
    grow(&store, epoch, 2);
    // More than the write buffer of this table holds: the journal goes on in another file.
    let mut batch = Batch::new(epoch);
    for n in 0..3_u8 {
        batch.clear();
        batch.put(Table::Meta, &[n], &noise(n.into(), 1 << 20));
        store.commit(&batch).unwrap();
    }
    drop(store);
    let store = store_path(&dir);
    let files = journal(&store);
    assert!(files.len() > 1 && fs::metadata(&files[1]).unwrap().len() > 0);
    let bytes = fs::read(&files[0]).unwrap();
    let last = record_bounds(&bytes).into_iter().rev().nth(1).unwrap();
    for cut in [last, last + 3, bytes.len() - 1] {
        let (_dir, path) = with_file(&store, &files[0], &bytes[..cut]);
        assert_eq!(open(&path).err().unwrap().code(), "store-damaged", "cut at {cut}");
    }
    let (_dir, path) = with_file(&store, &files[0], &bytes);
    fs::remove_file(path.join(files[0].file_name().unwrap())).unwrap();
    assert_eq!(open(&path).err().unwrap().code(), "store-damaged");
    assert_eq!(commits(&open(&store).unwrap()), 2);
}

/// A store of four commits, all of them in their final place.
fn closed_store() -> (tempfile::TempDir, PathBuf) {
    let (dir, store) = new_store();
    let epoch = store.acquire_epoch().unwrap();
    grow(&store, epoch, 4);
    store.close().unwrap();
    let path = store_path(&dir);
    (dir, path)
}

fn read_all(store: &dyn Read) -> Result<(), StoreError> {
    Table::ALL.iter().try_for_each(|table| store.rows(&Scan::all(*table)).map(drop))
}

#[test]
fn shows_every_row_or_an_error_after_a_flip_anywhere() {
    let (_dir, store) = closed_store();
    let expected = expected(4);
    for file in files(&store, |_| true) {
        let bytes = fs::read(&file).unwrap();
        let stride = (bytes.len() / 40).max(1);
        let mut found = 0;
        for at in (0..bytes.len()).step_by(stride) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at / stride % 8);
            fs::write(&file, flipped).unwrap();
            let reader = RocksReader::open(&store, &RocksConfig::default());
            match reader.and_then(|reader| read_all(&reader).map(|()| reader)) {
                Ok(reader) => assert!(dump(&reader) == expected, "{} at {at}", file.display()),
                Err(error) => {
                    let codes = ["store-damaged", "store-corrupt", "store-open"];
                    assert!(codes.contains(&error.code()), "{error:?}");
                    found += 1;
                }
            }
        }
        fs::write(&file, &bytes).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".sst") || name.starts_with("MANIFEST") {
            assert!(found * 2 > bytes.len() / stride, "{name}: {found} found");
        }
    }
}

#[test]
fn names_the_row_that_is_damaged() {
    let (dir, store) = new_store();
    let epoch = store.acquire_epoch().unwrap();
    let mut batch = Batch::new(epoch);
    for n in 0..200_u64 {
        batch.put(Table::Record, &n.to_be_bytes(), &noise(n, 900));
        batch.put(Table::Entry, &n.to_be_bytes(), &noise(n, 79));
    }
    store.commit(&batch).unwrap();
    store.close().unwrap();
    let store = store_path(&dir);
    let largest = files(&store, |name| name.ends_with(".sst"))
        .into_iter()
        .max_by_key(|file| fs::metadata(file).unwrap().len());
    let file = largest.unwrap();
    let mut bytes = fs::read(&file).unwrap();
    // The middle of the records: some blocks before it are good, and some behind.
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();

    let store = open(&store).unwrap();
    let keys: Vec<_> = (0..200_u64).map(u64::to_be_bytes).collect();
    let damaged: Vec<_> =
        keys.iter().filter(|key| store.get(Table::Record, *key).is_err()).collect();
    assert!(damaged.len() > 1 && damaged.len() < 40);
    for key in &damaged {
        assert_corrupt(store.get(Table::Record, *key), *key);
        assert_corrupt(store.multi_get(Table::Record, &[&keys[0], *key]), *key);
        assert_corrupt(store.view().unwrap().get(Table::Record, *key), *key);
    }
    let before = keys.iter().position(|key| key == damaged[0]).unwrap() - 1;
    assert_corrupt(store.rows(&Scan::all(Table::Record)), &keys[before]);
    // Backwards, a row counts as read when the one before it has been seen.
    let behind = keys.iter().position(|key| key == damaged[damaged.len() - 1]).unwrap() + 2;
    assert_corrupt(store.rows(&Scan::all(Table::Record).backwards()), &keys[behind]);
    assert_eq!(store.rows(&Scan::all(Table::Entry)).unwrap().len(), 200);
}

fn assert_corrupt<T: std::fmt::Debug>(outcome: Result<T, StoreError>, expected_key: &[u8]) {
    match outcome {
        Err(StoreError::Corrupt { table: Table::Record, key, source: Some(_), .. }) => {
            assert_eq!(key, expected_key);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn misses_a_file_that_is_gone() {
    let (_dir, store) = closed_store();
    for file in files(&store, |name| name.ends_with(".sst") || name.starts_with("MANIFEST")) {
        let bytes = fs::read(&file).unwrap();
        let (_dir, path) = with_file(&store, &file, &bytes);
        fs::remove_file(path.join(file.file_name().unwrap())).unwrap();
        let code = open(&path).err().unwrap().code();
        assert!(["store-damaged", "store-open"].contains(&code), "{} {code}", file.display());
    }
    assert_eq!(check_whole(&open(&store).unwrap()), 4);
}
