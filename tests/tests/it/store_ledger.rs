//! A made-up ledger for the tests of stores: which rows the n-th commit writes is a function of n
//! alone.

use std::path::{Path, PathBuf};

use custody_log::store::{Batch, Epoch, Read, RocksConfig, RocksStore, Row, Scan, Store, Table};

/// Rows that the `n`-th commit (from 1) writes to one table of every kind. Tables keyed by index
/// get `per_commit` rows.
pub const PER_COMMIT: u64 = 3;

/// A store in a directory of its own, which goes with it.
pub fn new_store() -> (tempfile::TempDir, RocksStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = RocksStore::create(&dir.path().join("store"), &RocksConfig::default()).unwrap();
    (dir, store)
}

/// Opens the store that [`new_store`] made in `dir`.
pub fn open(dir: &tempfile::TempDir) -> RocksStore {
    RocksStore::open(&store_path(dir), &RocksConfig::default()).unwrap()
}

/// Where [`new_store`] put the store.
pub fn store_path(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("store")
}

/// The batch of the `n`-th commit, from 1.
pub fn batch(epoch: Epoch, n: u64) -> Batch {
    let mut batch = Batch::new(epoch);
    for index in (n - 1) * PER_COMMIT..n * PER_COMMIT {
        let digest = noise(index, 32);
        batch.put(Table::Entry, &index.to_be_bytes(), &noise(index ^ 1 << 40, 79));
        batch.put(Table::Record, &index.to_be_bytes(), &noise(index ^ 2 << 40, 100));
        batch.put(Table::ByDigest, &digest[..16], &index.to_be_bytes());
        batch.put(Table::Head, &(index % 7).to_be_bytes(), &index.to_be_bytes());
    }
    batch.delete(Table::Checkpoint, &(n - 1).to_be_bytes());
    batch.put(Table::Checkpoint, &n.to_be_bytes(), format!("checkpoint {n}\n").as_bytes());
    batch.put(Table::Meta, b"commits", &n.to_be_bytes());
    batch
}

/// Commits the next `count` batches.
pub fn grow(store: &dyn Store, epoch: Epoch, count: u64) {
    let start = commits(store);
    for n in start + 1..=start + count {
        store.commit(&batch(epoch, n)).unwrap();
    }
}

/// How many commits `store` says it holds.
pub fn commits(store: &dyn Read) -> u64 {
    let value = store.get(Table::Meta, b"commits").unwrap();
    value.map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
}

/// Every row of every table.
pub fn dump(store: &dyn Read) -> Vec<(Table, Vec<Row>)> {
    Table::ALL.map(|table| (table, store.rows(&Scan::all(table)).unwrap())).to_vec()
}

/// Every row that a store holds after `count` commits, by the reference.
pub fn expected(count: u64) -> Vec<(Table, Vec<Row>)> {
    let reference = custody_tests::memory::MemoryStore::default();
    let epoch = reference.acquire_epoch().unwrap();
    grow(&reference, epoch, count);
    dump(&reference)
}

/// Asserts that `store` holds whole commits and nothing else, and returns their number.
pub fn check_whole(store: &dyn Read) -> u64 {
    let count = commits(store);
    assert!(dump(store) == expected(count), "store differs from the reference at {count} commits");
    count
}

/// Copies the files of a store that nobody has open for writing.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// `len` bytes that look random and are the same for the same `seed` (splitmix64).
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let words = (1..).map(|i: u64| {
        let mut z = seed.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).to_le_bytes()
    });
    words.flatten().take(len).collect()
}
