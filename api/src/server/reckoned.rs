//! What takes a walk through the whole ledger, and is the same for everybody who may see it: reckoned once for a tree, and
//! kept.
//!
//! Where that is quick, everybody gets it of the newest tree. Where it takes long, what is known of an earlier tree is shown
//! while it is reckoned anew, and says of which tree it is. Where nothing is known yet, those who ask wait together, for a
//! while, and are then told to come again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::access::Caller;
use super::observe::RequestId;
use super::problem::Problem;
use super::service::Service;
use crate::audit::WalkProgress;
use crate::desk::Desk;
use crate::failure::Failure;

/// What takes no longer is reckoned while somebody waits.
const QUICK: Duration = Duration::from_millis(200);
/// For so long somebody waits who would get nothing else.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something that is reckoned of a tree.
pub struct Reckoned<T> {
    known: Mutex<Known<T>>,
    /// Tells those who wait that whoever was at work on it has ended.
    ended: Notify,
}

struct Known<T> {
    newest: Option<(u64, Arc<T>)>,
    /// Time that it took the last time.
    took: Duration,
    is_at_work: bool,
}

impl<T> Default for Reckoned<T> {
    fn default() -> Self {
        let known = Known { newest: None, took: Duration::ZERO, is_at_work: false };
        Self { known: Mutex::new(known), ended: Notify::new() }
    }
}

/// What is to be done for whoever asks.
enum Next<T> {
    Show(Arc<T>),
    /// Reckon, and show this meanwhile if there is something.
    Reckon(Option<Arc<T>>),
    Wait,
}

impl<T: Send + Sync + 'static> Reckoned<T> {
    fn lock(&self) -> MutexGuard<'_, Known<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Reckoned::next`], after those at work on it have ended where there is nothing to show before.
    async fn after_others(&self, size: u64) -> Next<T> {
        loop {
            // Made before it is looked, so that no end of a work falls in between.
            let ended = self.ended.notified();
            match self.next(size) {
                Next::Wait => ended.await,
                next => return next,
            }
        }
    }

    fn next(&self, size: u64) -> Next<T> {
        let mut known = self.lock();
        let is_slow = known.took > QUICK;
        let shown = known.newest.clone();
        if let Some((of, value)) = &shown
            && (*of >= size || (is_slow && known.is_at_work))
        {
            return Next::Show(value.clone());
        }
        if known.is_at_work {
            return Next::Wait;
        }
        known.is_at_work = true;
        Next::Reckon(shown.filter(|_| is_slow).map(|(_, value)| value))
    }

    fn keep(&self, size: u64, value: Arc<T>, took: Duration) {
        let mut known = self.lock();
        (known.newest, known.took) = (Some((size, value)), took);
    }
}

/// Somebody at work on it. Whatever becomes of them, the next one may try.
struct Work<'r, T: Send + Sync + 'static>(&'r Reckoned<T>);

impl<T: Send + Sync + 'static> Drop for Work<'_, T> {
    fn drop(&mut self) {
        self.0.lock().is_at_work = false;
        self.0.ended.notify_waiters();
    }
}

/// What `of` finds in the service, reckoned by `make`, which may not depend on who asks but only on that they may.
///
/// # Errors
/// [`Problem`]: 503 while it is reckoned for the first time; `make`'s own.
pub async fn reckoned<T: Send + Sync + 'static>(
    service: &Arc<Service>,
    caller: Caller,
    of: fn(&Service) -> &Reckoned<T>,
    make: fn(&Desk<'_>, WalkProgress<'_>) -> Result<T, Failure>,
) -> Result<Arc<T>, Problem> {
    let size = service.look(|service| Ok(service.ledger.reader()?.head().size.0)).await?;
    let waiting = || Problem::busy("this is being reckoned, and takes a while: come again");
    let others = tokio::time::timeout(PATIENCE, of(service).after_others(size));
    let meanwhile = match others.await {
        Ok(Next::Show(value)) => return Ok(value),
        Ok(Next::Reckon(meanwhile)) => meanwhile,
        Ok(Next::Wait) | Err(_) => return Err(waiting()),
    };
    let (worker, request) = (service.clone(), RequestId::at_hand());
    let work = move || {
        let (begun, known) = (Instant::now(), of(&worker));
        let _work = Work(known);
        let reckon = || {
            let desk = worker.desk(&caller)?;
            let value = Arc::new(make(&desk, &|_| worker.check_going())?);
            known.keep(desk.head().size.0, value.clone(), begun.elapsed());
            Ok::<_, Failure>(value)
        };
        // The log is told here, since nobody may be left to be told.
        request.during(|| reckon().map_err(Problem::from))
    };
    // It goes on when nobody waits for it any more, until the server stops.
    let working = tokio::task::spawn_blocking(work);
    if let Some(value) = meanwhile {
        return Ok(value);
    }
    match tokio::time::timeout(PATIENCE, working).await {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => Err(Problem::internal("internal", &error)),
        Err(_) => Err(waiting()),
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests {
    use super::*;

    fn word(next: Next<u64>) -> String {
        match next {
            Next::Show(value) => format!("show {value}"),
            Next::Reckon(Some(value)) => format!("reckon, and show {value}"),
            Next::Reckon(None) => "reckon".to_owned(),
            Next::Wait => "wait".to_owned(),
        }
    }

    #[test]
    fn what_takes_long_is_reckoned_by_one_while_others_see_what_is_known() {
        let (figures, slow) = (Reckoned::<u64>::default(), QUICK * 2);
        assert_eq!(word(figures.next(7)), "reckon");
        assert_eq!(word(figures.next(7)), "wait");
        figures.keep(7, Arc::new(70), slow);
        drop(Work(&figures));
        assert_eq!(word(figures.next(7)), "show 70");
        assert_eq!(word(figures.next(9)), "reckon, and show 70");
        assert_eq!(word(figures.next(9)), "show 70");
        // It failed: the next one tries again.
        drop(Work(&figures));
        assert_eq!(word(figures.next(9)), "reckon, and show 70");
        figures.keep(9, Arc::new(90), Duration::ZERO);
        drop(Work(&figures));
        assert_eq!(word(figures.next(9)), "show 90");
        // What is quick is never old.
        assert_eq!(word(figures.next(10)), "reckon");
        assert_eq!(word(figures.next(10)), "wait");
    }

    #[tokio::test]
    async fn who_asks_second_waits_with_the_first() {
        let figures = Arc::new(Reckoned::<u64>::default());
        assert_eq!(word(figures.next(7)), "reckon");
        let ask = || {
            let figures = figures.clone();
            tokio::spawn(async move { word(figures.after_others(7).await) })
        };
        let (mut second, mut third) = (ask(), ask());
        tokio::task::yield_now().await;
        assert!(!second.is_finished() && !third.is_finished());
        // The first one failed: one of those who waited tries, and the other one goes on waiting.
        drop(Work(&figures));
        let (tried, waiting) = tokio::select! {
            tried = &mut second => (tried.unwrap(), third),
            tried = &mut third => (tried.unwrap(), second),
        };
        assert_eq!(tried, "reckon");
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        figures.keep(7, Arc::new(70), Duration::ZERO);
        drop(Work(&figures));
        assert_eq!(waiting.await.unwrap(), "show 70");
    }
}
