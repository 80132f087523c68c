//! Faults on the way to the disk: a write that fails unstored, fails stored, or takes the process
//! with it.
//!
//! [`Faults`] is one plan for a whole log: its store and its high-water mark are wrapped with the
//! same plan, and their steps have names. The wrapped things are the real ones.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use custody_log::high_water::Disk;
use custody_log::store::{Batch, Epoch, Read, Scan, Store, StoreError, Table, Visit};

/// A step that can fail. Their order is that of one append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// [`Store::acquire_epoch`].
    Epoch,
    /// [`Store::commit`].
    Commit,
    /// [`Disk::write`]: the new mark under another name.
    MarkWrite,
    /// [`Disk::rename`]: the new mark takes the old one's name. [`Disk::remove`], too.
    MarkRename,
    /// [`Disk::flush_dir`]: the name becomes durable.
    MarkFlush,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 5] =
        [Self::Epoch, Self::Commit, Self::MarkWrite, Self::MarkRename, Self::MarkFlush];

    const fn name(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Commit => "commit",
            Self::MarkWrite => "mark-write",
            Self::MarkRename => "mark-rename",
            Self::MarkFlush => "mark-flush",
        }
    }
}

/// What happens at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done and the caller is told so. A store stays usable.
    NotStored,
    /// Nothing is done and the caller cannot know. A store takes no more writes.
    LostInDoubt,
    /// All is done and the caller cannot know. A store takes no more writes.
    StoredInDoubt,
    /// The process ends before anything is done; of [`Step::MarkWrite`] half of the bytes are
    /// written.
    AbortBefore,
    /// The process ends when all is done.
    AbortAfter,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 5] = [
        Self::NotStored,
        Self::LostInDoubt,
        Self::StoredInDoubt,
        Self::AbortBefore,
        Self::AbortAfter,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::NotStored => "not-stored",
            Self::LostInDoubt => "lost-in-doubt",
            Self::StoredInDoubt => "stored-in-doubt",
            Self::AbortBefore => "abort-before",
            Self::AbortAfter => "abort-after",
        }
    }

    /// Whether the step is done all the same.
    pub const fn is_stored(self) -> bool {
        matches!(self, Self::StoredInDoubt | Self::AbortAfter)
    }
}

/// One fault, at the `nth` time (from 1) that a step is reached. As text, for a child process:
/// `commit:3:abort-after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The step.
    pub step: Step,
    /// The time, from 1.
    pub nth: u64,
    /// The fault.
    pub fault: Fault,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.step.name(), self.nth, self.fault.name())
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut parts = text.split(':');
            let (step, nth, fault) = (parts.next()?, parts.next()?, parts.next()?);
            let step = Step::ALL.into_iter().find(|known| known.name() == step)?;
            let fault = Fault::ALL.into_iter().find(|known| known.name() == fault)?;
            Some(Self { step, nth: nth.parse().ok()?, fault })
        };
        parse().ok_or_else(|| format!("not a plan: `{text}`"))
    }
}

/// A plan that any number of wrappers share, and what has come of it.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Progress>>);

#[derive(Default)]
struct Progress {
    plan: Option<Plan>,
    counts: [u64; Step::ALL.len()],
}

impl Faults {
    /// Nothing fails until [`Faults::plan`] is called.
    pub fn none() -> Self {
        Self::default()
    }

    /// `plan`, counted from now.
    pub fn plan(&self, plan: Plan) {
        *self.progress() = Progress { plan: Some(plan), counts: Default::default() };
    }

    /// How often `step` was reached since the plan was made.
    pub fn count(&self, step: Step) -> u64 {
        self.progress().counts[step as usize]
    }

    /// Wraps a store.
    pub fn store<S: Store>(&self, store: S) -> FaultStore<S> {
        FaultStore { store, faults: self.clone(), halted: Mutex::new(false) }
    }

    /// Wraps the disk of a high-water mark.
    pub fn disk<D: Disk>(&self, disk: D) -> FaultDisk<D> {
        FaultDisk { disk, faults: self.clone() }
    }

    /// The fault for this time that `step` is reached.
    fn reach(&self, step: Step) -> Option<Fault> {
        let mut progress = self.progress();
        progress.counts[step as usize] += 1;
        let nth = progress.counts[step as usize];
        progress.plan.filter(|plan| plan.step == step && plan.nth == nth).map(|plan| plan.fault)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store whose writes fail by plan. It keeps the contract: after a failure in doubt it takes no
/// more writes.
pub struct FaultStore<S> {
    store: S,
    faults: Faults,
    halted: Mutex<bool>,
}

impl<S: Store> FaultStore<S> {
    /// The store within.
    pub fn into_inner(self) -> S {
        self.store
    }

    fn write<T>(
        &self,
        step: Step,
        write: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut halted = self.halted.lock().unwrap_or_else(PoisonError::into_inner);
        if *halted {
            return Err(StoreError::Halted);
        }
        let Some(fault) = self.faults.reach(step) else {
            return write();
        };
        if fault.is_stored() {
            write()?;
        }
        match fault {
            Fault::NotStored => return Err(StoreError::NotStored { source: injected() }),
            Fault::LostInDoubt | Fault::StoredInDoubt => *halted = true,
            Fault::AbortBefore | Fault::AbortAfter => std::process::abort(),
        }
        Err(StoreError::InDoubt { source: injected() })
    }
}

impl<S: Store> Store for FaultStore<S> {
    fn view(&self) -> Result<Box<dyn Read + Send + Sync + '_>, StoreError> {
        self.store.view()
    }

    fn acquire_epoch(&self) -> Result<Epoch, StoreError> {
        self.write(Step::Epoch, || self.store.acquire_epoch())
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.write(Step::Commit, || self.store.commit(batch))
    }
}

impl<S: Store> Read for FaultStore<S> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(table, key)
    }

    fn multi_get(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.store.multi_get(table, keys)
    }

    fn scan(&self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.store.scan(scan, visit)
    }
}

/// A disk whose steps fail by plan. [`Fault::NotStored`] and [`Fault::LostInDoubt`] are the same
/// here: a file system never says which it was.
pub struct FaultDisk<D> {
    disk: D,
    faults: Faults,
}

impl<D: Disk> FaultDisk<D> {
    fn step(
        &self,
        step: Step,
        tear: impl FnOnce() -> io::Result<()>,
        done: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(fault) = self.faults.reach(step) else {
            return done();
        };
        if fault.is_stored() {
            done()?;
        }
        match fault {
            Fault::AbortBefore => tear().map(|()| std::process::abort()),
            Fault::AbortAfter => std::process::abort(),
            _ => Err(io::Error::other(injected())),
        }
    }
}

impl<D: Disk> Disk for FaultDisk<D> {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
        self.disk.read(path, limit)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let tear = || self.disk.write(path, &bytes[..bytes.len() / 2]);
        self.step(Step::MarkWrite, tear, || self.disk.write(path, bytes))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(Step::MarkRename, || Ok(()), || self.disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(Step::MarkRename, || Ok(()), || self.disk.remove(path))
    }

    fn flush_dir(&self, path: &Path) -> io::Result<()> {
        self.step(Step::MarkFlush, || Ok(()), || self.disk.flush_dir(path))
    }
}

fn injected() -> Box<dyn std::error::Error + Send + Sync> {
    "injected fault".into()
}
