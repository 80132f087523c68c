//! The contract of `Store`, on every store.

use std::ops::ControlFlow;
use std::thread;

use custody_log::store::{
    Batch, Epoch, Order, Refusal, RocksStore, Row, Scan, Store, StoreError, Table,
};
use custody_tests::fault::{FaultStore, Faults};
use custody_tests::memory::MemoryStore;

use crate::store_ledger::{dump, new_store, noise};

/// Makes an empty store and hands it on.
trait Stand {
    fn with_store(check: impl FnOnce(&dyn Store));
}

struct Memory;

impl Stand for Memory {
    fn with_store(check: impl FnOnce(&dyn Store)) {
        check(&MemoryStore::default());
    }
}

struct Rocks;

impl Stand for Rocks {
    fn with_store(check: impl FnOnce(&dyn Store)) {
        let (_dir, store): (_, RocksStore) = new_store();
        check(&store);
    }
}

struct FaultyWithoutFault;

impl Stand for FaultyWithoutFault {
    fn with_store(check: impl FnOnce(&dyn Store)) {
        let store: FaultStore<MemoryStore> = Faults::none().store(MemoryStore::default());
        check(&store);
    }
}

macro_rules! contract {
    ($($test:ident),* $(,)?) => {
        contract!(@on memory Memory: $($test)*);
        contract!(@on rocks Rocks: $($test)*);
        contract!(@on fault FaultyWithoutFault: $($test)*);
    };
    (@on $name:ident $stand:ident: $($test:ident)*) => {
        mod $name {
            use super::Stand as _;
            $(#[test]
            fn $test() {
                super::$stand::with_store(super::$test);
            })*
        }
    };
}

contract! {
    holds_nothing_at_first,
    keeps_tables_apart,
    applies_writes_in_order,
    reads_many_keys_in_their_order,
    scans_every_range,
    scans_every_prefix,
    ends_a_scan_that_is_broken_off,
    keeps_values_of_any_length,
    refuses_what_breaks_a_limit,
    fences_earlier_writers,
    asks_for_an_epoch_first,
    keeps_views_still,
    scans_one_state,
    shows_commits_whole,
}

fn writer(store: &dyn Store) -> Batch {
    Batch::new(store.acquire_epoch().unwrap())
}

/// Commits rows of one table.
fn put_all(store: &dyn Store, table: Table, rows: &[(&[u8], &[u8])]) {
    let mut batch = writer(store);
    for (key, value) in rows {
        batch.put(table, key, value);
    }
    store.commit(&batch).unwrap();
}

fn holds_nothing_at_first(store: &dyn Store) {
    for table in Table::ALL {
        assert_eq!(store.get(table, b"key").unwrap(), None);
        assert_eq!(store.multi_get(table, &[b"a", b"b"]).unwrap(), [None, None]);
        assert!(store.rows(&Scan::all(table)).unwrap().is_empty());
        assert!(store.rows(&Scan::all(table).backwards()).unwrap().is_empty());
    }
}

fn keeps_tables_apart(store: &dyn Store) {
    let mut batch = writer(store);
    for table in Table::ALL {
        batch.put(table, b"key", table.name().as_bytes());
    }
    store.commit(&batch).unwrap();
    batch.clear();
    batch.delete(Table::Record, b"key");
    store.commit(&batch).unwrap();
    for table in Table::ALL {
        let value = (table != Table::Record).then(|| table.name().as_bytes().to_vec());
        assert_eq!(store.get(table, b"key").unwrap(), value, "{table}");
        assert_eq!(store.rows(&Scan::all(table)).unwrap().len(), usize::from(value.is_some()));
    }
}

fn applies_writes_in_order(store: &dyn Store) {
    put_all(store, Table::Head, &[(b"b", b"old"), (b"c", b"old"), (b"d", b"old")]);
    let mut batch = writer(store);
    batch.put(Table::Head, b"c", b"1");
    batch.delete(Table::Head, b"a");
    batch.put(Table::Head, b"b", b"1");
    batch.delete(Table::Head, b"c");
    batch.put(Table::Head, b"b", b"2");
    batch.delete(Table::Head, b"d");
    batch.put(Table::Head, b"d", b"3");
    store.commit(&batch).unwrap();
    let rows = store.rows(&Scan::all(Table::Head)).unwrap();
    assert_eq!(rows, [(b"b".to_vec(), b"2".to_vec()), (b"d".to_vec(), b"3".to_vec())]);
}

fn reads_many_keys_in_their_order(store: &dyn Store) {
    put_all(store, Table::ByDigest, &[(b"a", b"1"), (b"b", b""), (b"c", b"3")]);
    let keys: [&[u8]; 6] = [b"c", b"x", b"a", b"c", b"b", b""];
    let some = |value: &[u8]| Some(value.to_vec());
    let expected = [some(b"3"), None, some(b"1"), some(b"3"), some(b""), None];
    assert_eq!(store.multi_get(Table::ByDigest, &keys).unwrap(), expected);
    assert_eq!(store.view().unwrap().multi_get(Table::ByDigest, &keys).unwrap(), expected);
    assert!(store.multi_get(Table::ByDigest, &[]).unwrap().is_empty());
}

