//! What the follower, those who ask for cosignatures and those who read share.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use custody_core::checkpoint::Checkpoint;
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::note::VerifierKey;
use custody_core::verify::utc_text;
use custody_log::mirror::{MirrorError, MirrorTrust, Settled};
use tokio::sync::watch;

use super::failed;
use crate::desk::now_s;
use crate::failure::Failure;

/// A mirror as everybody but its follower sees it.
pub struct Standing {
    /// The mirror's directory.
    dir: PathBuf,
    /// Whom it believes.
    pub trust: MirrorTrust,
    /// Its keys.
    pub keys: [VerifierKey; 2],
    settled: RwLock<Settled>,
    course: Mutex<Course>,
    wake: Condvar,
    changed: watch::Sender<u64>,
}

/// How the follower stands.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Whether what was there at the start is replayed.
    pub is_ready: bool,
    /// Entries that were replayed.
    pub replayed: u64,
    /// The largest size that the log has shown.
    pub shown: u64,
    /// When the log last showed a head that was no older than what is settled, in seconds since 1970.
    pub heard_s: u64,
    /// Where the log's server shows an older head than the log did: since when, and which.
    pub stale: Option<Stale>,
    /// Why it did not go on the last time, where it did not.
    pub trouble: Option<(String, String)>,
    /// Why it will never go on: code and words.
    pub alarm: Option<(String, String)>,
    /// What the log has sent.
    target: Option<Checkpoint>,
}

/// An older head than the log has shown.
#[derive(Clone, Copy, Debug)]
pub struct Stale {
    /// When it was seen first, in seconds since 1970. It stays until there is a newer one.
    pub since_s: u64,
    /// The newest head that the log has shown.
    pub known: TreeHead,
    /// The older one.
    pub shown: TreeHead,
}

impl Standing {
    /// The mirror in `dir`, with what it vouched for last.
    pub fn new(dir: &Path, trust: MirrorTrust, keys: [VerifierKey; 2], settled: Settled) -> Self {
        Self {
            dir: dir.to_owned(),
            trust,
            keys,
            settled: RwLock::new(settled),
            course: Mutex::default(),
            wake: Condvar::new(),
            changed: watch::Sender::new(0),
        }
    }

    /// What it vouches for.
    pub fn settled(&self) -> Settled {
        self.settled.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the follower stands.
    pub fn course(&self) -> Course {
        self.lock().clone()
    }

    /// Tells of every change of what is settled, and of every attempt that came to nothing.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Something newer is vouched for.
    pub fn settle(&self, settled: &Settled) {
        *self.settled.write().unwrap_or_else(PoisonError::into_inner) = settled.clone();
        self.change(|course| {
            course.replayed = settled.size().0;
            course.is_ready = true;
            course.trouble = None;
            if let Some(stale) = course.stale.take() {
                let since = utc_text(stale.since_s);
                tracing::info!(since, "what the log shows is no longer older than it was");
            }
        });
    }

    /// The log has shown a head of this size.
    pub fn hear(&self, size: TreeSize) {
        let settled = self.settled().size();
        let mut course = self.lock();
        course.shown = course.shown.max(size.0);
        if size >= settled {
            course.heard_s = now_s();
        }
    }

    /// The log's server shows an older head than the log did.
    pub fn lag(&self, known: &Checkpoint, shown: &Checkpoint) {
        let since_s = self.lock().stale.map_or_else(now_s, |stale| stale.since_s);
        let [known, shown] = [known, shown].map(|head| *head.tree_head());
        let text = format!("since {} {shown} is shown, older than {known}", utc_text(since_s));
        self.lock().stale = Some(Stale { since_s, known, shown });
        self.fail(&Failure::could_not("mirror/stale", text), false);
    }

    /// So many entries are replayed.
    pub fn progress(&self, replayed: u64) {
        self.lock().replayed = replayed;
    }

    /// An attempt came to nothing, or the log broke its word.
    pub fn fail(&self, failure: &Failure, is_alarm: bool) {
        let what = Some((failure.code().to_owned(), failure.message().to_owned()));
        let code = failure.code().to_owned();
        metrics::counter!("custody_mirror_errors_total", "code" => code).increment(1);
        match is_alarm {
            true => tracing::error!(code = failure.code(), alarm = true, "{}", failure.message()),
            false => tracing::warn!(code = failure.code(), "{}", failure.message()),
        }
        self.change(|course| match is_alarm {
            true => course.alarm = course.alarm.take().or(what),
            false => course.trouble = what,
        });
    }

    /// Holds a head that the log signed against the copy.
    ///
    /// # Errors
    /// It is of another history, and the alarm is raised.
    pub fn check(&self, shown: &Checkpoint) -> Result<(), Failure> {
        self.settled().check(&self.dir, shown).map_err(|error: MirrorError| {
            let failure = failed(&error);
            self.fail(&failure, error.is_alarm());
            failure
        })
    }

    /// The follower should go there next.
    pub fn aim(&self, target: Checkpoint) {
        self.hear(target.size());
        let mut course = self.lock();
        let is_newer = course.target.as_ref().is_none_or(|known| known.size() < target.size());
        if is_newer {
            course.target = Some(target);
            course.trouble = None;
        }
        drop(course);
        self.wake.notify_all();
    }

    /// Where the log wants the follower to go, as soon as it does, or nothing after `every`.
    pub fn next_target(&self, every: Duration) -> Option<Checkpoint> {
        let mut course = self.lock();
        if course.target.is_none() {
            let waited =
                self.wake.wait_timeout_while(course, every, |course| course.target.is_none());
            course = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        course.target.take()
    }

    fn change(&self, change: impl FnOnce(&mut Course)) {
        change(&mut self.lock());
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
