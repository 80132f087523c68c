//! The order of a replay: bundles in parallel, their entries one after the other.

use std::sync::{PoisonError, RwLock};
use std::thread;

use custody_core::checkpoint::Checkpoint;
use custody_core::id::Origin;
use custody_core::verify::replay::{KeyRing, Prepared, Replayer};
use indicatif::ProgressBar;

use super::bundle::{Bundle, Job, Preparer};
use super::levels::Levels;
use super::listing::Listing;
use super::queue::{Closing, Queue};
use super::split::split_entries;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::progress;
use crate::published::Published;

/// Findings that are kept. Beyond, they are only counted.
const MAX_FINDINGS: usize = 10_000;

/// What was found, up to a limit.
#[derive(Debug, Default)]
pub struct Findings {
    /// The first ones.
    pub list: Vec<Finding>,
    /// How many more there were.
    pub dropped: u64,
}

impl Findings {
    /// Takes a finding.
    pub fn add(&mut self, finding: Finding) {
        match self.list.len() < MAX_FINDINGS {
            true => self.list.push(finding),
            false => self.dropped += 1,
        }
    }
}

/// Replays the tree of `checkpoint` in the directory.
pub fn replay(
    published: &Published,
    listing: &Listing,
    checkpoint: &Checkpoint,
    origin: Origin,
) -> Result<(Replayer, Findings), Failure> {
    let size = checkpoint.size();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let queue = Queue::new(published, size, workers);
    let ring = RwLock::new(KeyRing::new());
    let work = Work { preparer: Preparer { published, listing }, queue: &queue, ring: &ring };
    let mut sequence = Sequence {
        published,
        replayer: Replayer::new(origin),
        levels: Levels::new(published, listing),
        findings: Findings::default(),
        bar: progress::entries_bar(size.0, "replaying"),
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| work.run());
        }
        let _closing = Closing(&queue);
        sequence.run(&queue, &ring)
    })?;
    sequence.look_back(&queue);
    sequence.finish()
}

/// What each worker does.
struct Work<'a> {
    preparer: Preparer<'a>,
    queue: &'a Queue<'a>,
    ring: &'a RwLock<KeyRing>,
}

impl Work<'_> {
    fn run(&self) {
        // Nobody may wait for a bundle whose worker is gone.
        let closing = Closing(self.queue);
        while let Some(job) = self.queue.claim() {
            self.queue.put(job.number, self.prepare(job));
        }
        // The others may still be at work.
        std::mem::forget(closing);
    }

    fn prepare(&self, job: Job) -> Result<Bundle, Failure> {
        let mut bundle = self.preparer.prepare(job)?;
        if bundle.prepared.iter().any(Prepared::enrols) {
            learn(self.ring, &bundle);
        }
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        bundle.prepared.iter_mut().for_each(|prepared| prepared.verify_signatures(&ring));
        Ok(bundle)
    }
}

fn learn(ring: &RwLock<KeyRing>, bundle: &Bundle) {
    let mut ring = ring.write().unwrap_or_else(PoisonError::into_inner);
    bundle.prepared.iter().for_each(|prepared| ring.learn(prepared));
}

/// The part of a replay where each entry stands on those before.
struct Sequence<'a> {
    published: &'a Published,
    replayer: Replayer,
    levels: Levels<'a>,
    findings: Findings,
    bar: ProgressBar,
}

impl Sequence<'_> {
    /// Takes bundles in order until the last, or one of which nothing is there: what would follow cannot
    /// be placed.
    fn run(&mut self, queue: &Queue<'_>, ring: &RwLock<KeyRing>) -> Result<(), Failure> {
        for number in 0.. {
            let Some(bundle) = queue.take(number) else { break };
            let bundle = bundle?;
            if !bundle.is_present {
                bundle.findings.into_iter().for_each(|finding| self.findings.add(finding));
                break;
            }
            self.take(bundle, ring)?;
            queue.finish(number);
        }
        Ok(())
    }

    fn take(&mut self, mut bundle: Bundle, ring: &RwLock<KeyRing>) -> Result<(), Failure> {
        bundle.findings.drain(..).for_each(|finding| self.findings.add(finding));
        for prepared in &mut bundle.prepared {
            if prepared.lacks_key() {
                // Enrolled in a bundle that was prepared at the same time; by now all before are known.
                prepared.verify_signatures(&ring.read().unwrap_or_else(PoisonError::into_inner));
            }
            let violations = self.replayer.step(prepared, self.published);
            violations.into_iter().for_each(|found| self.findings.add(found.into()));
        }
        if let Some(root) = bundle.root {
            let mut findings = Vec::new();
            self.levels.push(root, &mut findings)?;
            findings.into_iter().for_each(|finding| self.findings.add(finding));
        }
        self.bar.inc(bundle.prepared.len() as u64);
        Ok(())
    }

    /// Goes once more through the entries before the last late entry.
    fn look_back(&mut self, queue: &Queue<'_>) {
        for job in (0..).map_while(|number| queue.job(number)) {
            if job.first() >= self.replayer.look_back_size().0 {
                return;
            }
            // What cannot be read any more leaves late entries unjudged.
            let Some(bundle) = job.entries(self.published) else { return };
            for entry in split_entries(&bundle.bytes, bundle.path.width()).items {
                let violations = self.replayer.look_back(entry.unwrap_or_default());
                violations.into_iter().for_each(|found| self.findings.add(found.into()));
            }
        }
    }

    fn finish(mut self) -> Result<(Replayer, Findings), Failure> {
        let mut findings = Vec::new();
        self.levels.finish(&mut findings)?;
        findings.into_iter().for_each(|finding| self.findings.add(finding));
        self.bar.finish_and_clear();
        Ok((self.replayer, self.findings))
    }
}
