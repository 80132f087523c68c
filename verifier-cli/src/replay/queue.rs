//! Bundles on their way from the workers to the sequence: prepared in any order, taken in order, and
//! never more of them at a time than fit the limits.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use custody_core::merkle::TreeSize;
use custody_core::tile::{TILE_WIDTH, TileKind, TilePath, TileWidth};

use super::bundle::{Bundle, Job};
use crate::failure::Failure;
use crate::published::Published;

/// Bytes of records on their way, unless a single bundle has more.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The queue of a tree's bundles.
pub struct Queue<'a> {
    published: &'a Published,
    size: TreeSize,
    max_bundles: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The next bundle to be prepared.
    next: u64,
    /// Bytes of records of the bundles on their way, by bundle.
    on_the_way: BTreeMap<u64, u64>,
    done: BTreeMap<u64, Result<Bundle, Failure>>,
    is_closed: bool,
}

impl<'a> Queue<'a> {
    /// A queue for `workers` threads.
    pub fn new(published: &'a Published, size: TreeSize, workers: usize) -> Self {
        // Each worker has one bundle in its hands, and one may wait for it to be taken; two are room.
        let max_bundles = 2 * workers + 2;
        let (state, changed) = (Mutex::default(), Condvar::new());
        Self { published, size, max_bundles, state, changed }
    }

    /// The next bundle to be prepared, as soon as there is room; `None` after the last.
    pub fn claim(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            let job = self.job(state.next).filter(|_| !state.is_closed)?;
            let bytes = self.record_bytes(job);
            let total = state.on_the_way.values().sum::<u64>().saturating_add(bytes);
            let count = state.on_the_way.len();
            if count == 0 || (count < self.max_bundles && total <= MAX_BYTES) {
                state.on_the_way.insert(job.number, bytes);
                state.next += 1;
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Hands in a bundle.
    pub fn put(&self, number: u64, bundle: Result<Bundle, Failure>) {
        self.lock().done.insert(number, bundle);
        self.changed.notify_all();
    }

    /// Waits for bundle `number`; `None` after the last.
    pub fn take(&self, number: u64) -> Option<Result<Bundle, Failure>> {
        self.job(number)?;
        let mut state = self.lock();
        loop {
            if let Some(bundle) = state.done.remove(&number) {
                return Some(bundle);
            }
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes room: bundle `number` is dealt with.
    pub fn finish(&self, number: u64) {
        self.lock().on_the_way.remove(&number);
        self.changed.notify_all();
    }

    /// Lets nobody wait any longer.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// A thread that panics closes the queue and is reported where it is joined.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bundle `number`, if the tree has one.
    pub fn job(&self, number: u64) -> Option<Job> {
        let first = number.checked_mul(u64::from(TILE_WIDTH))?;
        let left = self.size.0.checked_sub(first)?;
        let width = TileWidth::new(left.min(u64::from(TILE_WIDTH)))?;
        Some(Job { number, width })
    }

    /// What a bundle will take, or 0 where that is not known before it is read.
    fn record_bytes(&self, job: Job) -> u64 {
        let path = TilePath::new(TileKind::Records, job.number, job.width);
        let path = path.map(|path| self.published.root().join(path.to_string()));
        path.and_then(|path| fs::metadata(path).ok()).map_or(0, |metadata| metadata.len())
    }
}

/// Closes the queue when a thread leaves it, also by panicking.
pub struct Closing<'q, 'a>(pub &'q Queue<'a>);

impl Drop for Closing<'_, '_> {
    fn drop(&mut self) {
        self.0.close();
    }
}
