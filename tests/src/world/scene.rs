//! A world with a ledger in a directory of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use custody_log::{Acknowledged, Clock, Ledger, LedgerError, LedgerOptions};

use super::{Made, START_S, World};

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct HandClock {
    now_ms: AtomicU64,
    monotonic_ms: AtomicU64,
}

impl HandClock {
    /// A clock that stands where [`World`]s begin.
    pub fn new() -> Self {
        Self { now_ms: AtomicU64::new(START_S * 1000), monotonic_ms: AtomicU64::new(0) }
    }

    /// Time goes by.
    pub fn pass(&self, ms: u64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
        self.monotonic_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody sets the clock.
    pub fn set(&self, now_ms: u64) {
        self.now_ms.store(now_ms, Ordering::SeqCst);
    }
}

impl Default for HandClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic_ms.load(Ordering::SeqCst)
    }
}

/// A world with a ledger in a directory of its own.
pub struct Scene {
    /// The world.
    pub world: World,
    /// Where the ledger lies.
    pub options: LedgerOptions,
    /// Its clock.
    pub clock: Arc<HandClock>,
}

impl Scene {
    /// A founded ledger in `dir` with `people` custodians, each with a thing in their custody.
    pub fn new(dir: &Path, people: usize) -> (Self, Ledger) {
        let (mut scene, ledger) = Self::founded(dir);
        let mut records: Vec<_> = (0..people).map(|_| scene.world.enrol()).collect();
        records.extend((0..people).map(|holder| scene.world.collect(holder)));
        scene.submit_all(&ledger, records);
        (scene, ledger)
    }

    /// A ledger in `dir` with entry 0 and nothing else.
    pub fn founded(dir: &Path) -> (Self, Ledger) {
        let mut world = World::new("ledger.example/scene", 2);
        let clock = Arc::new(HandClock::new());
        let options = LedgerOptions { clock: clock.clone(), ..LedgerOptions::new(dir) };
        let genesis = world.founding();
        let ledger = Ledger::create(options.clone(), world.log_keys(), genesis).unwrap();
        world.begin(ledger.genesis());
        (Self { world, options, clock }, ledger)
    }

    /// Opens the ledger.
    pub fn open(&self) -> Result<Ledger, LedgerError> {
        Ledger::open(self.options.clone(), self.world.log_keys())
    }

    /// Submits records that must all be taken in.
    #[track_caller]
    pub fn submit_all(&self, ledger: &Ledger, records: Vec<Made>) -> Vec<Acknowledged> {
        ledger.submit_all(records).into_iter().map(Result::unwrap).collect()
    }
}
