//! The reference store: the contract at its plainest, in memory. It holds other stores to the same
//! answers.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use custody_log::store::{Batch, Epoch, Order, Read, Scan, Store, StoreError, Table, Visit};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// A store that lives as long as its process.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: Arc<Rows>,
    epoch: Option<Epoch>,
}

/// All rows as they were at one moment.
struct MemoryView(Arc<Rows>);

impl MemoryStore {
    fn state(&self) -> MutexGuard<'_, State> {
        // No method leaves a half-changed state behind, so that of a panicked test is as good as
        // any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> MemoryView {
        MemoryView(Arc::clone(&self.state().rows))
    }
}

impl Store for MemoryStore {
    fn view(&self) -> Result<Box<dyn Read + Send + Sync + '_>, StoreError> {
        Ok(Box::new(self.now()))
    }

    fn acquire_epoch(&self) -> Result<Epoch, StoreError> {
        let mut state = self.state();
        let next = state.epoch.map_or(Some(Epoch::FIRST), Epoch::next);
        let next = next.ok_or_else(|| StoreError::NotStored { source: "last epoch".into() })?;
        state.epoch = Some(next);
        Ok(next)
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.check().map_err(StoreError::Refused)?;
        let mut state = self.state();
        if state.epoch != Some(batch.epoch()) {
            return Err(StoreError::Fenced { held: batch.epoch(), current: state.epoch });
        }
        let rows = Arc::make_mut(&mut state.rows);
        for write in batch.writes() {
            let key = (write.table, write.key.to_vec());
            match write.value {
                Some(value) => rows.insert(key, value.to_vec()),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }
}

impl Read for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.now().get(table, key)
    }

    fn multi_get(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.now().multi_get(table, keys)
    }

    fn scan(&self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.now().scan(scan, visit)
    }
}

impl Read for MemoryView {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
    }

    fn multi_get(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        keys.iter().map(|key| self.get(table, key)).collect()
    }

    fn scan(&self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if scan.is_empty() {
            return Ok(());
        }
        let from = Bound::Included((scan.table, scan.from.clone()));
        let to = scan.to.clone().map_or(Bound::Unbounded, |to| Bound::Excluded((scan.table, to)));
        let rows = self.0.range((from, to)).filter(|((table, _), _)| *table == scan.table);
        visit_rows(scan, visit, rows);
        Ok(())
    }
}

fn visit_rows<'a>(
    scan: &Scan,
    visit: &mut Visit<'_>,
    rows: impl DoubleEndedIterator<Item = (&'a (Table, Vec<u8>), &'a Vec<u8>)>,
) {
    let mut visit_row = |((_, key), value): (&(Table, Vec<u8>), &Vec<u8>)| visit(key, value);
    // Both ends of a scan are ends: that `visit` broke it off is no failure.
    let _: ControlFlow<()> = match scan.order {
        Order::Forwards => rows.take(scan.limit).try_for_each(&mut visit_row),
        Order::Backwards => rows.rev().take(scan.limit).try_for_each(&mut visit_row),
    };
}
