//! The one thread that follows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use custody_core::checkpoint::{Checkpoint, CheckpointError};
use custody_log::Progress;
use custody_log::mirror::{Followed, Mirror, MirrorError};

use super::failed;
use super::fetch::Upstream;
use super::home::{Cosigner, Home};
use super::standing::Standing;
use crate::desk::now_s;
use crate::failure::Failure;

/// Follows the log to its newest checkpoint, once.
///
/// # Errors
/// [`Failure`]: the log broke its word, or it could not be followed.
pub fn follow_once(
    home: &Home,
    upstream: &Upstream,
    cosigner: &Cosigner,
    progress: &dyn Fn(Progress),
) -> Result<(Mirror, Followed), Failure> {
    let opened = Mirror::open(home.dir(), home.trust()?, progress);
    let mut mirror = opened.map_err(|error| failed(&error))?;
    let next = upstream.checkpoint()?;
    let cosign = |checkpoint: &Checkpoint| cosigner.cosign(checkpoint, now_s());
    let followed = mirror.follow(&next, upstream, &cosign, progress);
    let followed = followed.map_err(|error| failed(&error))?;
    Ok((mirror, followed))
}

/// What the thread's panic said is on stderr already.
pub fn broke_down() -> Failure {
    Failure::could_not("internal", "the thread that follows the log broke down")
}

/// What the follower works with.
pub struct Follower {
    /// What it shares.
    pub standing: Arc<Standing>,
    /// The log's server.
    pub upstream: Upstream,
    /// Its keys.
    pub cosigner: Cosigner,
    /// How often the log is asked.
    pub every: Duration,
}

impl Follower {
    /// Follows until the log breaks its word, or a file of the copy cannot be written. Whoever asks how the mirror stands learns
    /// why it ended, also where it broke down.
    ///
    /// # Errors
    /// Why it ended.
    pub fn run(&self, home: &Home) -> Result<(), Failure> {
        let followed = catch_unwind(AssertUnwindSafe(|| self.follow(home)));
        followed.unwrap_or_else(|_| {
            let failure = broke_down();
            self.standing.fail(&failure, true);
            Err(failure)
        })
    }

    fn follow(&self, home: &Home) -> Result<(), Failure> {
        let standing = &self.standing;
        let opened = Mirror::open(home.dir(), standing.trust.clone(), &|progress| {
            standing.progress(progress.done);
        });
        let mut mirror = opened.map_err(|error| self.end(&error))?;
        standing.settle(mirror.settled());
        tracing::info!(size = mirror.settled().size().0, "the copy is replayed");
        let mut every = Duration::ZERO;
        loop {
            let sent = standing.next_target(every);
            every = self.every;
            let was_sent = sent.is_some();
            // Somebody who asked for a cosignature may have shown the other history.
            if standing.course().alarm.is_some() {
                return Ok(());
            }
            let Some(next) = self.next(sent) else { continue };
            match self.go(&mut mirror, &next) {
                Ok(()) => {}
                Err(error) if error.is_final() => return Err(self.end(&error)),
                // It went on meanwhile. What was sent may be old, by whoever it was sent: only what the log's own server
                // shows is what the log shows now.
                Err(MirrorError::Stale { .. }) if was_sent => {}
                Err(MirrorError::Stale { known, shown }) => standing.lag(&known, &shown),
                Err(error) => standing.fail(&failed(&error), false),
            }
        }
    }

    /// What the log sent, or else what it shows. The log signed it.
    fn next(&self, sent: Option<Checkpoint>) -> Option<Checkpoint> {
        match sent.map_or_else(|| self.ask(), Ok) {
            Ok(next) => {
                self.standing.hear(next.size());
                Some(next)
            }
            Err(failure) => {
                self.standing.fail(&failure, false);
                None
            }
        }
    }

    fn ask(&self) -> Result<Checkpoint, Failure> {
        let shown = self.upstream.checkpoint()?;
        shown.verify_log(&self.standing.trust.keys)?;
        Ok(shown)
    }

    fn go(&self, mirror: &mut Mirror, next: &Checkpoint) -> Result<(), MirrorError> {
        let standing = &self.standing;
        let cosign = |checkpoint: &Checkpoint| match standing.course().alarm {
            // The alarm came while this was replayed: nothing is cosigned after it.
            Some(_) => Err(CheckpointError::SigningFailed),
            None => self.cosigner.cosign(checkpoint, now_s()),
        };
        let progress = |progress: Progress| standing.progress(progress.done);
        let followed = mirror.follow(next, &self.upstream, &cosign, &progress)?;
        standing.settle(mirror.settled());
        if followed == Followed::Settled {
            tracing::info!(size = next.size().0, "replayed and cosigned");
            if let Some(error) = mirror.left_behind() {
                let error = custody_core::verify::error_text(error);
                tracing::warn!(error, "outdated files of the copy stay, and do no harm");
            }
        }
        Ok(())
    }

    /// It ends: with an alarm for ever, else until it is started again.
    fn end(&self, error: &MirrorError) -> Failure {
        let failure = failed(error);
        self.standing.fail(&failure, true);
        failure
    }
}