/// Keys of which some are prefixes of others, with the smallest and the largest byte.
fn key_set() -> Vec<Vec<u8>> {
    let alphabet = [0x00, 0x61, 0xff];
    let mut keys: Vec<Vec<u8>> = alphabet.iter().map(|byte| vec![*byte]).collect();
    for first in alphabet {
        keys.extend(alphabet.iter().map(|second| vec![first, *second]));
    }
    keys.sort();
    keys
}

/// The rows of [`key_set`] in one table, and a row in each of its neighbours.
fn put_key_set(store: &dyn Store) -> Vec<Row> {
    let mut batch = writer(store);
    let rows: Vec<_> =
        key_set().into_iter().map(|key| (key.clone(), [b"v".to_vec(), key].concat())).collect();
    for (key, value) in rows.iter().rev() {
        batch.put(Table::Chain, key, value);
    }
    batch.put(Table::ByDigest, &[0xff, 0xff], b"before");
    batch.put(Table::Head, &[0x00], b"behind");
    store.commit(&batch).unwrap();
    rows
}

fn scans_every_range(store: &dyn Store) {
    let rows = put_key_set(store);
    let mut bounds = key_set();
    bounds.extend([vec![], vec![0x30], vec![0x61, 0x00, 0x00], vec![0xff, 0xff, 0xff]]);
    let ends = bounds.iter().cloned().map(Some).chain([None]);
    for (from, to) in ends.flat_map(|to| bounds.iter().map(move |from| (from.clone(), to.clone())))
    {
        let inside = |key: &Vec<u8>| *key >= from && to.as_ref().is_none_or(|to| key < to);
        let expected: Vec<Row> = rows.iter().filter(|(key, _)| inside(key)).cloned().collect();
        for limit in [0, 1, 2, 5, usize::MAX] {
            let scan = Scan {
                table: Table::Chain,
                from: from.clone(),
                to: to.clone(),
                order: Order::Forwards,
                limit,
            };
            check_scan(store, &scan, &expected);
        }
    }
}

fn check_scan(store: &dyn Store, scan: &Scan, expected: &[Row]) {
    let view = store.view().unwrap();
    let forwards: Vec<Row> = expected.iter().take(scan.limit).cloned().collect();
    let backwards: Vec<Row> = expected.iter().rev().take(scan.limit).cloned().collect();
    assert_eq!(store.rows(scan).unwrap(), forwards, "{scan:?}");
    assert_eq!(view.rows(scan).unwrap(), forwards, "{scan:?}");
    let scan = scan.clone().backwards();
    assert_eq!(store.rows(&scan).unwrap(), backwards, "{scan:?}");
    assert_eq!(view.rows(&scan).unwrap(), backwards, "{scan:?}");
}

fn scans_every_prefix(store: &dyn Store) {
    let rows = put_key_set(store);
    for prefix in key_set().into_iter().chain([vec![], vec![0x30], vec![0xff, 0xff, 0xff]]) {
        let expected: Vec<Row> =
            rows.iter().filter(|(key, _)| key.starts_with(&prefix)).cloned().collect();
        check_scan(store, &Scan::prefix(Table::Chain, &prefix), &expected);
        check_scan(store, &Scan::prefix(Table::Chain, &prefix).limit(2), &expected);
    }
}

