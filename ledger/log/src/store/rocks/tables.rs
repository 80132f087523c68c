//! Reading and encoding rows: the same for a store, a reader and a view.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use rocksdb::properties::PropName;
use rocksdb::{
    ColumnFamily, DB, DBPinnableSlice, DBRawIterator, ReadOptions, Snapshot, WriteBatch,
};

use super::super::{Batch, Order, Read, Scan, StoreError, Table, Visit};

/// What RocksDB keeps beside each row in a batch: tag, number of the column family, two lengths; at
/// most 12 bytes.
const ROW_OVERHEAD: usize = 12;

/// An open database with a column family a table.
pub(super) struct Tables {
    db: DB,
    /// The table in which the first damage was found since it was opened.
    damaged: OnceLock<Table>,
}

impl Tables {
    pub(super) const fn new(db: DB) -> Self {
        Self { db, damaged: OnceLock::new() }
    }

    /// The table in which something was not as it was written, if any read has found such. It stays so until the store is opened
    /// again: nothing is repaired, and where the same bytes are read well the next time, the disk is no better for it.
    pub(super) fn damaged(&self) -> Option<Table> {
        self.damaged.get().copied()
    }

    pub(super) const fn db(&self) -> &DB {
        &self.db
    }

    pub(super) fn handles(&self) -> Result<Vec<&ColumnFamily>, StoreError> {
        Table::ALL.iter().map(|table| self.handle(*table)).collect()
    }

    /// A property of a table that is a number.
    pub(super) fn number(&self, table: Table, property: &PropName) -> Result<u64, StoreError> {
        let failed = |source| StoreError::Read { table, key: Vec::new(), source };
        let value = self.db.property_int_value_cf(self.handle(table)?, property);
        Ok(value.map_err(|source| failed(source.into()))?.unwrap_or(0))
    }

    /// RocksDB's form of `batch`, in the order of keys: cheaper to apply, equal in effect.
    pub(super) fn encode(&self, batch: &Batch) -> Result<WriteBatch, StoreError> {
        let capacity = batch.byte_len() + batch.len() * ROW_OVERHEAD;
        let mut encoded = WriteBatch::with_capacity_bytes(capacity);
        for table in Table::ALL {
            let handle = self.handle(table)?;
            for write in batch.writes_to(table) {
                match write.value {
                    Some(value) => encoded.put_cf(handle, write.key, value),
                    None => encoded.delete_cf(handle, write.key),
                }
            }
        }
        Ok(encoded)
    }

    fn owned(
        &self,
        table: Table,
        key: &[u8],
        found: Result<Option<DBPinnableSlice<'_>>, rocksdb::Error>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let found = found.map_err(|source| self.read_error(table, key, source))?;
        Ok(found.map(|value| value.to_vec()))
    }

    fn collect(
        &self,
        table: Table,
        keys: &[&[u8]],
        found: Vec<Result<Option<Vec<u8>>, rocksdb::Error>>,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let values = found.into_iter().zip(keys);
        values
            .map(|(value, key)| value.map_err(|source| self.read_error(table, key, source)))
            .collect()
    }

    fn visit_rows<'a>(
        &self,
        scan: &Scan,
        visit: &mut Visit<'_>,
        rows: impl FnOnce(ReadOptions) -> DBRawIterator<'a>,
    ) -> Result<(), StoreError> {
        if scan.is_empty() {
            return Ok(());
        }
        let mut rows = rows(scan_options(scan));
        match scan.order {
            Order::Forwards => rows.seek_to_first(),
            Order::Backwards => rows.seek_to_last(),
        }
        let mut last = Vec::new();
        for _ in 0..scan.limit {
            let Some((key, value)) = rows.item() else {
                break;
            };
            if visit(key, value) == ControlFlow::Break(()) {
                break;
            }
            last.clear();
            last.extend_from_slice(key);
            match scan.order {
                Order::Forwards => rows.next(),
                Order::Backwards => rows.prev(),
            }
        }
        // An iterator that ran into damage looks like one that came to its end, but for this.
        let start = if last.is_empty() { &scan.from } else { &last };
        rows.status().map_err(|source| self.read_error(scan.table, start, source))
    }

    fn read_error(&self, table: Table, key: &[u8], source: rocksdb::Error) -> StoreError {
        let key = key.to_vec();
        match source.kind() {
            rocksdb::ErrorKind::Corruption => {
                self.damaged.get_or_init(|| table);
                StoreError::Corrupt {
                    table,
                    key,
                    expected: "a block that matches its checksum",
                    source: Some(source.into()),
                }
            }
            _ => StoreError::Read { table, key, source: source.into() },
        }
    }

    fn handle(&self, table: Table) -> Result<&ColumnFamily, StoreError> {
        let absent = || StoreError::Read { table, key: Vec::new(), source: "no such table".into() };
        self.db.cf_handle(table.name()).ok_or_else(absent)
    }
}

impl Read for Tables {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.db.get_pinned_cf_opt(self.handle(table)?, key, &read_options());
        self.owned(table, key, found)
    }

    fn multi_get(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let handle = self.handle(table)?;
        let wanted = keys.iter().map(|key| (handle, *key));
        let found = self.db.multi_get_cf_opt(wanted, &read_options());
        self.collect(table, keys, found)
    }

    fn scan(&self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let handle = self.handle(scan.table)?;
        self.visit_rows(scan, visit, |options| self.db.raw_iterator_cf_opt(handle, options))
    }
}

/// The tables as they were at one moment.
pub(super) struct View<'a> {
    tables: &'a Tables,
    snapshot: Snapshot<'a>,
}

impl<'a> View<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        Self { tables, snapshot: tables.db.snapshot() }
    }
}

impl Read for View<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let handle = self.tables.handle(table)?;
        let found = self.snapshot.get_pinned_cf_opt(handle, key, read_options());
        self.tables.owned(table, key, found)
    }

    fn multi_get(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let handle = self.tables.handle(table)?;
        let wanted = keys.iter().map(|key| (handle, *key));
        let found = self.snapshot.multi_get_cf_opt(wanted, read_options());
        self.tables.collect(table, keys, found)
    }

    fn scan(&self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let handle = self.tables.handle(scan.table)?;
        let rows = |options| self.snapshot.raw_iterator_cf_opt(handle, options);
        self.tables.visit_rows(scan, visit, rows)
    }
}

fn read_options() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_verify_checksums(true);
    options
}

/// A scan's blocks stay out of the cache: it reads each once, and would push out what is asked for
/// often.
fn scan_options(scan: &Scan) -> ReadOptions {
    let mut options = read_options();
    options.fill_cache(false);
    options.set_iterate_lower_bound(scan.from.as_slice());
    if let Some(to) = &scan.to {
        options.set_iterate_upper_bound(to.as_slice());
    }
    options
}