fn ends_a_scan_that_is_broken_off(store: &dyn Store) {
    let rows = put_key_set(store);
    let mut seen = Vec::new();
    let scan = Scan::all(Table::Chain);
    let outcome = store.scan(&scan, &mut |key, _| {
        seen.push(key.to_vec());
        if seen.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    outcome.unwrap();
    assert_eq!(seen, rows[..3].iter().map(|row| row.0.clone()).collect::<Vec<_>>());
}

fn keeps_values_of_any_length(store: &dyn Store) {
    let mut batch = writer(store);
    let lengths = [0, 1, 79, 8_192, 128 << 10, 5 << 20];
    for length in lengths {
        batch.put(Table::Record, &noise(length as u64, Batch::KEY_MAX), &noise(1, length));
    }
    store.commit(&batch).unwrap();
    for length in lengths {
        let value = store.get(Table::Record, &noise(length as u64, Batch::KEY_MAX)).unwrap();
        assert!(value == Some(noise(1, length)), "value of {length} bytes");
    }
}

fn refuses_what_breaks_a_limit(store: &dyn Store) {
    let good = writer(store);
    let mut empty_key = good.clone();
    empty_key.put(Table::Meta, b"good", b"1");
    empty_key.put(Table::Meta, b"", b"1");
    let mut long_key = good.clone();
    long_key.put(Table::Meta, b"good", b"1");
    long_key.delete(Table::Meta, &[7; Batch::KEY_MAX + 1]);
    let mut large = good.clone();
    large.put(Table::Meta, b"good", &vec![0; Batch::BYTES_MAX - 3]);
    let cases = [
        (empty_key, Refusal::EmptyKey),
        (long_key, Refusal::LongKey { len: Batch::KEY_MAX + 1 }),
        (large, Refusal::LargeBatch { bytes: Batch::BYTES_MAX + 1 }),
    ];
    for (batch, refusal) in cases {
        match store.commit(&batch) {
            Err(StoreError::Refused(actual)) => assert_eq!(actual, refusal),
            other => panic!("expected {refusal:?}, got {other:?}"),
        }
        assert_eq!(store.get(Table::Meta, b"good").unwrap(), None);
    }
    store.commit(&good).unwrap();
}

fn assert_fenced(store: &dyn Store, held: Epoch, current: Option<Epoch>) {
    let before = dump(store);
    let mut batch = Batch::new(held);
    for _ in 0..2 {
        match store.commit(&batch) {
            Err(StoreError::Fenced { held: by, current: now }) => {
                assert_eq!((by, now), (held, current))
            }
            other => panic!("expected a fence, got {other:?}"),
        }
        batch.put(Table::Meta, b"fenced", b"1");
        assert!(dump(store) == before);
    }
}

fn fences_earlier_writers(store: &dyn Store) {
    let first = store.acquire_epoch().unwrap();
    assert_eq!(first, Epoch::FIRST);
    let mut batch = Batch::new(first);
    batch.put(Table::Meta, b"writer", b"first");
    store.commit(&batch).unwrap();
    let second = store.acquire_epoch().unwrap();
    assert!(second > first);
    assert_fenced(store, first, Some(second));
    assert_fenced(store, second.next().unwrap(), Some(second));
    let mut batch = Batch::new(second);
    store.commit(&batch).unwrap();
    batch.put(Table::Meta, b"writer", b"second");
    store.commit(&batch).unwrap();
    assert_eq!(store.get(Table::Meta, b"writer").unwrap(), Some(b"second".to_vec()));
}

fn asks_for_an_epoch_first(store: &dyn Store) {
    assert_fenced(store, Epoch::FIRST, None);
}

fn keeps_views_still(store: &dyn Store) {
    put_all(store, Table::Head, &[(b"a", b"1"), (b"b", b"1")]);
    let view = store.view().unwrap();
    let before = dump(&*view);
    let mut batch = writer(store);
    batch.put(Table::Head, b"a", b"2");
    batch.delete(Table::Head, b"b");
    batch.put(Table::Head, b"c", b"2");
    store.commit(&batch).unwrap();
    assert!(dump(&*view) == before);
    assert_eq!(view.get(Table::Head, b"a").unwrap(), Some(b"1".to_vec()));
    assert_eq!(view.get(Table::Head, b"c").unwrap(), None);
    let keys: [&[u8]; 2] = [b"b", b"c"];
    assert_eq!(view.multi_get(Table::Head, &keys).unwrap(), [Some(b"1".to_vec()), None]);
    assert_eq!(store.multi_get(Table::Head, &keys).unwrap(), [None, Some(b"2".to_vec())]);
}

fn scans_one_state(store: &dyn Store) {
    put_all(store, Table::Head, &[(b"a", b"1"), (b"b", b"1"), (b"c", b"1")]);
    let mut seen = Vec::new();
    let outcome = store.scan(&Scan::all(Table::Head), &mut |key, value| {
        let rows: [(&[u8], &[u8]); 2] = [(b"b", b"2"), (b"d", b"2")];
        put_all(store, Table::Head, &rows);
        seen.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    });
    outcome.unwrap();
    let row = |key: &[u8]| (key.to_vec(), b"1".to_vec());
    assert_eq!(seen, [row(b"a"), row(b"b"), row(b"c")]);
}

fn shows_commits_whole(store: &dyn Store) {
    const COMMITS: u64 = 200;
    let mut batch = writer(store);
    thread::scope(|scope| {
        let reader = scope.spawn(|| while see_whole_commit(store) < COMMITS {});
        for n in 1..=COMMITS {
            batch.clear();
            for table in Table::ALL {
                batch.put(table, b"n", &n.to_be_bytes());
            }
            store.commit(&batch).unwrap();
        }
        reader.join().unwrap();
    });
}

/// The number that all tables of a view agree on.
fn see_whole_commit(store: &dyn Store) -> u64 {
    let view = store.view().unwrap();
    let number = |table| {
        let value = view.get(table, b"n").unwrap();
        value.map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
    };
    let first = number(Table::ALL[0]);
    assert!(Table::ALL.iter().all(|table| number(*table) == first));
    first
}
